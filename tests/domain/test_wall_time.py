"""Wall time and instants, at every minute of the nights in which the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.wall_time import (
    Hour,
    RepeatedHour,
    SkippedHour,
    day_span,
    first_instant,
    instant,
    local_day,
    real_times_around,
)

ZONES = ("America/Los_Angeles", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe")
"""Berlin changes at another hour of UTC, Lord Howe by half an hour."""

YEARS = range(2026, 2037)
PACIFIC = ZoneInfo("America/Los_Angeles")


def _days_of_change(zone: ZoneInfo) -> list[date]:
    first, days = date(YEARS[0], 1, 1), (date(YEARS[-1] + 1, 1, 1) - date(YEARS[0], 1, 1)).days
    every = (first + timedelta(days=n) for n in range(days))
    return [day for day in every if _length(day, zone) != timedelta(days=1)]


def _length(day: date, zone: ZoneInfo) -> timedelta:
    span = day_span(day, zone)
    return span.ends_at - span.starts_at


def _real_minutes(day: date, zone: ZoneInfo) -> dict[time, list[datetime]]:
    span, found = day_span(day, zone), dict[time, list[datetime]]()
    moment = span.starts_at
    while moment < span.ends_at:
        found.setdefault(moment.astimezone(zone).time().replace(fold=0), []).append(moment)
        moment += timedelta(minutes=1)
    return found


def _check_whole_day(day: date, zone: ZoneInfo) -> None:
    real = _real_minutes(day, zone)
    for minute in range(24 * 60):
        wall = time(minute // 60, minute % 60)
        instants = real.get(wall, [])
        if not instants:
            with pytest.raises(SkippedHour):
                instant(day, wall, zone)
            before, after = real_times_around(day, wall, zone)
            assert before < wall < after
            assert before in real
            assert after in real
        elif len(instants) == 2:
            with pytest.raises(RepeatedHour):
                instant(day, wall, zone)
            assert [instant(day, wall, zone, which) for which in Hour] == instants
            assert {moment.astimezone(zone).time() for moment in instants} == {wall}
        else:
            assert [instant(day, wall, zone)] == instants


@pytest.mark.parametrize("name", ZONES)
def test_every_minute_of_every_night_of_change_is_refused_asked_about_or_right(name: str) -> None:
    zone = ZoneInfo(name)
    days = _days_of_change(zone)
    assert len(days) == 2 * len(YEARS)
    for day in days:
        _check_whole_day(day, zone)


def test_the_time_before_and_after_a_skipped_hour_is_named() -> None:
    assert real_times_around(date(2027, 3, 14), time(2, 0), PACIFIC) == (time(1, 59), time(3, 0))


def test_a_time_of_our_own_making_never_fails() -> None:
    assert first_instant(date(2027, 3, 14), time(2, 30), PACIFIC) == datetime(2027, 3, 14, 10, 30, tzinfo=UTC)
    assert first_instant(date(2026, 11, 1), time(1, 30), PACIFIC) == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


@given(
    moment=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2037, 1, 1)),  # noqa: DTZ001 - made aware below
    name=st.sampled_from(ZONES),
)
def test_a_moment_lies_within_the_day_it_falls_on(moment: datetime, name: str) -> None:
    zone, aware = ZoneInfo(name), moment.replace(tzinfo=UTC)
    span = day_span(local_day(aware, zone), zone)
    assert span.starts_at <= aware < span.ends_at
