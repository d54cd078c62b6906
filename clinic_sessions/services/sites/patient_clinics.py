"""Where a patient may be treated: their own clinic, and further ones."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling.timetable import LONGEST_BLOCK
from clinic_sessions.domain.session.lifecycle import OCCUPYING
from clinic_sessions.models import AuditAction, Clinic, Patient, PatientClinic, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, Refusal


class TreatedReason(StrEnum):
    BOOKED_THERE = "booked_there"


SAID: Mapping[StrEnum, str] = {
    TreatedReason.BOOKED_THERE: "Sessions are booked there, or under way. Move or cancel them first."
}


def treated_at(clinic_ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Give the condition that a patient may be treated at one of these clinics, by the index of each table."""
    further = sa.select(PatientClinic.patient_id).where(PatientClinic.clinic_id.in_(clinic_ids))
    return sa.or_(Patient.clinic_id.in_(clinic_ids), Patient.id.in_(further))


def may_be_treated(db: Session, patient_id: int, clinic_id: int) -> bool:
    """Say whether a patient may be treated at a clinic, as the database has it now."""
    return db.scalar(sa.select(Patient.id).where(Patient.id == patient_id, treated_at([clinic_id]))) is not None


def add(db: Session, patient: Patient, clinic_id: int, *, now: datetime, by: Actor) -> None:
    """Let a patient be treated at one more of the person's clinics; again changes nothing. Raises Absent."""
    clinic = _mine(clinic_id, by)
    if clinic.id in patient.clinic_ids:
        return
    patient.other_clinics.append(clinic)
    _note(db, patient, [None, clinic.name], now, by)


def remove(db: Session, patient: Patient, clinic_id: int, *, now: datetime, by: Actor) -> None:
    """No longer treat a patient at one of the person's clinics; their own one stays. Raises Absent.

    Refuses with TreatedReason while sessions there are to come. The patient's row is locked by whoever loads it
    to change it, and by every booking.
    """
    clinic = _mine(clinic_id, by)
    if clinic not in patient.other_clinics:
        raise Absent
    booked = sa.select(TreatmentSession.id).where(
        TreatmentSession.patient_id == patient.id,
        TreatmentSession.clinic_id == clinic.id,
        TreatmentSession.starts_at > now - LONGEST_BLOCK,
        TreatmentSession.status.in_(OCCUPYING),
    )
    if db.scalar(booked.limit(1)) is not None:
        raise Refusal(TreatedReason.BOOKED_THERE)
    patient.other_clinics.remove(clinic)
    _note(db, patient, [clinic.name, None], now, by)


def _mine(clinic_id: int, by: Actor) -> Clinic:
    clinic = next((one for one in by.user.clinics if one.id == clinic_id), None) if by.user else None
    if clinic is None:
        raise Absent
    return clinic


def _note(db: Session, patient: Patient, pair: list[str | None], now: datetime, by: Actor) -> None:
    audit.note(
        db, AuditAction.CHANGE, "patient", patient.id,
        now=now, by=by, patient_id=patient.id, changes={"other_clinics": pair},
    )  # fmt: skip
    db.flush()
