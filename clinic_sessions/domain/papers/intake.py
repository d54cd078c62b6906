"""Questions that a patient answers by link before a visit: which screens, in which order, which answers alarm."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from clinic_sessions.domain.alerts import AlertTier
from clinic_sessions.domain.papers.screening import ScreeningItem, ScreeningPart
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer

SEND = "send"
ANSWERS = "answers"
MOST_MEDICINES = 40
LONGEST_MEDICINE = 200
LONGEST_TEXT = 4000

_TIERS = {ItemAnswer.YES: AlertTier.NOW, ItemAnswer.NOT_SURE: AlertTier.SAME_DAY}


class FreeText(StrEnum):
    """What the patient writes in their own words; also the key under which the draft keeps it."""

    MEDICINES = "own-medicines"
    ALLERGIES = "own-allergies"
    TREATMENTS = "own-treatments"


def steps(parts: Sequence[ScreeningPart]) -> tuple[str, ...]:
    """List the screens: each question, then what is written freely, then the look before sending."""
    return (*(item.key for part in parts for item in part.items), *(text.value for text in FreeText), SEND)


def first_open(listed: Sequence[str], draft: Mapping[str, Any]) -> str:
    """Give the first screen that was neither answered nor skipped; the last one when all were."""
    seen = {**draft.get(ANSWERS, {}), **draft}
    return next((step for step in listed[:-1] if step not in seen), listed[-1])


def alarm(item: ScreeningItem, answer: ItemAnswer | None) -> AlertTier | None:
    """Say how soon someone must call because of an answer: a yes now, a not sure the same day; None for any other."""
    return _TIERS.get(answer) if item.danger and answer is not None else None


def medicine_lines(text: str) -> list[str]:
    """Give the medicines that were written, one a line, without blank lines.

    >>> medicine_lines("Lorazepam 1 mg \\n\\n aspirin")
    ['Lorazepam 1 mg', 'aspirin']
    """
    return [line for one in text.splitlines() if (line := " ".join(one.split()))]
