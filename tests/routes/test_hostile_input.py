"""What no form of ours sends: every answer is a refusal in words, never a failure, and nothing is kept."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import Clinic, LinkPurpose, Note, TreatmentSession
from clinic_sessions.services import form_keys
from tests import by_link, factories
from tests.conftest import SignIn, Visitor
from tests.routes.test_guard import endpoints

HUGE = (2**31, 2**32, 2**63 - 1, 2**63, 10**20, int("1" * 4000))
LONGER_THAN_PYTHON_READS = "1" * 5000


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A visit in two days."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=2))
    db.commit()
    return made


def _ask(visitor: Visitor, method: str, path: str) -> int:
    return int((visitor.get(path) if method == "GET" else visitor.post(path)).status_code)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.PROVIDER])
def test_an_id_that_no_row_can_have_is_not_there(app: Flask, signed_in: SignIn, role: Role) -> None:
    visitor = signed_in(role)
    with_ids = [(method, path) for method, _, path in endpoints(app) if "999999" in path]
    assert with_ids
    for digits in (*map(str, HUGE), LONGER_THAN_PYTHON_READS, "١"):
        answers = {_ask(visitor, method, path.replace("999999", digits)) for method, path in with_ids}
        assert answers <= {404, 405}, digits[:30]


@pytest.mark.parametrize("named", [LONGER_THAN_PYTHON_READS, str(2**31), "١", "-1", "1.5"])
def test_an_entry_is_not_said_to_correct_what_no_row_can_be(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, named: str
) -> None:
    nurse = signed_in(Role.NURSE)
    assert nurse.get(f"/sessions/{treatment.id}/notes?corrects={named}").status_code == 404
    assert nurse.post(f"/sessions/{treatment.id}/notes", data={"body": "Well.", "corrects": named}).status_code == 404
    assert db.scalar(sa.select(sa.func.count(Note.id))) == 0


@pytest.mark.parametrize("starts", ["0001-01-01T00:00", "9999-12-31T23:59", "1999-12-31T23:59"])
@pytest.mark.parametrize("act", ["book", "move"])
def test_a_chip_at_the_ends_of_time_asks_for_another_time(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, starts: str, act: str
) -> None:
    patient = str(treatment.patient_id)
    form = {"patient": patient, "what": str(treatment.protocol_version_id), "form_key": form_keys.new()}
    path = "/sessions/new" if act == "book" else f"/sessions/{treatment.id}/move"
    answer = signed_in(Role.FRONT_DESK).post(path, data={**form, "slot": f"1@{starts}Z", "version": "1"})
    assert answer.status_code == 422
    assert "Choose a time, or type another one." in answer.text


@pytest.mark.parametrize("key", ["\0" * 20, "é" * 20, " " * 70])
def test_a_form_key_that_is_none_of_ours_saves_as_a_form_without_one(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, key: str
) -> None:
    data = {"body": "Called: comes with her sister.", "form_key": key}
    assert signed_in(Role.NURSE).post(f"/sessions/{treatment.id}/notes", data=data).status_code == 303
    db.rollback()
    assert db.scalar(sa.select(sa.func.count(Note.id))) == 1


@pytest.mark.parametrize("seen", [LONGER_THAN_PYTHON_READS, str(2**63), "-1", ""])
def test_a_patients_answer_to_a_time_that_never_was_is_not_taken(
    app: Flask, db: Session, treatment: TreatmentSession, now: datetime, seen: str
) -> None:
    token = by_link.a_token(db, LinkPurpose.APPOINTMENT, treatment.id, treatment.patient, now)
    phone = by_link.opened(app, LinkPurpose.APPOINTMENT, token)
    answer = phone.post("/a/confirm", data={"of": str(treatment.id), "seen": seen})
    assert answer.status_code == 409
