"""The outbox's engine: who may hold a message, and that nobody overwrites what another did."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions import clock
from clinic_sessions.domain.alerts import AlertAction
from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import ActorKind, Alert, Clinic, Message, MessageEvent
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import message_list, outbox, outreach
from clinic_sessions.services.messages.message_list import ResendReason
from clinic_sessions.services.messages.outbox import Claim, Copy
from clinic_sessions.services.refusals import Refusal
from tests import factories
from tests.services.day import a_nurse, take

HOST = "localhost"
COPY = Copy(to="ana@example.org", subject="Your visit", text="[link]")
GONE = timedelta(seconds=-1)
"""A lease that is over as soon as it is given."""


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """The front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def message(db: Session, clinic: Clinic, desk: Actor, now: datetime) -> Message:
    """A confirmation that is due; no other message is, for days."""
    treatment = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=10))
    treatment.booked_at = now
    outreach.align(db, treatment, now=now, by=desk, notice=MessageKind.CONFIRMATION)
    db.commit()
    return db.scalars(sa.select(Message).where(Message.kind == MessageKind.CONFIRMATION)).one()


def _claim(db: Session, owner: str, now: datetime, lease: timedelta = timedelta(seconds=45)) -> list[Claim]:
    claims = outbox.claim(db, owner, now, most=10, lease=lease)
    db.commit()
    return claims


def test_a_claimed_message_is_nobody_else_s_until_its_lease_is_over(
    db: Session, message: Message, now: datetime
) -> None:
    assert outbox.any_due(db, now)
    assert len(_claim(db, "one", now)) == 1
    assert not outbox.any_due(db, now)
    assert _claim(db, "two", now) == []

    message.lease_until = clock.lease_now(db) - timedelta(seconds=1)
    db.commit()
    assert [claim.owner for claim in _claim(db, "two", now)] == ["two"]


def test_a_worker_that_lost_its_lease_changes_nothing(db: Session, message: Message, now: datetime) -> None:
    (lost,) = _claim(db, "slow", now, GONE)
    (held,) = _claim(db, "quick", now)
    events = db.scalar(sa.select(sa.func.count()).select_from(MessageEvent))

    assert outbox.prepare(db, lost, now, HOST) is None
    assert not outbox.settle_sent(db, lost, now, COPY)
    assert not outbox.settle_retry(db, lost, now, "450", jitter=0)
    assert not outbox.settle_refused(db, lost, now, "550", COPY, recipient=True)
    assert not outbox.settle_doubt(db, lost, now, "lost", COPY, jitter=0)
    assert not outbox.release(db, lost, now)
    assert db.scalar(sa.select(sa.func.count()).select_from(MessageEvent)) == events
    assert message.patient.email_bounced_at is None

    assert outbox.prepare(db, held, now, HOST) is not None
    assert outbox.settle_sent(db, held, now, COPY)
    assert not outbox.settle_sent(db, held, now, COPY)
    assert not outbox.settle_retry(db, lost, now, "450", jitter=0)
    assert message.status is MessageStatus.SENT


def test_preparing_renews_the_lease(db: Session, message: Message, now: datetime) -> None:
    (claim,) = _claim(db, "one", now, GONE)
    outbox.prepare(db, claim, now, HOST)
    db.commit()

    assert _claim(db, "two", now) == []


def test_the_message_id_is_made_from_the_row_and_keeps_its_first_host(
    db: Session, message: Message, now: datetime
) -> None:
    for host, owner in (("visits.example.org", "one"), ("other.example.org", "two")):
        (claim,) = _claim(db, owner, now, GONE)
        letter = outbox.prepare(db, claim, now, host, lease=GONE)
        db.commit()
        assert letter is not None
        assert letter.message_id == message.message_id
    assert message.message_id.endswith("@visits.example.org")


def test_waits_grow_and_are_spread(db: Session, message: Message, now: datetime) -> None:
    waits = []
    for _ in range(6):
        (claim,) = _claim(db, "one", message.next_try_at)
        outbox.settle_retry(db, claim, now, "450 later", jitter=0.5)
        db.commit()
        waits.append((message.next_try_at - now) / timedelta(minutes=1))

    assert waits == pytest.approx([1.1, 5.5, 16.5, 33, 66, 66])
    assert message.attempts == 6


