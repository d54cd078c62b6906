"""The pages of the urgent path: who may, what is refused, and that they lead on without skipping a gate."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertStatus, AlertTier
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.models import Alert, Clinic, Patient, ProtocolVersion, RiskAssessment, SafetyPlan
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM
from tests import factories, plans
from tests.conftest import SignIn, Visitor

KEY = "a-form-key-of-a-test"
TYPED = {
    "level": "high", "findings": "Plan and means", "disposition": "emergency_department", "words": "Sister drives them",
    "day": "11/23/2026", "wall": "10:00 am",
}  # fmt: skip


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody who may be in danger, with no paper on file."""
    made = factories.a_patient(db, clinic, papers=False)
    db.commit()
    return made


@pytest.fixture
def alert(db: Session, patient: Patient, now: datetime) -> Alert:
    """An alert that nobody has answered."""
    made = alerts.raise_alert(
        db, patient, AlertKind.SAFETY_ANSWER, AlertTier.SAME_DAY, "Said <so>", dedup_key="one", now=now, by=SYSTEM
    )
    db.commit()
    return made


def _assess(browser: Visitor, patient: Patient, **changed: Any) -> Any:
    return browser.post(f"/patients/{patient.id}/risk", data={**TYPED, "form_key": KEY, **changed})


