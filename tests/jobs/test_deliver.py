"""One worker and a real SMTP server: what each answer does to a message, and what is never sent."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from icalendar import Calendar
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInStatus
from clinic_sessions.domain.messages.messages import CHECK_INS, MessageKind, MessageStatus, SkipReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.extensions import db as extension
from clinic_sessions.jobs.deliver import deliver
from clinic_sessions.jobs.work import Work
from clinic_sessions.mail.transport import SmtpTransport
from clinic_sessions.models import ActorKind, AuditEntry, CheckIn, Clinic, Link, Message, Patient, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import message_list, outreach
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.mail.post_office import PostOffice, every_nth, open_office


@pytest.fixture
def office() -> Iterator[PostOffice]:
    """A post office that takes everything."""
    with open_office() as opened:
        yield opened


@pytest.fixture
def work(app: Flask, office: PostOffice) -> Iterator[Work]:
    """A worker that sends to the post office."""
    made = Work(app=app, transport=SmtpTransport(office.url, deadline_seconds=2))
    yield made
    made.transport.close()


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    """Someone who may do everything these tests do."""
    user = factories.a_user(db, clinic, Role.NURSE, Role.FRONT_DESK)
    return Actor(kind=ActorKind.USER, user=user, role=Role.FRONT_DESK)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient with an address."""
    return factories.a_patient(db, clinic)


def _book(
    db: Session, patient: Patient, by: Actor, now: datetime, starts_at: datetime, *, tell: bool = True
) -> TreatmentSession:
    treatment = factories.a_session(db, patient, starts_at, by=by.user)
    treatment.booked_at = now
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION if tell else None)
    db.commit()
    return treatment


def _run(work: Work) -> None:
    with work.app.app_context():
        deliver(work)
        extension.session.remove()


def _one(db: Session, kind: MessageKind = MessageKind.CONFIRMATION) -> Message:
    db.rollback()
    return db.scalars(sa.select(Message).where(Message.kind == kind)).one()


def test_a_booking_s_confirmation_goes_out_once_with_its_calendar_file_and_its_life_is_kept(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice
) -> None:
    _book(db, patient, by, now, now + timedelta(days=10))
    _run(work)
    _run(work)

    ((address, mail),) = office.taken
    assert address == patient.email
    assert mail["To"] == patient.email
    assert [part.get_content_type() for part in mail.walk()][-1] == "text/calendar"
    message = _one(db)
    assert message.status is MessageStatus.SENT
    assert message.sent_at == now
    assert mail["Message-ID"] == f"<{message.message_id}>"
    assert message.text is not None
    assert message.text.count("[link]") == 2
    assert [event.status for event in message.events] == [
        MessageStatus.PLANNED,
        MessageStatus.SENDING,
        MessageStatus.SENT,
    ]


