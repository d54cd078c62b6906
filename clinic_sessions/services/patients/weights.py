"""Weighings: kept for ever, corrected by later ones."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.patients.weights import WeightUnit, changed_over
from clinic_sessions.models import AuditAction, Patient, Weight
from clinic_sessions.services import audit, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal


class WeightReason(StrEnum):
    ALREADY_CORRECTED = "already_corrected"
    NOT_YET = "not_yet"
    BEFORE_BIRTH = "before_birth"
    LARGE_CHANGE = "large_change"
    FIRST_WEIGHT = "first_weight"


def listed(db: Session, patient_id: int) -> list[Weight]:
    """List all weighings of a patient, the newest first, corrected ones among them."""
    query = (
        sa.select(Weight)
        .where(Weight.patient_id == patient_id)
        .options(joinedload(Weight.by))
        .order_by(Weight.measured_at.desc(), Weight.id.desc())
    )
    return list(db.scalars(query))


def standing(weights: Sequence[Weight]) -> list[Weight]:
    """Give the weighings that no later one corrects, in the given order."""
    corrected = {weight.corrects_id for weight in weights}
    return [weight for weight in weights if weight.id not in corrected]


def latest(db: Session, patient_id: int) -> Weight | None:
    """Give the newest standing weighing, or None."""
    return next(iter(standing(listed(db, patient_id))), None)


def record(
    db: Session,
    patient: Patient,
    grams: int,
    unit: WeightUnit,
    measured_at: datetime,
    *,
    sure: bool,
    now: datetime,
    by: Actor,
    corrects_id: int | None = None,
) -> Weight:
    """Add a weighing, perhaps in place of one that was wrong.

    Refuses with WeightReason: one that has not been yet or is from before the patient was born, one corrected already,
    and, unless `sure`, a large change from the one before, or the first of all, whose unit nothing speaks for. Raises
    Absent when `corrects_id` is not this patient's.
    """
    if measured_at > now:
        raise Refusal(WeightReason.NOT_YET)
    if measured_at.date() < patient.birth_date:
        raise Refusal(WeightReason.BEFORE_BIRTH)
    weights = listed(db, patient.id)
    _check_corrected(weights, corrects_id)
    if not sure and (doubt := _doubt(db, _before(weights, measured_at, corrects_id), grams)) is not None:
        raise Refusal(doubt)
    weight = Weight(
        patient_id=patient.id,
        grams=grams,
        entered_unit=unit,
        measured_at=measured_at,
        recorded_at=now,
        by_id=by.user_id,
        corrects_id=corrects_id,
    )
    db.add(weight)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "weight", weight.id,
        now=now, by=by, patient_id=patient.id, changes={"grams": [None, grams], "corrects_id": [None, corrects_id]},
    )  # fmt: skip
    return weight


def _doubt(db: Session, before: Weight | None, grams: int) -> WeightReason | None:
    if before is None:
        return WeightReason.FIRST_WEIGHT
    percent = documents.thresholds(db).weight_change.whole
    return WeightReason.LARGE_CHANGE if changed_over(percent, before.grams, grams) else None


def _check_corrected(weights: Sequence[Weight], corrects_id: int | None) -> None:
    if corrects_id is None:
        return
    if corrects_id not in {weight.id for weight in weights}:
        raise Absent
    if corrects_id not in {weight.id for weight in standing(weights)}:
        raise ChangedMeanwhile(WeightReason.ALREADY_CORRECTED)


def _before(weights: Sequence[Weight], measured_at: datetime, corrects_id: int | None) -> Weight | None:
    """Give the weighing to compare with: the last one before, else the first one after."""
    others = [weight for weight in standing(weights) if weight.id != corrects_id]
    earlier = [weight for weight in others if weight.measured_at <= measured_at]
    return earlier[0] if earlier else others[-1] if others else None
