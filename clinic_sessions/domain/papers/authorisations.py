"""What a payer has allowed for a plan: from when to when, how many sessions, and what is left of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from clinic_sessions.domain.scheduling.plans import PlanWarning


@dataclass(frozen=True, kw_only=True)
class Leave:
    """A payer's leave for so many sessions from one day to another, both inclusive."""

    valid_from: date
    valid_until: date
    allowed: int

    def holds(self, day: date) -> bool:
        """Say whether a day is among its days."""
        return self.valid_from <= day <= self.valid_until

    def used(self, days: Iterable[date]) -> int:
        """Count the sessions of these days that fall to it."""
        return sum(self.holds(day) for day in days)


def against(leaves: Sequence[Leave], before: Sequence[date], day: date) -> PlanWarning | None:
    """Say what stands against one more session on a day; None for a plan that has no authorization at all.

    `before`: a day for each session that falls to them earlier.

    >>> year = Leave(valid_from=date(2026, 1, 1), valid_until=date(2026, 12, 31), allowed=1)
    >>> against([year], [date(2026, 3, 2)], date(2026, 3, 4))
    <PlanWarning.AUTHORISATION_USED_UP: 'authorisation_used_up'>
    """
    holding = [one for one in leaves if one.holds(day)]
    if holding:
        return None if any(one.used(before) < one.allowed for one in holding) else PlanWarning.AUTHORISATION_USED_UP
    if not leaves:
        return None
    begun = any(one.valid_from <= day for one in leaves)
    return PlanWarning.AUTHORISATION_EXPIRED if begun else PlanWarning.AUTHORISATION_NOT_YET
