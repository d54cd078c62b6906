"""Keeps a session's messages and check-ins in line with the session: planned, timed again, or skipped at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import check_ins, outreach
from clinic_sessions.domain.check_ins import MESSAGE_OF, CheckInAction, CheckInStatus
from clinic_sessions.domain.lifecycle import EXPECTED, Action, SessionKind, Status
from clinic_sessions.domain.messages import (
    ABOUT_A_VISIT_TO_COME,
    CANCELLATIONS,
    NOTICES,
    MessageAction,
    MessageKind,
    MessageStatus,
    SkipReason,
)
from clinic_sessions.domain.outreach import Planned, QuietHours
from clinic_sessions.models import CheckIn, Clinic, Message, TreatmentSession
from clinic_sessions.services import messages
from clinic_sessions.services.actor import Actor

NOTICE_OF_USE = timedelta(hours=24)
"""How long a notice of what has happened is worth telling."""

_CHECK_IN_OF = {message: kind for kind, message in MESSAGE_OF.items()}
_PLAN_AGAIN = frozenset(
    {SkipReason.CANCELLED, SkipReason.MOVED, SkipReason.UNDONE, SkipReason.CLINICIAN_FIRST, SkipReason.TOO_LATE}
)
"""Skipped because of what the session was; when it is so again, the message is planned again."""

_OPEN_CHECK_INS = frozenset(status for status, steps in check_ins.TRANSITIONS.items() if CheckInAction.SUBMIT in steps)


def align(
    db: Session, treatment: TreatmentSession, *, now: datetime, by: Actor, notice: MessageKind | None = None
) -> None:
    """Bring a session's messages and check-ins in line with its status, schedule version and time of leaving.

    Idempotent: called after every change. `notice` adds the one message that tells of the act itself, due at once;
    asking again for the notice that was the last one changes nothing.
    """
    db.flush()
    rows = _rows(db, treatment)
    check_in_rows = _align_check_ins(db, treatment, now)
    _skip_what_no_longer_holds(db, rows, now)
    if kind := notice or _owed(treatment, rows):
        _plan_notice(db, treatment, rows, kind, now=now, by=by)
    for planned in _reminders(treatment):
        if planned.due_at > now or _standing(rows, treatment, planned.kind):
            _keep(db, treatment, rows, planned, None, now=now, by=by)
    for planned in _check_ins(treatment):
        if planned.useful_until > now:
            _keep(db, treatment, rows, planned, check_in_rows[planned.kind], now=now, by=by)
    db.flush()


def expire_check_ins(db: Session, now: datetime) -> int:
    """Close the check-ins whose time to answer has passed; gives how many."""
    query = sa.select(CheckIn).where(CheckIn.status.in_(_OPEN_CHECK_INS), CheckIn.expires_at <= now)
    rows = db.scalars(query.order_by(CheckIn.id).with_for_update(skip_locked=True)).all()
    for row in rows:
        row.status = check_ins.after(row.status, CheckInAction.EXPIRE)
    db.flush()
    return len(rows)


def quiet_hours(clinic: Clinic) -> QuietHours:
    """Give the clinic's quiet hours, as the rules take them."""
    return QuietHours(from_minute=clinic.quiet_from_minute, until_minute=clinic.quiet_until_minute)


def _rows(db: Session, treatment: TreatmentSession) -> list[Message]:
    """Load the session's messages, locked, so that no worker claims one while it is being skipped."""
    query = sa.select(Message).where(Message.session_id == treatment.id).order_by(Message.id)
    return list(db.scalars(query.with_for_update().execution_options(populate_existing=True)).all())


def _skip_what_no_longer_holds(db: Session, rows: Sequence[Message], now: datetime) -> None:
    for row in rows:
        if row.status is MessageStatus.PLANNED and (reason := messages.no_longer_so(row)):
            messages.step(db, row, MessageAction.SKIP, now, reason=reason)


def _reminders(treatment: TreatmentSession) -> list[Planned]:
    if treatment.status not in EXPECTED:
        return []
    moves = [change.recorded_at for change in treatment.changes if change.action is Action.MOVE]
    return outreach.reminders(
        treatment.starts_at,
        booked_at=max([treatment.booked_at, *moves]),
        zone=treatment.clinic.zone,
        mid_series=(treatment.place_in_plan or 1) > 1,
        quiet=quiet_hours(treatment.clinic),
    )


def _check_ins(treatment: TreatmentSession) -> list[Planned]:
    if treatment.status is not Status.LEFT or treatment.left_at is None or treatment.kind is not SessionKind.TREATMENT:
        return []
    return outreach.check_ins(treatment.left_at, zone=treatment.clinic.zone, quiet=quiet_hours(treatment.clinic))


