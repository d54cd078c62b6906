"""The conditions a patient is treated for: added, and ended when they no longer hold; never removed."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import CONDITIONS, Condition, codes_of
from clinic_sessions.models import AuditAction, Patient, PatientCondition
from clinic_sessions.services import audit, endings
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import risk
from clinic_sessions.services.refusals import Refusal


class ConditionReason(StrEnum):
    ALREADY_LISTED = "already_listed"
    OTHER_CODE = "other_code"
    ALREADY_ENDED = "already_ended"


def listed(db: Session, patient_id: int) -> list[PatientCondition]:
    """List all conditions of a patient in the order they were added, ended ones among them."""
    query = sa.select(PatientCondition).where(PatientCondition.patient_id == patient_id)
    return list(db.scalars(query.order_by(PatientCondition.id)))


def add(
    db: Session, patient: Patient, condition: Condition, icd10_code: str, *, now: datetime, by: Actor
) -> PatientCondition:
    """Add a condition under one of its ICD-10-CM codes; load the patient `to_change` first.

    Acute suicidal ideation asks for a clinician's assessment the same day, unless there is one of today.
    Refuses with ConditionReason a code of something else and a condition that stands already.
    """
    if icd10_code not in codes_of(condition):
        raise Refusal(ConditionReason.OTHER_CODE)
    if any(one.condition is condition and one.ended_at is None for one in listed(db, patient.id)):
        raise Refusal(ConditionReason.ALREADY_LISTED)
    row = PatientCondition(
        patient_id=patient.id, condition=condition, icd10_code=icd10_code, added_at=now, added_by_id=by.user_id
    )
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "patient_condition", row.id,
        now=now, by=by, patient_id=patient.id, changes={"icd10_code": [None, icd10_code]},
    )  # fmt: skip
    if condition is Condition.ACUTE_SUICIDAL_IDEATION:
        words = f"{CONDITIONS[condition].label} was added to the conditions."
        risk.ask_for(db, patient, f"condition:{row.id}", words, now=now, by=by)
    return row


def end(db: Session, patient: Patient, condition_id: int, *, now: datetime, by: Actor) -> None:
    """End a condition; load the patient `to_change` first.

    Raises Absent when it is not this patient's, ChangedMeanwhile when it has ended already.
    """
    row = next((one for one in listed(db, patient.id) if one.id == condition_id), None)
    endings.end(db, row, "patient_condition", ConditionReason.ALREADY_ENDED, patient_id=patient.id, now=now, by=by)
