"""Long-term safety: what is looked at again and again while treatment goes on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.domain.wall_time import months_from


class FindingKind(StrEnum):
    URINARY_SYMPTOMS = "urinary_symptoms"
    URINALYSIS = "urinalysis"
    LIVER_TESTS = "liver_tests"


class FindingResult(StrEnum):
    NORMAL = "normal"
    ABNORMAL = "abnormal"


class FindingReason(StrEnum):
    """Why a finding, a check or an enrollment was not kept."""

    NOT_YET = "not_yet"
    ALREADY_CORRECTED = "already_corrected"
    WORDS_NEEDED = "words_needed"
    ENROLLED_ALREADY = "enrolled_already"
    NOT_ENROLLED_NOW = "not_enrolled_now"


@dataclass(frozen=True, kw_only=True)
class Due:
    """When something is looked at next; `last_on`: None for a baseline that is missing."""

    kind: FindingKind
    last_on: date | None
    due_on: date
    result: FindingResult | None
    every: Sourced

    def is_due(self, day: date) -> bool:
        """Say whether it is due by a day."""
        return day >= self.due_on


def every(numbers: Thresholds) -> Mapping[FindingKind, Sourced]:
    """Give how often each is looked at while treatment goes on."""
    return {
        FindingKind.URINARY_SYMPTOMS: numbers.urinary_every,
        FindingKind.URINALYSIS: numbers.urinary_every,
        FindingKind.LIVER_TESTS: numbers.liver_every,
    }


def due(kind: FindingKind, last: tuple[date, FindingResult] | None, *, since: date, numbers: Thresholds) -> Due:
    """Say when something is due: some months after the last look, else as a baseline on the day treatment begins."""
    months = every(numbers)[kind]
    if last is None:
        return Due(kind=kind, last_on=None, due_on=since, result=None, every=months)
    return Due(kind=kind, last_on=last[0], due_on=months_from(last[0], months.whole), result=last[1], every=months)
