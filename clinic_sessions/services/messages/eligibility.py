"""Whether a claimed message may go out now: still so, still of use, wanted, at a good hour, not too many."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import ENDINGS, AlertStatus
from clinic_sessions.domain.messages.messages import AUTOMATIC, NOTICES, OPTIONAL, MessageStatus, SkipReason, too_late
from clinic_sessions.domain.messages.outreach import next_free_moment, out_of_quiet_hours
from clinic_sessions.domain.session.lifecycle import OTHER_ENDINGS
from clinic_sessions.models import Alert, Message, TreatmentSession
from clinic_sessions.services.messages import messages
from clinic_sessions.services.messages.outreach import quiet_hours

_WENT_OUT = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.BOUNCED, MessageStatus.UNCERTAIN)
_WEEK = timedelta(days=7)


_ENDED_OTHERWISE = (
    sa.select(Alert.id)
    .join(TreatmentSession, TreatmentSession.id == Alert.session_id)
    .where(
        Alert.patient_id == Message.patient_id,
        Alert.kind.in_(ENDINGS),
        Alert.status != AlertStatus.CLOSED,
        TreatmentSession.status.in_(OTHER_ENDINGS),
    )
)
WAITS_FOR_CLINICIAN = sa.and_(
    Message.kind.in_(AUTOMATIC), Message.resend_of_id.is_(None), _ENDED_OTHERWISE.correlate(Message).exists()
)
"""What comes by the calendar alone, of whichever visit, waits for a clinician once a visit has ended otherwise: until
its alert is closed, or the ending is undone. What a person asked for goes."""


def waits_for_clinician(db: Session, message: Message) -> bool:
    """Say whether a message that was claimed already has to wait for a clinician."""
    return db.scalar(sa.select(Message.id).where(Message.id == message.id, WAITS_FOR_CLINICIAN)) is not None


def skip_reason(message: Message, now: datetime) -> SkipReason | None:
    """Say why a message is not to be sent, now or later; None when it is."""
    if reason := messages.no_longer_so(message):
        return reason
    if too_late(now, message.useful_until):
        return SkipReason.TOO_LATE
    if not message.patient.email_wanted:
        return SkipReason.NOT_WANTED
    if message.patient.email is None or message.patient.email_bounced_at is not None:
        return SkipReason.NO_ADDRESS
    return None


def _asked_for_by_a_person(message: Message) -> bool:
    return message.kind in NOTICES or message.resend_of_id is not None


def put_off_until(db: Session, message: Message, now: datetime) -> datetime | None:
    """Give the later moment to which quiet hours, or what the patient has had, put a message off; None: send it now.

    A direct answer to a person's act is never put off.
    """
    if _asked_for_by_a_person(message):
        return None
    zone, quiet = message.clinic.zone, quiet_hours(message.clinic)
    moment = out_of_quiet_hours(now, zone, quiet)
    if message.kind in OPTIONAL:
        moment = next_free_moment(moment, _had(db, message, now), zone, quiet)
    return moment if moment > now else None


def _had(db: Session, message: Message, now: datetime) -> list[datetime]:
    """List when this patient was sent optional messages, a little over a week back."""
    going = sa.and_(Message.status == MessageStatus.SENDING, Message.id < message.id)
    query = sa.select(sa.func.coalesce(Message.sent_at, now, type_=Message.due_at.type)).where(
        Message.patient_id == message.patient_id,
        Message.id != message.id,
        Message.kind.in_(OPTIONAL),
        sa.or_(sa.and_(Message.status.in_(_WENT_OUT), Message.sent_at > now - _WEEK - timedelta(days=1)), going),
    )
    return list(db.scalars(query).all())
