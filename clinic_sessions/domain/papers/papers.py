"""The papers that a treatment stands on: clearance, consent, order, enrolment, monitoring check.

Each question is pure and answers with the reasons against; a session starts only when none is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Clearance(StrEnum):
    """What a provider decided about treating a patient under a protocol."""

    CLEARED = "cleared"
    DEFERRED = "deferred"
    NOT_SUITABLE = "not_suitable"
    MORE_INFORMATION = "more_information"


class ConsentAnswer(StrEnum):
    """What the patient said to a consent text."""

    SIGNED = "signed"
    CHOSE_NOT_TO = "chose_not_to"


class SigningWay(StrEnum):
    SCREEN = "screen"
    PAPER = "paper"


class InterpretedBy(StrEnum):
    """How an interpreter took part."""

    IN_PERSON = "in_person"
    PHONE = "phone"
    VIDEO = "video"


class ConsentEventKind(StrEnum):
    """What became of a consent after it was given."""

    CHANGED_MIND = "changed_mind"
    ENTERED_BY_MISTAKE = "entered_by_mistake"


class PaperReason(StrEnum):
    """Why a session may not start, or a booking is not firm."""

    NOT_CLEARED = "not_cleared"
    CLEARANCE_EXPIRED = "clearance_expired"
    DEFERRED = "deferred"
    DEFERRAL_OVER = "deferral_over"
    NOT_SUITABLE = "not_suitable"
    MORE_INFORMATION = "more_information"
    CONSENT_MISSING = "consent_missing"
    CONSENT_CHOSE_NOT_TO = "consent_chose_not_to"
    CONSENT_EXPIRED = "consent_expired"
    CONSENT_CHANGED_MIND = "consent_changed_mind"
    ORDER_MISSING = "order_missing"
    ORDER_NOT_SIGNED = "order_not_signed"
    ORDER_NOT_YET = "order_not_yet"
    ORDER_EXPIRED = "order_expired"
    ORDER_ENDED = "order_ended"
    PLAN_PAUSED = "plan_paused"
    PLAN_OVER = "plan_over"
    NOT_ENROLLED = "not_enrolled"
    MONITORING_DUE = "monitoring_due"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A provider's decision as the rules see it; the newest counts. `until`: the last day it holds, inclusive."""

    decision: Clearance
    until: date | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class ConsentGiven:
    """A consent as the rules see it; the newest counts. `until`: the last day it holds, inclusive."""

    answer: ConsentAnswer
    until: date | None
    changed_mind: bool


@dataclass(frozen=True, kw_only=True)
class OrderGiven:
    """An order as the rules see it. A spoken one holds until `sign_by` without a signature."""

    valid_from: date
    valid_until: date
    ended: bool
    signed: bool
    sign_by: datetime | None


def clearance_reasons(newest: Decision | None, day: date) -> list[PaperReason]:
    """List why a patient is not cleared on a day of the clinic; a deferral reopens by itself once its day is over.

    >>> clearance_reasons(None, date(2026, 11, 23))
    [<PaperReason.NOT_CLEARED: 'not_cleared'>]
    """
    if newest is None:
        return [PaperReason.NOT_CLEARED]
    if newest.decision is Clearance.CLEARED:
        holds = newest.until is None or day <= newest.until
        return [] if holds else [PaperReason.CLEARANCE_EXPIRED]
    if newest.decision is Clearance.DEFERRED:
        waits = newest.until is not None and day <= newest.until
        return [PaperReason.DEFERRED if waits else PaperReason.DEFERRAL_OVER]
    return [PaperReason(newest.decision.value)]


def consent_reasons(newest: ConsentGiven | None, day: date) -> list[PaperReason]:
    """List why there is no consent on a day of the clinic: missing, refused, withdrawn or expired."""
    if newest is None:
        return [PaperReason.CONSENT_MISSING]
    if newest.answer is ConsentAnswer.CHOSE_NOT_TO:
        return [PaperReason.CONSENT_CHOSE_NOT_TO]
    if newest.changed_mind:
        return [PaperReason.CONSENT_CHANGED_MIND]
    holds = newest.until is None or day <= newest.until
    return [] if holds else [PaperReason.CONSENT_EXPIRED]


def order_reasons(orders: Sequence[OrderGiven], day: date, at: datetime) -> list[PaperReason]:
    """List why no order holds on a day and at a moment; one that holds is enough, else the newest says why.

    `orders`: the newest first.
    """
    if not orders:
        return [PaperReason.ORDER_MISSING]
    against = [_against(order, day, at) for order in orders]
    return [] if None in against else [reason for reason in against[:1] if reason is not None]


def _against(order: OrderGiven, day: date, at: datetime) -> PaperReason | None:
    if order.ended:
        return PaperReason.ORDER_ENDED
    if day < order.valid_from:
        return PaperReason.ORDER_NOT_YET
    if day > order.valid_until:
        return PaperReason.ORDER_EXPIRED
    spoken = order.sign_by is not None and at < order.sign_by
    return None if order.signed or spoken else PaperReason.ORDER_NOT_SIGNED
