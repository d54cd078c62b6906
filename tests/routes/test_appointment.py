"""Links and the appointment page: opening changes nothing, the buttons do, and a link opens one thing only."""

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInKind
from clinic_sessions.domain.messages.messages import Language, MessageKind
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import (
    Base,
    Clinic,
    Link,
    LinkPurpose,
    Message,
    MoveWish,
    Patient,
    StatusChange,
    TreatmentSession,
)
from clinic_sessions.services import links
from tests import by_link, factories
from tests.conftest import SignIn, Visitor


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient who reads English."""
    made = factories.a_patient(db, clinic)
    db.commit()
    return made


@pytest.fixture
def treatment(db: Session, patient: Patient, now: datetime) -> TreatmentSession:
    """A visit in two days, at ten."""
    made = factories.a_session(db, patient, now + timedelta(days=2))
    db.commit()
    return made


@pytest.fixture
def token(db: Session, treatment: TreatmentSession, patient: Patient, now: datetime) -> str:
    """The token of the visit's link."""
    return by_link.a_token(db, LinkPurpose.APPOINTMENT, treatment.id, patient, now)


@pytest.fixture
def phone(app: Flask, token: str) -> Visitor:
    """A phone that has opened the link."""
    return by_link.opened(app, LinkPurpose.APPOINTMENT, token)


def post(phone: Visitor, treatment: TreatmentSession, act: str, **given: Any) -> Any:
    """Tap a button."""
    return phone.post(f"/a/{act}", data={"of": str(treatment.id), "seen": str(treatment.schedule_version), **given})


def everything(db: Session) -> dict[str, list[Any]]:
    """Every row of every table."""
    db.rollback()
    return {table.name: sorted(map(repr, db.execute(sa.select(table)))) for table in Base.metadata.sorted_tables}


def status(db: Session, treatment: TreatmentSession) -> Status:
    """The session's status now."""
    db.rollback()
    return db.get_one(TreatmentSession, treatment.id).status


def test_the_first_opening_moves_the_token_out_of_the_address(app: Flask, token: str) -> None:
    answer = app.test_client().get(f"/a/{token}")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/a")
    cookie = answer.headers.getlist("Set-Cookie")[0]
    assert all(part in cookie for part in ("link-a=", "HttpOnly", "SameSite=Lax", "Path=/a"))
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_page_says_when_where_and_how_to_prepare_and_reveals_nothing(
    phone: Visitor, treatment: TreatmentSession
) -> None:
    answer = phone.get("/a")
    text = by_link.visible(answer.text)
    for words in (
        "Wednesday, November 25, 2026",
        "10:00 am",
        "Pacific Standard Time",
        "12 Harbor Street",
        "Harbor Street Clinic",
        "no food after 4:00 am on Wednesday",
        "until 8:00 am on Wednesday",
        "I need help now",
    ):
        assert words in text
    lowered = answer.text.lower()
    assert not [word for word in ("ketamine", "infusion", "depress", "intravenous", "iv-mood") if word in lowered]
    assert "<title>Your visit</title>" in answer.text
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_the_page_speaks_spanish(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    patient = factories.a_patient(db, clinic, language=Language.ES)
    treatment = factories.a_session(db, patient, now + timedelta(days=2, hours=3))
    phone = by_link.opened(
        app,
        LinkPurpose.APPOINTMENT,
        by_link.a_token(db, LinkPurpose.APPOINTMENT, treatment.id, patient, now),
    )
    text = by_link.visible(phone.get("/a").text)
    assert "miércoles, 25 de noviembre de 2026" in text
    assert "Confirmar esta cita" in text
    assert "Necesito ayuda ahora" in text
    assert "Confirm this visit" in by_link.visible(phone.get("/a?lang=en").text)


@pytest.mark.parametrize("method", ["get", "head"])
def test_scanners_change_nothing(
    app: Flask, db: Session, clinic: Clinic, now: datetime, token: str, patient: Patient, method: str
) -> None:
    check_in = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_24H)
    addresses = [
        f"/a/{token}",
        f"/c/{by_link.a_token(db, LinkPurpose.CHECK_IN, check_in.id, check_in.patient, now)}",
        f"/w/{by_link.a_token(db, LinkPurpose.CONTACT_WISHES, patient.id, patient, now)}",
    ]
    before = everything(db)
    for address in addresses:
        scanner = app.test_client()
        for path in (address, address, address[:2], f"{address[:2]}?ask=cancel", f"{address[:2]}?lang=es"):
            assert getattr(scanner, method)(path).status_code in {200, 303}
    scanner.get("/a/visit.ics")
    assert everything(db) == before


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token.upper() if token.upper() != token else token.lower(),
        lambda token: token + ".",
        lambda token: token + ">",
        lambda token: token[:-1],
        lambda token: ("B" if token[0] != "B" else "C") + token[1:],
        lambda _: "unknown",
        lambda _: "%00",
        lambda _: "x" * 5000,
    ],
)
def test_a_spoiled_token_opens_nothing(app: Flask, token: str, spoil: Any) -> None:
    answer = app.test_client().get(f"/a/{spoil(token)}")
    assert answer.status_code == 404
    assert "I need help now" in answer.text
    assert "Set-Cookie" not in answer.headers or "link-a" not in answer.headers["Set-Cookie"]


