"""What a patient was treated with before, and how it went; an entry made by mistake is ended, never removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers.screening_kinds import TreatmentResponse
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.models import AuditAction, Patient, PriorTreatment
from clinic_sessions.services import audit, endings
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import NotAllowed


class PriorReason(StrEnum):
    ALREADY_ENDED = "already_ended"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """An earlier treatment as it is typed; `when` in words, such as "2019, for half a year"."""

    name: str
    response: TreatmentResponse
    when: str | None = None
    words: str | None = None


def listed(db: Session, patient_id: int) -> Sequence[PriorTreatment]:
    """List a patient's earlier treatments in the order they were added, mistakes among them."""
    query = sa.select(PriorTreatment).where(PriorTreatment.patient_id == patient_id)
    return db.scalars(query.options(joinedload(PriorTreatment.added_by)).order_by(PriorTreatment.id)).all()


def add(db: Session, patient: Patient, earlier: Earlier, *, now: datetime, by: Actor) -> PriorTreatment:
    """Add an earlier treatment; load the patient `to_change` first. Refuses with NotAllowed for who is no clinician."""
    _check(by)
    row = PriorTreatment(
        patient_id=patient.id, name=earlier.name, when_words=earlier.when, response=earlier.response,
        words=earlier.words, added_at=now, added_by_id=by.user_id,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "prior_treatment", row.id, now=now, by=by, patient_id=patient.id,
        changes={"name": [None, row.name], "response": [None, row.response]},
    )  # fmt: skip
    return row


def end(db: Session, patient: Patient, prior_id: int, *, now: datetime, by: Actor) -> None:
    """End an entry that was made by mistake; load the patient `to_change` first.

    Raises Absent when it is not this patient's, ChangedMeanwhile when it has ended already.
    """
    _check(by)
    row = next((one for one in listed(db, patient.id) if one.id == prior_id), None)
    endings.end(db, row, "prior_treatment", PriorReason.ALREADY_ENDED, patient_id=patient.id, now=now, by=by)


def _check(by: Actor) -> None:
    if by.user is None or not by.user.may(Permission.EDIT_CLINICAL):
        raise NotAllowed(PriorReason.NOT_ALLOWED)
