"""The patient's own limit of blood pressure: from the file and from orders while they hold, the stricter counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.models import Order, Patient
from clinic_sessions.services.orders.order_rows import is_over

NONE = "\u2013"


@dataclass(frozen=True, kw_only=True)
class OwnLimit:
    """The stricter of all limits that hold on a day, in mmHg; `until`: the first day on which an order's ends."""

    systolic: int | None
    diastolic: int | None
    until: date | None

    @property
    def text(self) -> str:
        """The two numbers as they are read: 140/90."""
        return f"{self.systolic or NONE}/{self.diastolic or NONE}"


def of_patient(db: Session, patient_id: int) -> Sequence[Order]:
    """List a patient's orders that carry a limit, with what became of them."""
    query = sa.select(Order).where(Order.patient_id == patient_id, Order.pressure_limit_until.is_not(None))
    return db.scalars(query.options(selectinload(Order.events)).order_by(Order.id)).all()


def on(patient: Patient, orders: Iterable[Order], day: date) -> OwnLimit | None:
    """Give the limit that holds on a day of the clinic; None when the protocol's limits stand alone.

    An order's limit holds from its first valid day until its own last one, unless the order was ended or changed.
    """
    holding = [one for one in orders if _holds(one, day)]
    systolic = [patient.pressure_limit_systolic_mmhg, *(one.pressure_limit_systolic_mmhg for one in holding)]
    diastolic = [patient.pressure_limit_diastolic_mmhg, *(one.pressure_limit_diastolic_mmhg for one in holding)]
    pair = _strictest(systolic), _strictest(diastolic)
    file = patient.pressure_limit_systolic_mmhg, patient.pressure_limit_diastolic_mmhg
    if pair == (None, None):
        return None
    ends = [one.pressure_limit_until for one in holding if one.pressure_limit_until and pair != file]
    return OwnLimit(systolic=pair[0], diastolic=pair[1], until=min(ends, default=None))


def _holds(order: Order, day: date) -> bool:
    until = order.pressure_limit_until
    return until is not None and order.valid_from <= day <= until and not is_over(order)


def _strictest(limits: Iterable[int | None]) -> int | None:
    return min((limit for limit in limits if limit is not None), default=None)
