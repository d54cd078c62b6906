"""The alerts page: what waits, answered with a note, never by two people unawares."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertStatus, AlertTier
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.mail.wording import phone
from clinic_sessions.models import Alert, Clinic
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.session import recording
from clinic_sessions.services.session.recording import DoseAct
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take

WORDS = "Have you had thoughts of ending your life? <zxq> Yes"


@pytest.fixture
def alert(db: Session, clinic: Clinic, now: datetime) -> Alert:
    """An alert that nobody has answered."""
    patient = factories.a_patient(db, clinic, "Ana Ruiz")
    made = alerts.raise_alert(
        db, patient, AlertKind.SAFETY_ANSWER, AlertTier.NOW, WORDS, dedup_key="test", now=now, by=SYSTEM
    )
    db.commit()
    return made


def now_is(db: Session, alert: Alert) -> AlertStatus:
    """The alert's status now."""
    db.rollback()
    return db.get_one(Alert, alert.id).status


def test_an_open_alert_shows_who_their_phone_what_was_said_and_by_when(signed_in: SignIn, alert: Alert) -> None:
    page = signed_in(Role.NURSE).get("/alerts").text
    for words in (alert.patient.name, phone(alert.patient.phone), "&lt;zxq&gt; Yes", "Call now", "in 15 min"):
        assert words in page
    assert "<title>Alerts" in page


def test_an_alert_is_acknowledged_and_then_closed_each_with_a_note(
    signed_in: SignIn, db: Session, alert: Alert
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/alerts/{alert.id}"
    assert nurse.post(f"{path}/acknowledge", data={"note": "Calling now.", "version": "1"}).status_code == 303
    assert now_is(db, alert) is AlertStatus.ACKNOWLEDGED
    assert "Being dealt with" in nurse.get("/alerts").text
    assert "waits for an answer." not in nurse.get("/alerts").text
    assert nurse.post(f"{path}/close", data={"note": "Safe at home.", "version": "2"}).status_code == 303
    assert now_is(db, alert) is AlertStatus.CLOSED
    page = nurse.get(path).text
    assert "Calling now." in page
    assert "Safe at home." in page
    assert [event.note for event in db.get_one(Alert, alert.id).events] == [None, "Calling now.", "Safe at home."]


@pytest.mark.parametrize("note", ["", "   ", "x" * 4001, "nul\0here"])
def test_without_a_usable_note_nothing_is_answered(signed_in: SignIn, db: Session, alert: Alert, note: str) -> None:
    answer = signed_in(Role.NURSE).post(f"/alerts/{alert.id}/acknowledge", data={"note": note, "version": "1"})
    assert answer.status_code == 422
    assert now_is(db, alert) is AlertStatus.OPEN


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_a_version_that_cannot_be_read_answers_nothing(
    signed_in: SignIn, db: Session, alert: Alert, version: str
) -> None:
    answer = signed_in(Role.NURSE).post(f"/alerts/{alert.id}/acknowledge", data={"note": "Ok", "version": version})
    assert answer.status_code == 422
    assert now_is(db, alert) is AlertStatus.OPEN


def test_the_second_of_two_people_is_shown_what_the_first_wrote(signed_in: SignIn, db: Session, alert: Alert) -> None:
    path = f"/alerts/{alert.id}/acknowledge"
    signed_in(Role.NURSE).post(path, data={"note": "I call.", "version": "1"})
    second = signed_in(Role.PROVIDER).post(path, data={"note": "No, I call.", "version": "1"})
    assert second.status_code == 409
    assert "I call." in second.text
    assert "No, I call.</textarea>" in second.text
    assert len(db.get_one(Alert, alert.id).events) == 2


def test_an_open_alert_cannot_be_closed_unacknowledged(signed_in: SignIn, db: Session, alert: Alert) -> None:
    answer = signed_in(Role.NURSE).post(f"/alerts/{alert.id}/close", data={"note": "Done", "version": "1"})
    assert answer.status_code == 409
    assert now_is(db, alert) is AlertStatus.OPEN


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER, Role.AUDITOR])
def test_others_learn_that_an_alert_is_open_and_nothing_of_it(signed_in: SignIn, alert: Alert, role: Role) -> None:
    visitor = signed_in(role)
    assert visitor.get("/alerts").status_code == 403
    assert visitor.get(f"/alerts/{alert.id}").status_code == 403
    assert visitor.post(f"/alerts/{alert.id}/acknowledge", data={"note": "x", "version": "1"}).status_code == 403
    today = visitor.get("/").text
    assert "1 safety alert waits for an answer" in today
    assert "ending your life" not in today


