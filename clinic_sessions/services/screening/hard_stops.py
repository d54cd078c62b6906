"""Hard stops that a provider cleared all the same: flagged for good, wherever the patient is looked at."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers.screening import ScreeningItem
from clinic_sessions.models import ClearanceDecision, Screening
from clinic_sessions.services.screening import screening


@dataclass(frozen=True, kw_only=True)
class HardStop:
    """A hard stop, and the decision that cleared the patient all the same, with the provider's words."""

    item: ScreeningItem
    decision: ClearanceDecision


def of_patient(db: Session, patient_id: int) -> Sequence[HardStop]:
    """List a patient's hard stops once each, with the newest decision over them, the newest first."""
    row = ClearanceDecision
    query = sa.select(row).where(row.patient_id == patient_id).order_by(row.at.desc(), row.id.desc())
    query = query.options(joinedload(row.screening).joinedload(Screening.document_version), joinedload(row.by))
    found: dict[str, HardStop] = {}
    stopped = sa.cast(row.hard_stops, sa.String) != "[]"
    for decision in db.scalars(query.where(row.screening_id.is_not(None), stopped)):
        for item in _items(decision):
            found.setdefault(item.key, HardStop(item=item, decision=decision))
    return list(found.values())


def _items(decision: ClearanceDecision) -> list[ScreeningItem]:
    if decision.screening is None:
        return []
    listed = screening.questionnaire_of(decision.screening.document_version).items
    return [item for item in listed if item.key in decision.hard_stops]
