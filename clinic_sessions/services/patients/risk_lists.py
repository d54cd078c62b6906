"""The risk of a clinic's patients today: who is still to be assessed, and who was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.alerts import AlertStatus
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import Alert, Clinic, Patient, RiskAssessment
from clinic_sessions.services.patients import risk


@dataclass(frozen=True, kw_only=True)
class RiskLine:
    """A patient with an answer that asks for an assessment, or with an assessment of today.

    `alert`: the answer that nobody has assessed yet; `found`: the assessment. One of them is None. `at`: when it was.
    """

    patient_id: int
    name: str
    at: datetime
    alert: Alert | None = None
    found: RiskAssessment | None = None


def today(db: Session, clinic: Clinic, now: datetime) -> list[RiskLine]:
    """List the alerts that are not closed and not assessed, the soonest to be answered first, then what was found.

    Three queries.
    """
    return [*_to_assess(db, clinic), *_assessed(db, clinic, now)]


def _to_assess(db: Session, clinic: Clinic) -> Sequence[RiskLine]:
    query = (
        sa.select(Alert)
        .join(Patient, Patient.id == Alert.patient_id)
        .where(Patient.clinic_id == clinic.id, Alert.kind.in_(risk.ANSWERED), Alert.status != AlertStatus.CLOSED)
        .options(joinedload(Alert.patient))
        .order_by(Alert.answer_by, Alert.id)
    )
    waiting = db.scalars(query).all()
    answered = risk.of_alerts(db, waiting)
    return [
        RiskLine(patient_id=one.patient_id, name=one.patient.name, at=one.raised_at, alert=one)
        for one in waiting
        if answered[one.id] is None
    ]


def _assessed(db: Session, clinic: Clinic, now: datetime) -> Sequence[RiskLine]:
    """List what was found today, the newest first; of two assessments of a patient the newer counts."""
    day = day_span(local_day(now, clinic.zone), clinic.zone)
    query = (
        sa.select(RiskAssessment, Patient.name)
        .join(Patient, Patient.id == RiskAssessment.patient_id)
        .where(Patient.clinic_id == clinic.id, RiskAssessment.at >= day.starts_at, RiskAssessment.at < day.ends_at)
        .options(joinedload(RiskAssessment.by))
        .order_by(RiskAssessment.at.desc(), RiskAssessment.id.desc())
    )
    newest: dict[int, RiskLine] = {}
    for row, name in db.execute(query):
        newest.setdefault(row.patient_id, RiskLine(patient_id=row.patient_id, name=name, at=row.at, found=row))
    return list(newest.values())
