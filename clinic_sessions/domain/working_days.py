"""Working days of a clinic: those of the week on which it opens."""

from collections.abc import Collection
from datetime import date, timedelta

WEEK = 7


def working_days_from(day: date, count: int, weekdays: Collection[int]) -> date:
    """Give the day that lies so many working days after `day`; a clinic that never opens counts every day.

    `weekdays`: those on which the clinic opens, Monday is 0.

    >>> working_days_from(date(2026, 11, 20), 2, {0, 1, 2, 3, 4})
    datetime.date(2026, 11, 24)
    """
    opens = set(weekdays) or set(range(WEEK))
    while count > 0:
        day += timedelta(days=1)
        count -= day.weekday() in opens
    return day
