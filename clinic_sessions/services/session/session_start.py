"""What a start stands on: the papers that are there or missing, the order, and the dose that it comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.papers import orders as rules
from clinic_sessions.domain.protocols.protocols import DeviceDose
from clinic_sessions.domain.session.lifecycle import EXPECTED, SessionKind, Status
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.models import AsNeeded, Order, TreatmentSession
from clinic_sessions.services import documents
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.orders import ordered_dose
from clinic_sessions.services.orders.order_rows import ordered_of
from clinic_sessions.services.orders.ordered_dose import OrderedDose
from clinic_sessions.services.patients import medicines
from clinic_sessions.services.patients.medicines import Warned
from clinic_sessions.services.plans import papers
from clinic_sessions.services.plans.papers import Papers

BEFORE_START = EXPECTED | {Status.ARRIVED}


@dataclass(frozen=True, kw_only=True)
class UnderOrder:
    """An order of a session: what it says, and what it comes to. `dose`: with its arithmetic, or why there is none."""

    order: Order
    words: str
    dose: OrderedDose | None
    as_needed: Sequence[AsNeeded]


@dataclass(frozen=True, kw_only=True)
class Start:
    """What stands for and against a start. `papers`: None once it has begun; `first`: what is given first.

    `medicines`: warnings that nobody has acknowledged; they stop nothing.
    """

    papers: Papers | None
    under: UnderOrder | None
    first: DoseToGive | None
    numbers: Thresholds
    medicines: Sequence[Warned] = ()


def of(db: Session, treatment: TreatmentSession, now: datetime, *, clinical: bool) -> Start | None:
    """Gather what the start of a session stands on, or stood on; None for a visit without a dose.

    The papers of a session that is to come are asked for its own start, those of a patient who is here for now.
    Without `clinical` the order is left out.
    """
    if treatment.kind is not SessionKind.TREATMENT or treatment.protocol_version is None:
        return None
    at = now if treatment.status is Status.ARRIVED else max(now, treatment.starts_at)
    found = papers.of_treatment(db, treatment, at) if treatment.status in BEFORE_START else None
    order_id = found.order_id if found else treatment.order_id
    at = treatment.dose_started_at or at
    under = _under(db, treatment, order_id, at) if clinical and order_id is not None else None
    drug = protocol_of(treatment.protocol_version).drug
    return Start(
        papers=found, under=under, first=_first(treatment, under), numbers=documents.thresholds(db),
        medicines=medicines.warnings(db, treatment.patient_id, drug) if clinical and found else (),
    )  # fmt: skip


def to_give(db: Session, treatment: TreatmentSession, at: datetime) -> DoseToGive | None:
    """Give what a start at `at` would give first: the ordered dose, or one device; None when none is computed."""
    found = papers.of_treatment(db, treatment, at)
    if found is None or found.order_id is None:
        return None
    return _first(treatment, _under(db, treatment, found.order_id, at))


def _under(db: Session, treatment: TreatmentSession, order_id: int, at: datetime) -> UnderOrder:
    order = db.get_one(Order, order_id)
    return UnderOrder(
        order=order,
        words=rules.in_words(ordered_of(order)),
        dose=ordered_dose.of_session(db, treatment, order, at),
        as_needed=order.as_needed,
    )


def _first(treatment: TreatmentSession, under: UnderOrder | None) -> DoseToGive | None:
    if under is None or under.dose is None or under.dose.dose is None or treatment.protocol_version is None:
        return None
    rule = protocol_of(treatment.protocol_version).dose_rule
    if isinstance(rule, DeviceDose):
        return DoseToGive(micrograms=rule.per_device.thousandths)
    return DoseToGive(micrograms=under.dose.dose.micrograms, round_down=under.order.round_down_micrograms)
