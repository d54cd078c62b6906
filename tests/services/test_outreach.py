"""What a session's messages and check-ins are after each change of the session."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus, SkipReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import ActorKind, CheckIn, Clinic, Message, StatusChange, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.session import lifecycle
from tests import factories

HOUR = timedelta(hours=1)
REMINDERS = {MessageKind.REMINDER_7D, MessageKind.REMINDER_48H, MessageKind.REMINDER_EVENING}


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    user = factories.a_user(db, clinic, Role.NURSE, Role.FRONT_DESK)
    return Actor(kind=ActorKind.USER, user=user, role=Role.NURSE)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    patient = factories.a_patient(db, clinic)
    made = factories.a_session(db, patient, now + timedelta(days=10))
    made.booked_at = now
    return made


def _messages(db: Session, treatment: TreatmentSession, kind: MessageKind | None = None) -> list[Message]:
    query = sa.select(Message).where(Message.session_id == treatment.id).order_by(Message.id)
    return [row for row in db.scalars(query) if kind is None or row.kind is kind]


def _planned(db: Session, treatment: TreatmentSession) -> dict[MessageKind, Message]:
    found = [row for row in _messages(db, treatment) if row.status is MessageStatus.PLANNED]
    assert len({row.kind for row in found}) == len(found)
    return {row.kind: row for row in found}


def _move(db: Session, treatment: TreatmentSession, by: Actor, now: datetime, length: timedelta) -> None:
    before = treatment.starts_at.isoformat()
    treatment.starts_at += length
    treatment.ends_at += length
    treatment.schedule_version += 1
    details = {"starts_at": [before, treatment.starts_at.isoformat()]}
    lifecycle.do(db, treatment, Action.MOVE, now=now, by=by, details=details)
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.MOVED)


def _take(db: Session, treatment: TreatmentSession, status: Status, at: datetime) -> None:
    """Bring a session to a status by hand: the gates are not what these tests speak of."""
    change = StatusChange(
        action=Action.LEAVE, from_status=treatment.status, to_status=status, at=at, recorded_at=at, by_id=None
    )
    treatment.changes.append(change)
    treatment.status = status
    treatment.left_at = at if status is Status.LEFT else None
    db.flush()


def test_a_booking_plans_its_confirmation_at_once_and_its_three_reminders(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)

    planned = _planned(db, treatment)
    assert set(planned) == REMINDERS | {MessageKind.CONFIRMATION}
    assert planned[MessageKind.CONFIRMATION].due_at == now
    assert planned[MessageKind.REMINDER_7D].due_at == treatment.starts_at - timedelta(days=7)
    assert planned[MessageKind.REMINDER_EVENING].due_at == datetime(2026, 12, 3, 2, 0, tzinfo=UTC)
    assert planned[MessageKind.REMINDER_48H].dedup_key == f"session:{treatment.id}:reminder_48h:s1:email"
    assert [event.status for event in planned[MessageKind.CONFIRMATION].events] == [MessageStatus.PLANNED]


def test_in_the_middle_of_a_series_no_reminder_comes_a_week_before(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    treatment.place_in_plan = 2

    outreach.align(db, treatment, now=now, by=by)

    assert set(_planned(db, treatment)) == REMINDERS - {MessageKind.REMINDER_7D}


def test_aligning_again_and_again_changes_nothing(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    for _ in range(3):
        outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    outreach.align(db, treatment, now=now + timedelta(days=9), by=by)

    kinds = Counter(row.kind for row in _messages(db, treatment))
    assert kinds == dict.fromkeys(REMINDERS | {MessageKind.CONFIRMATION}, 1)


def test_a_direct_answer_is_due_at_once_even_at_night(db: Session, treatment: TreatmentSession, by: Actor) -> None:
    night = datetime(2026, 11, 24, 7, 30, tzinfo=UTC)
    outreach.align(db, treatment, now=night, by=by, notice=MessageKind.CONFIRMATION)

    assert _planned(db, treatment)[MessageKind.CONFIRMATION].due_at == night


def test_moving_skips_what_spoke_of_the_old_time_and_plans_the_new(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    _move(db, treatment, by, now + HOUR, timedelta(days=1))

    old = [row for row in _messages(db, treatment) if row.schedule_version == 1]
    assert {row.skip_reason for row in old} == {SkipReason.MOVED}
    planned = _planned(db, treatment)
    assert set(planned) == REMINDERS | {MessageKind.MOVED}
    assert planned[MessageKind.REMINDER_48H].due_at == treatment.starts_at - timedelta(hours=48)
    assert planned[MessageKind.REMINDER_48H].dedup_key.endswith(":s2:email")


def test_cancelling_skips_all_that_waits_and_tells_once(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CANCELLED)

    assert set(_planned(db, treatment)) == {MessageKind.CANCELLED}
    skipped = [row for row in _messages(db, treatment) if row.status is MessageStatus.SKIPPED]
    assert {row.skip_reason for row in skipped} == {SkipReason.CANCELLED}


def test_undoing_a_cancellation_before_it_was_told_plans_everything_again_under_free_keys(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CANCELLED)
    lifecycle.undo(db, treatment, now=now + HOUR, by=by)
    outreach.align(db, treatment, now=now + HOUR, by=by)

    planned = _planned(db, treatment)
    assert set(planned) == REMINDERS | {MessageKind.CONFIRMATION}
    assert all(row.dedup_key.endswith(":r1") for row in planned.values())
    (cancelled,) = _messages(db, treatment, MessageKind.CANCELLED)
    assert cancelled.skip_reason is SkipReason.UNDONE


def test_a_patient_who_was_told_of_a_cancellation_hears_that_it_was_undone(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    for _ in range(2):
        _sent(db, treatment)
        lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by)
        outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CANCELLED)
        _sent(db, treatment)
        lifecycle.undo(db, treatment, now=now, by=by)
        outreach.align(db, treatment, now=now, by=by)
        outreach.align(db, treatment, now=now, by=by)

    told = [row.dedup_key.split(":", 2)[2] for row in _messages(db, treatment) if row.kind not in REMINDERS]
    assert told == [
        "confirmation:s1:email",
        "cancelled:s1:email",
        "confirmation:s1:email:r1",
        "cancelled:s1:email:r1",
        "confirmation:s1:email:r2",
    ]


def _sent(db: Session, treatment: TreatmentSession) -> None:
    for row in _messages(db, treatment):
        if row.status is MessageStatus.PLANNED and row.kind not in REMINDERS:
            row.status = MessageStatus.SENT
    db.flush()


def test_after_leaving_four_check_ins_are_planned_from_the_time_of_leaving(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    _take(db, treatment, Status.LEFT, now)
    outreach.align(db, treatment, now=now, by=by)

    planned = _planned(db, treatment)
    assert {kind: row.due_at - now for kind, row in planned.items()} == {
        MessageKind.CHECK_IN_4H: timedelta(hours=4),
        MessageKind.CHECK_IN_24H: timedelta(hours=24),
        MessageKind.CHECK_IN_72H: timedelta(hours=72),
        MessageKind.CHECK_IN_7D: timedelta(days=7),
    }
    rows = db.scalars(sa.select(CheckIn)).all()
    assert {row.kind for row in rows} == set(CheckInKind)
    assert {row.check_in_id for row in planned.values()} == {row.id for row in rows}


def test_undoing_the_leaving_withdraws_the_check_ins_and_leaving_again_plans_them_from_the_new_time(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    _take(db, treatment, Status.LEFT, now)
    outreach.align(db, treatment, now=now, by=by)
    _take(db, treatment, Status.READY, now)
    outreach.align(db, treatment, now=now, by=by)
    assert {row.status for row in db.scalars(sa.select(CheckIn))} == {CheckInStatus.WITHDRAWN}
    assert not _planned(db, treatment)

    _take(db, treatment, Status.LEFT, now + HOUR)
    outreach.align(db, treatment, now=now + HOUR, by=by)

    planned = _planned(db, treatment)
    assert planned[MessageKind.CHECK_IN_24H].due_at == now + timedelta(hours=25)
    assert planned[MessageKind.CHECK_IN_24H].dedup_key.endswith(":r1")
    rows = db.scalars(sa.select(CheckIn)).all()
    assert len(rows) == 4
    assert {row.status for row in rows} == {CheckInStatus.PLANNED}


def test_a_corrected_time_of_leaving_moves_the_check_ins(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    _take(db, treatment, Status.LEFT, now)
    outreach.align(db, treatment, now=now, by=by)
    treatment.left_at = now - HOUR
    outreach.align(db, treatment, now=now, by=by)

    assert _planned(db, treatment)[MessageKind.CHECK_IN_24H].due_at == now + timedelta(hours=23)
    assert len(_messages(db, treatment)) == 4


@pytest.mark.parametrize(
    "ending", [Status.TAKEN_TO_HOSPITAL, Status.LEFT_AGAINST_ADVICE, Status.LEFT_WITHOUT_TELLING_US]
)
def test_after_another_ending_a_clinician_calls_first(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime, ending: Status
) -> None:
    _take(db, treatment, Status.LEFT, now)
    outreach.align(db, treatment, now=now, by=by)
    _take(db, treatment, ending, now)
    outreach.align(db, treatment, now=now, by=by)

    assert {row.skip_reason for row in _messages(db, treatment)} == {SkipReason.CLINICIAN_FIRST}
    assert {row.status for row in db.scalars(sa.select(CheckIn))} == {CheckInStatus.WITHDRAWN}


def test_what_was_skipped_for_the_patients_own_sake_is_not_planned_again(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    _take(db, treatment, Status.LEFT, now)
    outreach.align(db, treatment, now=now, by=by)
    for row in _messages(db, treatment):
        row.status, row.skip_reason = MessageStatus.SKIPPED, SkipReason.NOT_WANTED
    outreach.align(db, treatment, now=now, by=by)

    assert not _planned(db, treatment)


def test_check_ins_close_when_their_time_has_passed(
    db: Session, treatment: TreatmentSession, by: Actor, now: datetime
) -> None:
    _take(db, treatment, Status.LEFT, now)
    outreach.align(db, treatment, now=now, by=by)

    assert outreach.expire_check_ins(db, now + timedelta(hours=15)) == 0
    assert outreach.expire_check_ins(db, now + timedelta(hours=16)) == 1
    assert outreach.expire_check_ins(db, now + timedelta(days=3)) == 1
    assert outreach.expire_check_ins(db, now + timedelta(days=30)) == 2
    assert outreach.expire_check_ins(db, now + timedelta(days=30)) == 0
