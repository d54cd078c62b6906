"""Alerts that the record of a session raises: each told once while someone has yet to see it."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import words as said
from clinic_sessions.domain.alerts import AlertKind, AlertStatus, AlertTier
from clinic_sessions.models import Alert, TreatmentSession
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor


def tell(
    db: Session,
    treatment: TreatmentSession,
    kind: AlertKind,
    tier: AlertTier,
    words: str,
    event: str,
    *,
    now: datetime,
    by: Actor,
) -> Alert:
    """Raise an alert about `event` of a session, or give the one of its kind that nobody has acknowledged yet."""
    query = sa.select(Alert).where(
        Alert.session_id == treatment.id, Alert.kind == kind, Alert.status == AlertStatus.OPEN
    )
    if (waiting := db.scalars(query.order_by(Alert.id)).first()) is not None:
        return waiting
    key = f"session:{treatment.id}:{kind.value}:{event}"
    return alerts.raise_alert(
        db, treatment.patient, kind, tier, words, dedup_key=key, now=now, by=by, session_id=treatment.id
    )


def outside_rules(
    db: Session, treatment: TreatmentSession, reasons: Sequence[str], event: str, *, now: datetime, by: Actor
) -> Alert:
    """Give the provider the task of looking at something that happened against the rules, with every reason."""
    text = " ".join(said.say_outside(reason) for reason in reasons)
    return tell(db, treatment, AlertKind.OUTSIDE_RULES, AlertTier.SAME_DAY, text, event, now=now, by=by)
