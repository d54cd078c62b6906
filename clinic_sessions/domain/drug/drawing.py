"""The drug in the hand: what its label says, how much to draw, and what stands against giving it.

Volumes are whole microlitres, amounts whole micrograms, concentrations whole micrograms a millilitre.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from clinic_sessions.domain.session.start_gate import StartReason


class Container(StrEnum):
    """What the drug comes in."""

    VIAL = "vial"
    DEVICE = "device"


class LabelSource(StrEnum):
    """How a label came into the record; it is never filled in from another visit."""

    TYPED = "typed"
    SCANNED = "scanned"


@dataclass(frozen=True, kw_only=True)
class Label:
    """What a label says. `expires_on`: the last day on which it may be used, inclusive."""

    container: Container
    micrograms_per_ml: int | None
    total_micrograms: int
    expires_on: date
    beyond_use_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """What was drawn from a vial, and what a second person counted and read without seeing the first: microlitres.

    `second_per_ml`: the strength that the second person read from the vial, None where only the volume was asked.
    """

    micrograms: int
    microlitres: int
    second_microlitres: int | None = None
    second_per_ml: int | None = None


SMALLEST_STEP = 10
"""A syringe is read to the hundredth of a millilitre: volumes are rounded to 10 microlitres [P]."""


def volume_of(micrograms: int, micrograms_per_ml: int) -> int:
    """Give the volume that holds a dose, in microlitres, rounded half up to the hundredth of a millilitre.

    >>> volume_of(40_000, 50_000), volume_of(40_000, 10_000)
    (800, 4000)
    """
    exact = Decimal(micrograms) * 1000 / Decimal(micrograms_per_ml)
    return int((exact / SMALLEST_STEP).to_integral_value(ROUND_HALF_UP)) * SMALLEST_STEP


def holds(micrograms: int, microlitres: int, micrograms_per_ml: int) -> bool:
    """Whether a volume holds a dose: within one step of the syringe, and never half of it or twice as much.

    >>> holds(40_000, 810, 50_000), holds(40_000, 4_000, 50_000)
    (True, False)
    """
    near = abs(microlitres - volume_of(micrograms, micrograms_per_ml)) <= SMALLEST_STEP
    in_it, wanted = microlitres * micrograms_per_ml, micrograms * 1000
    return near and wanted < 2 * in_it and in_it < 2 * wanted


def is_expired(label: Label, day: date, at: datetime) -> bool:
    """Whether a label's drug may not be used any more: past its last day, or beyond use since it was opened."""
    return day > label.expires_on or (label.beyond_use_at is not None and at >= label.beyond_use_at)


def second_agrees(drawn: Drawn, micrograms_per_ml: int) -> bool:
    """Whether the second person counted the very same volume, and read the same strength from the vial."""
    same_strength = drawn.second_per_ml in {None, micrograms_per_ml}
    return drawn.second_microlitres == drawn.microlitres and same_strength


def against_drug(
    label: Label | None, drawn: Drawn | None, *, second_person: bool, day: date, at: datetime
) -> list[StartReason]:
    """List what stands against giving the drug in the hand.

    A drawn volume must hold the drawn dose at the label's concentration: ten for a hundred, or mg read as mL, is
    caught here. Where the protocol asks for it, a second person has counted the same volume and read the same strength.
    """
    if label is None:
        return [StartReason.LABEL_MISSING]
    reasons = [StartReason.LABEL_EXPIRED] if is_expired(label, day, at) else []
    if label.container is Container.DEVICE or label.micrograms_per_ml is None:
        return reasons
    if drawn is None:
        return [*reasons, StartReason.DRAW_MISSING]
    if not holds(drawn.micrograms, drawn.microlitres, label.micrograms_per_ml):
        reasons.append(StartReason.DRAW_DIFFERS)
    if second_person and drawn.second_microlitres is None:
        reasons.append(StartReason.SECOND_PERSON_MISSING)
    elif second_person and not second_agrees(drawn, label.micrograms_per_ml):
        reasons.append(StartReason.SECOND_PERSON_DIFFERS)
    return reasons
