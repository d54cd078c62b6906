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
    """Raise an alert about `event` of a session, or add it to the one of its kind that nobody has acknowledged yet."""
    for waiting in _waiting(db, treatment, kind, [AlertStatus.OPEN]):
        alerts.add(db, waiting, tier, words, now=now, by=by)
        return waiting
    key = f"session:{treatment.id}:{kind.value}:{event}"
    return alerts.raise_alert(
        db, treatment.patient, kind, tier, words, dedup_key=key, now=now, by=by, session_id=treatment.id
    )


def take_back(db: Session, treatment: TreatmentSession, kind: AlertKind, *, now: datetime, by: Actor) -> None:
    """Say on the alert about an ending that it was taken back; it stays for a note, and nobody calls at once for it."""
    text = f"Taken back: {said.say(kind).lower()}. The patient is as before."
    for alert in _waiting(db, treatment, kind, [AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED]):
        alerts.add(db, alert, AlertTier.SAME_DAY, text, now=now, by=by)


def _waiting(
    db: Session, treatment: TreatmentSession, kind: AlertKind, statuses: Sequence[AlertStatus]
) -> Sequence[Alert]:
    """Load and lock, so that nobody answers what is being added to."""
    query = sa.select(Alert).where(
        Alert.session_id == treatment.id, Alert.kind == kind, Alert.status.in_(statuses)
    )  # fmt: skip
    locked = query.order_by(Alert.id).with_for_update(of=Alert)
    return db.scalars(locked.execution_options(populate_existing=True)).all()


def outside_rules(
    db: Session, treatment: TreatmentSession, reasons: Sequence[str], event: str, *, now: datetime, by: Actor
) -> Alert:
    """Give the provider the task of looking at something that happened against the rules, with every reason."""
    text = " ".join(said.say_outside(reason) for reason in reasons)
    return tell(db, treatment, AlertKind.OUTSIDE_RULES, AlertTier.SAME_DAY, text, event, now=now, by=by)
