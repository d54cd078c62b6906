"""A patient's orders as their page shows them, and the spoken ones that wait for a signature."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.papers import orders as rules
from clinic_sessions.domain.papers.orders import OVER, OrderEventKind, OrderState
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Order, OrderEvent, Patient
from clinic_sessions.services import documents
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.orders import ordered_dose
from clinic_sessions.services.orders.order_rows import event_of, ordered_of, sign_by, state_of
from clinic_sessions.services.orders.ordered_dose import OrderedDose
from clinic_sessions.services.patients import weights


@dataclass(frozen=True, kw_only=True)
class Shown:
    """An order with how it stands. `today`: what it comes to today, for one that stands."""

    order: Order
    state: OrderState
    words: str
    sign_by: datetime | None
    signed: OrderEvent | None
    over: OrderEvent | None
    today: OrderedDose | None

    @property
    def is_over(self) -> bool:
        """Whether it holds no more and never will again."""
        return self.state in OVER


def of_patient(db: Session, patient: Patient, now: datetime) -> list[Shown]:
    """List a patient's orders, the newest first, as they stand at `now`."""
    query = (
        sa.select(Order)
        .where(Order.patient_id == patient.id)
        .options(*_WHOLE)
        .order_by(Order.written_at.desc(), Order.id.desc())
    )
    zone = db.get_one(Clinic, patient.clinic_id).zone
    numbers, day = documents.thresholds(db), local_day(now, zone)
    weighed = weights.standing(weights.listed(db, patient.id))
    found = []
    for order in db.scalars(query):
        state = state_of(order, day, now, numbers.spoken_order.whole)
        rule = protocol_of(order.protocol_version).dose_rule
        found.append(
            Shown(
                order=order,
                state=state,
                words=rules.in_words(ordered_of(order)),
                sign_by=sign_by(order, numbers.spoken_order.whole),
                signed=event_of(order, OrderEventKind.SIGNED),
                over=event_of(order, OrderEventKind.ENDED, OrderEventKind.REPLACED),
                today=None if state in OVER else ordered_dose.of_order(order, rule, weighed, day, zone, numbers),
            )
        )
    return found


def to_sign(db: Session, clinic_ids: Collection[int]) -> Sequence[Order]:
    """List the spoken orders of these clinics' patients that nobody has signed and that are not over, oldest first."""
    query = unsigned(clinic_ids).options(
        joinedload(Order.by), joinedload(Order.provider), joinedload(Order.protocol_version)
    )
    return db.scalars(query.order_by(Order.written_at, Order.id)).all()


def unsigned(clinic_ids: Collection[int]) -> sa.Select[Order]:
    """Select what `to_sign` lists."""
    settled = sa.exists().where(OrderEvent.order_id == Order.id)
    query = sa.select(Order).join(Patient, Patient.id == Order.patient_id)
    return query.where(Patient.clinic_id.in_(clinic_ids), Order.spoken, ~settled)


_WHOLE = (
    joinedload(Order.protocol_version),
    joinedload(Order.provider),
    joinedload(Order.by),
    joinedload(Order.plan),
    selectinload(Order.as_needed),
    selectinload(Order.events).joinedload(OrderEvent.by),
)
