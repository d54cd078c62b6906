"""A plan's pages where little is left to do: every place has its date, the plan has ended, a session is elsewhere."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.models import Clinic, Patient, Plan
from tests import factories
from tests.conftest import SignIn
from tests.plans import a_plan

DAY = timedelta(days=1)


@pytest.fixture
def plan(db: Session, clinic: Clinic, now: datetime) -> Plan:
    """A plan of one session."""
    return a_plan(db, factories.a_patient(db, clinic), now - DAY, count=1)


def test_a_series_without_a_place_left_says_so_and_asks_for_no_wish(
    db: Session, plan: Plan, now: datetime, signed_in: SignIn
) -> None:
    desk, path = signed_in(Role.FRONT_DESK), f"/plans/{plan.id}/series"
    assert "Show the dates" in desk.get(path).text
    db.rollback()
    factories.a_session(db, db.get_one(Patient, plan.patient_id), now + DAY, plan_id=plan.id, place_in_plan=1)
    db.commit()
    page = desk.get(path).text
    assert "Every session of this plan has its date." in page
    assert "Show the dates" not in page
    assert f'href="/plans/{plan.id}"' in page


def test_a_plan_that_has_ended_offers_no_series(db: Session, plan: Plan, signed_in: SignIn) -> None:
    plan.status = PlanStatus.ENDED
    page = signed_in(Role.FRONT_DESK).get(f"/plans/{plan.id}/series").text
    assert "This plan is not under way. Start another plan, or choose a treatment without one." in page
    assert "Show the dates" not in page


def test_a_session_at_a_clinic_of_other_people_is_named_but_leads_nowhere(
    db: Session, clinic: Clinic, plan: Plan, now: datetime, signed_in: SignIn
) -> None:
    elsewhere = factories.a_clinic(db, name="Far Clinic")
    treatment = factories.a_session(
        db, db.get_one(Patient, plan.patient_id), now + DAY, plan_id=plan.id, place_in_plan=1
    )
    at, mine = f"/sessions/{treatment.id}", signed_in(Role.FRONT_DESK)
    assert f'href="{at}"' in mine.get(f"/plans/{plan.id}").text
    db.rollback()
    treatment.clinic_id, treatment.chair_id = elsewhere.id, elsewhere.chairs[0].id
    db.commit()
    page = mine.get(f"/plans/{plan.id}").text
    assert mine.get(at).status_code == 404
    assert at not in page
    assert "Far Clinic" in page