def test_an_assessment_is_recorded_once_and_the_alert_says_so(
    db: Session, patient: Patient, alert: Alert, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/patients/{patient.id}/risk?alert={alert.id}"
    for page in ("/alerts", f"/alerts/{alert.id}"):
        shown = nurse.get(page).text
        assert "No risk assessment since" in shown
        assert path in shown
    page = nurse.get(path).text
    assert "Said &lt;so&gt;" in page
    assert "<title>Risk ·" in page
    assert "Call 911 now if the danger is immediate." in page
    for _ in range(2):
        assert _assess(nurse, patient, alert=str(alert.id)).status_code == 303
    db.rollback()
    assert db.scalars(sa.select(RiskAssessment.alert_id)).all() == [alert.id]
    assert db.get_one(Alert, alert.id).status is AlertStatus.ACKNOWLEDGED
    page = nurse.get(f"/patients/{patient.id}/risk").text
    assert "Risk high" in page
    assert "Stay with the patient, or on the phone, until someone else has taken over." in page
    assert "Risk assessed Mon Nov 23, 10:00 am" in nurse.get(f"/alerts/{alert.id}").text
    assert _assess(nurse, patient, findings="Other").status_code == 409


@pytest.mark.parametrize(
    ("decided", "leads"),
    [("sooner_visit", "Look for a sooner visit"), ("home_with_plan", "No safety plan is on file")],
)
def test_what_was_decided_leads_on_to_what_it_asks_for(
    patient: Patient, signed_in: SignIn, decided: str, leads: str
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/patients/{patient.id}/risk"
    assert leads not in nurse.get(path).text.split("Assess now")[0]
    assert _assess(nurse, patient, disposition=decided).status_code == 303
    assert leads in nurse.get(path).text.split("Assess again")[0]


def test_bad_input_keeps_what_was_typed(db: Session, patient: Patient, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    for changed, said in (
        ({"level": ""}, "Choose how high the risk is."),
        ({"disposition": "x"}, "Choose what was decided."),
        ({"words": " "}, "Write what was agreed, with whom, and who follows up when."),
        ({"wall": "25:00"}, "Sister drives them"),
        ({"form_key": ""}, "open for too long"),
    ):
        answer = _assess(nurse, patient, **changed)
        assert answer.status_code == 422
        assert said in answer.text
        assert "Plan and means" in answer.text
    late = _assess(nurse, patient, wall="10:01 am")
    assert late.status_code == 409
    assert "This time has not come yet." in late.text
    assert _assess(nurse, patient, alert="999").status_code == 404
    assert db.scalars(sa.select(RiskAssessment.id)).all() == []


def test_a_safety_plan_is_saved_and_not_over_one_that_was_not_seen(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/risk/safety-plan"
    assert nurse.post(path, data={"form_key": KEY, "own_ways": " "}).status_code == 422
    assert nurse.post(path, data={"form_key": KEY, "own_ways": "A walk"}).status_code == 303
    stale = nurse.post(path, data={"form_key": f"{KEY}-2", "own_ways": "A bath"})
    assert stale.status_code == 409
    assert "Someone wrote another plan meanwhile." in stale.text
    assert "A walk" in stale.text
    assert "A bath" in stale.text
    db.rollback()
    seen = db.scalars(sa.select(SafetyPlan.id)).one()
    assert f'value="{seen}"' in stale.text
    db.rollback()
    again = {"form_key": f"{KEY}-3", "own_ways": "A bath", "seen": str(seen)}
    assert nurse.post(path, data=again).status_code == 303
    page = nurse.get(f"/patients/{patient.id}/risk").text
    assert "Earlier plans (1)" in page


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.AUDITOR, Role.OWNER])
def test_nobody_but_clinicians_reads_or_writes_it(patient: Patient, signed_in: SignIn, role: Role) -> None:
    browser = signed_in(role)
    assert browser.get(f"/patients/{patient.id}/risk").status_code == 403
    assert _assess(browser, patient).status_code == 403
    assert browser.post(f"/patients/{patient.id}/risk/safety-plan", data={"own_ways": "A walk"}).status_code == 403


def test_a_patient_of_another_clinic_is_not_found(db: Session, patient: Patient, signed_in: SignIn) -> None:
    other = factories.a_clinic(db)
    browser = signed_in(Role.NURSE, at=other)
    for path in ("risk", "urgent"):
        assert browser.get(f"/patients/{patient.id}/{path}").status_code == 404
    assert _assess(browser, patient).status_code == 404


def test_the_condition_opens_the_assessment(db: Session, patient: Patient, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    sent = {"chosen": "acute_suicidal_ideation:R45.851"}
    assert nurse.post(f"/patients/{patient.id}/conditions", data=sent).status_code == 303
    db.rollback()
    assert db.scalars(sa.select(Alert.kind)).all() == [AlertKind.SAFETY_ANSWER]


def test_the_soonest_times_show_what_is_missing_to_the_front_desk_without_clinical_words(
    db: Session, patient: Patient, alert: Alert, signed_in: SignIn
) -> None:
    at_desk, treating, auditing = (signed_in(one) for one in (Role.FRONT_DESK, Role.PROVIDER, Role.AUDITOR))
    desk = at_desk.get(f"/patients/{patient.id}/urgent").text
    assert "Cannot be booked yet" in desk
    assert "On shift now at" in desk
    assert "Book an evaluation" in desk
    assert "988, call or text" in desk
    for hidden in ("Said &lt;so&gt;", "An alert waits", "Safety plan", f"/patients/{patient.id}/risk"):
        assert hidden not in desk
    provider = treating.get(f"/patients/{patient.id}/urgent").text
    assert "An alert waits: we look at it by" in provider
    assert f"/patients/{patient.id}/clearance/" in provider
    assert f"/patients/{patient.id}/consents/new?" in provider
    assert f"/patients/{patient.id}/orders/new?" in provider
    assert "<title>Soonest visit" in provider
    assert auditing.get(f"/patients/{patient.id}/urgent").status_code == 403


def test_a_slot_leads_to_the_booking_with_its_time_chosen_also_at_another_site(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    east = factories.a_clinic(db, "America/New_York", name="East")
    patient = factories.a_patient(db, clinic)
    patient.other_clinics = [east]
    user = factories.a_user(db, clinic, Role.FRONT_DESK)
    user.clinics = [clinic, east]
    key = factories.a_protocol(db).id
    browser = signed_in(user=user)
    page = browser.get(f"/patients/{patient.id}/urgent?what={key}").text
    assert "Mon Nov 23, 1:00 pm" in page
    assert "Mon Nov 23, 10:00 am" in page
    west_path = next(part.split('"')[0] for part in page.split('href="') if part.startswith("/sessions/new?patient"))
    chosen = browser.get(west_path.replace("&amp;", "&")).text
    assert f'value="{clinic.chairs[1].id}@2026-11-23T18:00Z" checked' in chosen
    path = next(
        part.split('"')[0] for part in page.split('name="next" value="')[1:] if part.startswith("/sessions/new")
    )
    gone = browser.post("/site", data={"clinic": str(east.id), "next": path.replace("&amp;", "&")})
    assert gone.status_code == 303
    booking = browser.get(gone.location).text
    assert "At East" in booking
    assert "2026-11-23T18:00Z" in booking


def test_a_session_that_is_booked_leads_to_a_sooner_time(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic)
    standing = factories.a_session(db, patient, now + timedelta(days=7))
    browser = signed_in(Role.FRONT_DESK)
    page = browser.get(f"/patients/{patient.id}/urgent").text
    assert f"/sessions/{standing.id}/move?from=2026-11-23" in page


def test_an_evaluation_is_offered_first_when_nothing_else_can_be_booked_and_beside_usual_days(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic, papers=False, days_wanted=[3], notice_hours=48)
    browser = signed_in(Role.FRONT_DESK)
    page = browser.get(f"/patients/{patient.id}/urgent").text
    assert page.index("Soonest evaluations") < page.index("Soonest times for a treatment")
    path = next(part.split('"')[0] for part in page.split('href="') if part.startswith("/visits/new?patient"))
    assert "2026-11-23T18:00Z" in browser.get(path.replace("&amp;", "&")).text


@pytest.mark.parametrize("what", ["", "?what=1", "?what=1-999", "?what=x"])
def test_while_every_plan_is_paused_an_evaluation_is_still_offered(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn, what: str
) -> None:
    patient = factories.a_patient(db, clinic)
    keys = set(db.scalars(sa.select(ProtocolVersion.key)))
    for key in sorted(keys):
        plans.a_plan(db, patient, now, protocol=key).status = PlanStatus.PAUSED
    page = signed_in(Role.FRONT_DESK).get(f"/patients/{patient.id}/urgent{what}")
    assert page.status_code == 200
    assert page.text.count("the plan is paused. A provider resumes it") == len(keys)
    assert "Nothing can be booked." in page.text
    assert "Book an evaluation" in page.text


def test_a_paused_plan_is_named_and_what_is_asked_in_its_place_falls_back_to_what_can_be_booked(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic)
    plan = plans.a_plan(db, patient, now, protocol="iv-mood")
    plan.status = PlanStatus.PAUSED
    asked = f"{plan.protocol_version_id}-{plan.id}"
    db.commit()
    page = signed_in(Role.FRONT_DESK).get(f"/patients/{patient.id}/urgent?what={asked}").text
    assert f'href="/plans/{plan.id}"' in page
    assert f"&amp;what={asked}" not in page
    assert "Any treatment</a>" in page.split('aria-current="true"')[-1]
