"""What was recorded of a session after its note was signed: one line each, below the note that never changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from clinic_sessions.domain.drug.amounts import ml_text
from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.session.record import NoteKind
from clinic_sessions.domain.words import say
from clinic_sessions.models import (
    DoseEvent,
    Draw,
    DrugLabel,
    DueHold,
    Intervention,
    Note,
    NoteSignature,
    ProviderAnswer,
    ProviderAsk,
    ScaleResult,
    SecondCount,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    VitalsReading,
)
from clinic_sessions.models.record import Entry
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.note import note_after, note_before, note_dose
from clinic_sessions.services.note.note_facts import SCORES, Facts, name_of
from clinic_sessions.services.outcomes import scale_data
from clinic_sessions.services.session import interventions, limits, timeline


@dataclass(frozen=True, kw_only=True)
class Later:
    """An entry that the signed note does not hold. `corrects`: it stands in the place of another."""

    at: datetime
    recorded_at: datetime
    text: str
    by: str
    corrects: bool


_TEXTS: Mapping[type[Entry], Callable[[Facts, Any], str]] = {
    SessionCheck: lambda known, row: f"{say(row.item)}: {note_before.answer_text(known, row)}",
    ProviderAsk: lambda _, row: f"A provider was asked: {row.words or say(row.gate)}",
    ProviderAnswer: lambda known, row: f"A provider answered: {note_before.provider_text(known, row)}. {row.words}",
    DrugLabel: lambda _, row: f"Label read: {say(row.drug)}, {mg_text(row.total_micrograms)}, lot {row.lot}",
    Draw: note_dose.drawn_text,
    SecondCount: lambda _, row: f"Counted: {ml_text(row.microlitres)}",
    DoseEvent: lambda _, row: f"{timeline.dose_text(row)}. {row.words or ''}".strip(),
    VitalsReading: lambda known, row: f"Vitals: {_read(known, row)}",
    DueHold: note_dose.hold_text,
    SideEffect: lambda _, row: f"{side_effects.label(row)}, grade {row.grade}. {row.words or ''}".strip(),
    SideEffectEvent: note_after.became_text,
    Intervention: lambda _, row: f"{interventions.told(row)}. {row.words or ''}".strip(),
    Note: lambda _, row: f"Note: {row.body}",
}


def _read(known: Facts, row: VitalsReading) -> str:
    outside = ", ".join(mark.text for mark in limits.marks(known.treatment, known.doses, row))
    return f"{timeline.vitals_text(row)}. Out of range: {outside}" if outside else timeline.vitals_text(row)


def later(known: Facts, row: Entry) -> Later:
    """Say on one line what was recorded."""
    return Later(
        at=row.at,
        recorded_at=row.recorded_at,
        text=_TEXTS[type(row)](known, row),
        by=row.by.name,
        corrects=getattr(row, "corrects_id", None) is not None,
    )


def since(known: Facts, signature: NoteSignature) -> list[Later]:
    """List what the record holds and the signed note does not, in the order in which it was written.

    The signature and its addenda are left out: they stand by themselves.
    """
    held: Mapping[str, list[int]] = signature.content.get("entries", {})
    found = [
        later(known, row)
        for kind, rows in known.entries.items()
        for row in rows
        if row.id not in held.get(name_of(kind), []) and not _stands_alone(row)
    ]
    scores = [_scored(one) for one in known.scores if one.id not in held.get(SCORES, [])]
    return sorted([*found, *scores], key=lambda one: (one.recorded_at, one.at))


def _scored(row: ScaleResult) -> Later:
    total = "" if row.total_thousandths is None else f", total {row.total_thousandths / 1000:g}"
    by = row.by.name if row.by else "Patient, by link"
    text = f"{scale_data.of(row.scale).name}{total}"
    return Later(at=row.at, recorded_at=row.recorded_at, text=text, by=by, corrects=row.corrects_id is not None)


def _stands_alone(row: Entry) -> bool:
    return isinstance(row, Note) and row.kind is not NoteKind.ENTRY
