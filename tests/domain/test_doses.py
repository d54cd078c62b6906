"""Doses: exact, capped, and never read from something that is not a plain number."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.drug.doses import (
    DoseImpossible,
    DoseUnreadable,
    cap_of,
    device_dose,
    fixed_dose,
    mg_text,
    parse_mg,
    weight_dose,
)
from clinic_sessions.domain.protocols.protocols import DeviceDose, FixedDose, Sourced, WeightDose


def sourced(value: str, unit: str) -> Sourced:
    return Sourced(value=Decimal(value), unit=unit, source="For a test [P]")


def by_weight(per_kg: str = "0.5", cap: str = "60", step: str = "0.1") -> WeightDose:
    return WeightDose(per_kg=sourced(per_kg, "mg/kg"), cap=sourced(cap, "mg"), round_down_to=sourced(step, "mg"))


DEVICES = DeviceDose(
    per_device=sourced("28", "mg"),
    minutes_apart=sourced("5", "min"),
    fewest=sourced("2", "devices"),
    most=sourced("3", "devices"),
)


def test_a_dose_is_rate_times_weight_with_its_arithmetic() -> None:
    dose = weight_dose(by_weight(), 80_000)

    assert (dose.micrograms, dose.capped) == (40_000, False)
    assert dose.arithmetic == "0.5 mg/kg × 80.0 kg = 40 mg"


def test_a_heavy_patient_gets_the_cap_and_the_arithmetic_says_so() -> None:
    dose = weight_dose(by_weight(), 150_000)

    assert (dose.micrograms, dose.capped) == (60_000, True)
    assert "held to the cap of 60 mg" in dose.arithmetic


def test_a_dose_is_rounded_down_to_what_can_be_drawn() -> None:
    dose = weight_dose(by_weight(), 81_647)

    assert dose.micrograms == 40_800
    assert dose.arithmetic.endswith("rounded down to 40.8 mg")


@given(
    grams=st.integers(min_value=25_000, max_value=350_000),
    per_kg=st.decimals(min_value="0.1", max_value="2", places=3),
    cap=st.decimals(min_value="1", max_value="200", places=1),
)
def test_no_weight_and_no_rate_ever_exceed_the_cap(grams: int, per_kg: Decimal, cap: Decimal) -> None:
    dose = weight_dose(by_weight(str(per_kg), str(cap)), grams)

    assert 0 < dose.micrograms <= cap * 1000
    assert dose.micrograms <= Decimal(grams) * per_kg
    assert dose.micrograms % 100 == 0


@pytest.mark.parametrize("grams", [0, -1, 1])
def test_no_dose_comes_from_no_weight(grams: int) -> None:
    with pytest.raises(DoseImpossible):
        weight_dose(by_weight(), grams)


def test_devices_are_whole_and_within_the_label() -> None:
    assert [device_dose(DEVICES, count).micrograms for count in (2, 3)] == [56_000, 84_000]
    assert device_dose(DEVICES, 3).arithmetic == "3 × 28 mg = 84 mg"
    assert cap_of(DEVICES) == 84_000


@pytest.mark.parametrize("count", [-1, 0, 1, 4])
def test_other_counts_of_devices_are_refused(count: int) -> None:
    with pytest.raises(DoseImpossible, match="2 to 3 devices"):
        device_dose(DEVICES, count)


def test_a_fixed_dose_is_the_same_for_everyone() -> None:
    rule = FixedDose(amount=sourced("80", "mg"), cap=sourced("80", "mg"))

    assert fixed_dose(rule).micrograms == cap_of(rule) == 80_000


@pytest.mark.parametrize(("text", "micrograms"), [("40", 40_000), (" 40.25 ", 40_250), ("1,5", 1_500), ("0.125", 125)])
def test_a_plain_number_is_read_exactly(text: str, micrograms: int) -> None:
    assert parse_mg(text) == micrograms


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "NaN",
        "inf",
        "-inf",
        "-1",
        "-0",
        "+5",
        "1e3",
        "1_000",
        "0x10",
        "٤٠",
        "４０",
        "1.2345",
        "40 mg",
        ".5",
        "5.",
        "1.2.3",
        "12345",
    ],
)
def test_anything_but_a_plain_number_is_refused_in_peoples_words(text: str) -> None:
    with pytest.raises(DoseUnreadable, match="Enter the dose in mg"):
        parse_mg(text)


def test_a_comma_that_could_mean_thousands_is_refused() -> None:
    with pytest.raises(DoseUnreadable, match="nobody reads thousands"):
        parse_mg("1,500")


@pytest.mark.parametrize("text", ["0", "0.000", "0,0"])
def test_nothing_is_not_a_dose(text: str) -> None:
    with pytest.raises(DoseImpossible, match="above 0"):
        parse_mg(text)


@pytest.mark.parametrize("text", ["1000.001", "9999"])
def test_far_too_much_is_refused(text: str) -> None:
    with pytest.raises(DoseImpossible, match="too much"):
        parse_mg(text)


@given(st.integers(min_value=1, max_value=1_000_000))
def test_what_is_said_in_mg_reads_back_as_the_same_dose(micrograms: int) -> None:
    assert parse_mg(mg_text(micrograms).removesuffix(" mg")) == micrograms


@given(st.text())
def test_no_text_whatever_breaks_the_reading(text: str) -> None:
    with suppress(DoseUnreadable, DoseImpossible):
        assert 0 < parse_mg(text) <= 1_000_000
