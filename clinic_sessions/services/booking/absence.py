"""When a clinician, and nobody else, calls a patient who did not come."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import words
from clinic_sessions.domain.alerts import AlertAction, AlertKind, AlertStatus, AlertTier
from clinic_sessions.domain.scheduling import absence
from clinic_sessions.domain.scheduling.absence import CallReason
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Alert, StatusChange, TreatmentSession
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.session import session_alerts

_DID_NOT_TAKE_PLACE = frozenset(
    {Status.HELD, Status.LAPSED, Status.CANCELLED, Status.DID_NOT_COME, Status.DID_NOT_GO_AHEAD}
)
_SAID = {Status.DID_NOT_COME: "Did not come. Call today.", Status.CANCELLED: "Cancelled late, on the day. Call today."}
_UNDONE = "What raised this was undone: the patient is expected again."


def tell_clinician(db: Session, treatment: TreatmentSession, change: StatusChange, *, now: datetime, by: Actor) -> bool:
    """Raise the alert that has a clinician call today, when `absence.why_call` has a reason; says whether it did."""
    reasons = why_call(db, treatment, now)
    if not reasons:
        return False
    text = " ".join([_SAID[change.to_status], *(words.say(reason) for reason in reasons)])
    kind, tier, event = AlertKind.DID_NOT_COME, AlertTier.SAME_DAY, f"change:{change.id}"
    session_alerts.tell(db, treatment, kind, tier, text, event, now=now, by=by)
    return True


def why_call(db: Session, treatment: TreatmentSession, now: datetime) -> list[CallReason]:
    """List why a clinician is to call the patient of a session that did not take place."""
    return absence.why_call(
        at=now,
        starts_at=treatment.starts_at,
        last_alert_at=_last_alert_at(db, treatment),
        place=treatment.place_in_plan,
        series_began_at=_series_began_at(db, treatment),
    )


def call_of(db: Session, treatment: TreatmentSession) -> Alert | None:
    """Give the alert that has a clinician call about a session, until it is closed: so long nobody else calls."""
    query = sa.select(Alert).where(
        Alert.patient_id == treatment.patient_id,
        Alert.session_id == treatment.id,
        Alert.kind == AlertKind.DID_NOT_COME,
        Alert.status != AlertStatus.CLOSED,
    )
    return db.scalar(query.order_by(Alert.id.desc()).limit(1))


def withdraw_call(db: Session, treatment: TreatmentSession, *, now: datetime, by: Actor) -> None:
    """Close the alert of a session that is to be again, with a note; one that somebody has taken on stays theirs."""
    alert = call_of(db, treatment)
    if alert is None or alert.status is not AlertStatus.OPEN:
        return
    for action in (AlertAction.ACKNOWLEDGE, AlertAction.CLOSE):
        alerts.answer(db, alert, action, _UNDONE, seen=alert.version, now=now, by=by)


def _last_alert_at(db: Session, treatment: TreatmentSession) -> datetime | None:
    another = sa.or_(Alert.kind != AlertKind.DID_NOT_COME, Alert.session_id.is_(None), Alert.session_id != treatment.id)
    last = sa.func.max(Alert.raised_at, type_=Alert.raised_at.type)
    return db.scalar(sa.select(last).where(Alert.patient_id == treatment.patient_id, another))


def _series_began_at(db: Session, treatment: TreatmentSession) -> datetime | None:
    if treatment.plan_id is None:
        return None
    first = sa.func.min(TreatmentSession.starts_at, type_=TreatmentSession.starts_at.type)
    began = db.scalar(
        sa.select(first).where(
            TreatmentSession.plan_id == treatment.plan_id, TreatmentSession.status.not_in(_DID_NOT_TAKE_PLACE)
        )
    )
    return min(began, treatment.starts_at) if began else treatment.starts_at
