"""PHQ-9: nine items of 0 to 3 about the last two weeks, and a function item that is not summed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import (
    Flag,
    ItemImpossible,
    Items,
    Scored,
    answered,
    possible,
    unanswered,
)

ITEMS = range(1, 10)
"""The nine items that are summed, by number."""

ANSWERS = range(4)
FUNCTION_ITEM = 10
DANGER_ITEM = 9
CORE_ITEMS = (1, 2)
MAJOR_FROM, OTHER_FROM = 5, 2
IMPAIRED_FROM = 2


class Algorithm(StrEnum):
    """What the diagnostic algorithm suggests; never a diagnosis by itself."""

    MAJOR = "major"
    OTHER = "other"
    NONE = "none"


_ALGORITHM_FLAGS = {Algorithm.MAJOR: Flag.ALGORITHM_MAJOR, Algorithm.OTHER: Flag.ALGORITHM_OTHER}


@dataclass(frozen=True, kw_only=True)
class Phq9(Scored):
    """A scored PHQ-9; None where an unanswered item leaves it unknown."""

    item9: int | None
    function: int | None
    impaired: bool | None
    algorithm: Algorithm | None


def score(scale: Scale, items: Items) -> Phq9:
    """Score PHQ-9 answers: 1 to 9 as 0 to 3, summed to 0 to 27, and 10 for the function item; raises ItemImpossible.

    Bands 0-4, 5-9, 10-14, 15-19, 20-27; the algorithm counts symptoms at 2 and more, item 9 at 1 and more, with one of
    the first two among them: 5 and more major, 2 to 4 other (Kroenke, Spitzer and Williams 2001 [M]). With an item
    unanswered, total, band and algorithm are None and `missing` names it; item 9 above 0 is a danger even then.
    """
    function = items.get(FUNCTION_ITEM)
    if not possible(function, ANSWERS):
        raise ItemImpossible(f"PHQ-9 has no answer {function!r} to its function item")
    answers = answered({item: value for item, value in items.items() if item != FUNCTION_ITEM}, ITEMS, ANSWERS)
    missing = unanswered(answers, ITEMS)
    total = None if missing else sum(answers.values())
    algorithm = None if missing else _algorithm(answers)
    impaired = None if function is None else function >= IMPAIRED_FROM
    return Phq9(
        total=total,
        band=None if total is None else scale.band_of(total),
        flags=tuple(_flags(answers, impaired, algorithm)),
        missing=missing,
        item9=answers.get(DANGER_ITEM),
        function=function,
        impaired=impaired,
        algorithm=algorithm,
    )


def _flags(answers: Mapping[int, int], impaired: bool | None, algorithm: Algorithm | None) -> list[Flag]:
    flags = [Flag.SELF_HARM] if answers.get(DANGER_ITEM, 0) > 0 else []
    if impaired:
        flags.append(Flag.IMPAIRED)
    if algorithm in _ALGORITHM_FLAGS:
        flags.append(_ALGORITHM_FLAGS[algorithm])
    return flags


def _algorithm(answers: Mapping[int, int]) -> Algorithm:
    present = [item for item, answer in answers.items() if answer >= (1 if item == DANGER_ITEM else 2)]
    if not any(item in present for item in CORE_ITEMS) or len(present) < OTHER_FROM:
        return Algorithm.NONE
    return Algorithm.MAJOR if len(present) >= MAJOR_FROM else Algorithm.OTHER