def _standing(rows: Sequence[Message], treatment: TreatmentSession, kind: MessageKind) -> Message | None:
    same = _same(rows, treatment, kind)
    return same[-1] if same and same[-1].status is not MessageStatus.SKIPPED else None


def _same(rows: Sequence[Message], treatment: TreatmentSession, kind: MessageKind) -> list[Message]:
    return [row for row in rows if row.kind is kind and row.schedule_version == treatment.schedule_version]


def _keep(
    db: Session,
    treatment: TreatmentSession,
    rows: list[Message],
    planned: Planned,
    check_in: CheckIn | None,
    *,
    now: datetime,
    by: Actor,
) -> None:
    """See that a message stands once: as it is, at its new time, or planned anew."""
    same = _same(rows, treatment, planned.kind)
    last = same[-1] if same else None
    if last is not None and last.status is not MessageStatus.SKIPPED:
        if last.status is MessageStatus.PLANNED and last.attempts == 0 and last.due_at != planned.due_at:
            last.due_at, last.useful_until, last.next_try_at = planned.due_at, planned.useful_until, planned.due_at
            messages.note(db, last, now, "due at another time")
        return
    if last is not None and last.skip_reason not in _PLAN_AGAIN:
        return
    if check_in is None or check_in.status in _OPEN_CHECK_INS:
        key = messages.free_key(messages.key_of(treatment, planned.kind), {row.dedup_key for row in rows})
        rows.append(messages.plan(db, treatment, planned, key=key, now=now, by=by, check_in=check_in))


def _owed(treatment: TreatmentSession, rows: Sequence[Message]) -> MessageKind | None:
    """Say which notice is owed because a cancellation was undone: the patient heard of it, or missed the first."""
    if treatment.status not in EXPECTED:
        return None
    told = [row for row in rows if row.kind in NOTICES]
    standing = [row for row in told if row.status is not MessageStatus.SKIPPED]
    if standing and standing[-1].kind in CANCELLATIONS:
        return MessageKind.CONFIRMATION
    if any(row.schedule_version == treatment.schedule_version for row in standing):
        return None
    missed = [row.kind for row in told if row.skip_reason is SkipReason.CANCELLED and row.kind in ABOUT_A_VISIT_TO_COME]
    return missed[-1] if missed else None


def _plan_notice(
    db: Session, treatment: TreatmentSession, rows: list[Message], kind: MessageKind, *, now: datetime, by: Actor
) -> None:
    standing = [row for row in rows if row.kind in NOTICES and row.status is not MessageStatus.SKIPPED]
    version = treatment.schedule_version
    if standing and standing[-1].kind is kind and standing[-1].schedule_version == version:
        return
    until = treatment.starts_at if kind in ABOUT_A_VISIT_TO_COME else now + NOTICE_OF_USE
    if until <= now:
        return
    key = messages.free_key(messages.key_of(treatment, kind), {row.dedup_key for row in rows})
    planned = Planned(kind=kind, due_at=now, useful_until=until)
    rows.append(messages.plan(db, treatment, planned, key=key, now=now, by=by))


def _align_check_ins(db: Session, treatment: TreatmentSession, now: datetime) -> dict[MessageKind, CheckIn]:
    """Bring the check-ins in line; gives those that the session now has, by the message that asks for each."""
    query = sa.select(CheckIn).where(CheckIn.session_id == treatment.id).with_for_update()
    rows = {MESSAGE_OF[row.kind]: row for row in db.scalars(query.execution_options(populate_existing=True))}
    plan = {planned.kind: planned for planned in _check_ins(treatment)}
    for kind in rows.keys() - plan.keys():
        if rows[kind].status in _OPEN_CHECK_INS:
            rows[kind].status = check_ins.after(rows[kind].status, CheckInAction.WITHDRAW)
    for kind, planned in plan.items():
        if kind in rows:
            _time_check_in(rows[kind], planned, now)
        else:
            rows[kind] = _new_check_in(db, treatment, planned)
    db.flush()
    return rows


def _time_check_in(row: CheckIn, planned: Planned, now: datetime) -> None:
    if CheckInAction.PLAN in check_ins.TRANSITIONS[row.status] and planned.useful_until > now:
        row.status = check_ins.after(row.status, CheckInAction.PLAN)
        row.due_at, row.expires_at = planned.due_at, planned.useful_until


def _new_check_in(db: Session, treatment: TreatmentSession, planned: Planned) -> CheckIn:
    row = CheckIn(
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        kind=_CHECK_IN_OF[planned.kind],
        due_at=planned.due_at,
        expires_at=planned.useful_until,
        status=CheckInStatus.PLANNED,
    )
    db.add(row)
    return row
