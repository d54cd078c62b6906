"""An assessment of risk and safety plans of the demo: of the patient who was in danger and was called."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing
from clinic_sessions.domain.alerts import AlertKind, AlertStatus
from clinic_sessions.domain.patients.risk import Disposition, RiskLevel, SafetyPlanPart
from clinic_sessions.models import Alert
from clinic_sessions.services.patients import risk
from clinic_sessions.services.patients.risk import NewAssessment

_FIRST = {
    SafetyPlanPart.WARNING_SIGNS: "Not sleeping two nights in a row",
    SafetyPlanPart.OWN_WAYS: "Walk along the harbor, music",
    SafetyPlanPart.PROFESSIONALS: "988, call or text. 911 if life may be in danger.",
}
_SECOND = {
    **_FIRST,
    SafetyPlanPart.PLACES_AND_PEOPLE: "The choir on Thursdays",
    SafetyPlanPart.PEOPLE_TO_ASK: "Sister, who lives ten minutes away",
    SafetyPlanPart.SAFER_PLACE: "Sister keeps the tablets",
}
_FOUND = "Thoughts in the evening, without plan or intent. Sleeps badly since Monday. Protective: sister, choir."
_AGREED = "Sister stays over the weekend. Dr. Adler calls on Monday at nine; the therapist knows."


def assess_one(db: Session, staff: Staffing, now: datetime) -> None:
    """Assess whoever's answer to a safety question was acknowledged last, and write their plan, once anew."""
    query = sa.select(Alert).where(Alert.kind == AlertKind.SAFETY_ANSWER, Alert.status == AlertStatus.ACKNOWLEDGED)
    alert = db.scalars(query.order_by(Alert.id.desc()).limit(1)).first()
    if alert is None:
        return
    at, by = min(alert.raised_at + timedelta(minutes=25), now), staff.providers[0]
    first = risk.write_plan(db, alert.patient, _FIRST, seen=None, now=at - timedelta(days=30), by=by)
    risk.write_plan(db, alert.patient, _SECOND, seen=first.id, now=at, by=by)
    found = NewAssessment(
        level=RiskLevel.MODERATE, findings=_FOUND, disposition=Disposition.HOME_WITH_PLAN, words=_AGREED,
        at=at, alert_id=alert.id,
    )  # fmt: skip
    risk.assess(db, alert.patient, found, now=at, by=by)
