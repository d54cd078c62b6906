"""Wall time at a clinic and instants: what a person types, and when that is."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class Hour(StrEnum):
    """Which of the two, when a wall time comes twice in the night the clocks go back."""

    FIRST = "first"
    SECOND = "second"


class SkippedHour(Exception):
    """The clocks go forward over this wall time: it does not exist."""


class RepeatedHour(Exception):
    """The clocks go back over this wall time: it comes twice, and nobody has said which."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """A stretch of time: from `starts_at`, up to but without `ends_at` (aware UTC)."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: "Span") -> bool:
        """Say whether the two share a moment; spans that only touch do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def holds(self, other: "Span") -> bool:
        """Say whether `other` lies wholly inside."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at


def instant(day: date, wall: time, zone: ZoneInfo, which: Hour | None = None) -> datetime:
    """Turn a wall time at a clinic into the instant (aware UTC) that it names.

    Raises SkippedHour when the wall time does not exist that day, RepeatedHour when it comes twice and `which` is None.

    >>> instant(date(2027, 3, 15), time(10), ZoneInfo("America/Los_Angeles")).isoformat()
    '2027-03-15T17:00:00+00:00'
    """
    first = datetime.combine(day, wall, zone).replace(fold=0)
    second = first.replace(fold=1)
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC)
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != first.replace(tzinfo=None):
        raise SkippedHour
    if which is None:
        raise RepeatedHour
    return (first if which is Hour.FIRST else second).astimezone(UTC)


def last_instant(day: date, wall: time, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Give the last instant up to `now` that a wall time of a day names; None when it has not come yet.

    Of a time that comes twice the second counts once it is past: who waits since then waits no less than they must.
    Raises SkippedHour.
    """
    named = {instant(day, wall, zone, which) for which in Hour}
    return max((one for one in named if one <= now), default=None)


def real_times_around(day: date, wall: time, zone: ZoneInfo) -> tuple[time, time]:
    """Give the last wall time before, and the first after, the hour that the clocks skip around `wall`.

    >>> real_times_around(date(2027, 3, 14), time(2, 30), ZoneInfo("America/Los_Angeles"))
    (datetime.time(1, 59), datetime.time(3, 0))
    """
    typed = datetime.combine(day, wall, zone)
    after, before = typed.replace(fold=0).astimezone(UTC), typed.replace(fold=1).astimezone(UTC)
    offset = after.astimezone(zone).utcoffset()
    while after - before > timedelta(minutes=1):
        middle = before + (after - before) // 2
        middle -= timedelta(seconds=middle.second, microseconds=middle.microsecond)
        if middle.astimezone(zone).utcoffset() == offset:
            after = middle
        else:
            before = middle
    return before.astimezone(zone).time(), after.astimezone(zone).time()


def first_instant(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """Turn a wall time of our own making (a reminder's 18:00, an opening hour) into an instant, never failing.

    A skipped time becomes the same distance after the gap; of a repeated one the first is taken.
    """
    return datetime.combine(day, wall, zone).replace(fold=0).astimezone(UTC)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """Give the clinic's calendar day on which `moment` falls."""
    return moment.astimezone(zone).date()


def day_span(day: date, zone: ZoneInfo) -> Span:
    """Give the clinic's whole calendar day as instants: 23, 24 or 25 hours long."""
    midnight = time(0)
    return Span(
        starts_at=first_instant(day, midnight, zone), ends_at=first_instant(day + timedelta(days=1), midnight, zone)
    )


def months_from(day: date, months: int) -> date:
    """Give the same day so many calendar months later (earlier when negative), or the last of a shorter month.

    >>> months_from(date(2026, 8, 31), 6), months_from(date(2026, 3, 31), -1)
    (datetime.date(2027, 2, 28), datetime.date(2026, 2, 28))
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def offset_text(moment: datetime, anchor: datetime | None) -> str | None:
    """Say how far `moment` lies from `anchor` in whole minutes, as people log it.

    >>> start = datetime(2026, 11, 24, 18, tzinfo=UTC)
    >>> offset_text(start + timedelta(minutes=12, seconds=40), start)
    '+12 min'
    """
    if anchor is None:
        return None
    minutes = int((moment - anchor).total_seconds() // 60)
    sign = "+" if minutes >= 0 else "\u2212"
    return f"{sign}{abs(minutes)} min"
