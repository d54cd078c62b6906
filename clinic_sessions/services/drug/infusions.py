"""How the pump of a visit is set: the drawn volume over the minutes of the order, or else of the protocol."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.infusion import PumpRate, planned, runs_until
from clinic_sessions.domain.protocols.protocols import PhaseKind, Route, phase_minutes
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.models import DoseEvent, Order, TreatmentSession
from clinic_sessions.services.before.start_gate import InHand
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.plans import papers


def is_infused(treatment: TreatmentSession) -> bool:
    """Whether the visit's dose runs through a pump."""
    version = treatment.protocol_version
    return version is not None and version.route is Route.IV


def order_of(db: Session, treatment: TreatmentSession, at: datetime) -> Order | None:
    """Give the order under which the visit's dose was begun, or would be at `at`."""
    order_id = treatment.order_id
    if order_id is None and (found := papers.of_treatment(db, treatment, at)) is not None:
        order_id = found.order_id
    return db.get(Order, order_id) if order_id is not None else None


def minutes_of(treatment: TreatmentSession, order: Order | None) -> tuple[int, bool] | None:
    """Give the minutes in which the dose is to run, and whether the order says them; None for what is not infused."""
    if treatment.protocol_version is None or not is_infused(treatment):
        return None
    if order is not None and order.duration_minutes is not None:
        return order.duration_minutes, True
    return phase_minutes(protocol_of(treatment.protocol_version), PhaseKind.ADMINISTER), False


def of_draw(db: Session, treatment: TreatmentSession, draw: InHand) -> PumpRate | None:
    """Give the rate at which what was drawn runs in its minutes; None for what is not infused."""
    at = draw.draws[-1].at
    return rate_of(draw, minutes_of(treatment, order_of(db, treatment, at))) if is_infused(treatment) else None


def rate_of(draw: InHand, minutes: tuple[int, bool] | None) -> PumpRate | None:
    """Give the rate at which what was drawn runs in so many minutes; None without them."""
    if minutes is None:
        return None
    return planned(draw.micrograms, draw.pump_microlitres or draw.microlitres, minutes[0])


def ends_at(treatment: TreatmentSession, order: Order | None, events: Sequence[DoseEvent]) -> datetime | None:
    """Give when the infusion has run in at the rates of its standing events; None while it is paused or not begun."""
    minutes = minutes_of(treatment, order)
    start = next((one for one in events if one.kind is DoseEventKind.STARTED), None)
    if minutes is None or start is None:
        return None
    usual = start.rate_micrograms_per_hour or (start.micrograms or 0) * 60 // minutes[0] or 1
    rate, rates = usual, [(start.at, usual)]
    for one in events[events.index(start) + 1 :]:
        if one.kind is DoseEventKind.RATE_CHANGED and one.rate_micrograms_per_hour and start.micrograms:
            rate = one.rate_micrograms_per_hour
            rates.append((one.at, rate if rates[-1][1] else 0))
        elif one.kind in {DoseEventKind.PAUSED, DoseEventKind.RESUMED}:
            rates.append((one.at, 0 if one.kind is DoseEventKind.PAUSED else rate))
    return runs_until(minutes[0], rates, usual)
