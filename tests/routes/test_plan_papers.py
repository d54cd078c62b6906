"""The pages of checks and authorizations: what is typed is kept once, bad input is said beside its field."""

import re
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import Authorisation, Clinic, Enrolment, Finding, MonitoringCheck, Patient, Plan
from tests import factories
from tests.conftest import SignIn
from tests.plans import a_plan


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic, papers=False)


@pytest.fixture
def plan(db: Session, patient: Patient, now: datetime) -> Plan:
    return a_plan(db, patient, now)


def hidden(page: str, action: str) -> dict[str, str]:
    """What the form that posts to an address sends unseen."""
    form = page[page.index(f'action="{action}"') :]
    found = {}
    for tag in re.findall(r"<input [^>]+>", form[: form.index("</form>")]):
        told = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if told.get("type") == "hidden" and told["name"] != "csrf_token":
            found[told["name"]] = told.get("value", "")
    return found


def count(db: Session, table: Any) -> int:
    db.rollback()
    return db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_finding_a_check_and_an_enrollment_are_kept_once_and_read_back(
    db: Session, plan: Plan, patient: Patient, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/checks"
    page = nurse.get(path).text
    assert "Not enrolled." in page
    assert "Check due" in page
    assert page.count("No baseline yet") == 3
    typed = {
        "findings": {"finding-kind": "liver_tests", "finding-result": "abnormal", "finding-day": "11/2/2026"},
        "monitoring": {"monitoring-day": "11/20/2026", "monitoring-wall": "9:00 am"},
        "enrolments": {"enrolment-day": "11/2/2026", "enrolment-number": "E-77"},
    }
    bad = {
        "findings": "Say in words what was not normal.", "monitoring": "Say what was seen.", "enrolments": None,
    }  # fmt: skip
    more = {
        "findings": {"finding-words": "ALT 140"}, "monitoring": {"monitoring-seen": "nothing_unexpected"},
        "enrolments": {},
    }  # fmt: skip
    for part, fields in typed.items():
        sent = {**hidden(page, f"{path}/{part}"), **fields}
        if said := bad[part]:
            answer = nurse.post(f"{path}/{part}", data=sent)
            assert answer.status_code == 422
            assert said in answer.text
        for _ in range(2):
            assert nurse.post(f"{path}/{part}", data={**sent, **more[part]}).status_code == 303
    assert [count(db, table) for table in (Finding, MonitoringCheck, Enrolment)] == [1, 1, 1]
    page = nurse.get(path).text
    for said in ("ALT 140", "E-77", "Nothing unexpected", "Abnormal"):
        assert said in page
    finding = db.scalars(sa.select(Finding.id)).one()
    db.rollback()
    here = f"{path}/findings/{finding}"
    page = nurse.get(here).text
    mended = {
        **hidden(page, here), "finding-kind": "liver_tests", "finding-result": "normal", "finding-day": "11/2/2026",
    }  # fmt: skip
    assert nurse.post(here, data=mended).status_code == 303
    assert "Corrected" in nurse.get(path).text
    again = nurse.post(here, data={**mended, "finding-form_key": "x" * 24})
    assert again.status_code == 409
    assert "Someone has corrected this already." in again.text


def test_enrollment_is_put_forward_only_where_something_of_the_patient_asks_for_it(
    db: Session, clinic: Clinic, now: datetime, plan: Plan, patient: Patient, signed_in: SignIn
) -> None:
    folded = '<summary class="button button-quiet target">Esketamine program (REMS)</summary>'
    nurse = signed_in(Role.NURSE)
    page = nurse.get(f"/patients/{patient.id}/checks").text
    assert folded in page
    path = f"/patients/{patient.id}/checks/enrolments"
    sent = {**hidden(page, path), "enrolment-day": "11/2/2099"}
    late = nurse.post(path, data=sent)
    assert late.status_code == 422
    assert f'<details class="card" open>{folded}' in late.text
    db.rollback()
    other = factories.a_patient(db, clinic, papers=False)
    factories.a_session(db, other, now, protocol=factories.a_protocol(db, "in-esketamine"))
    db.commit()
    page = nurse.get(f"/patients/{other.id}/checks").text
    assert folded not in page
    assert "Not enrolled" in page


def test_something_to_note_asks_for_words_beside_the_field(patient: Patient, signed_in: SignIn) -> None:
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/checks"
    sent = hidden(nurse.get(path).text, f"{path}/monitoring")
    noted = {**sent, "monitoring-day": "11/20/2026", "monitoring-wall": "9 am", "monitoring-seen": "something"}
    asked = nurse.post(f"{path}/monitoring", data=noted)
    assert asked.status_code == 422
    assert "Say in words what is to note." in asked.text
    assert nurse.post(f"{path}/monitoring", data={**noted, "monitoring-words": "Two prescribers"}).status_code == 303


def test_an_enrollment_is_ended_and_stays_readable(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic)
    enrolment = db.scalars(sa.select(Enrolment.id)).one()
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/checks"
    end = f"{path}/enrolments/{enrolment}/end"
    sent = hidden(nurse.get(path).text, end)
    assert nurse.post(end, data=sent).status_code == 303
    assert "Ended" in nurse.get(path).text
    assert nurse.post(end, data={"form_key": "y" * 24}).status_code == 409


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER])
def test_checks_are_for_clinicians(role: Role, patient: Patient, signed_in: SignIn) -> None:
    visitor, path = signed_in(role), f"/patients/{patient.id}/checks"
    assert visitor.get(path).status_code == 403
    for part in ("findings", "monitoring", "enrolments", "enrolments/1/end", "findings/1"):
        assert visitor.post(f"{path}/{part}", data={"form_key": "z" * 24}).status_code == 403


