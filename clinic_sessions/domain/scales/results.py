"""What every scoring gives, and what it refuses: impossible answers are errors, unanswered ones stay unknown."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

Items = Mapping[int, int | None]
"""Answers by item number, from 1; absent or None: not answered, which never counts as 0."""

Total = int | Fraction
"""A sum, or a mean kept exact."""


class ItemImpossible(ValueError):
    """An answer or a total that the scale does not have."""


class Band(StrEnum):
    """The published bands of the scales, each scale using some of them; of the risk screen, its levels."""

    NONE = "none"
    MINIMAL = "minimal"
    MILD = "mild"
    MODERATE = "moderate"
    MODERATELY_SEVERE = "moderately_severe"
    SEVERE = "severe"
    VERY_SEVERE = "very_severe"
    LOW = "low"
    HIGH = "high"


class Flag(StrEnum):
    """What a clinician must see beside a total; never a diagnosis by itself."""

    SELF_HARM = "self_harm"
    RISK_MODERATE = "risk_moderate"
    RISK_HIGH = "risk_high"
    IMPAIRED = "impaired"
    ALGORITHM_MAJOR = "algorithm_major"
    ALGORITHM_OTHER = "algorithm_other"
    SCREEN = "screen"
    CUT = "cut"
    CUT_UPPER = "cut_upper"
    PROVISIONAL = "provisional"
    MANIA = "mania"
    MAY_LEAVE = "may_leave"


DANGER = frozenset({Flag.SELF_HARM, Flag.RISK_MODERATE, Flag.RISK_HIGH})
"""The flags that raise an alert, whatever the total and however incomplete the answers."""


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A scored scale; total and band are None where an unanswered item leaves them unknown, or where it has none."""

    total: Total | None = None
    band: Band | None = None
    flags: tuple[Flag, ...] = ()
    missing: tuple[int, ...] = ()

    @property
    def in_danger(self) -> bool:
        """Whether an answer raises an alert."""
        return bool(DANGER & set(self.flags))


def answered(items: Items, wanted: range, answers: range) -> dict[int, int]:
    """Give the items that were answered; raises ItemImpossible for an item or an answer that the scale has not."""
    for item, answer in items.items():
        if item not in wanted or not possible(answer, answers):
            raise ItemImpossible(f"There is no answer {answer!r} to item {item!r}")
    return {item: answer for item in wanted if (answer := items.get(item)) is not None}


def possible(answer: object, answers: range) -> bool:
    """Say whether an answer is unknown or one of the scale's; a truth value or a float is neither."""
    return answer is None or (type(answer) is int and answer in answers)


def unanswered(given: Iterable[int], wanted: Iterable[int]) -> tuple[int, ...]:
    """List the items that a total needs and has not."""
    known = set(given)
    return tuple(item for item in wanted if item not in known)


def thousandths(total: Total) -> int:
    """Give a total in thousandths, to the nearest: how it is kept beside its items.

    >>> thousandths(21), thousandths(Fraction(17, 3))
    (21000, 5667)
    """
    return round(total * 1000)
