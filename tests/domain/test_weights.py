"""Weights: typed in pounds or kilograms, kept in grams, shown in both."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.patients.weights import (
    WeightImplausible,
    WeightUnit,
    WeightUnreadable,
    changed_over,
    kg_text,
    lb_text,
    parse_weight,
)


@given(st.decimals(min_value="56", max_value="771", places=1))
def test_pounds_read_back_as_the_same_pounds(pounds: Decimal) -> None:
    assert lb_text(parse_weight(str(pounds), WeightUnit.LB)) == f"{pounds} lb"


@given(st.decimals(min_value="25", max_value="350", places=1))
def test_kilograms_read_back_as_the_same_kilograms(kilograms: Decimal) -> None:
    assert kg_text(parse_weight(str(kilograms), WeightUnit.KG)) == f"{kilograms} kg"


def test_a_pound_is_exactly_453_59237_grams() -> None:
    assert parse_weight("100", WeightUnit.LB) == 45_359
    assert parse_weight("200", WeightUnit.LB) == 90_718
    assert parse_weight("180.5", WeightUnit.LB) == 81_873


@pytest.mark.parametrize("text", ["", "heavy", "NaN", "inf", "-80", "8e1", "1_80", "٨٠", "80 kg", "1,800", "80.123"])
def test_anything_but_a_plain_number_is_refused_in_peoples_words(text: str) -> None:
    with pytest.raises(WeightUnreadable, match="Enter the weight as a number"):
        parse_weight(text, WeightUnit.KG)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("0", WeightUnit.KG),
        ("24.9", WeightUnit.KG),
        ("351", WeightUnit.KG),
        ("55", WeightUnit.LB),
        ("772", WeightUnit.LB),
    ],
)
def test_a_weight_that_no_adult_has_asks_for_number_and_unit(text: str, unit: WeightUnit) -> None:
    with pytest.raises(WeightImplausible, match="Check the number and the unit"):
        parse_weight(text, unit)


@pytest.mark.parametrize(
    ("new", "asks"), [(80_000, False), (88_000, False), (88_001, True), (72_000, False), (71_999, True)]
)
def test_a_change_of_more_than_a_tenth_asks(new: int, asks: bool) -> None:
    assert changed_over(10, 80_000, new) is asks


@given(st.text(), st.sampled_from(WeightUnit))
def test_no_text_whatever_breaks_the_reading(text: str, unit: WeightUnit) -> None:
    with suppress(WeightUnreadable, WeightImplausible):
        assert 25_000 <= parse_weight(text, unit) <= 350_000
