"""When an act truly was: the moments that a typed wall time can name."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain.wall_time import Hour, SkippedHour, instant, local_day

_ONE_DAY = timedelta(days=1)


def named(
    wall: time, zone: ZoneInfo, *, first: date, last: date, until: datetime, since: datetime | None = None
) -> list[datetime]:
    """List the moments up to `until` that a wall time names on the clinic's days from `first` to `last`, in order.

    Those before `since` are listed only when there is no other. Both of a time that comes twice in a night are.
    Raises SkippedHour when the clocks go forward over it on the only day that is asked for.

    >>> zone, now = ZoneInfo("UTC"), datetime.fromisoformat("2026-11-24T01:01Z")
    >>> named(time(20, 50), zone, first=date(2026, 11, 23), last=date(2026, 11, 24), until=now)[0].isoformat()
    '2026-11-23T20:50:00+00:00'
    """
    found: set[datetime] = set()
    days = [first + _ONE_DAY * n for n in range(min(last, local_day(until, zone)).toordinal() - first.toordinal() + 1)]
    for day in days:
        try:
            found |= {instant(day, wall, zone, which) for which in Hour}
        except SkippedHour:
            if first == last:
                raise
    past = sorted(at for at in found if at <= until)
    return [at for at in past if since is None or at >= since] or past
