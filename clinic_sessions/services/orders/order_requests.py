"""What is asked for in an order, and what stands against it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers import orders as rules
from clinic_sessions.domain.papers.orders import ANSWERED_BY_WORDS, Ordered, OrderReason
from clinic_sessions.domain.protocols.protocols import PhaseKind, phase_minutes
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Order, Patient, Plan, ProtocolVersion
from clinic_sessions.services import catalogue, documents
from clinic_sessions.services.orders.order_rows import is_over
from clinic_sessions.services.patients import weights
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile


@dataclass(frozen=True, kw_only=True)
class AsNeededLine:
    """A drug that may be given when its reason arises, in people's words."""

    drug: str
    dose: str
    limit: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class PressureLimit:
    """The patient's own limit of blood pressure in mmHg, and the last day it holds."""

    systolic: int | None
    diastolic: int | None
    until: date | None

    @property
    def is_set(self) -> bool:
        """Whether there is a number."""
        return self.systolic is not None or self.diastolic is not None


NO_LIMIT = PressureLimit(systolic=None, diastolic=None, until=None)


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """What is ordered, from which day to which, inclusive. `provider_id`, `read_back`: of a spoken order."""

    protocol_version_id: int
    plan_id: int | None
    ordered: Ordered
    valid_from: date
    valid_until: date
    premedication: str | None = None
    as_needed: Sequence[AsNeededLine] = field(default=())
    limit: PressureLimit = NO_LIMIT
    words: str | None = None
    provider_id: int | None = None
    read_back: bool = False


def version_for(db: Session, patient: Patient, plan_id: int | None, version_id: int | None) -> ProtocolVersion:
    """Give the protocol version that is ordered under: a plan's own, else a published one; raises Absent for others."""
    if plan_id is None:
        found = next((one for one in catalogue.published(db) if one.id == version_id), None)
    else:
        going_on = {PlanStatus.ACTIVE, PlanStatus.PAUSED}
        plan = db.scalar(
            sa.select(Plan).where(Plan.id == plan_id, Plan.patient_id == patient.id, Plan.status.in_(going_on))
        )
        found = plan.protocol_version if plan else None
    if found is None:
        raise Absent
    return found


def against(
    db: Session, patient: Patient, version: ProtocolVersion, wanted: OrderRequest, *, signs: bool, now: datetime
) -> list[OrderReason]:
    """List what stands against an order by its dose, days and limit; a provider's words answer some of it.

    `signs`: a provider writes it. A spoken one is read back, and never outside what is usual.
    """
    numbers, protocol = documents.thresholds(db), catalogue.protocol_of(version)
    newest = weights.latest(db, patient.id)
    reasons = rules.against_dose(
        wanted.ordered, protocol.dose_rule, minutes=phase_minutes(protocol, PhaseKind.ADMINISTER),
        slip=numbers.order_slip.whole, grams=newest.grams if newest else None,
    )  # fmt: skip
    reasons += _against_days(wanted, today_of(db, patient, now), numbers.order.whole) + _against_limit(wanted.limit)
    if not signs and not wanted.read_back:
        reasons.append(OrderReason.NOT_READ_BACK)
    asked = [reason for reason in reasons if reason in ANSWERED_BY_WORDS]
    if asked and not signs:
        return [*reasons, OrderReason.PROVIDER_WRITES_IT]
    if asked and not wanted.words:
        return [*reasons, OrderReason.REASON_NEEDED]
    return [reason for reason in reasons if reason not in ANSWERED_BY_WORDS]


def _against_days(wanted: OrderRequest, today: date, usual_days: int) -> list[OrderReason]:
    reasons = [OrderReason.BEGINS_IN_THE_PAST] if wanted.valid_from < today else []
    if wanted.valid_until < wanted.valid_from:
        return [*reasons, OrderReason.ENDS_BEFORE_IT_BEGINS]
    longer = wanted.valid_until > wanted.valid_from + timedelta(days=usual_days)
    return [*reasons, OrderReason.LONGER_THAN_USUAL] if longer else reasons


def _against_limit(limit: PressureLimit) -> list[OrderReason]:
    if limit.is_set and limit.until is None:
        return [OrderReason.LIMIT_WITHOUT_END]
    if not limit.is_set and limit.until is not None:
        return [OrderReason.END_WITHOUT_LIMIT]
    upside_down = limit.systolic is not None and limit.diastolic is not None and limit.systolic <= limit.diastolic
    return [OrderReason.LIMIT_UPSIDE_DOWN] if upside_down else []


def against_others(
    db: Session, patient: Patient, version: ProtocolVersion, wanted: OrderRequest, replaces: Order | None
) -> list[OrderReason]:
    """List what stands against an order by the others: one that stands for the same treatment is changed instead.

    Raises ChangedMeanwhile when the one that it changes is over already.
    """
    if replaces is not None:
        if (replaces.protocol_key, replaces.plan_id) != (version.key, wanted.plan_id):
            return [OrderReason.OTHER_TREATMENT]
        if is_over(replaces):
            raise ChangedMeanwhile(OrderReason.REPLACED_MEANWHILE)
        return [] if wanted.words else [OrderReason.REASON_NEEDED]
    same = Order.plan_id.is_(None) if wanted.plan_id is None else Order.plan_id == wanted.plan_id
    query = sa.select(Order).where(
        Order.patient_id == patient.id, Order.protocol_key == version.key, same,
        Order.valid_from <= wanted.valid_until, Order.valid_until >= wanted.valid_from,
    )  # fmt: skip
    stands = any(not is_over(order) for order in db.scalars(query))
    return [OrderReason.ANOTHER_STANDS] if stands else []


def today_of(db: Session, patient: Patient, now: datetime) -> date:
    """Give the day of the patient's clinic."""
    return local_day(now, db.get_one(Clinic, patient.clinic_id).zone)
