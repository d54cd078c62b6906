"""The steps of a patient's sessions, as lines of their course."""

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from clinic_sessions.domain import words
from clinic_sessions.domain.scheduling.reasons import CallOffReason, CancelReason, MoveReason, StopReason
from clinic_sessions.domain.scheduling.visits import done_words
from clinic_sessions.domain.session.lifecycle import Action, SessionKind
from clinic_sessions.domain.session.record import is_late
from clinic_sessions.models import Clinic, StatusChange, TreatmentSession
from clinic_sessions.services.course.course_window import TimelineEntry, Window

BOOKINGS = frozenset(
    {
        Action.BOOK, Action.HOLD, Action.ACCEPT, Action.LAPSE, Action.CONFIRM, Action.MOVE, Action.CANCEL,
        Action.NOTE_ABSENCE,
    }
)  # fmt: skip
"""What is done about a visit before it; the other steps are the visit itself."""

_OF_THE_DESK = frozenset({Action.ARRIVE, Action.LEAVE})
"""Of the visit itself the front desk reads who came and who left; the other steps belong to the clinical record."""

_REASONS = {one.value: words.say(one) for one in (*CancelReason, *MoveReason, *CallOffReason, *StopReason)}
_REASONS_ARE_THE_DESKS = frozenset({Action.MOVE, Action.CANCEL})
_ICONS = {Action.ARRIVE: "person", Action.START: "play", Action.LEAVE: "home", Action.CANCEL: "cross"}


def bookings(db: Session, window: Window, here: Clinic, *, clinical: bool) -> list[TimelineEntry]:
    """List what was booked, moved, confirmed and cancelled."""
    return _of(db, window, here, BOOKINGS, clinical)


def steps(db: Session, window: Window, here: Clinic, *, clinical: bool) -> list[TimelineEntry]:
    """List the steps of the visits themselves; without `clinical` who came and who left."""
    of_visits = frozenset(Action) - BOOKINGS - {Action.UNDO}
    return _of(db, window, here, of_visits if clinical else _OF_THE_DESK, clinical)


def _of(db: Session, window: Window, here: Clinic, actions: Collection[Action], clinical: bool) -> list[TimelineEntry]:
    undo = aliased(StatusChange)
    query = (
        sa.select(StatusChange, sa.exists().where(undo.undoes_id == StatusChange.id))
        .join(TreatmentSession, TreatmentSession.id == StatusChange.session_id)
        .where(TreatmentSession.patient_id == window.patient_id, StatusChange.action.in_(actions))
        .options(joinedload(StatusChange.by), joinedload(StatusChange.treatment))
    )
    rows = db.execute(window.narrow(query, StatusChange.at, StatusChange.id, StatusChange.session_id))
    return [_step(change, here, clinical, undone) for change, undone in rows]


def _step(change: StatusChange, here: Clinic, clinical: bool, undone: bool) -> TimelineEntry:
    place = change.treatment.clinic
    elsewhere = [f"at {place.name}"] if place.id != here.id else []
    visit = f"Visit of {_when(change.treatment.starts_at, place.zone)}"
    told = [visit, *elsewhere, *_kind(change.treatment), *_moved(change, place.zone), *_late(change)]
    if clinical or change.action in _REASONS_ARE_THE_DESKS:
        told += [_REASONS.get(reason, reason.replace("_", " ")) for reason in change.reasons]
    if clinical:
        told += [change.words] if change.words else []
    return TimelineEntry(
        kind=_ICONS.get(change.action, "calendar"),
        at=change.at,
        title=done_words(change.treatment.kind, change.action),
        detail=" \u00b7 ".join(told),
        author=change.by.name if change.by else "Patient, by link",
        struck=undone,
        outside=tuple(words.say_outside(value) for value in change.outside_rules) if clinical else (),
        late=is_late(change.at, change.recorded_at),
        session_id=change.session_id,
    )


def _kind(treatment: TreatmentSession) -> list[str]:
    return [] if treatment.kind is SessionKind.TREATMENT else [words.say(treatment.kind)]


def _late(change: StatusChange) -> list[str]:
    return [f"late cancellation, {change.details['notice']}"] if change.details.get("late") else []


def _moved(change: StatusChange, zone: ZoneInfo) -> list[str]:
    pair = change.details.get("starts_at")
    return [f"before: {_when(datetime.fromisoformat(pair[0]), zone)}"] if pair else []


def _when(moment: datetime, zone: ZoneInfo) -> str:
    local = moment.astimezone(zone)
    return f"{local:%a %b} {local.day}, {local.hour % 12 or 12}:{local:%M} {'am' if local.hour < 12 else 'pm'}"