def test_each_mail_about_a_visit_carries_the_same_uid_under_a_higher_number(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller,
) -> None:  # fmt: skip
    treatment = _book(db, patient, by, now, now + timedelta(days=10))
    _run(work)

    def change(hours: int, notice: MessageKind | None) -> None:
        at = now + timedelta(hours=hours)
        outreach.align(db, treatment, now=at, by=by, notice=notice)
        db.commit()
        time_at.move_to(at + timedelta(minutes=5))
        _run(work)
        db.rollback()

    was, hour = treatment.starts_at, timedelta(hours=1)
    treatment.starts_at, treatment.ends_at = was + hour, treatment.ends_at + hour
    treatment.schedule_version += 1
    details = {"starts_at": [was.isoformat(), treatment.starts_at.isoformat()]}
    lifecycle.do(db, treatment, Action.MOVE, now=now, by=by, details=details)
    change(1, MessageKind.MOVED)
    lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by)
    change(2, MessageKind.CANCELLED)
    lifecycle.undo(db, treatment, now=now, by=by)
    change(3, None)

    files = [list(mail.walk())[-1] for _, mail in office.taken]
    asked = [part["Content-Type"].params["method"] for part in files]
    calendars = [Calendar.from_ical(str(part.get_content())) for part in files]
    entries: list[Any] = [entry for calendar in calendars for entry in calendar.walk("VEVENT")]
    assert asked == [str(calendar["METHOD"]) for calendar in calendars] == ["PUBLISH", "PUBLISH", "CANCEL", "PUBLISH"]
    assert [(entry["UID"], entry["SEQUENCE"]) for entry in entries] == [(treatment.uid, n) for n in (1, 2, 3, 4)]
    assert [entry["STATUS"] for entry in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED", "CONFIRMED"]


def test_greylisting_puts_a_message_off_a_minute_and_the_second_try_has_the_same_message_id(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller,
) -> None:  # fmt: skip
    office.at_recipient = lambda _, number: "450 4.2.0 come back" if number == 1 else None
    _book(db, patient, by, now, now + timedelta(days=10))
    _run(work)
    message = _one(db)
    assert message.status is MessageStatus.PLANNED
    assert timedelta(seconds=60) <= message.next_try_at - now <= timedelta(seconds=72)
    first = message.message_id

    time_at.move_to(now + timedelta(seconds=80))
    _run(work)

    message = _one(db)
    assert (message.status, message.attempts, message.message_id) == (MessageStatus.SENT, 2, first)
    assert db.scalar(sa.select(sa.func.count()).select_from(Link)) == 4


@pytest.mark.parametrize(
    ("answer", "stops_address"), [("550 5.1.1 no such user", True), ("550 5.7.1 policy", False), ("552 full", False)]
)
def test_a_refused_recipient_is_a_task_for_the_desk_and_is_never_tried_again(
    db: Session, clinic: Clinic, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller, answer: str, stops_address: bool,
) -> None:  # fmt: skip
    office.at_recipient = lambda _address, _number: answer
    _book(db, patient, by, now, now + timedelta(days=10))
    _run(work)
    time_at.move_to(now + timedelta(hours=3))
    _run(work)

    message = _one(db)
    assert message.status is MessageStatus.FAILED
    assert office.tries == {patient.email: 1}
    assert [row.id for row in message_list.work_list(db, clinic.id, now)] == [message.id]
    db.refresh(patient)
    assert (patient.email_bounced_at is not None) == stops_address
    audited = db.scalars(sa.select(AuditEntry).where(AuditEntry.reason == "mail refused")).all()
    assert len(audited) == int(stops_address)


def test_refused_content_fails_the_message_but_keeps_the_address(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice
) -> None:
    office.at_data = lambda _address, _number: "554 5.6.0 not like this"
    _book(db, patient, by, now, now + timedelta(days=10))
    _run(work)

    assert _one(db).status is MessageStatus.FAILED
    db.refresh(patient)
    assert patient.email_bounced_at is None


def test_a_loss_after_the_dot_is_in_doubt_is_repeated_with_the_same_message_id_and_then_left_to_a_person(
    db: Session, clinic: Clinic, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller,
) -> None:  # fmt: skip
    office.at_data = lambda _address, _number: "lose"
    _book(db, patient, by, now, now + timedelta(days=10))
    for hours in range(20):
        time_at.move_to(now + timedelta(hours=hours))
        _run(work)

    message = _one(db)
    assert message.status is MessageStatus.UNCERTAIN
    assert list(office.message_ids.values()) == [3]
    assert message in message_list.work_list(db, clinic.id, now)


def test_a_server_that_is_away_costs_no_try_and_no_row(
    app: Flask, db: Session, patient: Patient, by: Actor, now: datetime, office: PostOffice
) -> None:
    _book(db, patient, by, now, now + timedelta(days=10))
    away = Work(app=app, transport=SmtpTransport("smtp://127.0.0.1:1"))
    for _ in range(3):
        _run(away)
    message = _one(db)
    assert (message.status, message.attempts, len(message.events)) == (MessageStatus.PLANNED, 0, 1)

    back = Work(app=app, transport=SmtpTransport(office.url))
    _run(back)
    back.transport.close()
    assert _one(db).status is MessageStatus.SENT


def test_a_worse_message_stops_no_other(
    db: Session, clinic: Clinic, by: Actor, now: datetime, work: Work, office: PostOffice
) -> None:
    bad = factories.a_patient(db, clinic, email="a@example.org,b@evil.example")
    good = factories.a_patient(db, clinic)
    _book(db, bad, by, now, now + timedelta(days=10))
    _book(db, good, by, now, now + timedelta(days=11))
    _run(work)

    assert office.addresses() == [good.email]


@pytest.mark.parametrize("step", [Action.CANCEL, Action.MOVE])
def test_cancelling_or_moving_a_second_before_sends_nothing_of_what_was(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller, step: Action,
) -> None:  # fmt: skip
    treatment = _book(db, patient, by, now, now + timedelta(days=10), tell=False)
    due = treatment.starts_at - timedelta(hours=48)
    time_at.move_to(due - timedelta(seconds=1))
    _run(work)
    office.taken.clear()
    db.rollback()
    lifecycle.do(db, treatment, step, now=due - timedelta(seconds=1), by=by)
    if step is Action.MOVE:
        treatment.starts_at += timedelta(days=7)
        treatment.ends_at += timedelta(days=7)
        treatment.schedule_version += 1
    outreach.align(db, treatment, now=due - timedelta(seconds=1), by=by)
    db.commit()

    time_at.move_to(due + timedelta(minutes=5))
    _run(work)

    assert office.taken == []


def test_a_cancellation_after_the_claim_is_seen_before_sending(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice
) -> None:
    treatment = _book(db, patient, by, now, now + timedelta(days=10))
    message = _one(db)
    message.status, message.lease_owner = MessageStatus.SENDING, "dead"
    message.lease_until = datetime(2020, 1, 1, tzinfo=UTC)
    lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by)
    db.commit()
    _run(work)

    assert office.taken == []
    assert _one(db).skip_reason is SkipReason.CANCELLED


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("email", None, SkipReason.NO_ADDRESS),
        ("email_wanted", False, SkipReason.NOT_WANTED),
        ("email_bounced_at", datetime(2026, 11, 1, tzinfo=UTC), SkipReason.NO_ADDRESS),
    ],
)
def test_a_patient_without_mail_is_for_the_phone(
    db: Session, clinic: Clinic, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    field: str, value: object, reason: SkipReason,
) -> None:  # fmt: skip
    setattr(patient, field, value)
    _book(db, patient, by, now, now + timedelta(days=10))
    _run(work)

    assert office.taken == []
    message = _one(db)
    assert message.skip_reason is reason
    assert [row.id for row in message_list.work_list(db, clinic.id, now)] == [message.id]


