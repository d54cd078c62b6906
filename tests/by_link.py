"""What tests of patients' pages share: check-ins, links, and a browser that has opened one."""

import html as markup
import re
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import CheckIn, Clinic, LinkPurpose, Patient, TreatmentSession
from clinic_sessions.services import links
from tests import factories
from tests.conftest import Visitor

LETTERS = {
    LinkPurpose.APPOINTMENT: "a",
    LinkPurpose.CHECK_IN: "c",
    LinkPurpose.INTAKE: "i",
    LinkPurpose.CONTACT_WISHES: "w",
}
WEEK = timedelta(days=7)


def a_visit_left(db: Session, patient: Patient, left_at: datetime) -> TreatmentSession:
    """A visit that ended as planned at `left_at`."""
    start = left_at - timedelta(hours=2)
    return factories.a_session(db, patient, start, status=Status.LEFT, left_at=left_at, dose_started_at=start)


def a_check_in(
    db: Session, treatment: TreatmentSession, kind: CheckInKind, due_at: datetime, **given: object
) -> CheckIn:
    """A check-in that has been asked and is open for two days."""
    fields = {"status": CheckInStatus.ASKED, "expires_at": due_at + timedelta(hours=48), **given}
    row = CheckIn(patient_id=treatment.patient_id, session_id=treatment.id, kind=kind, due_at=due_at, **fields)
    db.add(row)
    db.flush()
    return row


def a_token(
    db: Session, purpose: LinkPurpose, object_id: int, patient: Patient, now: datetime, until: datetime | None = None
) -> str:
    """A link's token; good for a week unless told. What was made before is committed."""
    db.commit()
    token = links.issue(db, purpose, object_id, patient, message_id=None, now=now, expires_at=until or now + WEEK)
    db.commit()
    return token


def opened(app: Flask, purpose: LinkPurpose, token: str) -> Visitor:
    """A phone whose browser has opened a link."""
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    answer = visitor.get(f"/{LETTERS[purpose]}/{token}")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/{LETTERS[purpose]}"
    return visitor


def a_phone(app: Flask, db: Session, check_in: CheckIn, now: datetime) -> Visitor:
    """A phone that has opened the link of a check-in."""
    token = a_token(db, LinkPurpose.CHECK_IN, check_in.id, check_in.patient, now)
    return opened(app, LinkPurpose.CHECK_IN, token)


def visible(html: str) -> str:
    """The text of a page."""
    return markup.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def a_monday_check_in(db: Session, clinic: Clinic, now: datetime, kind: CheckInKind, **given: Any) -> CheckIn:
    """A check-in due an hour ago about a visit of a new patient."""
    patient = factories.a_patient(db, clinic, **given)
    treatment = a_visit_left(db, patient, now - timedelta(days=1))
    return a_check_in(db, treatment, kind, now - timedelta(hours=1))
