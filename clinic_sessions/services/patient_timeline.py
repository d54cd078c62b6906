"""A patient's course in the order it happened: who did what, with what was corrected still readable."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain import words
from clinic_sessions.domain.check_ins import CheckInStatus
from clinic_sessions.domain.lifecycle import Action, SessionKind
from clinic_sessions.domain.messages import MessageStatus
from clinic_sessions.domain.reasons import CallOffReason, CancelReason, MoveReason, StopReason
from clinic_sessions.domain.record import is_late
from clinic_sessions.domain.side_effects import Grade, SideEffectEventKind
from clinic_sessions.domain.visits import act_words
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.domain.weights import kg_text, lb_text
from clinic_sessions.models import Clinic, Message, Patient, SideEffect, StatusChange, TreatmentSession, Weight
from clinic_sessions.services import patient_answers, side_effects, weights
from clinic_sessions.services.patient_answers import Reading

MOST = 60
_OF_THE_DESK = frozenset(
    {
        Action.BOOK, Action.HOLD, Action.ACCEPT, Action.LAPSE, Action.CONFIRM, Action.MOVE, Action.CANCEL,
        Action.NOTE_ABSENCE, Action.ARRIVE, Action.LEAVE,
    }
)  # fmt: skip
"""What the front desk does or must know; the other steps belong to the clinical record."""

_REASONS = {one.value: words.say(one) for one in (*CancelReason, *MoveReason, *CallOffReason, *StopReason)}
_REASONS_ARE_THE_DESKS = frozenset({Action.MOVE, Action.CANCEL})
_ICONS = {Action.ARRIVE: "person", Action.START: "play", Action.LEAVE: "home", Action.CANCEL: "cross"}


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """One thing that happened."""

    kind: str
    at: datetime
    title: str
    detail: str | None = None
    author: str | None = None
    struck: bool = False
    late: bool = False
    offset_text: str | None = None


def of(db: Session, patient: Patient, here: Clinic, *, clinical: bool) -> list[TimelineEntry]:
    """List the newest MOST entries of a patient, the newest first; without `clinical` only what the desk may read."""
    found = [*_steps(db, patient.id, here, clinical), *_messages(db, patient.id)]
    if clinical:
        found += [*_effects(db, patient.id), *_weighings(db, patient.id), *_check_ins(db, patient.id)]
    return sorted(found, key=lambda entry: entry.at, reverse=True)[:MOST]


def by_day(entries: Iterable[TimelineEntry], zone: ZoneInfo) -> list[tuple[date, list[TimelineEntry]]]:
    """Group entries, in their order, by the clinic's day."""
    return [(day, list(group)) for day, group in groupby(entries, key=lambda entry: local_day(entry.at, zone))]


def _steps(db: Session, patient_id: int, here: Clinic, clinical: bool) -> list[TimelineEntry]:
    query = (
        sa.select(StatusChange)
        .join(TreatmentSession, TreatmentSession.id == StatusChange.session_id)
        .where(TreatmentSession.patient_id == patient_id)
        .options(joinedload(StatusChange.by), joinedload(StatusChange.treatment))
        .order_by(StatusChange.at.desc(), StatusChange.id.desc())
        .limit(MOST)
    )
    if not clinical:
        query = query.where(StatusChange.action.in_(_OF_THE_DESK))
    changes = db.scalars(query).all()
    undone = {change.undoes_id for change in changes}
    return [
        _step(change, here, clinical, change.id in undone) for change in changes if change.action is not Action.UNDO
    ]


def _step(change: StatusChange, here: Clinic, clinical: bool, undone: bool) -> TimelineEntry:
    place = change.treatment.clinic
    elsewhere = [f"at {place.name}"] if place.id != here.id else []
    visit = f"Visit of {_when(change.treatment.starts_at, place.zone)}"
    told = [visit, *elsewhere, *_kind(change.treatment), *_moved(change, place.zone), *_late(change)]
    if clinical or change.action in _REASONS_ARE_THE_DESKS:
        told += [_REASONS.get(reason, reason.replace("_", " ")) for reason in change.reasons]
    if clinical and change.words:
        told.append(change.words)
    return TimelineEntry(
        kind=_ICONS.get(change.action, "calendar"),
        at=change.at,
        title=act_words(change.treatment.kind, change.action),
        detail=" \u00b7 ".join(told),
        author=change.by.name if change.by else "Patient, by link",
        struck=undone,
        late=is_late(change.at, change.recorded_at),
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


def _messages(db: Session, patient_id: int) -> list[TimelineEntry]:
    query = (
        sa.select(Message)
        .where(Message.patient_id == patient_id, Message.status.not_in([MessageStatus.PLANNED, MessageStatus.SENDING]))
        .order_by(Message.due_at.desc(), Message.id.desc())
        .limit(MOST)
    )
    return [
        TimelineEntry(
            kind="mail",
            at=one.sent_at or one.due_at,
            title=words.say(one.kind),
            detail=words.say(one.status) + (f": {words.say(one.skip_reason)}" if one.skip_reason else ""),
        )
        for one in db.scalars(query)
    ]


def _effects(db: Session, patient_id: int) -> list[TimelineEntry]:
    query = (
        sa.select(SideEffect)
        .join(TreatmentSession, TreatmentSession.id == SideEffect.session_id)
        .where(TreatmentSession.patient_id == patient_id)
        .options(joinedload(SideEffect.by), selectinload(SideEffect.events))
        .order_by(SideEffect.at.desc(), SideEffect.id.desc())
        .limit(MOST)
    )
    effects = db.scalars(query).all()
    corrected = {effect.corrects_id for effect in effects}
    return [
        TimelineEntry(
            kind="pulse",
            at=effect.at,
            title=f"{side_effects.label(effect)}, {Grade(effect.grade).name.lower().replace('_', '-')}",
            detail=_outcome(effect),
            author=effect.by.name,
            struck=effect.id in corrected,
            late=effect.late,
        )
        for effect in effects
    ]


def _outcome(effect: SideEffect) -> str | None:
    resolved = [event for event in effect.events if event.kind is SideEffectEventKind.RESOLVED]
    told = [effect.words] if effect.words else []
    if resolved:
        told.append(f"Resolved after {int((resolved[-1].at - effect.at).total_seconds() // 60)} min")
    return " \u00b7 ".join(told) or None


def _weighings(db: Session, patient_id: int) -> list[TimelineEntry]:
    rows: Sequence[Weight] = weights.listed(db, patient_id)
    kept = {weight.id for weight in weights.standing(rows)}
    return [
        TimelineEntry(
            kind="person",
            at=weight.measured_at,
            title=f"Weight {lb_text(weight.grams)} ({kg_text(weight.grams)})",
            author=weight.by.name,
            struck=weight.id not in kept,
            late=is_late(weight.measured_at, weight.recorded_at),
        )
        for weight in rows
    ]


def _check_ins(db: Session, patient_id: int) -> list[TimelineEntry]:
    ended = {CheckInStatus.ANSWERED, CheckInStatus.NOT_ANSWERED}
    return [_answered(one) for one in patient_answers.read(db, patient_id) if one.status in ended]


def _answered(reading: Reading) -> TimelineEntry:
    answered = reading.status is CheckInStatus.ANSWERED
    return TimelineEntry(
        kind="phone" if answered else "ask",
        at=reading.at,
        title=f"{words.say(reading.kind)}: {'answered' if answered else 'not answered'}",
        detail=" \u00b7 ".join(f"{line.label}: {line.text}" for line in reading.lines) or None,
        author=(reading.entered_by or "Patient, by link") if answered else None,
    )
