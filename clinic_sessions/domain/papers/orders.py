"""What a provider orders: how the dose is said, what stands against an order, and the dose that it comes to."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from clinic_sessions.domain.drug.doses import ComputedDose, DoseImpossible, Micrograms, cap_of, device_dose, mg_text
from clinic_sessions.domain.drug.doses import weight_dose as by_weight
from clinic_sessions.domain.protocols.protocol_parts import DeviceDose, DoseRule, FixedDose, WeightDose
from clinic_sessions.domain.sourced import Sourced


class DoseBasis(StrEnum):
    """How an order says its dose."""

    PER_KG = "per_kg"
    FIXED = "fixed"
    DEVICES = "devices"


class OrderEventKind(StrEnum):
    """What became of an order after it was written."""

    SIGNED = "signed"
    ENDED = "ended"
    REPLACED = "replaced"


class OrderReason(StrEnum):
    """Why an order is not taken as it was written, or not changed."""

    OTHER_BASIS = "other_basis"
    DOSE_ABOVE_CAP = "dose_above_cap"
    CAP_ABOVE_PROTOCOL = "cap_above_protocol"
    DEVICES_OUTSIDE = "devices_outside"
    LIKELY_SLIP = "likely_slip"
    ROUNDING_TOO_COARSE = "rounding_too_coarse"
    DURATION_SLIP = "duration_slip"
    ABOVE_USUAL = "above_usual"
    OTHER_DURATION = "other_duration"
    LONGER_THAN_USUAL = "longer_than_usual"
    PROVIDER_WRITES_IT = "provider_writes_it"
    BEGINS_IN_THE_PAST = "begins_in_the_past"
    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    LIMIT_WITHOUT_END = "limit_without_end"
    END_WITHOUT_LIMIT = "end_without_limit"
    LIMIT_UPSIDE_DOWN = "limit_upside_down"
    NOT_READ_BACK = "not_read_back"
    REASON_NEEDED = "reason_needed"
    SIGNED_ALREADY = "signed_already"
    OVER_ALREADY = "over_already"
    REPLACED_MEANWHILE = "replaced_meanwhile"
    ANOTHER_STANDS = "another_stands"
    OTHER_TREATMENT = "other_treatment"


class NoDose(StrEnum):
    """Why an order does not come to a dose on a day."""

    NO_WEIGHT = "no_weight"
    WEIGHT_TOO_OLD = "weight_too_old"
    WEIGHT_DOUBTFUL = "weight_doubtful"
    NOT_TO_BE_HAD = "not_to_be_had"


ANSWERED_BY_WORDS = frozenset({OrderReason.ABOVE_USUAL, OrderReason.OTHER_DURATION, OrderReason.LONGER_THAN_USUAL})
"""Reasons that a provider's typed words answer; all others are refused."""


class OrderState(StrEnum):
    """How an order stands at a moment."""

    HOLDS = "holds"
    HOLDS_UNSIGNED = "holds_unsigned"
    NOT_SIGNED_IN_TIME = "not_signed_in_time"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    ENDED = "ended"
    REPLACED = "replaced"


OVER = frozenset({OrderState.EXPIRED, OrderState.ENDED, OrderState.REPLACED})


@dataclass(frozen=True, kw_only=True)
class Ordered:
    """A dose as it is ordered.

    `amount`: micrograms per kg, micrograms, or a count of devices, as `basis` says; `cap`, `round_down`: micrograms.
    """

    basis: DoseBasis
    amount: int
    cap: Micrograms
    round_down: Micrograms | None = None
    minutes: int | None = None


def bases_of(rule: DoseRule) -> tuple[DoseBasis, ...]:
    """List how a dose may be ordered under a protocol's rule, the protocol's own way first."""
    if isinstance(rule, DeviceDose):
        return (DoseBasis.DEVICES,)
    return (DoseBasis.PER_KG, DoseBasis.FIXED) if isinstance(rule, WeightDose) else (DoseBasis.FIXED,)


def usual(rule: DoseRule, minutes: int) -> Ordered:
    """Give the order that the protocol itself proposes; `minutes`: how long its dose takes. Devices: the fewest."""
    if isinstance(rule, WeightDose):
        return Ordered(
            basis=DoseBasis.PER_KG, amount=rule.per_kg.thousandths, cap=rule.cap.thousandths,
            round_down=rule.round_down_to.thousandths, minutes=minutes,
        )  # fmt: skip
    if isinstance(rule, DeviceDose):
        return Ordered(basis=DoseBasis.DEVICES, amount=rule.fewest.whole, cap=cap_of(rule))
    return Ordered(basis=DoseBasis.FIXED, amount=rule.amount.thousandths, cap=cap_of(rule), minutes=minutes)


def against_dose(
    ordered: Ordered, rule: DoseRule, *, minutes: int, slip: int, grams: int | None = None
) -> list[OrderReason]:
    """List what stands against an ordered dose under the protocol's rule; the cap always holds.

    `minutes`: how long the protocol's dose takes; `slip`: from how many times the protocol's dose on, up or down, it is
    a slip; `grams`: the patient's weight, if known, by which mg are compared with a rule in mg/kg.
    """
    if ordered.basis not in bases_of(rule):
        return [OrderReason.OTHER_BASIS]
    if isinstance(rule, DeviceDose):
        within = rule.fewest.whole <= ordered.amount <= rule.most.whole
        return [] if within else [OrderReason.DEVICES_OUTSIDE]
    reasons = _against_cap(ordered, rule) + _against_usual(ordered, rule, slip, grams)
    if ordered.minutes is not None and ordered.minutes != minutes:
        slipped = _times_apart(ordered.minutes, minutes, slip)
        reasons.append(OrderReason.DURATION_SLIP if slipped else OrderReason.OTHER_DURATION)
    return reasons