def test_after_twenty_six_hours_down_what_is_of_use_goes_out_and_what_is_past_does_not(
    db: Session, clinic: Clinic, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller,
) -> None:  # fmt: skip
    up_again = now + timedelta(hours=26)
    protocol = factories.a_protocol(db)
    for number in range(40):
        patient = factories.a_patient(db, clinic, registered_by=by.user)
        starts_at = now + timedelta(hours=6 + 3 * number)
        treatment = factories.a_session(
            db, patient, starts_at, by=by.user, protocol=protocol, chair=clinic.chairs[number % 2]
        )
        treatment.booked_at = now
        outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION)
    db.commit()
    time_at.move_to(up_again)
    _run(work)

    db.rollback()
    rows = db.scalars(sa.select(Message).where(Message.kind == MessageKind.CONFIRMATION)).all()
    for row in rows:
        assert row.treatment is not None
        past = row.treatment.starts_at <= up_again
        assert row.status is (MessageStatus.SKIPPED if past else MessageStatus.SENT)
        assert row.skip_reason is (SkipReason.TOO_LATE if past else None)
    starts = {row.message_id: row.treatment.starts_at for row in rows if row.treatment}
    order = [starts[name] for _, mail in office.taken if (name := str(mail["Message-ID"]).strip("<>")) in starts]
    assert order == sorted(order)


def test_what_the_clock_sends_waits_out_the_quiet_hours_and_a_direct_answer_does_not(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller,
) -> None:  # fmt: skip
    treatment = _book(db, patient, by, now, now + timedelta(days=2, hours=2))
    night = datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    time_at.move_to(night)
    _run(work)

    assert [mail["Subject"] for _, mail in office.taken] == ["Your visit on Wednesday, November 25, 2026"]
    evening = _one(db, MessageKind.REMINDER_EVENING)
    assert (evening.status, evening.attempts) == (MessageStatus.PLANNED, 0)
    assert evening.next_try_at == datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
    assert treatment.starts_at > evening.next_try_at
    time_at.move_to(evening.next_try_at)
    _run(work)
    assert _one(db, MessageKind.REMINDER_EVENING).status is MessageStatus.SENT


