"""The dose that an order comes to for a session, from the newest weight that is young enough on its day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.doses import ComputedDose, DoseImpossible
from clinic_sessions.domain.papers import orders as rules
from clinic_sessions.domain.papers.orders import DoseBasis, NoDose
from clinic_sessions.domain.protocols.protocols import DoseRule
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Order, TreatmentSession, Weight
from clinic_sessions.services import documents
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.orders.order_rows import ordered_of
from clinic_sessions.services.patients import weights


@dataclass(frozen=True, kw_only=True)
class OrderedDose:
    """A dose with its arithmetic and the weight behind it, or why there is none."""

    dose: ComputedDose | None
    weight: Weight | None
    why_none: NoDose | None


def of_session(db: Session, treatment: TreatmentSession, order: Order, at: datetime) -> OrderedDose | None:
    """Give the dose that an order comes to for a session on the day of `at`; None for a visit without a dose."""
    if treatment.protocol_version is None:
        return None
    rule = protocol_of(treatment.protocol_version).dose_rule
    zone = treatment.clinic.zone
    weighed = weights.standing(weights.listed(db, treatment.patient_id))
    return of_order(order, rule, weighed, local_day(at, zone), zone, documents.thresholds(db))


def of_order(
    order: Order, rule: DoseRule, weighed: Sequence[Weight], day: date, zone: ZoneInfo, numbers: Thresholds
) -> OrderedDose:
    """Give the dose of an order on a day; `weighed`: the standing weights, the newest first.

    A weight older than the clinic's limit, or one that pounds taken for kilograms would explain, gives none.
    """
    weight = None
    if order.basis is DoseBasis.PER_KG:
        known = [one for one in weighed if local_day(one.measured_at, zone) <= day]
        weight = known[0] if known else None
        if (why := _doubt(known, day, zone, numbers)) is not None:
            return OrderedDose(dose=None, weight=weight, why_none=why)
    try:
        dose = rules.dose_of(ordered_of(order), rule, weight.grams if weight else None)
    except DoseImpossible:
        return OrderedDose(dose=None, weight=weight, why_none=NoDose.NOT_TO_BE_HAD)
    return OrderedDose(dose=dose, weight=weight, why_none=None)


def _doubt(known: Sequence[Weight], day: date, zone: ZoneInfo, numbers: Thresholds) -> NoDose | None:
    if not known:
        return NoDose.NO_WEIGHT
    if day - local_day(known[0].measured_at, zone) > timedelta(days=numbers.weight_age.whole):
        return NoDose.WEIGHT_TOO_OLD
    before = known[1].grams if len(known) > 1 else None
    return NoDose.WEIGHT_DOUBTFUL if rules.weight_doubtful(known[0].grams, before, numbers.weight_slip.whole) else None
