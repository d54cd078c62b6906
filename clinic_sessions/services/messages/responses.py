"""What patients answered and suffered of late: what a provider looks through."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from clinic_sessions.domain.scheduling.timetable import LONGEST_BLOCK
from clinic_sessions.domain.session.side_effects import Grade
from clinic_sessions.models import CheckIn, Clinic, Patient, SideEffect, SideEffectEvent, TreatmentSession
from clinic_sessions.services.today.today import Line

BACK = timedelta(days=7)
"""How long it stays on the page."""


@dataclass(frozen=True, kw_only=True)
class SevereEffect:
    """A side effect of grade 3 or higher."""

    patient_id: int
    name: str
    session_id: int
    kind: StrEnum
    term: str | None
    grade: Grade
    at: datetime


def answered(db: Session, clinic: Clinic, now: datetime) -> list[Line]:
    """List the check-ins answered within a week, newest first; who answered, never what."""
    query = (
        sa.select(Patient.id, Patient.name, Patient.phone, CheckIn.session_id, CheckIn.answered_at.label("moment"))
        .join(CheckIn, CheckIn.patient_id == Patient.id)
        .join(TreatmentSession, TreatmentSession.id == CheckIn.session_id)
        .where(TreatmentSession.clinic_id == clinic.id, CheckIn.answered_at >= now - BACK)
        .order_by(CheckIn.answered_at.desc())
        .limit(20)
    )
    return [
        Line(patient_id=patient_id, name=name, phone=phone, session_id=session_id, at=at)
        for patient_id, name, phone, session_id, at in db.execute(query)
        if at is not None
    ]


def severe_effects(db: Session, clinic: Clinic, now: datetime) -> list[SevereEffect]:
    """List the side effects that reached grade 3 within a week, newest first; corrected entries are left out."""
    correction = aliased(SideEffect)
    graded = sa.select(sa.func.max(SideEffectEvent.grade)).where(SideEffectEvent.side_effect_id == SideEffect.id)
    later = sa.func.coalesce(graded.scalar_subquery(), 0)
    worst = sa.case((later > SideEffect.grade, later), else_=SideEffect.grade)
    query = (
        sa.select(Patient.id, Patient.name, SideEffect, worst)
        .join(TreatmentSession, TreatmentSession.id == SideEffect.session_id)
        .join(Patient, Patient.id == TreatmentSession.patient_id)
        .where(
            TreatmentSession.clinic_id == clinic.id,
            TreatmentSession.starts_at >= now - BACK - LONGEST_BLOCK,
            SideEffect.at >= now - BACK,
            worst >= Grade.SEVERE,
            ~sa.exists().where(correction.corrects_id == SideEffect.id),
        )
        .order_by(SideEffect.at.desc())
        .limit(20)
    )
    return [
        SevereEffect(
            patient_id=patient_id,
            name=name,
            session_id=effect.session_id,
            kind=effect.kind,
            term=effect.term,
            grade=Grade(grade),
            at=effect.at,
        )
        for patient_id, name, effect, grade in db.execute(query)
    ]