def test_a_token_opens_its_own_purpose_only(app: Flask, token: str) -> None:
    visitor = app.test_client()
    assert visitor.get(f"/c/{token}").status_code == 404
    assert visitor.get(f"/w/{token}").status_code == 404
    visitor.set_cookie("link-c", token, path="/c")
    assert visitor.get("/c").status_code == 404


def test_a_link_of_another_patient_opens_nothing_of_this_one(
    app: Flask, db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime
) -> None:
    other = factories.a_patient(db, clinic, "Bo Lee")
    crossed = by_link.a_token(db, LinkPurpose.APPOINTMENT, treatment.id, other, now)
    assert by_link.opened(app, LinkPurpose.APPOINTMENT, crossed).get("/a").status_code == 404


def test_a_link_is_good_until_the_second_in_which_it_expires(
    app: Flask,
    db: Session,
    treatment: TreatmentSession,
    patient: Patient,
    now: datetime,
    time_at: time_machine.Traveller,
) -> None:
    until = now + timedelta(hours=1)
    token = by_link.a_token(db, LinkPurpose.APPOINTMENT, treatment.id, patient, now, until)
    time_at.move_to(until - timedelta(seconds=1))
    phone = by_link.opened(app, LinkPurpose.APPOINTMENT, token)
    assert phone.get("/a").status_code == 200
    time_at.move_to(until)
    kept = app.test_client()
    kept.set_cookie("link-a", token, path="/a")
    for late in (kept.get("/a"), kept.get(f"/a/{token}"), post(phone, treatment, "cancel")):
        assert late.status_code in {404, 410}
    gone = kept.get("/a")
    assert gone.status_code == 410
    assert "This link is no longer active. Call (310) 555-0100" in by_link.visible(gone.text).replace(
        "active Call", "active. Call"
    )
    assert status(db, treatment) is Status.BOOKED


def test_a_revoked_link_is_gone_in_the_patients_language(
    app: Flask, db: Session, clinic: Clinic, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, language=Language.ES)
    treatment = factories.a_session(db, patient, now + timedelta(days=3))
    token = by_link.a_token(db, LinkPurpose.APPOINTMENT, treatment.id, patient, now)
    links.revoke_for(db, LinkPurpose.APPOINTMENT, treatment.id, now)
    db.commit()
    answer = app.test_client().get(f"/a/{token}")
    assert answer.status_code == 410
    assert "Este enlace ya no está activo" in answer.text
    assert "Necesito ayuda ahora" in answer.text


def test_without_a_link_there_is_nothing_but_help(app: Flask, clinic: Clinic) -> None:
    for path in ("/a", "/c", "/w"):
        answer = app.test_client().get(path)
        assert answer.status_code == 404
        assert "I need help now" in answer.text
    assert "(310) 555-0100" in answer.text


def test_confirming_is_done_once_however_often_it_is_tapped(
    phone: Visitor, db: Session, treatment: TreatmentSession
) -> None:
    for _ in range(3):
        assert post(phone, treatment, "confirm").headers["Location"] == "/a"
    assert status(db, treatment) is Status.CONFIRMED
    changes = db.scalars(sa.select(StatusChange).where(StatusChange.action == Action.CONFIRM)).all()
    assert [change.by_id for change in changes] == [None]
    assert "You have confirmed this visit" in phone.get("/a").text


def test_cancelling_asks_first_then_frees_the_chair_and_tells_the_patient(
    phone: Visitor, db: Session, treatment: TreatmentSession
) -> None:
    asked = phone.get("/a?ask=cancel").text
    assert "Cancel this visit?" in asked
    assert status(db, treatment) is Status.BOOKED
    for _ in range(2):
        assert post(phone, treatment, "cancel").status_code == 303
    assert status(db, treatment) is Status.CANCELLED
    notices = db.scalars(sa.select(Message.kind).where(Message.kind == MessageKind.CANCELLED)).all()
    assert len(notices) == 1
    assert "This visit is cancelled" in phone.get("/a").text
    assert post(phone, treatment, "confirm").status_code == 409


