"""Contact wishes by link, and the one-click way out."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.models import AuditEntry, Clinic, LinkPurpose, Patient
from clinic_sessions.routes.by_link import by_link as routes
from clinic_sessions.services.patients import contact_consents
from tests import by_link, factories
from tests.conftest import Visitor

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient who gets mail."""
    made = factories.a_patient(db, clinic)
    db.commit()
    return made


@pytest.fixture
def token(db: Session, patient: Patient, now: datetime) -> str:
    """The token of the link to the patient's wishes."""
    return by_link.a_token(db, LinkPurpose.CONTACT_WISHES, patient.id, patient, now)


@pytest.fixture
def phone(app: Flask, token: str) -> Visitor:
    """A phone that has opened it."""
    return by_link.opened(app, LinkPurpose.CONTACT_WISHES, token)


def wish(db: Session, patient: Patient) -> tuple[bool, datetime | None]:
    """Whether mail is wanted, and since when."""
    db.rollback()
    row = db.get_one(Patient, patient.id)
    return row.email_wanted, row.email_wish_at


def audited(db: Session) -> list[list[bool]]:
    """What the audit tells of wishes."""
    rows = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "patient").order_by(AuditEntry.id))
    return [row.changes["email_wanted"] for row in rows]


def test_a_patient_stops_mail_and_starts_it_again(phone: Visitor, db: Session, patient: Patient, now: datetime) -> None:
    assert "You get email from us" in phone.get("/w").text
    assert phone.post("/w", data={"of": str(patient.id), "wanted": "no"}).status_code == 303
    assert wish(db, patient) == (False, now)
    assert "You get no email from us" in phone.get("/w").text
    phone.post("/w", data={"of": str(patient.id), "wanted": "yes"})
    assert wish(db, patient) == (True, now)
    assert audited(db) == [[True, False], [False, True]]


def test_a_wish_that_cannot_be_read_changes_nothing(phone: Visitor, db: Session, patient: Patient) -> None:
    assert phone.post("/w", data={"of": str(patient.id), "wanted": "maybe"}).status_code == 422
    assert phone.post("/w", data={"of": "0", "wanted": "no"}).status_code == 409
    assert phone.post("/w", data={"of": str(patient.id), "wanted": "no"}, csrf=False).status_code == 400
    assert wish(db, patient) == (True, None)


def test_one_click_stops_mail_without_csrf_token_cookie_or_origin(
    app: Flask, db: Session, patient: Patient, token: str, now: datetime
) -> None:
    for _ in range(2):
        answer = app.test_client().open(f"/w/{token}", method="POST", data=ONE_CLICK)
        assert answer.status_code == 200
        assert "You will get no more email" in answer.text
    assert wish(db, patient) == (False, now)
    assert audited(db) == [[True, False]]


def test_one_click_with_another_token_stops_nothing(app: Flask, db: Session, patient: Patient, now: datetime) -> None:
    other = by_link.a_token(db, LinkPurpose.APPOINTMENT, 1, patient, now)
    old = by_link.a_token(db, LinkPurpose.CONTACT_WISHES, patient.id, patient, now - timedelta(days=9))
    visitor = app.test_client()
    assert visitor.open(f"/w/{other}", method="POST", data=ONE_CLICK).status_code == 404
    assert visitor.open("/w/unknown", method="POST", data=ONE_CLICK).status_code == 404
    assert visitor.open(f"/w/{old}", method="POST", data=ONE_CLICK).status_code == 410
    assert wish(db, patient) == (True, None)


def test_help_on_this_page_is_not_an_unsubscription(phone: Visitor, db: Session, patient: Patient) -> None:
    assert phone.post("/w/help", data={"of": str(patient.id)}).status_code == 200
    assert phone.post("/w/help", data={"of": str(patient.id)}, csrf=False).status_code == 400
    assert wish(db, patient) == (True, None)


def test_only_the_listed_view_is_free_of_the_csrf_token(app: Flask) -> None:
    assert list(routes.WITHOUT_CSRF) == ["wishes.unsubscribe"]
    assert app.extensions["csrf"]._exempt_views == {"clinic_sessions.routes.by_link.wishes.unsubscribe"}


def test_each_wish_by_link_is_kept_with_its_time_and_how_it_was_said(
    phone: Visitor, db: Session, patient: Patient, now: datetime
) -> None:
    for wanted in ("no", "no", "yes"):
        phone.post("/w", data={"of": str(patient.id), "wanted": wanted})
    db.rollback()
    said = contact_consents.of_patient(db, patient.id)
    assert [(one.wanted, one.told_through, one.at, one.by_id) for one in said] == [
        (True, ToldThrough.LINK, now, None),
        (False, ToldThrough.LINK, now, None),
    ]
