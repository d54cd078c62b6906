"""Assessments of risk and safety plans: who may, what they answer, what asks for one, and that they only grow."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertStatus, AlertTier
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.patients.risk import Disposition, RiskLevel, RiskReason, SafetyPlanPart
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Alert, AuditEntry, Clinic, Patient, RiskAssessment
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM, Actor
from clinic_sessions.services.patients import patient_conditions, risk
from clinic_sessions.services.patients.risk import NewAssessment
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal
from tests import factories

MINUTE = timedelta(minutes=1)
SIGNS, ASK = SafetyPlanPart.WARNING_SIGNS, SafetyPlanPart.PEOPLE_TO_ASK


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody who may be in danger."""
    return factories.a_patient(db, clinic)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    """A nurse of the clinic."""
    return a_person(db, clinic, Role.NURSE)


def a_person(db: Session, clinic: Clinic, role: Role) -> Actor:
    """Somebody of this role."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, role), role=role)


def a_finding(
    at: datetime, alert_id: int | None = None, disposition: Disposition = Disposition.HOME_WITH_PLAN
) -> NewAssessment:
    """What a clinician found."""
    return NewAssessment(
        level=RiskLevel.MODERATE, findings="Thoughts, no plan", disposition=disposition,
        words="Sister stays tonight; Kim calls tomorrow at nine", at=at, alert_id=alert_id,
    )  # fmt: skip


def an_alert(
    db: Session, patient: Patient, now: datetime, kind: AlertKind = AlertKind.SAFETY_ANSWER, key: str = "one"
) -> Alert:
    """An alert that nobody has answered."""
    return alerts.raise_alert(db, patient, kind, AlertTier.SAME_DAY, "Said", dedup_key=key, now=now, by=SYSTEM)


def test_an_assessment_acknowledges_the_alert_it_answers_and_never_closes_it(
    db: Session, patient: Patient, nurse: Actor, now: datetime
) -> None:
    alert = an_alert(db, patient, now - 5 * MINUTE)
    other = an_alert(db, patient, now - 5 * MINUTE, key="two")
    row = risk.assess(db, patient, a_finding(now, alert.id), now=now, by=nurse)
    assert (alert.status, other.status) == (AlertStatus.ACKNOWLEDGED, AlertStatus.OPEN)
    assert alert.events[-1].note == (
        "Risk assessed: moderate. Home, with the safety plan and someone to call. "
        "Sister stays tonight; Kim calls tomorrow at nine"
    )
    kept = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "risk_assessment")).one()
    assert (kept.entity_id, kept.patient_id) == (row.id, patient.id)
    risk.assess(db, patient, a_finding(now, alert.id), now=now, by=nurse)
    assert alert.status is AlertStatus.ACKNOWLEDGED


def test_only_clinicians_assess_and_never_ahead_of_time_nor_for_the_alert_of_another(
    db: Session, clinic: Clinic, patient: Patient, nurse: Actor, now: datetime
) -> None:
    desk = a_person(db, clinic, Role.FRONT_DESK)
    for by in (desk, SYSTEM):
        with pytest.raises(NotAllowed):
            risk.assess(db, patient, a_finding(now), now=now, by=by)
        with pytest.raises(NotAllowed):
            risk.write_plan(db, patient, {SIGNS: "Sleepless"}, seen=None, now=now, by=by)
    with pytest.raises(Refusal) as early:
        risk.assess(db, patient, a_finding(now + MINUTE), now=now, by=nurse)
    assert early.value.reasons == (RiskReason.NOT_YET,)
    other = factories.a_patient(db, clinic)
    for alert in (an_alert(db, other, now), an_alert(db, patient, now, AlertKind.DID_NOT_COME, "three")):
        with pytest.raises(Absent):
            risk.assess(db, patient, a_finding(now, alert.id), now=now, by=nurse)
    assert risk.assessments(db, patient.id) == []


def test_an_alert_tells_whether_the_risk_was_assessed_since(
    db: Session, patient: Patient, nurse: Actor, now: datetime
) -> None:
    before = risk.assess(db, patient, a_finding(now - 60 * MINUTE), now=now - 60 * MINUTE, by=nurse)
    alert, late = an_alert(db, patient, now - 5 * MINUTE), an_alert(db, patient, now, AlertKind.DID_NOT_COME, "late")
    assert risk.of_alerts(db, [alert, late]) == {alert.id: None}
    since = risk.assess(db, patient, a_finding(now - 5 * MINUTE), now=now, by=nurse)
    assert risk.of_alerts(db, [alert, late]) == {alert.id: since}
    assert [one.id for one in risk.assessments(db, patient.id)] == [since.id, before.id]


def test_acute_suicidal_ideation_among_the_conditions_asks_for_an_assessment_the_same_day(
    db: Session, clinic: Clinic, patient: Patient, nurse: Actor, now: datetime
) -> None:
    patient_conditions.add(db, patient, Condition.PTSD, "F43.10", now=now, by=nurse)
    assert risk.to_answer(db, patient.id) == []
    patient_conditions.add(db, patient, Condition.ACUTE_SUICIDAL_IDEATION, "R45.851", now=now, by=nurse)
    (alert,) = risk.to_answer(db, patient.id)
    assert (alert.kind, alert.tier) == (AlertKind.SAFETY_ANSWER, AlertTier.SAME_DAY)
    other = factories.a_patient(db, clinic)
    risk.assess(db, other, a_finding(now - 30 * MINUTE), now=now, by=nurse)
    patient_conditions.add(db, other, Condition.ACUTE_SUICIDAL_IDEATION, "R45.851", now=now, by=nurse)
    assert risk.to_answer(db, other.id) == []
    yesterday = factories.a_patient(db, clinic)
    risk.assess(db, yesterday, a_finding(now - timedelta(hours=20)), now=now, by=nurse)
    patient_conditions.add(db, yesterday, Condition.ACUTE_SUICIDAL_IDEATION, "R45.851", now=now, by=nurse)
    assert len(risk.to_answer(db, yesterday.id)) == 1


def test_the_newest_safety_plan_counts_and_none_is_written_over_one_unseen(
    db: Session, patient: Patient, nurse: Actor, now: datetime
) -> None:
    for empty in ({}, {SIGNS: ""}):
        with pytest.raises(Refusal) as refused:
            risk.write_plan(db, patient, empty, seen=None, now=now, by=nurse)
        assert refused.value.reasons == (RiskReason.PLAN_EMPTY,)
    first = risk.write_plan(db, patient, {SIGNS: "Sleepless", ASK: "Sister"}, seen=None, now=now, by=nurse)
    with pytest.raises(ChangedMeanwhile):
        risk.write_plan(db, patient, {SIGNS: "Alone"}, seen=None, now=now, by=nurse)
    second = risk.write_plan(db, patient, {SIGNS: "Alone"}, seen=first.id, now=now, by=nurse)
    assert [one.id for one in risk.plans(db, patient.id)] == [second.id, first.id]
    assert first.parts == {"warning_signs": "Sleepless", "people_to_ask": "Sister"}


def test_an_assessment_is_never_changed(db: Session, patient: Patient, nurse: Actor, now: datetime) -> None:
    row = risk.assess(db, patient, a_finding(now), now=now, by=nurse)
    db.commit()
    with pytest.raises(DatabaseError):
        db.execute(sa.update(RiskAssessment).where(RiskAssessment.id == row.id).values(level=RiskLevel.LOW))
    db.rollback()
