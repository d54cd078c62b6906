"""What the rows of an order say: its dose, what became of it, and how it stands on a day."""

from datetime import date, datetime, timedelta

from clinic_sessions.domain.papers.orders import DoseBasis, Ordered, OrderEventKind, OrderState
from clinic_sessions.models import Order, OrderEvent


def ordered_of(order: Order) -> Ordered:
    """Give the dose of an order as the rules read it."""
    amount = {
        DoseBasis.PER_KG: order.micrograms_per_kg, DoseBasis.FIXED: order.micrograms, DoseBasis.DEVICES: order.devices
    }[order.basis]  # fmt: skip
    return Ordered(
        basis=order.basis, amount=amount or 0, cap=order.cap_micrograms, round_down=order.round_down_micrograms,
        minutes=order.duration_minutes,
    )  # fmt: skip


def event_of(order: Order, *kinds: OrderEventKind) -> OrderEvent | None:
    """Give the first event of these kinds that became of an order."""
    return next((event for event in order.events if event.kind in kinds), None)


def is_over(order: Order) -> bool:
    """Say whether an order was ended or replaced."""
    return event_of(order, OrderEventKind.ENDED, OrderEventKind.REPLACED) is not None


def sign_by(order: Order, within_hours: int) -> datetime | None:
    """Give the moment by which a spoken order is signed; None for one that is, or needs no signature more."""
    if not order.spoken or event_of(order, OrderEventKind.SIGNED):
        return None
    return order.written_at + timedelta(hours=within_hours)


def state_of(order: Order, day: date, at: datetime, within_hours: int) -> OrderState:
    """Say how an order stands on a day of the clinic and at a moment; `within_hours`: for a spoken one's signature."""
    if (event := event_of(order, OrderEventKind.ENDED, OrderEventKind.REPLACED)) is not None:
        return OrderState.ENDED if event.kind is OrderEventKind.ENDED else OrderState.REPLACED
    if day > order.valid_until:
        return OrderState.EXPIRED
    if (until := sign_by(order, within_hours)) is not None and at >= until:
        return OrderState.NOT_SIGNED_IN_TIME
    if day < order.valid_from:
        return OrderState.NOT_YET
    return OrderState.HOLDS_UNSIGNED if until is not None else OrderState.HOLDS