def _against_cap(ordered: Ordered, rule: DoseRule) -> list[OrderReason]:
    reasons = []
    if ordered.cap > cap_of(rule):
        reasons.append(OrderReason.CAP_ABOVE_PROTOCOL)
    if ordered.basis is DoseBasis.FIXED and ordered.amount > min(ordered.cap, cap_of(rule)):
        reasons.append(OrderReason.DOSE_ABOVE_CAP)
    if ordered.round_down is not None and ordered.round_down * 10 > ordered.cap:
        reasons.append(OrderReason.ROUNDING_TOO_COARSE)
    return reasons


def _against_usual(ordered: Ordered, rule: DoseRule, slip: int, grams: int | None) -> list[OrderReason]:
    compared = _usual_amount(ordered, rule, grams)
    if compared is None:
        return []
    if _times_apart(ordered.amount, compared, slip):
        return [OrderReason.LIKELY_SLIP]
    return [OrderReason.ABOVE_USUAL] if ordered.amount > compared else []


def _usual_amount(ordered: Ordered, rule: DoseRule, grams: int | None) -> int | None:
    if isinstance(rule, FixedDose):
        return rule.amount.thousandths
    if not isinstance(rule, WeightDose):
        return None
    if ordered.basis is DoseBasis.PER_KG:
        return rule.per_kg.thousandths
    return by_weight(rule, grams).micrograms if grams else None


def _times_apart(one: int, other: int, times: int) -> bool:
    """Whether the larger is at least so many times the smaller."""
    return max(one, other) >= times * min(one, other)


def weight_doubtful(grams: int, before: int | None, slip: int) -> bool:
    """Say whether a weight is so far from the one before that pounds were taken for kilograms, or a digit slipped.

    >>> weight_doubtful(180_000, 81_647, 2), weight_doubtful(77_000, 81_647, 2)
    (True, False)
    """
    return before is not None and _times_apart(grams, before, slip)


def dose_of(ordered: Ordered, rule: DoseRule, grams: int | None) -> ComputedDose:
    """Give the dose that an order comes to, in whole micrograms, with its arithmetic; the cap always holds.

    `rule`: that of the protocol version under which the session runs, whose cap holds besides the order's own;
    `grams`: the body weight, needed for mg/kg. Raises DoseImpossible when it cannot be had.
    """
    cap = min(ordered.cap, cap_of(rule))
    if ordered.basis is DoseBasis.DEVICES:
        return _of_devices(ordered, rule)
    if ordered.basis is DoseBasis.FIXED:
        capped = ordered.amount > cap
        said = f"{mg_text(ordered.amount)} as ordered" + (f", held to the cap of {mg_text(cap)}" if capped else "")
        return ComputedDose(micrograms=min(ordered.amount, cap), capped=capped, arithmetic=said)
    if grams is None:
        raise DoseImpossible("There is no weight to compute the dose from")
    return by_weight(
        WeightDose(
            per_kg=_ordered(ordered.amount, "mg/kg"), cap=_ordered(cap, "mg"),
            round_down_to=_ordered(ordered.round_down or 1, "mg"),
        ),
        grams,
    )  # fmt: skip


def _of_devices(ordered: Ordered, rule: DoseRule) -> ComputedDose:
    if not isinstance(rule, DeviceDose):
        raise DoseImpossible("The protocol doses in mg now, and the order in devices")
    found = device_dose(rule, ordered.amount)
    apart = f", at least {rule.minutes_apart.whole} min apart"
    return ComputedDose(micrograms=found.micrograms, capped=False, arithmetic=found.arithmetic + apart)


def _ordered(thousandths: int, unit: str) -> Sourced:
    return Sourced(value=Decimal(thousandths) / 1000, unit=unit, source="The order")


def is_as_ordered(given: Micrograms, dose: Micrograms, round_down: Micrograms | None) -> bool:
    """Say whether a dose is the ordered one, give or take less than a step of its rounding.

    >>> is_as_ordered(40_800, 40_800, 100), is_as_ordered(40_000, 40_800, 100)
    (True, False)
    """
    return given == dose or abs(given - dose) < (round_down or 0)


def in_words(ordered: Ordered) -> str:
    """Say how the dose is ordered.

    >>> in_words(Ordered(basis=DoseBasis.PER_KG, amount=500, cap=60_000, round_down=100, minutes=40))
    '0.5 mg/kg, at most 60 mg, rounded down to 0.1 mg, over 40 min'
    """
    if ordered.basis is DoseBasis.DEVICES:
        return f"{ordered.amount} devices"
    parts = [mg_text(ordered.amount)]
    if ordered.basis is DoseBasis.PER_KG:
        parts = [f"{mg_text(ordered.amount)}/kg", f"at most {mg_text(ordered.cap)}"]
        parts += [f"rounded down to {mg_text(ordered.round_down)}"] if ordered.round_down else []
    return ", ".join([*parts, *([f"over {ordered.minutes} min"] if ordered.minutes else [])])
