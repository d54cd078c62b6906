"""Where things stand on the day by chair: rows of five minutes, counted from the first full hour shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby

from clinic_sessions.domain.scheduling.cover import DayCover
from clinic_sessions.domain.wall_time import Span

ROW = timedelta(minutes=5)
HOUR_ROWS = 12
QUARTER_ROWS = 3
QUARTER_MINUTES = 15
MOST_ROWS = 26 * HOUR_ROWS
"""The longest day, the one on which the clocks go back, and the hour into which it may run over."""

SHORTEST_STRETCH = 3


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

    def shows(self, span: Span) -> bool:
        """Say whether any of a span falls on the grid."""
        return span.starts_at < self.moment(self.count) and span.ends_at > self.first

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


def free_stretches(grid: Grid, taken: Iterable[Rows], closed: Iterable[Rows], not_before: datetime) -> list[Rows]:
    """Give the stretches of a chair in which somebody could be booked, from `not_before` on; slivers are left out."""
    past = Rows(start=0, end=grid.row(not_before + ROW - timedelta(microseconds=1)))
    return [gap for gap in _between(grid, [past, *closed, *taken]) if gap.end - gap.start >= SHORTEST_STRETCH]


def _between(grid: Grid, taken: Iterable[Rows]) -> Iterator[Rows]:
    at = 0
    for rows in sorted(taken, key=lambda rows: rows.start):
        if rows.start > at:
            yield Rows(start=at, end=rows.start)
        at = max(at, rows.end)
    if at < grid.count:
        yield Rows(start=at, end=grid.count)


class Level(StrEnum):
    """How much of the nurses on shift is taken."""

    NOBODY = "nobody"
    FREE = "free"
    PART = "part"
    FULL = "full"
    OVER = "over"


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Rows for which as much of as many nurses is taken, in thousandths of a nurse."""

    rows: Rows
    used_milli: int
    nurses_milli: int

    @property
    def level(self) -> Level:
        """Name how much is taken."""
        if self.used_milli > self.nurses_milli:
            return Level.OVER
        if self.nurses_milli == 0:
            return Level.NOBODY
        if self.used_milli == self.nurses_milli:
            return Level.FULL
        return Level.PART if self.used_milli else Level.FREE


def strip(cover: DayCover) -> list[Stretch]:
    """Read a day's cover by the quarter hour, each at its scarcest minute; quarters that are the same stand together.

    The window of `cover` begins with the first row of the grid.
    """
    spare, nurses = cover.spare, cover.nurses
    quarters = []
    for at in range(0, cover.length, QUARTER_MINUTES):
        worst = min(range(at, min(at + QUARTER_MINUTES, cover.length)), key=spare.__getitem__)
        quarters.append((nurses[worst] - spare[worst], nurses[worst]))
    found, row = [], 0
    for (used, there), same in groupby(quarters):
        end = row + QUARTER_ROWS * len(list(same))
        found.append(Stretch(rows=Rows(start=row, end=end), used_milli=used, nurses_milli=there))
        row = end
    return found
