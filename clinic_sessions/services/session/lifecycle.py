"""The one way to change a session's status: the table decides, the gate is asked, the row is kept."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.session.leave_gate import may_be_ready, may_leave
from clinic_sessions.domain.session.lifecycle import (
    IN_CLINIC,
    OCCUPYING,
    TO_COME,
    UNDOABLE,
    Action,
    Gate,
    NotOffered,
    SessionKind,
    Status,
    StepReason,
    Transition,
    transition,
)
from clinic_sessions.domain.session.readiness import may_arrive, may_note_absence
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import ActorKind, AuditAction, StatusChange, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.booking import coming_back, room, visit_room
from clinic_sessions.services.leaving import leave_gate
from clinic_sessions.services.plans import papers
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.session import facts
from clinic_sessions.services.sites import patient_clinics


class GateClosed(Refusal):
    """The gate before this step has reasons against it; they are all listed."""


UNDOES_ENDING = timedelta(hours=1)
"""So long after it was recorded an ending can be undone, whatever the day [P]."""

_OF_THE_PATIENT = frozenset({Gate.MAY_START, Gate.MAY_BE_READY, Gate.MAY_LEAVE})


def unmet(db: Session, treatment: TreatmentSession, gate: Gate | None, at: datetime) -> Sequence[StrEnum]:
    """List the reasons that stand against passing a gate at the moment `at`."""
    if gate is Gate.SAME_DAY:
        days = local_day(treatment.starts_at, treatment.clinic.zone), local_day(at, treatment.clinic.zone)
        if treatment.status in OCCUPYING:
            return may_arrive(*days)
        return [] if days[0] == days[1] else [StepReason.DAY_OVER]
    if gate is Gate.AFTER_START:
        return may_note_absence(treatment.starts_at, at)
    if gate is Gate.MAY_START:
        return _against_start(db, treatment, at)
    if gate is Gate.MAY_BE_READY:
        return may_be_ready(leave_gate.departure(db, treatment, at), at)
    if gate is Gate.MAY_LEAVE and treatment.kind is SessionKind.TREATMENT:
        return may_leave(leave_gate.departure(db, treatment, at), at)
    return []


def _against_start(db: Session, treatment: TreatmentSession, at: datetime) -> list[StrEnum]:
    found = papers.of_treatment(db, treatment, at)
    if found is None:
        return []
    return [*found.reasons, *start_gate.unmet(db, treatment, found.order_id, at)]


def granted(treatment: TreatmentSession, action: Action, by: Actor) -> Transition:
    """Give the step that `action` is from the present status, when the actor may take it.

    Refuses with ChangedMeanwhile when it is not offered, NotAllowed when the person's roles do not grant it.
    """
    try:
        step = transition(treatment.kind, treatment.status, action)
    except NotOffered:
        raise ChangedMeanwhile(StepReason.NOT_OFFERED) from None
    if by.kind is ActorKind.USER and (by.user is None or not by.user.may(step.permission)):
        raise NotAllowed(StepReason.NOT_ALLOWED)
    return step


def permission_of(kind: SessionKind, status: Status, action: Action) -> Permission:
    """Give the permission that a step from `status` needs, also for undoing it."""
    return transition(kind, status, action).permission


def lock(db: Session, treatment: TreatmentSession) -> None:
    """Read the session anew and keep others from changing it until the transaction ends.

    Rows that name it may be added meanwhile: its key is not locked.
    """
    one = sa.select(TreatmentSession.id).where(TreatmentSession.id == treatment.id)
    db.execute(one.with_for_update(key_share=True))
    db.refresh(treatment)
    db.expire(treatment, ["changes"])


def do(
    db: Session,
    treatment: TreatmentSession,
    action: Action,
    *,
    now: datetime,
    by: Actor,
    at: datetime | None = None,
    reasons: Sequence[StrEnum] = (),
    words: str | None = None,
    details: Mapping[str, Any] | None = None,
    happened: bool = False,
) -> StatusChange:
    """Take one step in a session's life at its true time `at` (default: now).

    Refuses with ChangedMeanwhile when the step is not offered from the present status, NotAllowed when the person's
    roles do not grant it, GateClosed with every unmet reason. `happened`: the step is a fact already; then the gate
    refuses nothing and its unmet reasons are kept on the row. Otherwise a gate about the patient is passed at the true
    time and now: no earlier time makes a later reading undone.
    """
    when = at or now
    step = granted(treatment, action, by)
    if step.gate is Gate.MAY_START:
        papers.lock(db, treatment.patient_id)
    against = unmet(db, treatment, step.gate, when)
    if not happened and (refused := _refused(db, treatment, step.gate, against, when, now)):
        raise GateClosed(*refused)
    change = StatusChange(
        action=action,
        from_status=treatment.status,
        to_status=step.to,
        at=when,
        recorded_at=now,
        by_id=by.user_id,
        reasons=[reason.value for reason in reasons],
        outside_rules=[reason.value for reason in against],
        words=words,
        details=dict(details or {}),
    )
    _write(db, treatment, change, now=now, by=by)
    return change


def _refused(
    db: Session, treatment: TreatmentSession, gate: Gate | None, against: Sequence[StrEnum], at: datetime, now: datetime
) -> Sequence[StrEnum]:
    asked_now = gate in _OF_THE_PATIENT and at != now
    return list(dict.fromkeys([*against, *(unmet(db, treatment, gate, now) if asked_now else ())]))


def undo(db: Session, treatment: TreatmentSession, *, now: datetime, by: Actor) -> StatusChange:
    """Undo the last step; both rows stay. Whoever brings a session back to its place has queued for it again.

    Refuses with Refusal when there is nothing to undo, with BookingReason when its place cannot be had any more.
    """
    last, back_to = _undoable(treatment, by)
    if is_past(treatment, last, now):
        raise Refusal(StepReason.ENDED_BEFORE_TODAY)
    change = StatusChange(
        action=Action.UNDO,
        from_status=treatment.status,
        to_status=back_to,
        at=now,
        recorded_at=now,
        by_id=by.user_id,
        undoes_id=last.id,
    )
    if back_to in OCCUPYING and treatment.status not in OCCUPYING:
        _check_again(db, treatment, here=back_to in IN_CLINIC, now=now)
    _write(db, treatment, change, now=now, by=by)
    return change


def _check_again(db: Session, treatment: TreatmentSession, *, here: bool, now: datetime) -> None:
    if not here and not patient_clinics.may_be_treated(db, treatment.patient_id, treatment.clinic_id):
        raise Refusal(BookingReason.NOT_TREATED_HERE)
    if treatment.kind is SessionKind.TREATMENT or here:
        coming_back.check_again(db, treatment, here=here, today=local_day(now, treatment.clinic.zone))
    else:
        visit_room.check_again(db, treatment)


def _undoable(treatment: TreatmentSession, by: Actor) -> tuple[StatusChange, Status]:
    last = last_step(treatment)
    if last is None or last.from_status is None:
        raise Refusal(StepReason.NOTHING_TO_UNDO)
    if last.action not in UNDOABLE:
        raise Refusal(StepReason.CANNOT_BE_UNDONE)
    if by.user is None or not by.user.may(permission_of(treatment.kind, last.from_status, last.action)):
        raise NotAllowed(StepReason.NOT_ALLOWED)
    return last, last.from_status


def is_past(treatment: TreatmentSession, step: StatusChange, now: datetime) -> bool:
    """Say whether a step ended the visit on a day that is over: then it is not undone any more.

    In the first hour it still can be: what was tapped by mistake before midnight is put right after it.
    """
    if step.from_status is None or step.from_status in TO_COME or step.to_status in IN_CLINIC:
        return False
    zone = treatment.clinic.zone
    is_of_today = local_day(step.recorded_at, zone) == local_day(now, zone)
    return not is_of_today and now - step.recorded_at > UNDOES_ENDING


def last_step(treatment: TreatmentSession) -> StatusChange | None:
    """Give the last step that has not been undone."""
    steps = facts.standing_changes(treatment)
    return steps[-1] if steps else None


def _write(db: Session, treatment: TreatmentSession, change: StatusChange, *, now: datetime, by: Actor) -> None:
    audit.note(
        db, AuditAction.CHANGE, "session", treatment.id, now=now, by=by, patient_id=treatment.patient_id,
        changes={"status": [treatment.status, change.to_status]}, reason=change.action.value,
    )  # fmt: skip
    treatment.status = change.to_status
    treatment.changes.append(change)
    left_at = facts.ended_at(treatment) if change.undoes_id else change.at
    treatment.left_at = left_at if treatment.status is Status.LEFT else None
    try:
        db.flush()
    except DatabaseError as error:
        if "overlap_" in str(error.orig):
            raise Refusal(*room.refused_by_database(error)) from None
        raise
