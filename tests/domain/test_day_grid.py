"""The rows of the day by chair."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import DayCover, Demand, visit_profile
from clinic_sessions.domain.scheduling.day_grid import HOUR_ROWS, Level, Rows, free_stretches, grid_of, outside, strip
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.wall_time import Span, day_span

EIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)


def _span(start: int, end: int) -> Span:
    return Span(starts_at=EIGHT + timedelta(minutes=start), ends_at=EIGHT + timedelta(minutes=end))


def test_a_grid_holds_whole_hours_around_everything() -> None:
    grid = grid_of([_span(10, 130)])
    assert grid is not None
    assert (grid.first, grid.count) == (EIGHT, 3 * HOUR_ROWS)


def test_nothing_to_show_has_no_grid() -> None:
    assert grid_of([]) is None


def test_the_longest_day_has_its_25_hours() -> None:
    grid = grid_of([day_span(date(2026, 11, 1), ZoneInfo("America/Los_Angeles"))])
    assert grid is not None
    assert grid.count == 25 * HOUR_ROWS


def test_closed_time_is_what_no_opening_covers() -> None:
    grid = grid_of([_span(0, 240)])
    assert grid is not None
    assert outside(grid, [_span(60, 120)]) == [Rows(start=0, end=12), Rows(start=24, end=48)]


def test_a_free_stretch_is_one_however_long_and_slivers_are_left_out() -> None:
    grid = grid_of([_span(0, 180)])
    assert grid is not None
    taken = [grid.rows(_span(40, 90)), grid.rows(_span(100, 120))]
    assert free_stretches(grid, taken, [], EIGHT) == [Rows(start=0, end=8), Rows(start=24, end=36)]


def test_the_past_is_not_free() -> None:
    grid = grid_of([_span(0, 60)])
    assert grid is not None
    assert free_stretches(grid, [], [], EIGHT + timedelta(minutes=31)) == [Rows(start=7, end=12)]


def test_what_is_closed_is_not_free() -> None:
    grid = grid_of([_span(0, 120)])
    assert grid is not None
    assert free_stretches(grid, [], [Rows(start=6, end=12)], EIGHT) == [Rows(start=0, end=6), Rows(start=12, end=24)]


@given(taken=st.lists(st.tuples(st.integers(0, 470), st.integers(1, 200)), max_size=8))
def test_free_stretches_never_touch_what_is_taken_or_each_other(taken: list[tuple[int, int]]) -> None:
    grid = grid_of([_span(0, 480)])
    assert grid is not None
    rows = [grid.rows(_span(at, at + length)) for at, length in taken]
    found = free_stretches(grid, rows, [], EIGHT)
    for one in found:
        assert all(one.end <= other.start or other.end <= one.start for other in rows)
    assert all(one.end < other.start for one, other in itertools.pairwise(found))


def _cover(nurses: int, *asked: tuple[int, int, int]) -> DayCover:
    duties = [Duty(user_id=n, role=SiteRole.NURSE, span=_span(0, 60)) for n in range(nurses)]
    demands = [
        Demand(starts_at=EIGHT + timedelta(minutes=at), profile=visit_profile(minutes, milli))
        for at, minutes, milli in asked
    ]
    return DayCover(_span(0, 120), duties, demands)


def test_the_strip_names_each_quarter_by_its_scarcest_minute() -> None:
    found = [(one.rows, one.used_milli, one.nurses_milli, one.level) for one in strip(_cover(1, (20, 5, 500)))]
    assert found == [
        (Rows(start=0, end=3), 0, 1000, Level.FREE),
        (Rows(start=3, end=6), 500, 1000, Level.PART),
        (Rows(start=6, end=12), 0, 1000, Level.FREE),
        (Rows(start=12, end=24), 0, 0, Level.NOBODY),
    ]


@pytest.mark.parametrize(("asked", "level"), [(2000, Level.FULL), (2001, Level.OVER), (1999, Level.PART)])
def test_the_strip_says_full_and_over(asked: int, level: Level) -> None:
    assert strip(_cover(2, (0, 60, asked)))[0].level is level


def test_what_is_asked_while_nobody_is_on_shift_is_over() -> None:
    assert strip(_cover(2, (60, 30, 250)))[1].level is Level.OVER