def test_the_desk_keeps_an_authorization_and_says_what_was_assigned_and_that_it_is_here(
    db: Session, plan: Plan, patient: Patient, signed_in: SignIn
) -> None:
    plan_id, desk = plan.id, signed_in(Role.FRONT_DESK)
    path = f"/plans/{plan_id}/authorisations"
    page = desk.get(path).text
    typed = {
        **hidden(page, path), "payer": "Bay Health", "number": "A-9", "valid_from": "11/1/2026",
        "valid_until": "10/1/2026", "sessions_allowed": "6",
    }  # fmt: skip
    bad = desk.post(path, data=typed)
    assert bad.status_code == 422
    assert "The last day is before the first." in bad.text
    assert 'value="Bay Health"' in bad.text
    for _ in range(2):
        assert desk.post(path, data={**typed, "valid_until": "12/31/2026"}).status_code == 303
    assert count(db, Authorisation) == 1
    page = desk.get(path).text
    assert "0 of 6 used" in page
    product = f"/plans/{plan_id}/product"
    sent = hidden(page, product)
    stock = desk.post(product, data={**sent, "product-source": "clinic_stock", "product-words": "Kit 4471"})
    assert stock.status_code == 422
    assigned = {**sent, "product-source": "assigned", "product-words": "Kit 4471"}
    assert desk.post(product, data=assigned).status_code == 303
    shown = desk.get(f"/plans/{plan_id}").text
    assert "Kit 4471" in shown
    assert "Not arrived" in shown
    booking = desk.get(f"/sessions/new?patient={patient.id}&what={plan.protocol_version_id}-{plan_id}").text
    assert "What was assigned to this patient has not arrived." in booking
    late = desk.post(product, data={**assigned, "product-form_key": "v" * 24, "product-arrived_on": "11/2/2026"})
    assert late.status_code == 409
    sent = hidden(desk.get(path).text, product)
    arrived = {**sent, "product-source": "assigned", "product-words": "Kit 4471", "product-arrived_on": "11/2/2026"}
    assert desk.post(product, data=arrived).status_code == 303
    assert "Not arrived" not in desk.get(f"/plans/{plan_id}").text
    ending = re.search(rf'action="({path}/\d+/end)"', desk.get(path).text)
    assert ending
    assert desk.post(ending[1], data=hidden(desk.get(path).text, ending[1])).status_code == 303
    assert "Counts no more" in desk.get(path).text


def test_an_owner_sees_authorizations_and_changes_none(plan: Plan, signed_in: SignIn) -> None:
    owner, path = signed_in(Role.OWNER), f"/plans/{plan.id}/authorisations"
    assert "Add an authorization" not in owner.get(path).text
    assert owner.post(path, data={"form_key": "w" * 24}).status_code == 403
    assert owner.post(f"/plans/{plan.id}/product", data={"form_key": "w" * 24}).status_code == 403
