"""Lays out the rows of outcomes as a picture: one panel a scale, all on one axis of time with the doses and events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain.outcomes.outcome_labels import Label, Lane
from clinic_sessions.domain.outcomes.outcome_panels import Axis, Frame, Panel, panels
from clinic_sessions.domain.outcomes.outcome_rows import DoseRow, EventRow, MoodRow, ScoreRow
from clinic_sessions.domain.wall_time import local_day

_SHORTEST = timedelta(days=14)
_GAP, _LINE, _AXIS = 10, 15, 22
_MARK_ROOM = 14


@dataclass(frozen=True, kw_only=True)
class Upright:
    """A dose or an event: a line through all panels, with its label where there was room."""

    x: float
    y: float
    row: DoseRow | EventRow
    label: Label | None


@dataclass(frozen=True, kw_only=True)
class Plot:
    """The whole picture."""

    frame: Frame
    height: float
    top: float
    bottom: float
    panels: Sequence[Panel]
    doses: Sequence[Upright]
    events: Sequence[Upright]
    ticks: Sequence[Label]
    axis_y: float

    @property
    def right(self) -> int:
        """Where the panels end."""
        return self.frame.width - self.frame.right


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What is drawn, each kind oldest first."""

    scores: Sequence[ScoreRow]
    doses: Sequence[DoseRow]
    events: Sequence[EventRow]

    @property
    def moods(self) -> list[MoodRow]:
        """All answers to the question of mood, in order of time."""
        answered = [mood for row in self.doses for mood in row.moods if isinstance(mood, MoodRow)]
        return sorted(answered, key=lambda mood: mood.at)

    @property
    def moments(self) -> list[datetime]:
        """Every moment that must lie on the axis."""
        rows: list[ScoreRow | DoseRow | EventRow | MoodRow] = [*self.scores, *self.doses, *self.events, *self.moods]
        return [row.at for row in rows]


def draw(rows: Rows, frame: Frame, zone: ZoneInfo, *, moods: bool = True) -> Plot | None:
    """Lay out the rows; None when there is nothing to draw. A lone moment gets an axis of two weeks around it."""
    moments = rows.moments
    if not moments:
        return None
    first, last = min(moments), max(moments)
    if last - first < _SHORTEST:
        spare = (_SHORTEST - (last - first)) / 2
        first, last = first - spare, last + spare
    axis = Axis(frame=frame, first=first, last=last)
    lane = Lane(left=0, right=frame.width, rows=frame.lanes)
    labels = [lane.place(axis.x(row.at) + 3, row.short, before=axis.x(row.at) - 3) for row in rows.events]
    top = _LINE * lane.used + (_GAP if rows.events else 0)
    stack, y = panels(rows.scores, rows.moods if moods else [], axis, top)
    dose_y = y + 6 if rows.doses else y
    doses, bottom = _doses(rows.doses, axis, dose_y)
    events = [
        Upright(x=axis.x(row.at), y=_LINE * (label.row + 1 if label else lane.used), row=row, label=label)
        for row, label in zip(rows.events, labels, strict=True)
    ]
    return Plot(
        frame=frame, height=bottom + _AXIS, top=top, bottom=dose_y, panels=stack, doses=doses, events=events,
        ticks=_ticks(axis, zone), axis_y=bottom + _AXIS - 6,
    )  # fmt: skip


def _doses(rows: Sequence[DoseRow], axis: Axis, y: float) -> tuple[list[Upright], float]:
    """Label the doses that differ from the one before, then of the others those with room in the first row."""
    lane = Lane(left=0, right=axis.frame.width, rows=axis.frame.lanes)
    said = ["", *(row.dose for row in rows)]
    same = [before == row.dose for before, row in zip(said, rows, strict=False)]
    order = sorted(range(len(rows)), key=lambda place: (same[place], place))
    found = {
        place: lane.centre(axis.x(rows[place].at), rows[place].dose, rows=1 if same[place] else None) for place in order
    }
    uprights = [Upright(x=axis.x(row.at), y=y, row=row, label=found[place]) for place, row in enumerate(rows)]
    return uprights, y + (_MARK_ROOM + _LINE * lane.used if rows else 0)


def _ticks(axis: Axis, zone: ZoneInfo) -> list[Label]:
    """Name days along the axis, the first and the last before those between; the year is said where it is another."""
    count, lane = axis.frame.ticks, Lane(left=0, right=axis.frame.width, rows=1)
    moments = [axis.first + (axis.last - axis.first) * place / count for place in range(count + 1)]
    days = [local_day(at, zone) for at in moments]
    labels = []
    for place in (0, count, *range(1, count)):
        day = days[place]
        year = f", {day.year}" if place == 0 or day.year != days[0].year else ""
        labels.append(lane.centre(axis.x(moments[place]), f"{day:%b} {day.day}{year}"))
    return sorted((label for label in labels if label), key=lambda label: label.x)
