"""What a nurse records besides vitals: dose, side effects, interventions, notes."""

from collections.abc import Iterator
from typing import Any

from wtforms import RadioField, SelectField, SelectMultipleField

from clinic_sessions.domain import words
from clinic_sessions.domain.record import DoseEventKind
from clinic_sessions.domain.side_effects import (
    InterventionKind,
    Outcome,
    Seriousness,
    SideEffectEventKind,
    SideEffectKind,
)
from clinic_sessions.forms.acts import ActForm, DosedForm, MgField
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import BodyField, LineField, OneOfField, PickField, WholeNumberField

NO_EFFECT = ("", "Nothing in particular")
AGO = ("0", "5", "10", "15", "30")
PHRASES = (
    "Comfortable, vital signs steady.",
    "Talked through what to expect.",
    "Escort is here.",
    "Went through the going-home advice with patient and escort.",
    "Provider informed.",
)


class DoseForm(DosedForm):
    """Something that happened to the dose."""

    kind = OneOfField("What happened", DoseEventKind, ask="Choose what happened.")
    rate = MgField("Rate in mg an hour")
    words = LineField("In words")

    NEEDS_MG = frozenset({DoseEventKind.STARTED, DoseEventKind.GIVEN, DoseEventKind.WASTED})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [one for one in DoseEventKind if self._offers(one)]
        self.kind.choices = options((one.value, words.say(one)) for one in offered)

    def _offers(self, kind: DoseEventKind) -> bool:
        if kind is DoseEventKind.WITHDRAWN:
            return False
        infusion_only = {DoseEventKind.PAUSED, DoseEventKind.RESUMED, DoseEventKind.RATE_CHANGED, DoseEventKind.STARTED}
        return kind not in infusion_only if self.meta.devices else kind is not DoseEventKind.DEVICE

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the numbers that the event needs."""
        if self.kind.data is DoseEventKind.WITHDRAWN:
            yield self.kind, "Choose what happened."
        if self.kind.data in self.NEEDS_MG and self.mg.data is None and not self.mg.errors:
            yield self.mg, "Enter the dose in mg, like 40 or 40.25."
        if self.kind.data is DoseEventKind.RATE_CHANGED and self.rate.data is None and not self.rate.errors:
            yield self.rate, "Enter the new rate in mg an hour."
        yield from self.dose_doubts()


class SideEffectForm(ActForm):
    """A side effect: what, how strong, since when."""

    kind = OneOfField("What", SideEffectKind, ask="Choose the side effect.")
    term = LineField("What is it, in a word or two", longest=200)
    grade = WholeNumberField("How strong", low=1, high=5, ask="Choose how strong it is.")
    ago = RadioField(
        "Began",
        choices=options((n, "Now" if n == "0" else f"{n} min ago") for n in AGO),
        default="0",
        validate_choice=False,
    )
    seriousness = PickField("Serious because", Seriousness, ask="Choose one of these.", blank="Not serious")
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the word of what is not on the list."""
        if self.kind.data is SideEffectKind.OTHER and not self.term.data and not self.term.errors:
            yield self.term, "Say what it is, in a word or two."
        if self.ago.data not in AGO:
            yield self.ago, "Choose when it began, or enter the time."


class FollowForm(ActForm):
    """What became of a side effect."""

    kind = OneOfField("What happened", SideEffectEventKind, ask="Choose what happened.")
    grade = WholeNumberField("How strong it is now", low=1, high=5)
    outcome = PickField("How it stands", Outcome, ask="Choose one of these.", blank="Not said")
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for what the event needs."""
        if self.kind.data is SideEffectEventKind.GRADED and self.grade.data is None and not self.grade.errors:
            yield self.grade, "Choose how strong it is now."
        if self.kind.data is SideEffectEventKind.OUTCOME and self.outcome.data is None and not self.outcome.errors:
            yield self.outcome, "Choose how it stands."
        if self.kind.data is SideEffectEventKind.ACTED_ON and not self.words.data and not self.words.errors:
            yield self.words, "Say what was done."


class InterventionForm(ActForm):
    """Something done for the patient."""

    kind = OneOfField("What was done", InterventionKind, ask="Choose what was done.")
    term = LineField("What is it, in a word or two", longest=200)
    dose_words = LineField("Dose, as given", longest=200)
    side_effect = SelectField("Because of", choices=options([NO_EFFECT]), validate_choice=False)
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the word of what is not on the list, and for a side effect of this session."""
        if self.kind.data is InterventionKind.OTHER and not self.term.data and not self.term.errors:
            yield self.term, "Say what it is, in a word or two."
        if self.side_effect.data not in {choice[0] for choice in map(tuple, self.side_effect.choices or [])}:
            yield self.side_effect, "Choose one of these."


class NoteForm(ActForm):
    """A note: quick phrases, free words, or both."""

    phrases = SelectMultipleField(
        "Quick phrases", choices=options((str(n), text) for n, text in enumerate(PHRASES)), validate_choice=False
    )
    body = BodyField("Note")

    @property
    def text(self) -> str:
        """The whole note."""
        chosen = [PHRASES[int(value)] for value in self.phrases.data or []]
        return "\n".join([*chosen, *([self.body.data] if self.body.data else [])])

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for words."""
        known = {str(n) for n in range(len(PHRASES))}
        if not set(self.phrases.data or []) <= known:
            yield self.phrases, "Choose among these phrases."
        elif not self.body.errors and not self.text.strip():
            yield self.body, "Write the note, or choose a phrase."