def test_asking_for_another_time_reaches_the_desk_once_and_leaves_the_visit_standing(
    phone: Visitor, db: Session, treatment: TreatmentSession, patient: Patient, signed_in: SignIn
) -> None:
    desk, auditor = signed_in(Role.FRONT_DESK), signed_in(Role.AUDITOR)
    for _ in range(2):
        assert post(phone, treatment, "move").status_code == 303
    assert status(db, treatment) is Status.BOOKED
    assert "You asked for another time" in phone.get("/a").text
    [wish] = db.scalars(sa.select(MoveWish)).all()
    assert "asked for another time" in desk.get("/").text
    assert patient.name in desk.get("/move-wishes").text
    assert desk.post(f"/move-wishes/{wish.id}/answered").status_code == 303
    assert patient.name not in desk.get("/move-wishes").text
    assert "You asked for another time" not in phone.get("/a").text
    assert auditor.get("/move-wishes").status_code == 403


def test_a_visit_that_was_moved_shows_its_new_time_and_is_not_confirmed_unseen(
    phone: Visitor, db: Session, treatment: TreatmentSession
) -> None:
    db.rollback()
    row = db.get_one(TreatmentSession, treatment.id)
    row.starts_at += timedelta(hours=1)
    row.ends_at += timedelta(hours=1)
    row.schedule_version += 1
    db.commit()
    refused = post(phone, treatment, "confirm", seen="1")
    assert refused.status_code == 409
    assert "Your visit now has another time" in refused.text
    assert "11:00 am" in refused.text
    assert status(db, treatment) is Status.BOOKED


def test_after_the_start_nothing_is_offered_and_nothing_is_taken(
    phone: Visitor, db: Session, treatment: TreatmentSession, time_at: time_machine.Traveller
) -> None:
    time_at.move_to(treatment.starts_at)
    page = phone.get("/a?ask=cancel").text
    assert "This visit has begun or is over" in page
    assert 'action="/a/cancel"' not in page
    for act in ("confirm", "cancel", "move"):
        assert post(phone, treatment, act).status_code == 409
    assert status(db, treatment) is Status.BOOKED


@pytest.mark.parametrize("act", ["arrive", "leave", "start", "undo", "help2"])
def test_no_other_act_can_be_done_by_link(phone: Visitor, db: Session, treatment: TreatmentSession, act: str) -> None:
    assert post(phone, treatment, act).status_code in {404, 405}
    assert status(db, treatment) is Status.BOOKED


@pytest.mark.parametrize("given", [{"of": "999"}, {"of": ""}, {"seen": ""}, {"seen": "x"}, {"seen": "-1"}])
def test_a_form_of_another_link_or_time_is_not_taken(
    phone: Visitor, db: Session, treatment: TreatmentSession, given: dict[str, str]
) -> None:
    assert post(phone, treatment, "confirm", **given).status_code == 409
    assert status(db, treatment) is Status.BOOKED


def test_a_post_needs_its_csrf_token_and_an_origin_of_ours(
    phone: Visitor, db: Session, treatment: TreatmentSession
) -> None:
    data = {"of": str(treatment.id), "seen": "1"}
    assert phone.post("/a/cancel", data=data, csrf=False).status_code == 400
    assert phone.post("/a/cancel", data=data, headers={"Origin": "https://evil.example"}).status_code == 400
    assert status(db, treatment) is Status.BOOKED


def test_the_calendar_file_tells_when_and_where_and_nothing_of_why(phone: Visitor, treatment: TreatmentSession) -> None:
    answer = phone.get("/a/visit.ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert treatment.uid in answer.text
    assert "20261125T180000Z" in answer.text
    assert "SEQUENCE:1" in answer.text
    assert "etamine" not in answer.text


def test_the_log_holds_no_token(app: Flask, token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    phone = by_link.opened(app, LinkPurpose.APPOINTMENT, token)
    phone.get("/a")
    phone.get(f"/c/{token}")
    assert caplog.records
    assert not [record for record in caplog.records if token in repr(record.__dict__)]


def test_the_token_itself_is_kept_nowhere(db: Session, token: str) -> None:
    assert token not in repr(everything(db))
    assert db.scalar(sa.select(sa.func.count()).select_from(Link)) == 1


def test_over_tls_the_cookie_travels_on_tls_only(app: Flask, token: str) -> None:
    app.config["CLINIC"] = dataclasses.replace(app.config["CLINIC"], base_url="https://localhost")
    cookie = app.test_client().get(f"/a/{token}", base_url="https://localhost").headers["Set-Cookie"]
    assert cookie.startswith("__Secure-link-a=")
    assert "Secure" in cookie.split(";", 1)[1]
