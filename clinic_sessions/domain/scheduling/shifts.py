"""Who is on shift when: weekly hours with breaks, and the days that differ, turned into stretches of time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.wall_time import (
    Hour,
    SkippedHour,
    Span,
    day_span,
    first_instant,
    instant,
    real_times_around,
)

MIDNIGHT = 24 * 60
"""The minute of the wall clock at which a day ends."""

Stretch = tuple[int, int]
"""From a minute after midnight on the wall clock, up to but without another."""


class ExceptionKind(StrEnum):
    """How a day differs from the weekly hours."""

    OFF = "off"
    EXTRA = "extra"


class ShiftReason(StrEnum):
    """Why shifts cannot be changed as asked."""

    IN_THE_PAST = "in_the_past"
    ROLE_NOT_HELD = "role_not_held"
    HAS_THESE_HOURS = "has_these_hours"
    AT_ANOTHER_SITE = "at_another_site"
    ENDED_ALREADY = "ended_already"
    AWAY_ALREADY = "away_already"
    LEAVES_SHORT = "leaves_short"
    LEAVES_WITHOUT_ROLE = "leaves_without_role"
    LEAVES_WITHOUT_HOST = "leaves_without_host"
    LEAVE_HITS = "leave_hits"


@dataclass(frozen=True, kw_only=True)
class WeeklyShift:
    """One person's hours in a role on one weekday (Monday is 0), from `first_day` on; `last_day` None: no end."""

    user_id: int
    role: SiteRole
    weekday: int
    starts_minute: int
    ends_minute: int
    first_day: date
    last_day: date | None
    breaks: tuple[Stretch, ...] = ()

    def holds_on(self, day: date) -> bool:
        """Say whether its hours are worked on `day`, were there no exception."""
        return self.weekday == day.weekday() and self.first_day <= day <= (self.last_day or date.max)


@dataclass(frozen=True, kw_only=True)
class DayException:
    """Hours of one day in which a person is away whatever their role, or works besides, in `role`."""

    user_id: int
    day: date
    kind: ExceptionKind
    role: SiteRole | None
    starts_minute: int
    ends_minute: int


@dataclass(frozen=True, kw_only=True)
class Duty:
    """A stretch of time for which a person is on shift in a role, breaks left out."""

    user_id: int
    role: SiteRole
    span: Span


_Person = tuple[int, SiteRole]


def duties(
    first_day: date, last_day: date, shifts: Iterable[WeeklyShift], exceptions: Iterable[DayException], zone: ZoneInfo
) -> list[Duty]:
    """Give who is on shift from `first_day` to `last_day`, soonest first: weekly hours without breaks and absences,
    and extra hours.

    A person's break or absence holds in each of their roles; extra hours stand even within them. Stretches of one
    person in one role never touch, so nobody counts twice; who holds two roles counts in each. A wall time that comes
    twice is the first of the two; one that the clocks skip is the first moment after the gap.
    """
    weekly, differing = _by_weekday(shifts), _by_day(exceptions)
    spans = defaultdict[_Person, list[Span]](list)
    for count in range((last_day - first_day).days + 1):
        day = first_day + timedelta(days=count)
        rows = [row for row in weekly[day.weekday()] if row.holds_on(day)]
        for person, stretches in day_hours(rows, differing[day]).items():
            spans[person] += _instants(day, stretches, zone)
    found = [Duty(user_id=who[0], role=who[1], span=span) for who, some in spans.items() for span in _connected(some)]
    return sorted(found, key=lambda duty: (duty.span.starts_at, duty.user_id, duty.role))


def day_hours(rows: Sequence[WeeklyShift], exceptions: Sequence[DayException]) -> dict[_Person, list[Stretch]]:
    """Give the hours that each person works in each role on one day, in minutes of the wall clock.

    `rows` are the weekly shifts that hold on that day, `exceptions` those of that day.
    """
    away, hours = defaultdict[int, list[Stretch]](list), defaultdict[_Person, list[Stretch]](list)
    for row in rows:
        away[row.user_id] += row.breaks
        hours[row.user_id, row.role].append((row.starts_minute, row.ends_minute))
    for one in exceptions:
        if one.kind is ExceptionKind.OFF:
            away[one.user_id].append((one.starts_minute, one.ends_minute))
    worked = {person: without(stretches, away[person[0]]) for person, stretches in hours.items()}
    for one in exceptions:
        if one.kind is ExceptionKind.EXTRA and one.role is not None:
            worked.setdefault((one.user_id, one.role), []).append((one.starts_minute, one.ends_minute))
    return {person: joined(stretches) for person, stretches in worked.items()}


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Put stretches that overlap or touch together; the rest stay apart, in order.

    >>> joined([(600, 720), (480, 600), (700, 710), (800, 810)])
    [(480, 720), (800, 810)]
    """
    found: list[Stretch] = []
    for starts, ends in sorted(stretches):
        if found and starts <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], ends))
        else:
            found.append((starts, ends))
    return found


def without(stretches: Iterable[Stretch], gone: Iterable[Stretch]) -> list[Stretch]:
    """Cut `gone` out of `stretches`.

    >>> without([(480, 960)], [(720, 750), (900, 1440)])
    [(480, 720), (750, 900)]
    """
    left = joined(stretches)
    for starts, ends in gone:
        cut = [part for one in left for part in ((one[0], min(one[1], starts)), (max(one[0], ends), one[1]))]
        left = [part for part in cut if part[0] < part[1]]
    return left


def _by_weekday(shifts: Iterable[WeeklyShift]) -> defaultdict[int, list[WeeklyShift]]:
    found = defaultdict[int, list[WeeklyShift]](list)
    for row in shifts:
        found[row.weekday].append(row)
    return found


def _by_day(exceptions: Iterable[DayException]) -> defaultdict[date, list[DayException]]:
    found = defaultdict[date, list[DayException]](list)
    for one in exceptions:
        found[one.day].append(one)
    return found


def _instants(day: date, stretches: Iterable[Stretch], zone: ZoneInfo) -> list[Span]:
    both = ((_moment(day, starts, zone), _moment(day, ends, zone)) for starts, ends in stretches)
    return [Span(starts_at=starts_at, ends_at=ends_at) for starts_at, ends_at in both if starts_at < ends_at]


@lru_cache(maxsize=4096)
def _moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    if minute == MIDNIGHT:
        return day_span(day, zone).ends_at
    wall = time(minute // 60, minute % 60)
    try:
        return instant(day, wall, zone, Hour.FIRST)
    except SkippedHour:
        return first_instant(day, real_times_around(day, wall, zone)[1], zone)


def _connected(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for span in spans:
        if found and span.starts_at == found[-1].ends_at:
            found[-1] = Span(starts_at=found[-1].starts_at, ends_at=span.ends_at)
        else:
            found.append(span)
    return found
