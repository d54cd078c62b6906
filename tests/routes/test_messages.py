"""The list of messages, one message, and sending again, over HTTP."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.config import Config
from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus, SkipReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.jobs.deliver import deliver
from clinic_sessions.jobs.work import Work
from clinic_sessions.mail.transport import FolderTransport
from clinic_sessions.models import ActorKind, Clinic, Message, Patient
from clinic_sessions.services import heartbeats
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import outreach
from tests import factories
from tests.conftest import SignIn


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient with a visit in ten days whose messages are planned."""
    return factories.a_patient(db, clinic, "Ana Ruiz")


@pytest.fixture
def confirmation(db: Session, clinic: Clinic, patient: Patient, now: datetime) -> Message:
    """The confirmation of the visit, due now."""
    treatment = factories.a_session(db, patient, now + timedelta(days=10))
    treatment.booked_at = now
    outreach.align(db, treatment, now=now, by=_desk(db, clinic), notice=MessageKind.CONFIRMATION)
    heartbeats.beat(db, "here", now)
    db.commit()
    return db.scalars(sa.select(Message).where(Message.kind == MessageKind.CONFIRMATION)).one()


def _desk(db: Session, clinic: Clinic) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


def test_the_list_shows_each_message_with_its_life_and_the_worker_on_top(
    signed_in: SignIn, confirmation: Message
) -> None:
    page = signed_in(Role.FRONT_DESK).get("/messages").text

    assert "Messages are going out." in page
    assert "Ana Ruiz" in page
    assert "due Mon Nov 23, 10:00 am" in page
    assert "Reminder, 7 days before" not in page.split("<tbody>")[1]


def test_planned_messages_are_found_by_their_status_kind_and_patient(
    signed_in: SignIn, confirmation: Message, patient: Patient
) -> None:
    desk = signed_in(Role.FRONT_DESK)

    assert desk.get("/messages?status=planned").text.split("<tbody>")[1].count("<tr>") == 4
    assert desk.get(f"/messages?patient={patient.id}").text.split("<tbody>")[1].count("<tr>") == 4
    only = desk.get("/messages?status=planned&kind=reminder_48h").text.split("<tbody>")[1]
    assert only.count("<tr>") == 1
    assert "No messages like this" in desk.get("/messages?status=bounced").text


@pytest.mark.parametrize(
    "asked", ["status=zzz&kind=%00&patient=x&page=-1", "page=99999999999", "patient=99999999999999"]
)
def test_filters_that_cannot_be_understood_ask_for_nothing(
    signed_in: SignIn, confirmation: Message, asked: str
) -> None:
    assert signed_in(Role.FRONT_DESK).get(f"/messages?{asked}").status_code == 200


def test_a_silent_worker_is_said_on_top(signed_in: SignIn, clinic: Clinic) -> None:
    assert "The mail worker is silent" in signed_in(Role.OWNER).get("/messages").text


def test_a_message_without_an_address_is_on_the_list_for_the_phone_until_it_is_sent_again(
    signed_in: SignIn, db: Session, confirmation: Message, patient: Patient
) -> None:
    confirmation.status, confirmation.skip_reason = MessageStatus.SKIPPED, SkipReason.NO_ADDRESS
    db.commit()
    desk = signed_in(Role.FRONT_DESK)
    page = desk.get("/messages").text

    assert "Call instead" in page
    assert f"tel:{patient.phone}" in page
    desk.post(f"/messages/{confirmation.id}/resend")
    assert "Call instead" not in desk.get("/messages").text


def test_one_message_shows_what_it_would_say_without_its_link(signed_in: SignIn, confirmation: Message) -> None:
    page = signed_in(Role.AUDITOR).get(f"/messages/{confirmation.id}").text

    assert "Your visit on Thursday, December 3, 2026" in page
    assert "[link]" in page
    assert "/a/" not in page
    assert "Send again" not in page


def test_sending_again_is_a_new_row_and_is_refused_while_the_first_is_on_its_way(
    signed_in: SignIn, db: Session, confirmation: Message
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    refused = desk.post(f"/messages/{confirmation.id}/resend")
    assert refused.status_code == 409
    assert "still on its way" in refused.text

    db.rollback()
    confirmation.status = MessageStatus.FAILED
    db.commit()
    answer = desk.post(f"/messages/{confirmation.id}/resend")
    assert answer.status_code == 303
    db.rollback()
    again = db.scalars(sa.select(Message).where(Message.resend_of_id == confirmation.id)).one()
    assert again.dedup_key == f"{confirmation.dedup_key}:r1"
    assert again.message_id != confirmation.message_id
    assert answer.location.endswith(f"/messages/{again.id}")


def test_a_message_of_another_clinic_is_not_there(signed_in: SignIn, db: Session, confirmation: Message) -> None:
    stranger = signed_in(Role.FRONT_DESK, at=factories.a_clinic(db))

    assert stranger.get(f"/messages/{confirmation.id}").status_code == 404
    assert stranger.post(f"/messages/{confirmation.id}/resend").status_code == 404
    assert "Ana Ruiz" not in stranger.get("/messages?status=planned").text


def test_an_auditor_sends_nothing(signed_in: SignIn, confirmation: Message) -> None:
    assert signed_in(Role.AUDITOR).post(f"/messages/{confirmation.id}/resend").status_code == 403


def test_fifty_messages_take_as_many_queries_as_one(
    app: Flask, signed_in: SignIn, db: Session, clinic: Clinic, confirmation: Message, now: datetime
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    few = _queries(app, lambda: desk.get("/messages?status=planned"))
    for number in range(20):
        other = factories.a_patient(db, clinic)
        treatment = factories.a_session(db, other, now + timedelta(days=20 + number))
        outreach.align(db, treatment, now=now, by=_desk(db, clinic), notice=MessageKind.CONFIRMATION)
    db.commit()

    assert _queries(app, lambda: desk.get("/messages?status=planned")) == few


def _queries(app: Flask, ask: object) -> int:
    asked: list[str] = []
    with app.app_context():
        from clinic_sessions.extensions import db as extension

        engine = extension.engine

    def note(*args: object) -> None:
        asked.append(str(args[2]))

    sa.event.listen(engine, "before_cursor_execute", note)
    assert callable(ask)
    assert ask().status_code == 200
    sa.event.remove(engine, "before_cursor_execute", note)
    return len(asked)


def test_only_a_demo_clinic_has_a_mailbox_and_its_links_are_alive(
    app: Flask, config: Config, signed_in: SignIn, db: Session, confirmation: Message
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    assert desk.get("/mailbox").status_code == 404
    assert desk.get("/mailbox/x").status_code == 404

    app.config["CLINIC"] = replace(config, is_demo=True)
    assert "No mail yet" in desk.get("/mailbox").text
    with app.app_context():
        deliver(Work(app=app, transport=FolderTransport(config.mail_dir)))
    name = next(config.mail_dir.glob("*.eml")).stem
    listed = desk.get("/mailbox").text
    assert f'href="/mailbox/{name}"' in listed
    assert "Your visit on Thursday, December 3, 2026" in listed
    page = desk.get(f"/mailbox/{name}").text
    assert '<a href="http://localhost/a/' in page
    assert "BEGIN:VCALENDAR" in page
    assert "List-Unsubscribe" in page
    assert "&lt;html" in page
    for hostile in ("..%2f..%2fetc%2fpasswd", "0" * 32, "x", f"{name}.eml"):
        assert desk.get(f"/mailbox/{hostile}").status_code == 404
