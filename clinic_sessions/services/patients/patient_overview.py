"""What stands on a patient's page besides who they are: visits, messages, alerts, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.alerts import AlertStatus
from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.messages.messages import MessageStatus
from clinic_sessions.domain.session.lifecycle import OCCUPYING
from clinic_sessions.models import Alert, Message, Patient, PatientCondition, TreatmentSession, Weight

MOST_VISITS = 30
MOST_MESSAGES = 12


class Part(StrEnum):
    """Where something that is missing is filled in."""

    CONTACT = "contact"
    CLINICAL = "clinical"
    WEIGHTS = "weights"
    CONDITIONS = "conditions"


@dataclass(frozen=True, kw_only=True)
class Missing:
    """One thing that is not known of a patient, and where it is entered."""

    text: str
    part: Part


@dataclass(frozen=True, kw_only=True)
class Visits:
    """A patient's sessions: those to come and under way in order, those over with the newest first."""

    coming: Sequence[TreatmentSession]
    past: Sequence[TreatmentSession]


@dataclass(frozen=True, kw_only=True)
class Post:
    """A patient's messages: those planned, the next first; the others, the newest first."""

    planned: Sequence[Message]
    past: Sequence[Message]


def visits(db: Session, patient_id: int) -> Visits:
    """List a patient's sessions, at most MOST_VISITS each way."""
    query = (
        sa.select(TreatmentSession)
        .where(TreatmentSession.patient_id == patient_id)
        .options(
            joinedload(TreatmentSession.protocol_version),
            joinedload(TreatmentSession.chair),
            joinedload(TreatmentSession.clinic),
            joinedload(TreatmentSession.host),
        )
        .limit(MOST_VISITS)
    )
    still, start = TreatmentSession.status.in_(OCCUPYING), TreatmentSession.starts_at
    return Visits(
        coming=db.scalars(query.where(still).order_by(start, TreatmentSession.id)).all(),
        past=db.scalars(query.where(~still).order_by(start.desc(), TreatmentSession.id.desc())).all(),
    )


def messages(db: Session, patient_id: int) -> Post:
    """List a patient's messages, at most MOST_MESSAGES each way."""
    query = sa.select(Message).where(Message.patient_id == patient_id).limit(MOST_MESSAGES)
    planned, due = Message.status == MessageStatus.PLANNED, Message.due_at
    return Post(
        planned=db.scalars(query.where(planned).order_by(due, Message.id)).all(),
        past=db.scalars(query.where(~planned).order_by(due.desc(), Message.id.desc())).all(),
    )


def open_alerts(db: Session, patient_id: int) -> Sequence[Alert]:
    """List a patient's alerts that are not closed, the oldest first."""
    query = sa.select(Alert).where(Alert.patient_id == patient_id, Alert.status != AlertStatus.CLOSED)
    return db.scalars(query.order_by(Alert.raised_at, Alert.id)).all()


def missing_contact(patient: Patient) -> list[Missing]:
    """List what is not known of how to reach a patient."""
    checks = [
        (patient.email is None, "No email address: no confirmations, reminders or check-ins"),
        (patient.email_bounced_at is not None, "Mail to the email address came back"),
        (patient.email is not None and patient.email_wish_at is None, "Not asked whether we may send mail"),
        (patient.emergency_phone is None, "No emergency contact"),
        (patient.street is None, "No address"),
    ]
    return [Missing(text=text, part=Part.CONTACT) for is_missing, text in checks if is_missing]


def missing_clinical(
    patient: Patient, conditions: Sequence[PatientCondition], weight: Weight | None, *, now: datetime
) -> list[Missing]:
    """List what clinicians have not asked or measured yet."""
    stands = any(one.ended_at is None or one.ended_at > now for one in conditions)
    checks = [
        (weight is None, "No weight", Part.WEIGHTS),
        (not stands, "No condition", Part.CONDITIONS),
        (patient.allergies is None, "Allergies not noted", Part.CLINICAL),
        (patient.pregnancy_possible is PregnancyPossible.NOT_ASKED, "Not asked about pregnancy", Part.CLINICAL),
    ]
    return [Missing(text=text, part=part) for is_missing, text, part in checks if is_missing]
