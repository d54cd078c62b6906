"""When the state's prescription monitoring is looked into: before the first order, then again and again."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.domain.wall_time import local_day, months_from

_WEEKEND = frozenset({5, 6})


@dataclass(frozen=True, kw_only=True)
class MonitoringState:
    """The last look, None when there was none, until which day it holds, and whether the next is due now."""

    last: datetime | None
    due_on: date
    is_due: bool


def state(
    last: datetime | None, *, has_order: bool, now: datetime, zone: ZoneInfo, numbers: Thresholds
) -> MonitoringState:
    """Say whether a look is due. Before the first order it is a day old at most, or of the previous business day.

    Afterwards it holds for some months, the last day included. California CURES, see the thresholds.
    """
    today = local_day(now, zone)
    if last is None:
        return MonitoringState(last=None, due_on=today, is_due=True)
    day = local_day(last, zone)
    if has_order:
        due_on = months_from(day, numbers.monitoring_every.whole)
        return MonitoringState(last=last, due_on=due_on, is_due=today > due_on)
    young = last >= now - timedelta(hours=numbers.monitoring_before.whole) or day >= business_day_before(today)
    return MonitoringState(last=last, due_on=today, is_due=not young)


def business_day_before(day: date) -> date:
    """Give the last weekday before a day; holidays are not known.

    >>> business_day_before(date(2026, 11, 23))
    datetime.date(2026, 11, 20)
    """
    before = day - timedelta(days=1)
    while before.weekday() in _WEEKEND:
        before -= timedelta(days=1)
    return before
