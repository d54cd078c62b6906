"""What was recorded at a patient's sessions, as lines of their course: from the doses to a provider's word."""

from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from clinic_sessions.domain.session.record import DoseEventKind, NoteKind
from clinic_sessions.domain.session.side_effects import Grade, SideEffectEventKind
from clinic_sessions.domain.wall_time import offset_text
from clinic_sessions.domain.words import say, say_outside
from clinic_sessions.models import (
    DoseEvent,
    Intervention,
    Note,
    ProviderAnswer,
    ProviderAsk,
    SideEffect,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.models.record import Entry
from clinic_sessions.services.course.course_window import TimelineEntry, Window
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.session import interventions, timeline, timeline_asks

Row = TypeVar("Row", VitalsReading, DoseEvent, SideEffect, Intervention, Note)
Word = TypeVar("Word", ProviderAsk, ProviderAnswer)
_NOTES = {NoteKind.ENTRY: "Note", NoteKind.SIGNED: "Signed note", NoteKind.ADDENDUM: "Addendum"}


def doses(db: Session, window: Window) -> list[TimelineEntry]:
    """List what happened to the doses; a withdrawal strikes what it takes back."""
    rows = _rows(db, window, DoseEvent)
    return [
        _line(row, "drop", timeline.dose_text(row), row.words, struck=struck)
        for row, struck in rows
        if row.kind is not DoseEventKind.WITHDRAWN
    ]


def vitals(db: Session, window: Window) -> list[TimelineEntry]:
    """List the readings."""
    return [
        _line(row, "pulse", timeline.vitals_text(row), struck=struck)
        for row, struck in _rows(db, window, VitalsReading)
    ]


def notes(db: Session, window: Window) -> list[TimelineEntry]:
    """List what was written, signed and added; the words of a signed note stand with its session."""
    return [
        _line(row, "note", _NOTES[row.kind], None if row.kind is NoteKind.SIGNED else row.body, struck=struck)
        for row, struck in _rows(db, window, Note)
    ]


def effects(db: Session, window: Window) -> list[TimelineEntry]:
    """List the side effects from their onset, with what became of them."""
    rows = _rows(db, window, SideEffect, selectinload(SideEffect.events))
    return [
        _line(
            row,
            "alert",
            f"{side_effects.label(row)}, {Grade(row.grade).name.lower().replace('_', '-')}",
            _outcome(row),
            struck=struck or any(event.kind is SideEffectEventKind.CORRECTED for event in row.events),
        )
        for row, struck in rows
    ]


def done(db: Session, window: Window) -> list[TimelineEntry]:
    """List what was done for the patient: drugs under an as-needed order, 911, and the rest."""
    return [
        _line(row, "plus", interventions.told(row), row.words, struck=struck)
        for row, struck in _rows(db, window, Intervention)
    ]


def provider(db: Session, window: Window) -> list[TimelineEntry]:
    """List what a provider was asked, and what they answered."""
    asked = _words(db, window, ProviderAsk)
    answered = _words(db, window, ProviderAnswer)
    return [
        *(_line(row, "ask", *timeline_asks.asked(row), struck=False) for row in asked),
        *(_line(row, "person", *timeline_asks.answered(row), struck=False) for row in answered),
    ]


def _words(db: Session, window: Window, model: type[Word]) -> Sequence[Word]:
    query = (
        sa.select(model)
        .join(TreatmentSession, TreatmentSession.id == model.session_id)
        .where(TreatmentSession.patient_id == window.patient_id)
        .options(joinedload(model.by), joinedload(model.treatment))
    )
    return db.scalars(window.narrow(query, model.at, model.id, model.session_id)).all()


def _rows(db: Session, window: Window, model: type[Row], *options: Any) -> Sequence[sa.Row[Row, bool]]:
    newer = aliased(model)
    query = (
        sa.select(model, sa.exists().where(newer.corrects_id == model.id))
        .join(TreatmentSession, TreatmentSession.id == model.session_id)
        .where(TreatmentSession.patient_id == window.patient_id)
        .options(joinedload(model.by), joinedload(model.treatment), *options)
    )
    return db.execute(window.narrow(query, model.at, model.id, model.session_id)).all()


def _line(
    row: Entry,
    icon: str,
    title: str,
    detail: str | None = None,
    *,
    struck: bool,
) -> TimelineEntry:
    return TimelineEntry(
        kind=icon, at=row.at, title=title, detail=detail or None, author=row.by.name, struck=struck, late=row.late,
        outside=tuple(say_outside(value) for value in row.outside_rules),
        offset_text=offset_text(row.at, row.treatment.dose_started_at), session_id=row.session_id,
    )  # fmt: skip


def _outcome(effect: SideEffect) -> str | None:
    resolved = [event for event in effect.events if event.kind is SideEffectEventKind.RESOLVED]
    told = [f"Serious: {say(effect.seriousness).lower()}"] if effect.seriousness else []
    told += [effect.words] if effect.words else []
    if resolved:
        told.append(f"Resolved after {int((resolved[-1].at - effect.at).total_seconds() // 60)} min")
    return " \u00b7 ".join(told) or None
