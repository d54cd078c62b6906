"""The parts of a note about side effects, what was done, leaving, scores, and what was written down in words."""

from collections.abc import Sequence

from clinic_sessions.domain.note.note_content import NOT_RECORDED, Part, sentence
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.session.record import NONE_SO_FAR, NoteKind
from clinic_sessions.domain.session.session_checks import BEFORE_LEAVING
from clinic_sessions.domain.words import say
from clinic_sessions.models import FollowUp, Intervention, Note, ScaleResult, SessionCheck, SideEffect, SideEffectEvent
from clinic_sessions.services.effects import effect_words, none_observed, side_effects
from clinic_sessions.services.note import note_checks
from clinic_sessions.services.note.note_before import QUESTIONS, answers
from clinic_sessions.services.note.note_facts import Facts, remarks
from clinic_sessions.services.outcomes import scale_data
from clinic_sessions.services.session import facts
from clinic_sessions.services.session.facts import SideEffectNow
from clinic_sessions.services.session.interventions import told


def effects(known: Facts) -> Part:
    """List each side effect from its onset, what became of it, and how it stands."""
    rows = [_effect(known, one) for one in known.felt]
    none = none_felt(known)
    lines = [] if rows else [f"{none or f'Side effects: {NOT_RECORDED}'}."]
    owed = [_owed(known, one) for one in known.follow_ups]
    heads = ("Onset", "Side effect", "What became of it", "How it stands", "Serious", "By", "Remarks")
    return Part(key="effects", title="Side effects", lines=[*lines, *owed], heads=heads if rows else (), rows=rows)


def none_felt(known: Facts) -> str:
    """Say that none was observed, with each time when somebody asked and who; empty when nobody did."""
    asked = none_observed.answers(known.standing(Note), known.treatment.dose_started_at)
    when = "; ".join(f"{known.at(one.at)} by {one.by.name}" for one in asked)
    return f"None observed, asked at {when}" if asked else ""


def _owed(known: Facts, row: FollowUp) -> str:
    done = "Open"
    if row.done_by is not None and row.done_at is not None:
        done = f"Done by {row.done_by.name}, {known.at(row.done_at)}: {row.done_words}"
    return f"{say(row.kind)}, due {known.at(row.due_at)}: {sentence(row.words)} {sentence(done)}"


def _effect(known: Facts, one: SideEffectNow) -> Sequence[str]:
    row = one.effect
    named = f"{side_effects.label(row)}, {effect_words.graded(row.grade)}"
    title = f"{named}. {row.words}" if row.words else named
    return (
        known.at(row.at), title, "; ".join(became_text(known, event) for event in _events(known, row)) or NOT_RECORDED,
        _stands(known, one), say(row.seriousness) if row.seriousness else "No", row.by.name, remarks(known, row),
    )  # fmt: skip


def _events(known: Facts, row: SideEffect) -> list[SideEffectEvent]:
    """Give what became of a side effect, also what was told of the entry that it corrects."""
    by_id = {one.id: one for one in known.all(SideEffect)}
    ids = {row.id}
    while row.corrects_id is not None:
        row = by_id[row.corrects_id]
        ids.add(row.id)
    return [event for event in known.all(SideEffectEvent) if event.side_effect_id in ids]


def became_text(known: Facts, event: SideEffectEvent) -> str:
    """Say what became of a side effect."""
    beside = ", ".join(text for text in (event.words or "", remarks(known, event)) if text)
    said = f"{known.at(event.at)} {effect_words.became(event)}"
    return said + (f": {beside}" if beside else "") + f" ({event.by.name})"


def _stands(known: Facts, one: SideEffectNow) -> str:
    if one.resolved_at is not None:
        return f"Over at {known.at(one.resolved_at)}" + (f", {say(one.outcome).lower()}" if one.outcome else "")
    return say(one.outcome) if one.outcome else NOT_RECORDED


def interventions(known: Facts) -> Part | None:
    """List what was done beside the protocol; None when nothing was."""
    rows = [_done(known, one) for one in known.standing(Intervention)]
    if not rows:
        return None
    return Part(
        key="interventions",
        title="Interventions",
        heads=("Time", "What", "For", "In words", "By", "Remarks"),
        rows=rows,
    )


def _done(known: Facts, row: Intervention) -> Sequence[str]:
    labels = {one.id: side_effects.label(one) for one in known.all(SideEffect)}
    reason = labels.get(row.side_effect_id or 0, "")
    return known.at(row.at), told(row), reason, row.words or "", row.by.name, remarks(known, row)


def leaving(known: Facts) -> Part | None:
    """List the questions before leaving with every answer; None when no dose was begun and nobody asked."""
    asked = {row.item for row in known.all(SessionCheck)} & set(BEFORE_LEAVING)
    if not known.doses and not asked:
        return None
    earliest = facts.earliest_leaving(known.treatment, known.doses)
    lines = [f"Minimum observation until {known.at(earliest) if earliest else NOT_RECORDED}."]
    if known.protocol and known.protocol.observation.aldrete and not _scored(known, ScaleKey.ALDRETE):
        lines.append(f"Aldrete score: {NOT_RECORDED}.")
    lines += note_checks.side_by_side(known)
    rows = answers(known, BEFORE_LEAVING)
    return Part(key="leaving", title="Before leaving", lines=lines, heads=QUESTIONS, rows=rows)


def _scored(known: Facts, key: ScaleKey) -> bool:
    return any(one.scale is key for one in known.scores)


def scores(known: Facts) -> Part | None:
    """List the scales that were scored at this visit; None when none was."""
    rows = [_score(known, one) for one in known.scores]
    return Part(key="scores", title="Scales", heads=("Time", "Scale", "Total", "By"), rows=rows) if rows else None


def _score(known: Facts, row: ScaleResult) -> Sequence[str]:
    total = NOT_RECORDED if row.total_thousandths is None else f"{row.total_thousandths / 1000:g}"
    return known.at(row.at), scale_data.of(row.scale).name, total, row.by.name if row.by else "Patient, by link"


def entries(known: Facts) -> Part | None:
    """List the notes that were written while the patient was here; None when there is none.

    What only answers that nothing was felt stands among the side effects, unless one was recorded after all.
    """
    above = () if known.felt else none_observed.answers(known.standing(Note), known.treatment.dose_started_at)
    told_above = {one.id for one in above if one.body == NONE_SO_FAR}
    found = [one for one in known.standing(Note) if one.kind is NoteKind.ENTRY and one.id not in told_above]
    if not found:
        return None
    rows = [(known.at(one.at), one.body, one.by.name, remarks(known, one)) for one in found]
    return Part(key="entries", title="Notes", heads=("Time", "Note", "By", "Remarks"), rows=rows)