def test_a_message_given_back_has_not_been_tried(db: Session, message: Message, now: datetime) -> None:
    (claim,) = _claim(db, "one", now)
    outbox.release(db, claim, now)
    db.commit()

    assert (message.status, message.attempts, message.lease_owner) == (MessageStatus.PLANNED, 0, None)
    assert len(_claim(db, "two", now)) == 1


def test_the_query_of_what_is_due_uses_its_index(db: Session, now: datetime) -> None:
    if db.get_bind().dialect.name != "sqlite":
        pytest.skip("an empty table is read whole by PostgreSQL")
    query = outbox.due(now, now).limit(10).compile(db.get_bind(), compile_kwargs={"render_postcompile": True})
    given = tuple(str(now) for _ in query.positiontup or ())
    plan = db.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", given).all()

    assert "USING INDEX ix_messages_due" in str(plan)


def test_status_lines_count_and_say_how_late_it_is(db: Session, message: Message, now: datetime) -> None:
    lines = outbox.status_lines(db, now + timedelta(minutes=7))

    assert "planned    4" in lines
    assert lines[-1] == "latest     7 min late"
    assert outbox.status_lines(db, now - timedelta(hours=1))[-1] == "latest     nothing is due"


def test_resending_refuses_what_is_on_its_way_no_longer_so_or_has_nowhere_to_go(
    db: Session, message: Message, desk: Actor, now: datetime
) -> None:
    def reasons(at: datetime = now) -> list[ResendReason]:
        with pytest.raises(Refusal) as refusal:
            message_list.resend(db, message, now=at, by=desk)
        return [ResendReason(reason) for reason in refusal.value.reasons]

    assert reasons() == [ResendReason.ON_ITS_WAY]
    message.status = MessageStatus.FAILED
    assert reasons(now + timedelta(days=11)) == [ResendReason.NO_LONGER_SO]
    message.patient.email_bounced_at = datetime(2026, 11, 1, tzinfo=UTC)
    assert reasons() == [ResendReason.NO_ADDRESS]
    message.patient.email_wanted = False
    assert reasons() == [ResendReason.NOT_WANTED]


def test_one_in_doubt_that_is_sent_again_by_a_person_is_not_repeated_by_itself(
    db: Session, message: Message, desk: Actor, now: datetime
) -> None:
    (claim,) = _claim(db, "one", now)
    outbox.settle_doubt(db, claim, now, "lost", COPY, jitter=0)
    again = message_list.resend(db, message, now=now, by=desk)
    db.commit()

    claims = _claim(db, "one", now + timedelta(hours=5))
    assert again.id in {claim.message_id for claim in claims}
    assert message.id not in {claim.message_id for claim in claims}


@pytest.mark.parametrize("undone", [False, True], ids=["closed by a clinician", "taken back"])
def test_after_another_ending_all_reminders_and_check_ins_of_the_patient_wait_for_a_clinician(
    db: Session, message: Message, now: datetime, *, undone: bool
) -> None:
    nurse, patient = a_nurse(db, message.clinic), message.patient
    assert message.treatment is not None
    held = [row for row in db.scalars(sa.select(Message)) if row is not message]
    due_at = message.treatment.starts_at - timedelta(hours=13)
    assert {row.kind for row in held if row.due_at <= due_at} >= {MessageKind.REMINDER_7D, MessageKind.REMINDER_48H}
    visit = factories.a_session(db, patient, due_at - timedelta(hours=2))
    take(db, visit, Action.ARRIVE, visit.starts_at, nurse)
    before = [one for one in _claim(db, "early", due_at, GONE) if one.message_id != message.id]
    take(db, visit, Action.TAKE_TO_HOSPITAL, due_at, nurse)
    db.commit()

    assert before
    assert not any(outbox.prepare(db, one, due_at, HOST) for one in before), "what a worker held already waits as well"
    assert [claim.message_id for claim in _claim(db, "one", due_at)] == [message.id], "what a person asked for goes"
    assert not outbox.any_due(db, due_at)
    assert message_list.late_count(db, message.clinic_id, due_at + timedelta(hours=1)) == 1
    [alert] = db.scalars(sa.select(Alert))
    if undone:
        take(db, visit, Action.UNDO, due_at, nurse)
    else:
        for action in (AlertAction.ACKNOWLEDGE, AlertAction.CLOSE):
            assert not outbox.any_due(db, due_at)
            alerts.answer(db, alert, action, "Seen on the ward.", seen=alert.version, now=due_at, by=nurse)
    assert outbox.any_due(db, due_at)
