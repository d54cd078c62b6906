"""The rate of a pump: from a volume and minutes, with the arithmetic that a person checks.

Volumes are whole microlitres, rates whole microlitres or micrograms an hour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from clinic_sessions.domain.drug.amounts import ml_text, plain_text

PUMP_STEP = 100
"""A pump is set to the tenth of a mL an hour: rates are rounded to 100 microlitres [P]."""


@dataclass(frozen=True, kw_only=True)
class PumpRate:
    """How a pump is set: microlitres an hour, the micrograms an hour that this gives, and the arithmetic."""

    microlitres_per_hour: int
    micrograms_per_hour: int
    arithmetic: str

    @property
    def text(self) -> str:
        """The rate as the pump shows it."""
        return rate_text(self.microlitres_per_hour)


def rate_text(microlitres_per_hour: int) -> str:
    """Say a rate as a pump shows it.

    >>> rate_text(150_000)
    '150 mL/h'
    """
    return f"{plain_text(microlitres_per_hour)} mL/h"


def planned(micrograms: int, microlitres: int, minutes: int) -> PumpRate:
    """Give the rate that runs a volume with a dose in it in so many minutes, rounded half up to the pump's step.

    >>> planned(40_000, 100_000, 40).arithmetic
    '100 mL ÷ 40 min × 60 = 150 mL/h'
    """
    exact = Decimal(microlitres) * 60 / minutes
    rate = int((exact / PUMP_STEP).to_integral_value(ROUND_HALF_UP)) * PUMP_STEP
    return PumpRate(
        microlitres_per_hour=rate,
        micrograms_per_hour=drug_in(rate, micrograms, microlitres),
        arithmetic=f"{ml_text(microlitres)} ÷ {minutes} min × 60 = {rate_text(rate)}",
    )


def drug_in(part_microlitres: int, micrograms: int, microlitres: int) -> int:
    """Give how many micrograms are in a part of a volume, or in what of it runs in an hour; rounded half up.

    >>> drug_in(55_000, 40_000, 100_000)
    22000
    """
    exact = Decimal(part_microlitres) * micrograms / microlitres
    return int(exact.to_integral_value(ROUND_HALF_UP))


def volume_at(micrograms_per_hour: int, micrograms: int, microlitres: int) -> int:
    """Give the pump's rate in microlitres an hour that brings so many micrograms an hour, rounded to its step."""
    exact = Decimal(micrograms_per_hour) * microlitres / micrograms
    return int((exact / PUMP_STEP).to_integral_value(ROUND_HALF_UP)) * PUMP_STEP


def runs_until(minutes: int, rates: Sequence[tuple[datetime, int]], planned_rate: int) -> datetime | None:
    """Give when an infusion that takes so many minutes at its planned rate has run in; None while nothing runs.

    `rates`: from when on it runs at which rate, 0 while it is paused, oldest first, beginning with its start.
    """
    left = timedelta(minutes=minutes)
    for (at, rate), until in zip(rates, [*(moment for moment, _ in rates[1:]), None], strict=True):
        ends = at + left * planned_rate / rate if rate else None
        if ends is not None and (until is None or ends <= until):
            return ends
        if until is not None:
            left -= (until - at) * rate / planned_rate
    return None
