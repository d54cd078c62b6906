"""Whether a patient wants mail, or texts, from the clinic."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel
from clinic_sessions.models import AuditAction, Patient
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import contact_consents


def load(db: Session, patient_id: int, *, to_change: bool = False) -> Patient:
    """Load the patient of a link; `to_change` locks the row, so that parallel wishes queue."""
    query = sa.select(Patient).where(Patient.id == patient_id)
    return db.scalars(query.with_for_update(key_share=True) if to_change else query).one()


def set_mail(
    db: Session, patient: Patient, *, wanted: bool, told_through: ToldThrough, now: datetime, by: Actor
) -> None:
    """Keep whether the patient wants mail, and when and how they said so; the same wish again changes nothing."""
    if patient.email_wish_at is not None and patient.email_wanted == wanted:
        return
    audit.note(
        db, AuditAction.CHANGE, "patient", patient.id, now=now, by=by, patient_id=patient.id,
        changes={"email_wanted": [patient.email_wanted, wanted]},
    )  # fmt: skip
    patient.email_wanted = wanted
    patient.email_wish_at = now
    contact_consents.note(db, patient, Channel.EMAIL, wanted=wanted, told_through=told_through, now=now, by=by)


def set_texts(
    db: Session, patient: Patient, *, wanted: bool, told_through: ToldThrough, now: datetime, by: Actor
) -> None:
    """Keep whether the patient wants text messages; the same wish again changes nothing."""
    stands = contact_consents.newest(contact_consents.of_patient(db, patient.id)).get(Channel.SMS)
    if stands is None or stands.wanted != wanted:
        contact_consents.note(db, patient, Channel.SMS, wanted=wanted, told_through=told_through, now=now, by=by)
