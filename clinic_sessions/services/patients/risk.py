"""Suicide risk: what a clinician found and decided, and the safety plan. Both only grow; the newest counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.alerts import AlertAction, AlertKind, AlertStatus, AlertTier
from clinic_sessions.domain.patients.risk import Disposition, RiskLevel, RiskReason, SafetyPlanPart
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.domain.words import say
from clinic_sessions.models import Alert, AuditAction, Clinic, Patient, RiskAssessment, SafetyPlan
from clinic_sessions.services import alerts, audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal

ABOUT = frozenset({AlertKind.SAFETY_ANSWER, AlertKind.HELP_WANTED})
"""The alerts that ask for an assessment the same day."""

ANSWERED = frozenset({AlertKind.SAFETY_ANSWER})
"""The alerts that an assessment acknowledges: its words are the note."""


@dataclass(frozen=True, kw_only=True)
class NewAssessment:
    """What a clinician found and decided. `words`: what was agreed, with whom, and who follows up when."""

    level: RiskLevel
    findings: str
    disposition: Disposition
    words: str
    at: datetime
    alert_id: int | None = None


def assess(db: Session, patient: Patient, new: NewAssessment, *, now: datetime, by: Actor) -> RiskAssessment:
    """Record an assessment; load the patient `to_change` first. An open alert that it answers is acknowledged by it.

    Refuses with NotAllowed for who may not, NOT_YET for a time to come; raises Absent for an alert that is not about
    this patient's safety. Closing the alert stays a step of its own.
    """
    _check(by)
    if new.at > now:
        raise Refusal(RiskReason.NOT_YET)
    alert = _alert(db, patient, new.alert_id) if new.alert_id is not None else None
    row = RiskAssessment(patient_id=patient.id, recorded_at=now, by_id=by.user_id, **vars(new))
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "risk_assessment", row.id,
        now=now, by=by, patient_id=patient.id, changes={"disposition": [None, row.disposition]},
    )  # fmt: skip
    if alert is not None and alert.status is AlertStatus.OPEN:
        alerts.answer(db, alert, AlertAction.ACKNOWLEDGE, _note(new), seen=alert.version, now=now, by=by)
    return row


def _alert(db: Session, patient: Patient, alert_id: int) -> Alert:
    query = sa.select(Alert).where(Alert.id == alert_id, Alert.patient_id == patient.id, Alert.kind.in_(ANSWERED))
    found = db.scalar(query.with_for_update().execution_options(populate_existing=True))
    if found is None:
        raise Absent
    return found


def _note(new: NewAssessment) -> str:
    return f"Risk assessed: {say(new.level).lower()}. {say(new.disposition)}. {new.words}"


def write_plan(
    db: Session, patient: Patient, parts: Mapping[SafetyPlanPart, str], *, seen: int | None, now: datetime, by: Actor
) -> SafetyPlan:
    """Write a safety plan, which counts from now on; load the patient `to_change` first.

    `seen`: the plan that the person looked at. Refuses with NotAllowed, PLAN_EMPTY, and with PLAN_CHANGED when another
    one counts by now.
    """
    _check(by)
    kept = {part.value: parts[part] for part in SafetyPlanPart if parts.get(part)}
    if not kept:
        raise Refusal(RiskReason.PLAN_EMPTY)
    if seen != db.scalar(sa.select(sa.func.max(SafetyPlan.id)).where(SafetyPlan.patient_id == patient.id)):
        raise ChangedMeanwhile(RiskReason.PLAN_CHANGED)
    row = SafetyPlan(patient_id=patient.id, parts=kept, at=now, by_id=by.user_id)
    db.add(row)
    db.flush()
    audit.note(db, AuditAction.CREATE, "safety_plan", row.id, now=now, by=by, patient_id=patient.id)
    return row


def _check(by: Actor) -> None:
    if by.user is None or not by.user.may(Permission.ASSESS_RISK):
        raise NotAllowed(RiskReason.NOT_ALLOWED)


def assessments(db: Session, patient_id: int) -> Sequence[RiskAssessment]:
    """List a patient's assessments, the newest first."""
    query = sa.select(RiskAssessment).where(RiskAssessment.patient_id == patient_id)
    query = query.options(joinedload(RiskAssessment.by))
    return db.scalars(query.order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())).all()


def plans(db: Session, patient_id: int) -> Sequence[SafetyPlan]:
    """List a patient's safety plans, the newest first: that one counts."""
    query = sa.select(SafetyPlan).where(SafetyPlan.patient_id == patient_id).options(joinedload(SafetyPlan.by))
    return db.scalars(query.order_by(SafetyPlan.id.desc())).all()


def to_answer(db: Session, patient_id: int) -> Sequence[Alert]:
    """List the alerts of a patient that an assessment may answer and that are not closed, the newest first."""
    query = sa.select(Alert).where(
        Alert.patient_id == patient_id, Alert.kind.in_(ANSWERED), Alert.status != AlertStatus.CLOSED
    )
    return db.scalars(query.order_by(Alert.id.desc())).all()


def of_alerts(db: Session, listed: Sequence[Alert]) -> Mapping[int, RiskAssessment | None]:
    """Give, by id of each alert that asks for one, the newest assessment made for it or since; one query.

    None: nobody has assessed the risk since the alert was raised. Other kinds of alerts are left out.
    """
    asking = [alert for alert in listed if alert.kind in ABOUT]
    if not asking:
        return {}
    query = sa.select(RiskAssessment).where(
        RiskAssessment.patient_id.in_({alert.patient_id for alert in asking}),
        RiskAssessment.recorded_at >= min(alert.raised_at for alert in asking),
    )
    rows = db.scalars(query.options(joinedload(RiskAssessment.by)).order_by(RiskAssessment.at, RiskAssessment.id)).all()
    return {
        alert.id: max((row for row in rows if _answers(row, alert)), key=lambda row: (row.at, row.id), default=None)
        for alert in asking
    }


def _answers(row: RiskAssessment, alert: Alert) -> bool:
    """Say whether an assessment was made for an alert or since; people write times to the minute."""
    since = row.patient_id == alert.patient_id and row.at >= alert.raised_at.replace(second=0, microsecond=0)
    return since or row.alert_id == alert.id


def ask_for(db: Session, patient: Patient, about: str, words: str, *, now: datetime, by: Actor) -> Alert | None:
    """Open the assessment of a patient's risk: an alert of the same day, once for `about`, such as `condition:17`.

    None when a clinician has assessed the risk on this day of the patient's clinic.
    """
    clinic = db.get_one(Clinic, patient.clinic_id)
    today = day_span(local_day(now, clinic.zone), clinic.zone)
    query = sa.select(RiskAssessment.id).where(
        RiskAssessment.patient_id == patient.id, RiskAssessment.at >= today.starts_at
    )
    if db.scalar(query.limit(1)) is not None:
        return None
    return alerts.raise_alert(
        db, patient, AlertKind.SAFETY_ANSWER, AlertTier.SAME_DAY, words,
        dedup_key=f"risk:{about}", now=now, by=by,
    )  # fmt: skip
