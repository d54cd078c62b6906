"""A patient's enrollment in the program of a drug that asks for one before the first dose."""

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers.findings import FindingReason
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.models import AuditAction, Consent, Enrolment, Patient, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services import audit, endings
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.refusals import Refusal


def record(
    db: Session, patient: Patient, enrolled_on: date, number: str | None, *, today: date, now: datetime, by: Actor
) -> Enrolment:
    """Keep that a patient is enrolled since a day; load the patient `to_change` first. `today`: the clinic's day.

    Refuses with FindingReason when the day is still to come or the patient is enrolled already.
    """
    if enrolled_on > today:
        raise Refusal(FindingReason.NOT_YET)
    if any(one.ended_at is None for one in listed(db, patient.id)):
        raise Refusal(FindingReason.ENROLLED_ALREADY)
    row = Enrolment(
        patient_id=patient.id, enrolled_on=enrolled_on, number=number, recorded_at=now, by_id=by.user_id
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "enrolment", row.id, now=now, by=by, patient_id=patient.id,
        changes={"enrolled_on": [None, enrolled_on], "number": [None, number]},
    )  # fmt: skip
    return row


def end(db: Session, patient: Patient, enrolment_id: int, *, now: datetime, by: Actor) -> None:
    """Let an enrollment count no more; it stays readable. Load the patient `to_change` first.

    Raises Absent for another patient's; refuses with ChangedMeanwhile when it was ended already.
    """
    row = db.get(Enrolment, enrolment_id)
    mine = row if row and row.patient_id == patient.id else None
    endings.end(db, mine, "enrolment", FindingReason.NOT_ENROLLED_NOW, patient_id=patient.id, now=now, by=by)


def concerns(db: Session, patient_id: int) -> bool:
    """Say whether a patient's plans, consents or sessions name a protocol that asks for the enrollment."""
    tables = (Plan, Consent, TreatmentSession)
    named = [sa.select(table.protocol_version_id).where(table.patient_id == patient_id) for table in tables]
    versions = db.scalars(sa.select(ProtocolVersion).where(sa.or_(*(ProtocolVersion.id.in_(one) for one in named))))
    return any(protocol_of(one).drug is Drug.ESKETAMINE for one in versions)


def listed(db: Session, patient_id: int) -> Sequence[Enrolment]:
    """List a patient's enrollments, the newest first, ended ones included."""
    query = sa.select(Enrolment).where(Enrolment.patient_id == patient_id).options(joinedload(Enrolment.by))
    return db.scalars(query.order_by(Enrolment.enrolled_on.desc(), Enrolment.id.desc())).all()
