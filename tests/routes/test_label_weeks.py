"""More sessions in a treatment week than the label has: said where one books and on the plan, never refused."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.pattern import read
from clinic_sessions.models import ActorKind, Clinic, Plan
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.plans import plans
from clinic_sessions.services.plans.plans import PlanRequest
from tests import factories
from tests.conftest import SignIn
from tests.routes.test_series import sent

WISH = "weekdays=0&weekdays=2&weekdays=4&wall=10:00+am&start=12/7/2026&count=3"
WORDS = "in treatment week 1; the label says 2"
SOURCE = "weeks 1-4 twice weekly (8)"


def a_plan(db: Session, clinic: Clinic, now: datetime, key: str = "in-esketamine") -> Plan:
    lead = factories.a_user(db, clinic, Role.PROVIDER)
    request = PlanRequest(
        protocol_version_id=factories.a_protocol(db, key).id, condition=Condition.PTSD,
        pattern=read("3 times weekly for 2 weeks"), provider_id=lead.id,
    )  # fmt: skip
    by = Actor(kind=ActorKind.USER, user=lead, role=Role.PROVIDER)
    plan = plans.start(db, factories.a_patient(db, clinic), request, now=now, by=by)
    db.commit()
    return plan


@pytest.fixture
def plan(db: Session, clinic: Clinic, now: datetime) -> Plan:
    return a_plan(db, clinic, now)


def test_the_preview_warns_saves_all_the_same_and_the_plan_goes_on_saying_it(plan: Plan, signed_in: SignIn) -> None:
    desk, path = signed_in(Role.FRONT_DESK), f"/plans/{plan.id}/series?{WISH}"
    page = desk.get(path).text
    assert f"3 {WORDS}" in page
    assert SOURCE in page
    assert WORDS not in desk.get(f"/plans/{plan.id}").text
    saved = desk.post(path, data=sent(page))
    assert saved.status_code == 303
    shown = desk.get(saved.location).text
    assert f"3 {WORDS}" in shown
    assert SOURCE in shown


def test_a_third_time_in_a_week_is_marked_where_it_is_chosen_and_said_once_booked(
    db: Session, clinic: Clinic, plan: Plan, signed_in: SignIn
) -> None:
    esketamine, chair = plan.protocol_version, clinic.chairs[0]
    patient = factories.a_patient(db, clinic, "Dee Poe")
    for day in (1, 3):
        at = datetime(2026, 12, day, 18, tzinfo=UTC)
        factories.a_session(db, patient, at, protocol=esketamine, chair=chair)
    db.commit()
    desk, path = signed_in(Role.FRONT_DESK), f"/sessions/new?patient={patient.id}&what={esketamine.id}"
    page = desk.get(f"{path}&from=2026-12-04").text
    assert f"3 {WORDS}" in page
    assert SOURCE in page
    assert WORDS not in desk.get(f"{path}&from=2026-12-08").text
    data = {**sent(page), "slot": f"{chair.id}@2026-12-04T18:00Z"}
    answer = desk.post("/sessions/new", data=data)
    assert answer.status_code == 303, answer.text
    assert f"3 {WORDS}" in desk.get(answer.location).text


def test_other_drugs_have_no_such_weeks(db: Session, clinic: Clinic, now: datetime, signed_in: SignIn) -> None:
    ketamine = a_plan(db, clinic, now, "in-racemic")
    page = signed_in(Role.FRONT_DESK).get(f"/plans/{ketamine.id}/series?{WISH}").text
    assert page.count("Leave out") == 3
    assert "treatment week" not in page
