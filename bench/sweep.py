"""The worst days a search for free times can meet: 60 of them with 12 chairs, already read."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from bench.data import CHAIRS, ZONE
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import Demand, Need, Profile
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.scheduling.timetable import DayRoom, Opening, free_starts, openings
from clinic_sessions.domain.wall_time import Span, day_span

DAYS = [date(2026, 11, 23) + timedelta(days=n) for n in range(60)]
HOURS = [Opening(weekday=day, opens_minute=480, closes_minute=1080) for day in range(7)]
BLOCK = Profile((Need(offset=0, minutes=155, nurse_milli=500), Need(offset=155, minutes=5, nurse_milli=0)))


def worst_cases() -> Iterator[tuple[str, Callable[[], None]]]:
    """Give the name of each case, and the search through its days."""
    for name, make in (("12 x 60 days, every chair full", _full), ("12 x 60 days, never enough nurses", _uncovered)):
        yield name, _search([make(day) for day in DAYS])


def _search(days: list[DayRoom]) -> Callable[[], None]:
    earliest = day_span(DAYS[0], ZONE).starts_at

    def once() -> None:
        for day in days:
            # A copy, because a day adds its cover up only once.
            if free_starts(replace(day), BLOCK, earliest=earliest):
                raise RuntimeError("a day that was to be full has a free start")

    return once


def _full(day: date) -> DayRoom:
    """Every chair is taken for 160 minutes at a time, ten minutes apart."""
    opens = openings(day, HOURS, ZONE)[0].starts_at
    return _room(day, [_block(opens + timedelta(minutes=170 * n)) for n in range(3)])


def _uncovered(day: date) -> DayRoom:
    """Every chair is free but for half an hour, and the one nurse has her hands full once in every two hours."""
    opens = openings(day, HOURS, ZONE)[0].starts_at
    noon = opens + timedelta(minutes=285)
    busy = Profile((Need(offset=0, minutes=10, nurse_milli=1000),))
    demands = [Demand(starts_at=opens + timedelta(minutes=120 * n), profile=busy) for n in range(6)]
    return replace(_room(day, [Span(starts_at=noon, ends_at=noon + timedelta(minutes=30))]), demands=demands)


def _block(start: datetime) -> Span:
    return Span(starts_at=start, ends_at=start + timedelta(minutes=160))


def _room(day: date, taken: list[Span]) -> DayRoom:
    return DayRoom(
        openings=openings(day, HOURS, ZONE),
        taken=dict.fromkeys(range(CHAIRS), taken),
        duties=[Duty(user_id=1, role=SiteRole.NURSE, span=day_span(day, ZONE))],
    )
