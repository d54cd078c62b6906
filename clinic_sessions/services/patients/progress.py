"""How far patients' series have come: what stands beside their names."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.models import Plan, ProtocolVersion, TreatmentSession


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a series has come, in sessions whose dose was begun."""

    plan_id: int
    title: str
    done: int
    total: int


def of_patients(db: Session, patient_ids: Collection[int]) -> Mapping[int, Progress]:
    """Give the progress of each patient's newest active plan, in one query; whoever has none is left out."""
    if not patient_ids:
        return {}
    query = (
        sa.select(
            Plan.patient_id,
            Plan.id,
            ProtocolVersion.title,
            sa.func.count(TreatmentSession.dose_started_at),
            Plan.session_count,
        )
        .join(ProtocolVersion, ProtocolVersion.id == Plan.protocol_version_id)
        .outerjoin(TreatmentSession, TreatmentSession.plan_id == Plan.id)
        .where(Plan.patient_id.in_(sorted(set(patient_ids))), Plan.status == PlanStatus.ACTIVE)
        .group_by(Plan.id, ProtocolVersion.title)
        .order_by(Plan.started_at, Plan.id)
    )
    return {
        patient_id: Progress(plan_id=plan_id, title=title, done=done, total=total)
        for patient_id, plan_id, title, done, total in db.execute(query)
    }
