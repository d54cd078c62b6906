"""The demo's calls after serious side effects: those of long ago were made, one told by phone this morning is owed."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing
from clinic_sessions.domain.alerts import AlertAction
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.session.side_effects import Grade, Seriousness, SideEffectKind
from clinic_sessions.models import Alert, FollowUp, TreatmentSession
from clinic_sessions.services import alerts
from clinic_sessions.services.effects import follow_ups, side_effects
from clinic_sessions.services.effects.side_effects import Noticed

_MADE_AFTER, _GONE_FOR = timedelta(hours=21), timedelta(hours=12)
_BEGAN_AFTER, _TOLD_BEFORE, _SEEN_AFTER = timedelta(hours=3), timedelta(minutes=70), timedelta(minutes=6)
_MADE = "Reached at home: well, no pain since. Heart specialist on Thursday. The series waits for the report."
_TOLD = Noticed(
    kind=SideEffectKind.VOMITING,
    grade=Grade.SEVERE,
    seriousness=Seriousness.IMPORTANT_MEDICAL_EVENT,
    words="Told by phone: vomited all evening, fluids at urgent care, home again",
)
_SEEN = "Spoke with urgent care: fluids given, went home at night. Nurse to call in the afternoon."


def make_and_owe(db: Session, staff: Staffing, now: datetime) -> None:
    """Make the calls that were owed long ago, and owe one after the newest visit that ended half a day ago or more."""
    for owed in db.scalars(sa.select(FollowUp).order_by(FollowUp.id)).all():
        if (at := owed.raised_at + _MADE_AFTER) <= now:
            follow_ups.finish(db, owed, _MADE, now=at, by=staff.providers[0])
    left = TreatmentSession.left_at
    query = sa.select(TreatmentSession).where(TreatmentSession.status == Status.LEFT, left <= now - _GONE_FOR)
    newest = db.scalars(query.order_by(left.desc(), TreatmentSession.id).limit(1)).first()
    if newest is not None and newest.left_at is not None:
        _tell(db, newest, newest.left_at + _BEGAN_AFTER, staff, now - _TOLD_BEFORE)


def _tell(db: Session, treatment: TreatmentSession, onset: datetime, staff: Staffing, at: datetime) -> None:
    effect = side_effects.note(db, treatment, _TOLD, now=at, by=staff.nurses[0], onset=onset)
    raised = sa.select(Alert).where(Alert.session_id == treatment.id, Alert.dedup_key.endswith(f":{effect.id}"))
    for alert in db.scalars(raised).all():
        seen = at + _SEEN_AFTER
        alerts.answer(
            db, alert, AlertAction.ACKNOWLEDGE, _SEEN, seen=alert.version, now=seen, by=staff.providers[0]
        )  # fmt: skip
