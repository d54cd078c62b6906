"""Orders: within the protocol's rule, exact in whole micrograms, under the cap; slips of digit and unit are caught."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from clinic_sessions.domain.drug.doses import DoseImpossible
from clinic_sessions.domain.papers.orders import (
    DoseBasis,
    Ordered,
    OrderReason,
    against_dose,
    bases_of,
    dose_of,
    in_words,
    is_as_ordered,
    usual,
    weight_doubtful,
)
from clinic_sessions.domain.patients.weights import HEAVIEST_GRAMS, LIGHTEST_GRAMS
from clinic_sessions.domain.protocols.protocols import DeviceDose, FixedDose, Sourced, WeightDose

SLIP, MINUTES = 6, 40
weights = st.integers(LIGHTEST_GRAMS, HEAVIEST_GRAMS)
rates = st.integers(1, 5_000)
caps = st.integers(1_000, 500_000)
steps = st.integers(1, 10_000)


def sourced(value: str, unit: str) -> Sourced:
    return Sourced(value=Decimal(value), unit=unit, source="For a test [P]")


BY_WEIGHT = WeightDose(per_kg=sourced("0.5", "mg/kg"), cap=sourced("60", "mg"), round_down_to=sourced("0.1", "mg"))
FIXED = FixedDose(amount=sourced("50", "mg"), cap=sourced("50", "mg"))
DEVICES = DeviceDose(
    per_device=sourced("28", "mg"), minutes_apart=sourced("5", "min"), fewest=sourced("2", "devices"),
    most=sourced("3", "devices"),
)  # fmt: skip


def per_kg(rate: int, cap: int = 60_000, step: int | None = 100) -> Ordered:
    return Ordered(basis=DoseBasis.PER_KG, amount=rate, cap=cap, round_down=step, minutes=MINUTES)


def fixed(amount: int, cap: int = 60_000) -> Ordered:
    return Ordered(basis=DoseBasis.FIXED, amount=amount, cap=cap, minutes=MINUTES)


def reasons(ordered: Ordered, rule: WeightDose | FixedDose | DeviceDose, grams: int | None = None) -> list[OrderReason]:
    return against_dose(ordered, rule, minutes=MINUTES, slip=SLIP, grams=grams)


@given(rates, weights, caps, steps)
def test_a_dose_by_weight_is_exact_and_never_above_rate_or_any_cap(rate: int, grams: int, cap: int, step: int) -> None:
    try:
        dose = dose_of(per_kg(rate, cap, step), BY_WEIGHT, grams).micrograms
    except DoseImpossible:
        assert min(rate * grams // 1000, cap, 60_000) < step
        return
    assert isinstance(dose, int)
    assert dose * 1000 <= rate * grams
    assert dose <= min(cap, 60_000)
    assert dose % step == 0
    assert dose + step > min(rate * grams // 1000, cap, 60_000), "no more is rounded away than one step"


@given(st.integers(1, 1_000_000), caps)
def test_a_fixed_dose_is_held_to_both_caps(amount: int, cap: int) -> None:
    assert dose_of(fixed(amount, cap), BY_WEIGHT, None).micrograms == min(amount, cap, 60_000)


@given(st.integers(1, 20))
def test_devices_come_to_their_count_or_to_nothing(count: int) -> None:
    ordered = Ordered(basis=DoseBasis.DEVICES, amount=count, cap=84_000)
    if count in (2, 3):
        assert reasons(ordered, DEVICES) == []
        assert dose_of(ordered, DEVICES, None).micrograms == 28_000 * count
        assert dose_of(ordered, DEVICES, None).arithmetic.endswith("at least 5 min apart")
    else:
        assert reasons(ordered, DEVICES) == [OrderReason.DEVICES_OUTSIDE]
        with pytest.raises(DoseImpossible):
            dose_of(ordered, DEVICES, None)


@given(st.integers(100, 750))
def test_a_slip_by_ten_of_any_rate_that_responders_were_given_is_caught(rate: int) -> None:
    for slipped in (rate * 10, rate // 10):
        found = reasons(per_kg(slipped), BY_WEIGHT)
        assert OrderReason.LIKELY_SLIP in found or OrderReason.ABOVE_USUAL in found
    if rate >= 300:
        assert reasons(per_kg(rate * 10), BY_WEIGHT) == [OrderReason.LIKELY_SLIP]
    assert OrderReason.LIKELY_SLIP not in reasons(per_kg(rate), BY_WEIGHT), "the rate itself is not taken for a slip"


@given(st.integers(5_000, 60_000), weights)
def test_a_slip_by_ten_of_mg_is_never_taken_without_a_question(amount: int, grams: int) -> None:
    assume(OrderReason.LIKELY_SLIP not in reasons(fixed(amount), BY_WEIGHT, grams))
    asked = {OrderReason.DOSE_ABOVE_CAP, OrderReason.LIKELY_SLIP, OrderReason.ABOVE_USUAL}
    assert asked & set(reasons(fixed(amount * 10), BY_WEIGHT, grams))


@given(weights, st.integers(-9, 9))
def test_pounds_taken_for_kilograms_are_caught_whatever_the_patient_gained_or_lost_since(
    before: int, percent: int
) -> None:
    truly = before * (100 + percent) // 100
    assert weight_doubtful(truly * 22046 // 10000, before, 2)
    assert weight_doubtful(truly * 10000 // 22046, before, 2)
    assert not weight_doubtful(truly, before, 2)


def test_a_first_weight_has_nothing_to_be_compared_with() -> None:
    assert not weight_doubtful(180_000, None, 2)


def test_above_the_protocols_own_dose_asks_for_a_reason_and_above_its_cap_is_refused() -> None:
    assert reasons(per_kg(500), BY_WEIGHT) == reasons(per_kg(250), BY_WEIGHT) == []
    assert reasons(per_kg(501), BY_WEIGHT) == [OrderReason.ABOVE_USUAL]
    assert reasons(per_kg(500, cap=60_001), BY_WEIGHT) == [OrderReason.CAP_ABOVE_PROTOCOL]
    assert reasons(fixed(60_001), BY_WEIGHT) == [OrderReason.DOSE_ABOVE_CAP]
    assert reasons(fixed(45_000), BY_WEIGHT, 80_000) == [OrderReason.ABOVE_USUAL]
    assert reasons(fixed(45_000), BY_WEIGHT) == [], "without a weight there is nothing to compare with but the cap"
    assert reasons(fixed(50_000, 50_000), FIXED) == []
    assert reasons(per_kg(500, step=6_001), BY_WEIGHT) == [OrderReason.ROUNDING_TOO_COARSE]


def test_a_dose_is_ordered_in_the_ways_of_its_protocol() -> None:
    assert [bases_of(rule) for rule in (BY_WEIGHT, FIXED, DEVICES)] == [
        (DoseBasis.PER_KG, DoseBasis.FIXED), (DoseBasis.FIXED,), (DoseBasis.DEVICES,)
    ]  # fmt: skip
    assert reasons(per_kg(500), FIXED) == reasons(fixed(50_000), DEVICES) == [OrderReason.OTHER_BASIS]
    with pytest.raises(DoseImpossible):
        dose_of(Ordered(basis=DoseBasis.DEVICES, amount=2, cap=84_000), BY_WEIGHT, None)
    with pytest.raises(DoseImpossible):
        dose_of(per_kg(500), BY_WEIGHT, None)


@pytest.mark.parametrize("rule", [BY_WEIGHT, FIXED, DEVICES])
def test_what_the_protocol_proposes_stands_against_nothing(rule: WeightDose | FixedDose | DeviceDose) -> None:
    assert reasons(usual(rule, MINUTES), rule, 80_000) == []


@pytest.mark.parametrize(("minutes", "reason"), [(60, OrderReason.OTHER_DURATION), (4, OrderReason.DURATION_SLIP)])
def test_another_duration_asks_and_a_slip_of_it_is_refused(minutes: int, reason: OrderReason) -> None:
    ordered = Ordered(basis=DoseBasis.PER_KG, amount=500, cap=60_000, round_down=100, minutes=minutes)
    assert reasons(ordered, BY_WEIGHT) == [reason]


def test_the_arithmetic_says_rate_weight_cap_and_rounding() -> None:
    said = dose_of(per_kg(500), BY_WEIGHT, 81_647).arithmetic
    assert said == "0.5 mg/kg × 81.6 kg = 40.823 mg, rounded down to 40.8 mg"
    capped = dose_of(per_kg(500, cap=45_000), BY_WEIGHT, 100_000)
    assert (capped.micrograms, capped.capped) == (45_000, True)
    assert capped.arithmetic == "0.5 mg/kg × 100.0 kg = 50 mg, held to the cap of 45 mg"
    assert dose_of(fixed(40_000), BY_WEIGHT, None).arithmetic == "40 mg as ordered"
    assert in_words(Ordered(basis=DoseBasis.DEVICES, amount=2, cap=84_000)) == "2 devices"


@given(st.integers(1_000, 60_000), st.integers(-3_000, 3_000))
def test_a_given_dose_is_the_ordered_one_within_less_than_a_step(dose: int, more: int) -> None:
    assert is_as_ordered(dose + more, dose, 100) is (abs(more) < 100)
    assert is_as_ordered(dose + more, dose, None) is (more == 0)
