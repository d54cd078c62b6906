"""Keeps a session's messages and check-ins in line with the session: planned, timed again, or skipped at once."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages import check_ins, outreach
from clinic_sessions.domain.messages.check_ins import MESSAGE_OF, CheckInAction, CheckInStatus
from clinic_sessions.domain.messages.messages import (
    MessageAction,
    MessageKind,
    MessageStatus,
    SkipReason,
)
from clinic_sessions.domain.messages.outreach import Planned, QuietHours
from clinic_sessions.domain.session.lifecycle import EXPECTED, SessionKind, Status
from clinic_sessions.models import CheckIn, Clinic, Message, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import messages, notices

_CHECK_IN_OF = {message: kind for kind, message in MESSAGE_OF.items()}
_PLAN_AGAIN = frozenset(
    {SkipReason.CANCELLED, SkipReason.MOVED, SkipReason.UNDONE, SkipReason.CLINICIAN_FIRST, SkipReason.TOO_LATE}
)
"""Skipped because of what the session was; when it is so again, the message is planned again."""

_OPEN_CHECK_INS = frozenset(status for status, steps in check_ins.TRANSITIONS.items() if CheckInAction.SUBMIT in steps)


def align(
    db: Session,
    treatment: TreatmentSession,
    *,
    now: datetime,
    by: Actor,
    notice: MessageKind | None = None,
    clinician_first: bool = False,
    is_new: bool = False,
) -> None:
    """Bring a session's messages and check-ins in line with its status, schedule version and time of leaving.

    Idempotent: called after every change. `notice` adds the one message that tells of the act itself; asking again
    for what the patient has been told already changes nothing. `clinician_first` keeps the notice back.
    `is_new`: it was booked in this transaction, and has no messages and check-ins to look for yet.
    """
    db.flush()
    rows = [] if is_new else _rows(db, treatment)
    check_in_rows = {} if is_new else _align_check_ins(db, treatment, now)
    _skip_what_no_longer_holds(db, rows, now)
    kind = notice or notices.owed(treatment, rows)
    if kind is not None:
        notices.plan(db, treatment, rows, kind, now=now, by=by, clinician_first=clinician_first)
    for planned in _reminders(treatment):
        if planned.due_at > now or _is_to_be_kept(rows, treatment, planned, now, is_told=kind is not None):
            _keep(db, treatment, rows, planned, None, now=now, by=by)
    for planned in _check_ins(treatment):
        if planned.useful_until > now:
            _keep(db, treatment, rows, planned, check_in_rows[planned.kind], now=now, by=by)
    db.flush()


def has_heard_of(db: Session, treatment: TreatmentSession, version: int) -> bool:
    """Say whether the patient was told, or may have been, of the visit as it was at a schedule version."""
    return notices.heard_of(_rows(db, treatment), version)


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
    return outreach.reminders(
        treatment.starts_at,
        booked_at=min(notices.same_time(treatment).values()),
        zone=treatment.clinic.zone,
        mid_series=(treatment.place_in_plan or 1) > 1,
        quiet=quiet_hours(treatment.clinic),
    )


def _check_ins(treatment: TreatmentSession) -> list[Planned]:
    if treatment.status is not Status.LEFT or treatment.left_at is None or treatment.kind is not SessionKind.TREATMENT:
        return []
    return outreach.check_ins(treatment.left_at, zone=treatment.clinic.zone, quiet=quiet_hours(treatment.clinic))


def _is_to_be_kept(
    rows: Sequence[Message], treatment: TreatmentSession, planned: Planned, now: datetime, *, is_told: bool
) -> bool:
    """Say whether a reminder whose hour has come still belongs here.

    It does when it stands, and when a change that was undone before anybody heard of it had pushed it aside.
    """
    last = _last(rows, treatment, planned.kind)
    if last is None:
        return False
    return last.status is not MessageStatus.SKIPPED or (not is_told and planned.useful_until > now)


def _last(rows: Sequence[Message], treatment: TreatmentSession, kind: MessageKind) -> Message | None:
    """Give the last message of a kind that speaks of the visit's present time.

    One that a worker holds since before a change is left out: it will see that it is no longer so.
    """
    known, present = notices.same_time(treatment), treatment.schedule_version
    same = [
        row
        for row in rows
        if row.kind is kind
        and row.schedule_version in known
        and (row.schedule_version == present or row.status is not MessageStatus.SENDING)
    ]
    return same[-1] if same else None


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
    last = _last(rows, treatment, planned.kind)
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
