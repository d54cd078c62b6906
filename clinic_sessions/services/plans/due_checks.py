"""The patients of a clinic for whom a check is due while their treatment goes on: one list for whoever makes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.findings import FindingKind
from clinic_sessions.domain.scheduling.plans import GOING_ON
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Patient, Plan
from clinic_sessions.services.plans import findings, monitoring


@dataclass(frozen=True, kw_only=True)
class ChecksDue:
    """A patient with what is due: the look into prescription monitoring, and findings of long-term safety."""

    patient_id: int
    name: str
    monitoring: bool
    findings: Sequence[FindingKind]


def waiting(db: Session, clinic: Clinic, now: datetime) -> list[ChecksDue]:
    """List the clinic's patients with a plan that goes on and a check that is due at `now`, by name.

    The number of queries does not grow with the patients.
    """
    treated = sa.exists().where(Plan.patient_id == Patient.id, Plan.status.in_(GOING_ON))
    query = sa.select(Patient.id, Patient.name).where(Patient.clinic_id == clinic.id, treated)
    rows = db.execute(query.order_by(Patient.name_folded, Patient.id))
    names = {row.id: row.name for row in rows}
    day = local_day(now, clinic.zone)
    looks, safety = monitoring.due(db, names.keys(), now), findings.due(db, names.keys(), day)
    found = [
        ChecksDue(
            patient_id=patient_id,
            name=name,
            monitoring=looks[patient_id].is_due,
            findings=[one.kind for one in safety.get(patient_id, ()) if one.is_due(day)],
        )
        for patient_id, name in names.items()
    ]
    return [one for one in found if one.monitoring or one.findings]
