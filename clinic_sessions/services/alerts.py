"""Safety alerts: raised once an event, answered with a note, never silently closed."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import (
    ANSWER_WITHIN,
    AlertAction,
    AlertKind,
    AlertStatus,
    AlertTier,
    Forbidden,
    after,
)
from clinic_sessions.models import Alert, AlertEvent, AuditAction, Patient
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile


class AlertReason(StrEnum):
    ALREADY_ANSWERED = "already_answered"


def raise_alert(
    db: Session,
    patient: Patient,
    kind: AlertKind,
    tier: AlertTier,
    words: str,
    *,
    dedup_key: str,
    now: datetime,
    by: Actor,
    session_id: int | None = None,
    check_in_id: int | None = None,
) -> Alert:
    """Raise an alert, or give the one that stands for the same event (`dedup_key`)."""
    standing = db.scalar(sa.select(Alert).where(Alert.dedup_key == dedup_key))
    if standing is not None:
        return standing
    alert = Alert(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        session_id=session_id,
        check_in_id=check_in_id,
        kind=kind,
        tier=tier,
        dedup_key=dedup_key,
        words=words,
        raised_at=now,
        answer_by=now + ANSWER_WITHIN[tier],
        raised_by_id=by.user_id,
    )
    alert.events.append(AlertEvent(action=AlertAction.RAISE, at=now, by_id=by.user_id))
    db.add(alert)
    db.flush()
    audit.note(db, AuditAction.CREATE, "alert", alert.id, now=now, by=by, patient_id=patient.id)
    return alert


def answer(db: Session, alert: Alert, action: AlertAction, note: str, *, now: datetime, by: Actor) -> None:
    """Acknowledge or close an alert with a note; refuses with ChangedMeanwhile when someone else was first."""
    try:
        to = after(alert.status, action)
    except Forbidden:
        raise ChangedMeanwhile(AlertReason.ALREADY_ANSWERED) from None
    audit.note(
        db, AuditAction.CHANGE, "alert", alert.id,
        now=now, by=by, patient_id=alert.patient_id, changes={"status": [alert.status, to]},
    )  # fmt: skip
    alert.status = to
    alert.events.append(AlertEvent(action=action, at=now, by_id=by.user_id, note=note))
    db.flush()


def open_count(db: Session, clinic_id: int) -> int:
    """Count the alerts of a clinic that nobody has acknowledged."""
    query = sa.select(sa.func.count()).select_from(Alert)
    return db.scalar(query.where(Alert.clinic_id == clinic_id, Alert.status == AlertStatus.OPEN)) or 0


def load(db: Session, alert_id: int, clinic_ids: list[int]) -> Alert:
    """Load an alert of one of the clinics; raises Absent otherwise."""
    alert = db.scalar(sa.select(Alert).where(Alert.id == alert_id, Alert.clinic_id.in_(clinic_ids)))
    if alert is None:
        raise Absent
    return alert