def test_an_alert_of_another_clinic_is_not_there(signed_in: SignIn, db: Session, alert: Alert) -> None:
    elsewhere = factories.a_clinic(db)
    db.commit()
    stranger = signed_in(Role.NURSE, at=elsewhere)
    assert stranger.get(f"/alerts/{alert.id}").status_code == 404
    assert alert.patient.name not in stranger.get("/alerts").text


def test_an_alert_past_its_time_says_so(signed_in: SignIn, db: Session, clinic: Clinic, now: datetime) -> None:
    patient = factories.a_patient(db, clinic)
    alerts.raise_alert(
        db, patient, AlertKind.HELP_WANTED, AlertTier.NOW, "Help", dedup_key="old",
        now=now - timedelta(minutes=40), by=SYSTEM,
    )  # fmt: skip
    db.commit()
    assert "25 min overdue" in signed_in(Role.NURSE).get("/alerts").text


def test_an_urgent_reading_in_the_clinic_sends_people_to_the_chair_not_to_the_phone(
    signed_in: SignIn, db: Session, clinic: Clinic, alert: Alert, now: datetime
) -> None:
    nurse = a_nurse(db, clinic)
    patient = factories.a_patient(db, clinic, "Bo Lind")
    patient.phone = "+13235550108"
    treatment = factories.a_session(db, patient, now - timedelta(minutes=20))
    take(db, treatment, Action.ARRIVE, treatment.starts_at, nurse)
    take(db, treatment, Action.START, now - timedelta(minutes=10), nurse)
    for systolic in (192, 198):
        recording.record_vitals(db, treatment, Vitals(systolic=systolic, diastolic=90), now=now, by=nurse)
    db.commit()
    provider, front = signed_in(Role.PROVIDER), signed_in(Role.FRONT_DESK)
    chair, number = clinic.chairs[0].name, patient.phone
    path = f"/sessions/{treatment.id}"
    db.rollback()
    page = provider.get("/alerts").text
    assert f"Urgent: {chair}, infusion running. Go there now." in page
    assert "1 other safety alert waits for an answer." in page
    assert "Go there now</span>" in page
    assert page.index("Bo Lind") < page.index("Ana Ruiz"), "whoever is here is first"
    assert f'href="{path}">In the clinic now: {chair}, infusion running</a>' in page
    assert phone(number) not in page
    assert page.index("systolic 198") < page.index("systolic 192"), "the newest is first"
    desk = front.get("/").text
    assert f"Urgent: {chair}. Tell a nurse or a provider now." in desk
    assert "infusion running" not in desk
    db.rollback()
    recording.record_dose(db, treatment, DoseAct(kind=DoseEventKind.PAUSED), now=now, by=nurse)
    db.commit()
    assert f"Urgent: {chair}, infusion paused." in provider.get("/").text


def test_an_ending_that_was_taken_back_says_when_and_by_whom(
    signed_in: SignIn, db: Session, clinic: Clinic, now: datetime
) -> None:
    nurse = a_nurse(db, clinic)
    treatment = factories.a_session(db, factories.a_patient(db, clinic, "Bo Lind"), now)
    take(db, treatment, Action.ARRIVE, now, nurse)
    take(db, treatment, Action.TAKE_TO_HOSPITAL, now, nurse)
    db.commit()
    provider = signed_in(Role.PROVIDER)
    [alert] = db.scalars(sa.select(Alert))
    path = f"/alerts/{alert.id}"
    db.rollback()
    wait = "Reminders and check-ins to this patient wait until this alert is closed."
    assert wait in provider.get(path).text
    take(db, treatment, Action.UNDO, now, nurse)
    db.commit()
    assert nurse.user is not None
    page = provider.get(path).text
    for words in ("Taken back: taken to hospital. The patient is as before.", f"10:00 am</time>, {nurse.user.name}"):
        assert words in page
    assert "Answer today" in page
    assert "Call now" not in page
    assert wait not in page
