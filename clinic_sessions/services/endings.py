"""Ending a row of a patient's file: it counts no more, and stays readable for good."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.models import (
    AuditAction,
    Authorisation,
    Enrolment,
    Medicine,
    PatientCondition,
    PriorTreatment,
)
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile

Ending = Authorisation | Enrolment | Medicine | PatientCondition | PriorTreatment


def end(
    db: Session, row: Ending | None, entity: str, already: StrEnum, *, patient_id: int, now: datetime, by: Actor
) -> None:
    """Let a row count no more; `entity` names it in the audit. Whoever calls this has loaded the patient `to_change`.

    Raises Absent when there is none, ChangedMeanwhile with `already` when it has ended already.
    """
    if row is None:
        raise Absent
    if row.ended_at is not None:
        raise ChangedMeanwhile(already)
    row.ended_at, row.ended_by_id = now, by.user_id
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, entity, row.id, now=now, by=by, patient_id=patient_id, changes={"ended_at": [None, now]}
    )
