"""Today, as each role needs it."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Clinic, Shift
from tests import factories
from tests.conftest import SignIn

NOON = datetime(2026, 11, 23, 20, tzinfo=UTC)


@pytest.mark.parametrize("role", list(Role))
def test_everyone_who_works_here_has_a_day(clinic: Clinic, signed_in: SignIn, role: Role) -> None:
    assert signed_in(role).get("/").status_code == 200


def test_each_count_of_the_desk_opens_exactly_what_it_counted(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    silent = factories.a_patient(db, clinic, "No Address", email=None)
    factories.a_session(db, silent, NOON + timedelta(days=1))
    factories.a_session(db, factories.a_patient(db, clinic, "Will Come"), NOON, status=Status.CONFIRMED)
    desk = signed_in(Role.FRONT_DESK)
    today = desk.get("/").text
    assert "/waiting/unconfirmed" in today
    assert "/waiting/addresses" in today
    assert "/waiting/messages" not in today
    for work in ("unconfirmed", "addresses"):
        page = desk.get(f"/waiting/{work}").text
        assert ("No Address" in page, "Will Come" in page) == (True, False)


def test_those_who_are_to_come_have_one_button_each(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), NOON)
    page = signed_in(Role.FRONT_DESK).get("/").text
    assert f'action="/sessions/{treatment.id}/step"' in page
    assert page.count('value="arrive"') == 1


def test_an_auditor_sees_no_patient(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    factories.a_session(db, factories.a_patient(db, clinic, "Ana Ruiz"), NOON)
    assert "Ana Ruiz" not in signed_in(Role.AUDITOR).get("/").text


def test_work_that_is_no_kind_of_work_is_not_found(clinic: Clinic, signed_in: SignIn) -> None:
    assert signed_in(Role.FRONT_DESK).get("/waiting/nothing").status_code == 404


def test_who_lost_their_nurse_after_they_were_booked_waits_for_the_desk(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), NOON + timedelta(days=1))
    desk = signed_in(Role.FRONT_DESK)
    assert "/waiting/uncovered" not in desk.get("/").text
    db.execute(sa.delete(Shift))
    db.commit()
    assert "/waiting/uncovered" in desk.get("/").text
    assert "Bo Chen" in desk.get("/waiting/uncovered").text
