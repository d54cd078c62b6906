"""The board's page: polled, and only for clinicians."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.lifecycle import Action, Status
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import Clinic
from tests import factories
from tests.conftest import SignIn


def test_a_poll_that_has_seen_the_revision_is_told_that_nothing_is_new(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic, name="Ana Ruiz"), now)
    patient, version = one.patient_id, one.version
    nurse = signed_in(Role.NURSE)
    page = nurse.get("/board").text
    assert "Ana Ruiz" in page
    revision = page.split('data-revision="')[1].split('"')[0]
    again = nurse.get("/board", query_string={"revision": revision}, headers={"X-Poll": "1"})
    assert (again.status_code, again.data) == (304, b"")
    step = {"action": Action.ARRIVE.value, "version": str(version), "patient": str(patient), "back": "board"}
    assert nurse.post("/sessions/1/step", data=step).location == "/board"
    fresh = nurse.get("/board", query_string={"revision": revision}, headers={"X-Poll": "1"})
    assert fresh.status_code == 200
    db.rollback()
    assert one.status is Status.ARRIVED


def test_the_front_desk_has_no_board(signed_in: SignIn) -> None:
    assert signed_in(Role.FRONT_DESK).get("/board").status_code == 403


def test_an_empty_board_says_so(db: Session, clinic: Clinic, signed_in: SignIn, now: datetime) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=1))
    page = signed_in(Role.PROVIDER).get("/board").text
    assert page.count("No one else today.") == 3
