"""The preview of a series over HTTP: a date that is booked all the same, by whom, and with which reason."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.pattern import read
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.models import ActorKind, BookingOverride, Clinic, Plan, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.plans import plans
from clinic_sessions.services.plans.plans import PlanRequest
from tests import factories
from tests.conftest import SignIn
from tests.routes.test_series import sent

WISH = "weekdays=1&weekdays=3&wall=10:00+am&start=12/1/2026&count=3"
CHIP = r'name="slot-2" id="[^"]+" value="([^"]+\+[a-z_+]+)"'


@pytest.fixture
def here(db: Session) -> Clinic:
    """A clinic with one nurse, who is taken on Thursday at ten."""
    clinic = factories.a_clinic(db, nurses=1)
    other, at = factories.a_patient(db, clinic, "Bo Chen"), datetime(2026, 12, 3, 18, tzinfo=UTC)
    factories.a_session(db, other, at, protocol=factories.a_protocol(db, "im"), chair=clinic.chairs[2])
    db.commit()
    return clinic


@pytest.fixture
def plan(db: Session, here: Clinic, now: datetime) -> Plan:
    lead = factories.a_user(db, here, Role.PROVIDER)
    request = PlanRequest(
        protocol_version_id=factories.a_protocol(db).id, condition=Condition.PTSD,
        pattern=read("6 over 3 weeks"), provider_id=lead.id,
    )  # fmt: skip
    by = Actor(kind=ActorKind.USER, user=lead, role=Role.PROVIDER)
    plan = plans.start(db, factories.a_patient(db, here), request, now=now, by=by)
    db.commit()
    return plan


def chosen(page: str) -> dict[str, Any]:
    """What the form would post with the wished time of the second place chosen all the same."""
    chip = re.search(CHIP, page)
    assert chip, page
    return {**sent(page), "slot-2": [chip[1]]}


def test_a_date_is_booked_all_the_same_with_one_reason_for_the_set(
    db: Session, here: Clinic, plan: Plan, signed_in: SignIn
) -> None:
    charge = factories.a_user(db, here, Role.NURSE, is_charge_nurse=True)
    nurse, path = signed_in(user=charge, at=here), f"/plans/{plan.id}/series?{WISH}"
    page = nurse.get(path).text
    assert "Book although nurse cover is short" in page
    assert "it needs 0.5 of a nurse" in page
    form = chosen(page)
    unsaid = nurse.post(path, data=form)
    assert (unsaid.status_code, "All the same" in unsaid.text) == (422, True)
    assert 'href="#lift_words"' in unsaid.text
    again = sent(unsaid.text)
    assert again["slot-2"] == form["slot-2"]
    saved = nurse.post(path, data={**again, "lift_words": "Kim stays on."})
    assert saved.status_code == 303, saved.text
    db.rollback()
    rows = db.execute(sa.select(BookingOverride.kind, BookingOverride.words)).all()
    assert [tuple(row) for row in rows] == [(OverrideKind.COVER, "Kim stays on.")]
    assert db.scalar(sa.select(sa.func.count()).where(TreatmentSession.plan_id == plan.id)) == 3


def test_who_may_not_lift_a_rule_is_told_whom_to_ask_and_a_forged_choice_saves_nothing(
    db: Session, here: Clinic, plan: Plan, signed_in: SignIn
) -> None:
    desk, provider = signed_in(Role.FRONT_DESK, at=here), signed_in(Role.PROVIDER, at=here)
    path = f"/plans/{plan.id}/series?{WISH}"
    page = desk.get(path).text
    assert not re.search(CHIP, page)
    assert "A provider or the charge nurse can book this, with a reason." in page
    form = chosen(provider.get(path).text)
    forged = {**sent(page), "slot-2": form["slot-2"], "lift_words": "Please."}
    answer = desk.post(path, data=forged)
    assert (answer.status_code, "Your role does not include this." in answer.text) == (409, True)
    unknown = {**sent(page), "slot-2": [f"{form['slot-2'][0]}+chair"]}
    assert desk.post(path, data=unknown).status_code == 422
    db.rollback()
    assert db.scalar(sa.select(sa.func.count()).where(TreatmentSession.plan_id == plan.id)) == 0


def test_a_date_that_loses_its_nurse_meanwhile_is_refused_and_then_offered_all_the_same(
    db: Session, here: Clinic, plan: Plan, signed_in: SignIn
) -> None:
    provider, path = signed_in(Role.PROVIDER, at=here), f"/plans/{plan.id}/series?{WISH}"
    form = sent(provider.get(path).text)
    db.rollback()
    other, at = factories.a_patient(db, here, "Cy Dole"), datetime(2026, 12, 8, 18, tzinfo=UTC)
    factories.a_session(db, other, at, protocol=factories.a_protocol(db, "im"), chair=here.chairs[2])
    db.commit()
    answer = provider.post(path, data=form)
    assert (answer.status_code, "Not saved" in answer.text) == (409, True)
    chip = re.search(CHIP.replace("slot-2", "slot-3"), answer.text)
    assert chip
    data = {**sent(answer.text), "slot-3": [chip[1]], "lift_words": "Kim stays on."}
    assert provider.post(path, data=data).status_code == 303
