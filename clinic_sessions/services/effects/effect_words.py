"""How a grade reads, and what became of a side effect: the same on the timeline and in the note."""

from clinic_sessions.domain.session.side_effects import SideEffectEventKind
from clinic_sessions.domain.words import say
from clinic_sessions.models import SideEffectEvent
from clinic_sessions.services.effects import side_effects


def graded(grade: int) -> str:
    """Write a grade with its word."""
    word = next(one.label for one in side_effects.catalogue().grades if one.grade == grade)
    return f"grade {int(grade)} ({word.lower()})"


def became(event: SideEffectEvent) -> str:
    """Say what became of a side effect: another grade, how it stands, or what kind of event it was."""
    if event.kind is SideEffectEventKind.GRADED and event.grade is not None:
        return f"now {graded(event.grade)}"
    known = event.outcome if event.kind is SideEffectEventKind.OUTCOME else None
    return say(known or event.kind).lower()
