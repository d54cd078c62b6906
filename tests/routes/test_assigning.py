"""Naming the nurse of a session, over HTTP."""

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import Clinic
from tests import factories
from tests.conftest import SignIn

TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


def test_the_front_desk_names_a_nurse_who_then_stands_on_the_session_and_the_schedule(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    nurse = factories.a_user(db, clinic, Role.NURSE, name="Kim Tran")
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    db.commit()
    visitor, page = signed_in(Role.FRONT_DESK), f"/sessions/{treatment.id}/nurse"
    assert "Kim Tran (not on shift for all of it)" in visitor.get(page).text
    answer = visitor.post(page, data={"version": treatment.version, "nurse": nurse.id})
    assert (answer.status_code, answer.location) == (303, f"/sessions/{treatment.id}")
    assert "Nurse: Kim Tran" in visitor.get(f"/sessions/{treatment.id}").text
    assert "Kim Tran" in visitor.get("/schedule?date=2026-11-24").text


def test_a_form_older_than_the_session_is_refused_and_a_stranger_is_not_found(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    nurse = factories.a_user(db, clinic, Role.NURSE)
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    db.commit()
    visitor, page = signed_in(Role.FRONT_DESK), f"/sessions/{treatment.id}/nurse"
    older = visitor.post(page, data={"version": treatment.version + 1, "nurse": nurse.id})
    assert (older.status_code, "Someone changed this session meanwhile" in older.text) == (409, True)
    for typed in ("", "x", "0", "99999999"):
        assert visitor.post(page, data={"version": treatment.version, "nurse": typed}).status_code == 404
