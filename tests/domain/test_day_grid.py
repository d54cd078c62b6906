"""The rows of the day by chair."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.day_grid import HOUR_ROWS, Rows, free_cells, grid_of, load, outside
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


def test_free_cells_end_at_the_half_hour_and_leave_out_slivers() -> None:
    grid = grid_of([_span(0, 120)])
    assert grid is not None
    cells = free_cells(grid, [grid.rows(_span(40, 90))], [_span(0, 120)], EIGHT)
    assert cells == [Rows(start=0, end=6), Rows(start=18, end=24)]


def test_the_past_is_not_free() -> None:
    grid = grid_of([_span(0, 60)])
    assert grid is not None
    assert free_cells(grid, [], [_span(0, 60)], EIGHT + timedelta(minutes=31)) == [Rows(start=7, end=12)]


def test_load_is_the_highest_sum_of_each_half_hour() -> None:
    grid = grid_of([_span(0, 60)])
    assert grid is not None
    assert load(grid, [(_span(0, 40), 500), (_span(10, 20), 1000)]) == [1500, 500]


@given(taken=st.lists(st.tuples(st.integers(0, 470), st.integers(1, 200)), max_size=8))
def test_free_cells_never_touch_what_is_taken(taken: list[tuple[int, int]]) -> None:
    grid = grid_of([_span(0, 480)])
    assert grid is not None
    rows = [grid.rows(_span(at, at + length)) for at, length in taken]
    for cell in free_cells(grid, rows, [_span(0, 480)], EIGHT):
        assert all(cell.end <= one.start or one.end <= cell.start for one in rows)
