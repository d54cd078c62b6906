"""Body weight: read in pounds or kilograms, kept in whole grams, shown in both."""

import re
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

GRAMS_PER_POUND = Decimal("453.59237")
"""Exact by definition (international pound, 1959)."""

LIGHTEST_GRAMS = 25_000
HEAVIEST_GRAMS = 350_000
"""Outside these a weight of an adult is taken for a slip of the finger or of the unit [P]."""

_NUMBER = re.compile(r"[0-9]{1,4}(?:[.,][0-9]{1,2})?", re.ASCII)


class WeightUnit(StrEnum):
    """The units in which a weight may be typed."""

    LB = "lb"
    KG = "kg"


class WeightUnreadable(ValueError):
    """A weight that cannot be read; its text says what to type."""


class WeightImplausible(ValueError):
    """A weight that no adult patient has; its text says what was understood."""


def parse_weight(text: str, unit: WeightUnit) -> int:
    """Read a weight as whole grams, halves rounded up; raises WeightUnreadable or WeightImplausible.

    >>> parse_weight("180", WeightUnit.LB)
    81647
    >>> parse_weight("81,6", WeightUnit.KG)
    81600
    """
    typed = text.strip()
    if not _NUMBER.fullmatch(typed):
        raise WeightUnreadable("Enter the weight as a number, like 180 or 81.6")
    value = Decimal(typed.replace(",", "."))
    per_unit = GRAMS_PER_POUND if unit is WeightUnit.LB else Decimal(1000)
    grams = int((value * per_unit).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    if not LIGHTEST_GRAMS <= grams <= HEAVIEST_GRAMS:
        raise WeightImplausible(f"{typed} {unit} is outside {_range_text(unit)}. Check the number and the unit.")
    return grams


def _range_text(unit: WeightUnit) -> str:
    if unit is WeightUnit.LB:
        return f"{lb_text(LIGHTEST_GRAMS)} to {lb_text(HEAVIEST_GRAMS)}"
    return f"{kg_text(LIGHTEST_GRAMS)} to {kg_text(HEAVIEST_GRAMS)}"


def kg_text(grams: int) -> str:
    """Say a weight in kilograms with one decimal, halves rounded up.

    >>> kg_text(81647)
    '81.6 kg'
    """
    return f"{_tenths(Decimal(grams) / 1000)} kg"


def lb_text(grams: int) -> str:
    """Say a weight in pounds with one decimal, halves rounded up.

    >>> lb_text(81647)
    '180.0 lb'
    """
    return f"{_tenths(Decimal(grams) / GRAMS_PER_POUND)} lb"


def _tenths(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def changed_over(percent: int, old_grams: int, new_grams: int) -> bool:
    """Whether a weight differs from the last by more than so many percent of the last.

    >>> changed_over(10, 80_000, 88_000), changed_over(10, 80_000, 88_001)
    (False, True)
    """
    return abs(new_grams - old_grams) * 100 > old_grams * percent


def both_units(grams: int) -> str:
    """Say a weight in both units, so that a slip of the unit is seen.

    >>> both_units(80_000)
    '80.0 kg = 176.4 lb'
    """
    return f"{kg_text(grams)} = {lb_text(grams)}"
