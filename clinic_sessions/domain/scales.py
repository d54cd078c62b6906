"""PHQ-9: the questionnaire as data, and its scoring as published.

A total needs all nine items; an unanswered item is unknown, never 0. The function item is not summed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated

from clinic_sessions.domain.sourced import Allowed, FaultyData, Sourced, load_toml, read_table, source_faults

ITEMS = range(1, 10)
"""The nine items that are summed, by number."""

FUNCTION_ITEM = 10
DANGER_ITEM = 9
CORE_ITEMS = (1, 2)
MAJOR_FROM, OTHER_FROM = 5, 2
IMPAIRED_FROM = 2


class Phq9Band(StrEnum):
    """The published severity bands."""

    MINIMAL = "minimal"
    MILD = "mild"
    MODERATE = "moderate"
    MODERATELY_SEVERE = "moderately_severe"
    SEVERE = "severe"


class Phq9Algorithm(StrEnum):
    """What the diagnostic algorithm suggests; never a diagnosis by itself."""

    MAJOR = "major"
    OTHER = "other"
    NONE = "none"


class ItemImpossible(ValueError):
    """An answer that the questionnaire does not have."""


@dataclass(frozen=True, kw_only=True)
class Phq9:
    """A scored PHQ-9; None where an unanswered item leaves it unknown."""

    total: int | None
    band: Phq9Band | None
    item9: int | None
    function: int | None
    impaired: bool | None
    algorithm: Phq9Algorithm | None
    missing: tuple[int, ...]

    @property
    def in_danger(self) -> bool:
        """Whether item 9 was answered above 0, which raises an alert whatever the total."""
        return self.item9 is not None and self.item9 > 0


@dataclass(frozen=True, kw_only=True)
class ScaleText:
    """The words of a scale in one language."""

    instruction: str
    items: tuple[str, ...]
    answers: tuple[str, ...]
    function: str
    function_answers: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Questionnaire:
    """A scale as data: its version, licence, recall, and words in both languages."""

    key: str
    name: str
    version: str
    licence: str
    recall: Annotated[Sourced, Allowed("days", high=60)]
    ask_again: Annotated[Sourced, Allowed("days", high=60)]
    en: ScaleText
    es: ScaleText


def parse_questionnaire(text: str) -> Questionnaire:
    """Read the PHQ-9 from TOML; raises FaultyData unless both languages carry nine items and four answers."""
    faults: list[str] = []
    scale = read_table(Questionnaire, load_toml(text), "", faults)
    if scale is None:
        raise FaultyData(tuple(faults))
    faults.extend(source_faults(scale.licence, "licence"))
    for language, words in (("en", scale.en), ("es", scale.es)):
        faults.extend(source_faults(words.source, language))
        if (len(words.items), len(words.answers), len(words.function_answers)) != (9, 4, 4):
            faults.append(f"{language}: must have nine items, four answers and four function answers")
    if faults:
        raise FaultyData(tuple(faults))
    return scale


_BANDS = (
    (20, Phq9Band.SEVERE),
    (15, Phq9Band.MODERATELY_SEVERE),
    (10, Phq9Band.MODERATE),
    (5, Phq9Band.MILD),
    (0, Phq9Band.MINIMAL),
)


def band(total: int) -> Phq9Band:
    """The severity band of a total of 0 to 27: 0-4, 5-9, 10-14, 15-19, 20-27 (Kroenke 2001).

    >>> band(4), band(5)
    (<Phq9Band.MINIMAL: 'minimal'>, <Phq9Band.MILD: 'mild'>)
    """
    if not 0 <= total <= 27:
        raise ItemImpossible(f"A PHQ-9 total is 0 to 27, not {total}")
    return next(name for least, name in _BANDS if total >= least)


def score(items: Mapping[int, int | None]) -> Phq9:
    """Score answers by item number: 1 to 9 as 0 to 3, and 10 for the function item; raises ItemImpossible.

    Items may be absent or None: then total, band and algorithm are None and `missing` names them. No imputation.
    """
    for item, answer in items.items():
        if item not in range(1, FUNCTION_ITEM + 1) or not _possible(answer):
            raise ItemImpossible(f"PHQ-9 has no answer {answer!r} to item {item!r}")
    answers = {item: answer for item in ITEMS if (answer := items.get(item)) is not None}
    missing = tuple(item for item in ITEMS if item not in answers)
    total = None if missing else sum(answers.values())
    function = items.get(FUNCTION_ITEM)
    return Phq9(
        total=total,
        band=None if total is None else band(total),
        item9=answers.get(DANGER_ITEM),
        function=function,
        impaired=None if function is None else function >= IMPAIRED_FROM,
        algorithm=None if missing else _algorithm(answers),
        missing=missing,
    )


def _possible(answer: object) -> bool:
    return answer is None or (type(answer) is int and 0 <= answer <= 3)


def _algorithm(answers: Mapping[int, int]) -> Phq9Algorithm:
    """Symptoms at 2 and more, item 9 at 1 and more, with at least one of the first two."""
    present = [item for item, answer in answers.items() if answer >= (1 if item == DANGER_ITEM else 2)]
    if not any(item in present for item in CORE_ITEMS) or len(present) < OTHER_FROM:
        return Phq9Algorithm.NONE
    return Phq9Algorithm.MAJOR if len(present) >= MAJOR_FROM else Phq9Algorithm.OTHER


def may_ask(last_answered_on: date | None, today: date, *, days: int = 7) -> bool:
    """Whether PHQ-9 may be asked: never before, or at least 7 days ago (it looks back two weeks).

    >>> may_ask(date(2026, 3, 1), date(2026, 3, 7)), may_ask(date(2026, 3, 1), date(2026, 3, 8))
    (False, True)
    """
    return last_answered_on is None or today - last_answered_on >= timedelta(days=days)
