"""The demo's orders beyond the usual: one changed in the middle of a series, one spoken that waits to be signed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing
from clinic_sessions.domain.papers.orders import DoseBasis, Ordered
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.domain.session.lifecycle import EXPECTED
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Order, Patient, Plan, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.orders import orders
from clinic_sessions.services.orders.order_requests import AsNeededLine, OrderRequest, PressureLimit
from clinic_sessions.services.orders.order_rows import ordered_of

_CHANGED_BEFORE, _SPOKEN_BEFORE, _LIMIT_FOR = timedelta(days=9), timedelta(hours=3), timedelta(days=30)
_LABETALOL = AsNeededLine(
    drug="Labetalol", dose="10 mg IV over 2 min", limit="20 mg a session", reason="systolic above 180"
)
_ONDANSETRON = AsNeededLine(drug="Ondansetron", dose="4 mg IV", limit="8 mg a session", reason="nausea or vomiting")


def note_orders(db: Session, staff: Staffing, now: datetime) -> None:
    """Say under which order each session was started, then change one order and leave one to be signed."""
    _note_in_sessions(db)
    standing = _by_weight(db)
    if len(standing) > 1:
        _change(db, standing[0], staff.providers[0], now - _CHANGED_BEFORE)
        _speak(db, standing[1], staff, now - _SPOKEN_BEFORE)


def _note_in_sessions(db: Session) -> None:
    own = sa.select(sa.func.min(Order.id)).where(Order.plan_id == TreatmentSession.plan_id).scalar_subquery()
    begun = TreatmentSession.dose_started_at.is_not(None), TreatmentSession.order_id.is_(None)
    db.execute(
        sa.update(TreatmentSession)
        .where(*begun, TreatmentSession.plan_id.is_not(None))
        .values(order_id=own)
        .execution_options(synchronize_session=False)
    )
    db.expire_all()


def _by_weight(db: Session) -> Sequence[Order]:
    to_come = sa.exists().where(TreatmentSession.plan_id == Plan.id, TreatmentSession.status.in_(EXPECTED))
    query = (
        sa.select(Order)
        .join(Plan, Plan.id == Order.plan_id)
        .where(Order.basis == DoseBasis.PER_KG, Plan.status == PlanStatus.ACTIVE, to_come)
    )
    return db.scalars(query.order_by(Order.id).limit(2)).all()


def _change(db: Session, old: Order, provider: Actor, at: datetime) -> None:
    lower = replace(ordered_of(old), amount=400)
    limit = PressureLimit(systolic=140, diastolic=90, until=local_day(at + _LIMIT_FOR, ZONE))
    wanted = replace(
        _as_it_stands(old, lower, at), premedication="Ondansetron 4 mg by mouth, 30 min before", limit=limit,
        as_needed=(_LABETALOL, _ONDANSETRON), words="Pressure rose to 168/98 at 0.5 mg/kg; try less",
    )  # fmt: skip
    orders.write(db, _patient(db, old), wanted, now=at, by=provider, replaces=old)


def _speak(db: Session, old: Order, staff: Staffing, at: datetime) -> None:
    wanted = replace(
        _as_it_stands(old, ordered_of(old), at), as_needed=(_ONDANSETRON,), provider_id=old.provider_id,
        read_back=True, words="Nausea after the last two sessions",
    )  # fmt: skip
    orders.write(db, _patient(db, old), wanted, now=at, by=staff.nurses[0], replaces=old)


def _as_it_stands(old: Order, ordered: Ordered, at: datetime) -> OrderRequest:
    day = local_day(at, ZONE)
    return OrderRequest(
        protocol_version_id=old.protocol_version_id, plan_id=old.plan_id, ordered=ordered, valid_from=day,
        valid_until=min(max(day, old.valid_until), day + timedelta(days=80)),
    )  # fmt: skip


def _patient(db: Session, order: Order) -> Patient:
    return db.get_one(Patient, order.patient_id)
