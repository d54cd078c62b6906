"""The record of a session in the order in which it happened: a line an entry, corrected ones struck but readable."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from clinic_sessions.domain.drug.doses import mg_text
from clinic_sessions.domain.protocols.protocols import AlertLevel
from clinic_sessions.domain.scheduling.reasons import CallOffReason, CancelReason, MoveReason, StopReason
from clinic_sessions.domain.scheduling.visits import done_words
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.record import DoseEventKind, NoteKind
from clinic_sessions.domain.session.side_effects import SideEffectEventKind
from clinic_sessions.domain.wall_time import offset_text
from clinic_sessions.domain.words import say, say_outside
from clinic_sessions.models import (
    DoseEvent,
    Intervention,
    Note,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.services.effects import effect_words, side_effects
from clinic_sessions.services.session import facts, interventions, limits

_BOOKING = frozenset(
    {Action.BOOK, Action.HOLD, Action.ACCEPT, Action.CONFIRM, Action.MOVE, Action.CANCEL, Action.NOTE_ABSENCE}
)
_OF_THE_DESK = _BOOKING | {Action.ARRIVE, Action.LEAVE}
"""Who came and who left the front desk reads, as in a patient's course; other steps are of the clinical record."""
_NOTES = {NoteKind.ENTRY: "Note", NoteKind.SIGNED: "Note of the session signed", NoteKind.ADDENDUM: "Addendum"}
_REASONS = (CallOffReason, StopReason, CancelReason, MoveReason)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the timeline; `ref` names the entry that can be corrected."""

    at: datetime
    order: int
    icon: str
    title: str
    detail: str = ""
    author: str = ""
    offset: str | None = None
    recorded_at: datetime | None = None
    late: bool = False
    struck: str = ""
    outside: tuple[str, ...] = ()
    marks: tuple[limits.Mark, ...] = field(default=())
    ref: tuple[str, int] | None = None

    @property
    def urgent(self) -> bool:
        """Whether a value is past an urgent limit."""
        return any(mark.level is AlertLevel.URGENT for mark in self.marks)


@dataclass(frozen=True, kw_only=True)
class Entries:
    """Everything that was recorded, as loaded: corrected entries too."""

    vitals: Sequence[VitalsReading] = ()
    doses: Sequence[DoseEvent] = ()
    effects: Sequence[SideEffect] = ()
    interventions: Sequence[Intervention] = ()
    notes: Sequence[Note] = ()


def build(treatment: TreatmentSession, entries: Entries, standing_doses: Sequence[DoseEvent]) -> list[Line]:
    """List every step and every entry, the newest first."""
    lines = [
        *steps(treatment, clinical=True),
        *_vitals(treatment, entries.vitals, standing_doses),
        *_doses(treatment, entries.doses),
        *_effects(treatment, entries.effects),
        *_interventions(treatment, entries),
        *_notes(treatment, entries.notes),
    ]
    return sorted(lines, key=lambda line: (line.at, line.order), reverse=True)


def steps(treatment: TreatmentSession, *, clinical: bool) -> list[Line]:
    """List the steps of the session; without `clinical` those that the front desk reads."""
    undone = {change.undoes_id: change for change in treatment.changes}
    by_id = {change.id: change for change in treatment.changes}
    return [
        _step(treatment, change, by_id, change.id in undone, clinical)
        for change in treatment.changes
        if clinical or is_of_the_desk(by_id.get(change.undoes_id or 0, change))
    ]


def is_of_the_desk(change: StatusChange) -> bool:
    """Say whether a step is read by those who do not read the clinical record."""
    return change.action in _OF_THE_DESK


def _step(
    treatment: TreatmentSession, change: StatusChange, by_id: dict[int, StatusChange], undone: bool, clinical: bool
) -> Line:
    title = done_words(treatment.kind, change.action)
    if change.undoes_id is not None:
        title = f"Undone: {done_words(treatment.kind, by_id[change.undoes_id].action)}"
    told = clinical or change.action in _BOOKING
    why = [reason_text(value) for value in change.reasons] if told else []
    return Line(
        at=change.at,
        order=change.id,
        icon="arrow",
        title=title,
        detail="\n".join([", ".join(why), (change.words or "") if told else ""]).strip(),
        author=change.by.name if change.by else "Patient, by link",
        offset=offset_text(change.at, treatment.dose_started_at)
        if clinical and change.action not in _BOOKING
        else None,
        recorded_at=change.recorded_at,
        struck="Undone" if undone else "",
        outside=tuple(say_outside(value) for value in change.outside_rules) if told else (),
    )


def reason_text(value: str) -> str:
    """Say one of the reasons of a step."""
    for kind in _REASONS:
        if value in {one.value for one in kind}:
            return say(kind(value))
    return value.replace("_", " ")


def _line(
    treatment: TreatmentSession,
    row: VitalsReading | DoseEvent | SideEffect | SideEffectEvent | Intervention | Note,
    icon: str,
    title: str,
    detail: str | None = None,
    *,
    struck: str = "",
    ref: str | None = None,
    marks: Sequence[limits.Mark] = (),
) -> Line:
    return Line(
        at=row.at,
        order=row.id,
        icon=icon,
        title=title,
        detail=detail or "",
        author=row.by.name,
        offset=offset_text(row.at, treatment.dose_started_at),
        recorded_at=row.recorded_at,
        late=row.late,
        struck=struck,
        outside=tuple(say_outside(value) for value in row.outside_rules),
        marks=tuple(marks),
        ref=(ref, row.id) if ref and not struck else None,
    )


def _corrected(rows: Sequence[VitalsReading | DoseEvent | SideEffect | Intervention | Note]) -> set[int | None]:
    return {row.corrects_id for row in rows}


def vitals_text(reading: VitalsReading) -> str:
    """Write a reading on one line."""
    parts = []
    if reading.systolic_mmhg is not None or reading.diastolic_mmhg is not None:
        parts.append(f"{_or_dash(reading.systolic_mmhg)}/{_or_dash(reading.diastolic_mmhg)}")
    if reading.heart_rate_bpm is not None:
        parts.append(f"heart {reading.heart_rate_bpm}")
    if reading.spo2_percent is not None:
        parts.append(f"oxygen {reading.spo2_percent}%")
    if reading.respiratory_rate_bpm is not None:
        parts.append(f"breaths {reading.respiratory_rate_bpm}")
    if reading.temperature_tenths_c is not None:
        parts.append(f"{reading.temperature_tenths_c / 10:.1f} °C")
    if reading.moaa_s is not None:
        parts.append(f"MOAA/S {reading.moaa_s}")
    if reading.pain_of_10 is not None:
        parts.append(f"pain {reading.pain_of_10}")
    return ", ".join(parts)


def _or_dash(value: int | None) -> str:
    return "–" if value is None else str(value)


def _vitals(treatment: TreatmentSession, rows: Sequence[VitalsReading], doses: Sequence[DoseEvent]) -> Iterator[Line]:
    corrected = _corrected(rows)
    for row in rows:
        marks = limits.marks(treatment, doses, row)
        struck = "Corrected" if row.id in corrected else ""
        yield _line(treatment, row, "pulse", vitals_text(row), struck=struck, ref="vitals", marks=marks)


def _doses(treatment: TreatmentSession, rows: Sequence[DoseEvent]) -> Iterator[Line]:
    corrected = _corrected(rows)
    completed = {
        row.id for row in rows for after in rows if after.corrects_id == row.id and facts.completes(row, after)
    }
    for row in rows:
        if row.kind is DoseEventKind.WITHDRAWN or row.id in completed:
            continue
        withdrawn = any(one.corrects_id == row.id and one.kind is DoseEventKind.WITHDRAWN for one in rows)
        struck = "Withdrawn" if withdrawn else "Corrected" if row.id in corrected else ""
        yield _line(treatment, row, "drop", dose_text(row), row.words, struck=struck, ref="dose")


def dose_text(row: DoseEvent) -> str:
    """Write a dose event on one line."""
    title = f"Device {row.device_number} used" if row.kind is DoseEventKind.DEVICE else say(row.kind)
    if row.micrograms is not None:
        title += f", {mg_text(row.micrograms)}"
    if row.rate_micrograms_per_hour is not None:
        title += f", {mg_text(row.rate_micrograms_per_hour)} an hour"
    return title


def _effects(treatment: TreatmentSession, rows: Sequence[SideEffect]) -> Iterator[Line]:
    corrected = _corrected(rows)
    for row in rows:
        label = side_effects.label(row)
        mistaken = any(event.kind is SideEffectEventKind.CORRECTED for event in row.events)
        struck = "Corrected" if row.id in corrected else "By mistake" if mistaken else ""
        serious = f"Serious: {say(row.seriousness).lower()}" if row.seriousness else ""
        detail = "\n".join(text for text in (serious, row.words) if text)
        title = f"{label}, {effect_words.graded(row.grade)}"
        yield _line(treatment, row, "alert", title, detail, struck=struck, ref="effect")
        for event in row.events:
            yield _line(treatment, event, "eye", f"{label}: {effect_words.became(event)}", event.words)


def _interventions(treatment: TreatmentSession, entries: Entries) -> Iterator[Line]:
    corrected = _corrected(entries.interventions)
    labels = {effect.id: side_effects.label(effect) for effect in entries.effects}
    for row in entries.interventions:
        title = interventions.told(row)
        if row.side_effect_id in labels:
            title += f", for {labels[row.side_effect_id].lower()}"
        struck = "Corrected" if row.id in corrected else ""
        yield _line(treatment, row, "plus", title, row.words, struck=struck, ref="intervention")


def _notes(treatment: TreatmentSession, rows: Sequence[Note]) -> Iterator[Line]:
    corrected = _corrected(rows)
    for row in rows:
        struck = "Corrected" if row.id in corrected else ""
        ref = "note" if row.kind is NoteKind.ENTRY else None
        yield _line(treatment, row, "note", _NOTES[row.kind], row.body, struck=struck, ref=ref)