def test_a_patient_hears_at_most_one_optional_message_a_day_and_three_in_a_week(
    db: Session, clinic: Clinic, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller,
) -> None:  # fmt: skip
    for day in range(3, 9):
        treatment = factories.a_session(db, patient, now + timedelta(days=day), by=by.user)
        treatment.booked_at = now
        treatment.place_in_plan = day
        outreach.align(db, treatment, now=now, by=by)
    db.commit()
    optional: list[datetime] = []
    for hours in range(24 * 9):
        time_at.move_to(now + timedelta(hours=hours))
        before = len(office.taken)
        _run(work)
        optional += [
            now + timedelta(hours=hours) for _, mail in office.taken[before:] if "This is a reminder" in str(mail)
        ]

    assert optional
    zone = clinic.zone
    days = [moment.astimezone(zone).date() for moment in optional]
    assert len(set(days)) == len(days)
    assert all(sum(0 <= (one - first).days < 7 for one in days) <= 3 for first in days)


def test_a_check_in_that_is_due_is_asked_and_one_that_was_answered_is_not(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice,
    time_at: time_machine.Traveller,
) -> None:  # fmt: skip
    treatment = factories.a_session(db, patient, now - timedelta(hours=3), status=Status.LEFT, left_at=now)
    outreach.align(db, treatment, now=now, by=by)
    db.commit()
    time_at.move_to(now + timedelta(hours=24))
    _run(work)
    _, first, second, _ = sorted(db.scalars(sa.select(CheckIn)), key=lambda row: row.due_at)
    assert first.status is CheckInStatus.ASKED
    assert "/c/" in str(office.taken[0][1])

    second.status = CheckInStatus.ANSWERED
    db.commit()
    time_at.move_to(now + timedelta(hours=72))
    _run(work)

    assert len(office.taken) == 1
    assert _one(db, MessageKind.CHECK_IN_72H).skip_reason is SkipReason.ANSWERED
    assert _one(db, MessageKind.CHECK_IN_72H).kind in CHECK_INS


def test_a_hanging_server_delays_the_others_by_its_deadline_only(
    db: Session, clinic: Clinic, by: Actor, now: datetime, app: Flask, office: PostOffice
) -> None:
    office.at_data = every_nth(3, "hang")
    for number in range(3):
        _book(db, factories.a_patient(db, clinic), by, now, now + timedelta(days=10 + number))
    work = Work(app=app, transport=SmtpTransport(office.url, deadline_seconds=0.5))
    _run(work)
    work.transport.close()

    db.rollback()
    statuses = sorted(row.status for row in db.scalars(sa.select(Message)) if row.kind is MessageKind.CONFIRMATION)
    assert statuses == [MessageStatus.SENT, MessageStatus.SENT, MessageStatus.UNCERTAIN]


def test_without_a_server_messages_become_files(
    app: Flask, db: Session, patient: Patient, by: Actor, now: datetime
) -> None:
    from clinic_sessions.mail.transport import transport_of

    config = app.config["CLINIC"]
    _book(db, patient, by, now, now + timedelta(days=10))
    _run(Work(app=app, transport=transport_of(replace(config, smtp_url=None))))

    (file,) = config.mail_dir.glob("*.eml")
    assert file.stem == _one(db).message_id.split("@")[0]


def test_a_database_that_is_busy_when_a_sent_message_is_written_down_does_not_double_it(
    db: Session, patient: Patient, by: Actor, now: datetime, work: Work, office: PostOffice
) -> None:
    _book(db, patient, by, now, now + timedelta(days=10))
    engine = db.get_bind()
    failed: list[str] = []

    def fail_once(*args: object) -> None:
        if "UPDATE messages" in str(args[2]) and office.taken and not failed:
            failed.append(str(args[2]))
            raise sa.exc.OperationalError("locked", None, Exception("database is locked"))

    sa.event.listen(engine, "before_cursor_execute", fail_once)
    _run(work)
    sa.event.remove(engine, "before_cursor_execute", fail_once)

    assert failed
    assert len(office.taken) == 1
    assert _one(db).status is MessageStatus.SENT
