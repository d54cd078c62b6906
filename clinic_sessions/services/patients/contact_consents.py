"""Whether a patient lets us write to them: each yes and no is kept with its channel, its time and how it was said."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel
from clinic_sessions.models import AuditAction, ContactConsent, Patient
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor

ASKED = (Channel.EMAIL, Channel.SMS)
"""The channels on which nothing leaves without the patient's yes."""


def note(
    db: Session,
    patient: Patient,
    channel: Channel,
    *,
    wanted: bool,
    told_through: ToldThrough,
    now: datetime,
    by: Actor,
) -> ContactConsent:
    """Add what the patient said of a channel; whoever keeps the wish itself calls this in the same transaction."""
    row = ContactConsent(
        patient_id=patient.id, channel=channel, wanted=wanted, told_through=told_through, at=now, by_id=by.user_id
    )
    db.add(row)
    db.flush()
    changes: dict[str, list[object]] = {
        "channel": [None, channel],
        "wanted": [None, wanted],
        "told_through": [None, told_through],
    }
    audit.note(
        db, AuditAction.CREATE, "contact_consent", row.id, now=now, by=by, patient_id=patient.id, changes=changes
    )
    return row


def of_patient(db: Session, patient_id: int) -> Sequence[ContactConsent]:
    """List everything a patient said of being written to, the newest first."""
    row = ContactConsent
    query = sa.select(row).where(row.patient_id == patient_id).order_by(row.at.desc(), row.id.desc())
    return db.scalars(query.options(joinedload(row.by))).all()


def newest(listed: Sequence[ContactConsent]) -> Mapping[Channel, ContactConsent]:
    """Give what counts for each channel that was ever asked about, from the list that `of_patient` gives."""
    return {row.channel: row for row in reversed(listed)}
