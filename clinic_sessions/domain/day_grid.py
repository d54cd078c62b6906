"""Where things stand on the day by chair: rows of five minutes, counted from the first full hour shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic_sessions.domain.wall_time import Span

ROW = timedelta(minutes=5)
HOUR_ROWS = 12
CELL_ROWS = 6
MOST_ROWS = 26 * HOUR_ROWS
"""The longest day, the one on which the clocks go back, and the hour into which it may run over."""

SHORTEST_CELL = 3


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A stretch of rows, up to but without `end`."""

    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Grid:
    """The rows of one day."""

    first: datetime
    count: int

    def row(self, moment: datetime) -> int:
        """Give the row that a moment falls in; before the first row it is 0, after the last it is `count`."""
        return min(max((moment - self.first) // ROW, 0), self.count)

    def rows(self, span: Span) -> Rows:
        """Give the rows of a span, at least one."""
        start = min(self.row(span.starts_at), self.count - 1)
        return Rows(start=start, end=max(self.row(span.ends_at), start + 1))

    def moment(self, row: int) -> datetime:
        """Give the instant at which a row begins."""
        return self.first + row * ROW

    def hours(self) -> Iterator[Rows]:
        """Give the hours, first to last."""
        return (Rows(start=at, end=at + HOUR_ROWS) for at in range(0, self.count, HOUR_ROWS))


def grid_of(spans: Iterable[Span]) -> Grid | None:
    """Give the grid of whole hours that holds every span; None when there is none to hold."""
    all_spans = list(spans)
    if not all_spans:
        return None
    first = min(span.starts_at for span in all_spans).replace(minute=0, second=0, microsecond=0)
    last = max(span.ends_at for span in all_spans)
    hours = -((first - last) // timedelta(hours=1))
    return Grid(first=first, count=min(hours * HOUR_ROWS, MOST_ROWS))


def outside(grid: Grid, openings: Sequence[Span]) -> list[Rows]:
    """Give the stretches of the grid in which the clinic is closed."""
    return list(_between(grid, [grid.rows(opening) for opening in openings]))


def free_cells(grid: Grid, taken: Iterable[Rows], openings: Sequence[Span], not_before: datetime) -> list[Rows]:
    """Cut the free time of a chair into cells of at most half an hour, from `not_before` on."""
    past = [Rows(start=0, end=grid.row(not_before + ROW - timedelta(microseconds=1)))]
    closed = outside(grid, openings)
    gaps = _between(grid, [*past, *closed, *taken])
    return [cell for gap in gaps for cell in _cells(gap) if cell.end - cell.start >= SHORTEST_CELL]


def _between(grid: Grid, taken: Iterable[Rows]) -> Iterator[Rows]:
    at = 0
    for rows in sorted(taken, key=lambda rows: rows.start):
        if rows.start > at:
            yield Rows(start=at, end=rows.start)
        at = max(at, rows.end)
    if at < grid.count:
        yield Rows(start=at, end=grid.count)


def _cells(gap: Rows) -> Iterator[Rows]:
    start = gap.start
    while start < gap.end:
        end = min((start // CELL_ROWS + 1) * CELL_ROWS, gap.end)
        yield Rows(start=start, end=end)
        start = end


def load(grid: Grid, parts: Iterable[tuple[Span, int]]) -> list[int]:
    """Sum what each span takes, and give the highest sum of each half hour."""
    change = [0] * (grid.count + 1)
    for span, amount in parts:
        rows = grid.rows(span)
        change[rows.start] += amount
        change[rows.end] -= amount
    sums, now = [], 0
    for row in range(grid.count):
        now += change[row]
        sums.append(now)
    return [max(sums[at : at + CELL_ROWS]) for at in range(0, grid.count, CELL_ROWS)]
