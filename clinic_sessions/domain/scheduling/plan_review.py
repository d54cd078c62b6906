"""When a plan is due for a look at whether it helps, as the clinic's numbers propose it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from clinic_sessions.domain.scheduling.pattern import WEEK, Pattern
from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.domain.thresholds import Thresholds


@dataclass(frozen=True, kw_only=True)
class ProposedReview:
    """A day for the review of a plan, and the number that it comes from."""

    day: date
    number: Sourced


def proposed(
    pattern: Pattern, held: Mapping[int, date], numbers: Thresholds, *, by_label_weeks: bool
) -> ProposedReview | None:
    """Propose the review of a plan; None until one of its places has a day in `held`.

    `by_label_weeks`: at the end of a treatment week, counted from the first dose; otherwise some days after the last
    place of the induction, which is the first phase. An induction place without a day counts as the pattern has it.
    """
    if not held:
        return None
    if by_label_weeks:
        week = numbers.review_week
        return ProposedReview(day=min(held.values()) + timedelta(days=week.whole * WEEK - 1), number=week)
    last = pattern.phases[0].count or 1
    known = max((place for place in held if place <= last), default=min(held))
    ahead = max(0, pattern.day(last) - pattern.day(known))
    after = numbers.review_after_induction
    return ProposedReview(day=held[known] + timedelta(days=ahead + after.whole), number=after)
