"""The panels of a plot of outcomes: one a scale with its bands and marks, and one for mood."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic_sessions.domain.drug.given_doses import MOOD_KINDS
from clinic_sessions.domain.messages.check_ins import CheckInKind
from clinic_sessions.domain.outcomes.outcome_labels import Label, Lane
from clinic_sessions.domain.outcomes.outcome_rows import MOOD_WORDS, MoodRow, ScoreRow, share
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.data import Scale

SHAPES = ("circle", "square", "diamond", "triangle", "plus", "hexagon", "bar")
"""The marks of the panels, in their order; each is told from the others without colour."""

MOOD_SHAPES = {
    CheckInKind.AFTER_4H: "triangle",
    CheckInKind.AFTER_24H: "circle",
    CheckInKind.AFTER_72H: "square",
}
_MOODS_TO = 10
_TITLE, _GAP, _EDGE = 22, 10, 12
_MARK_ROOM = 14


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The measures of a picture in its own units, which are pixels at its natural width."""

    name: str
    width: int
    panel: int
    left: int = 34
    right: int = 96
    mood: int = 64
    ticks: int = 6
    lanes: int = 3


WIDE = Frame(name="wide", width=960, panel=190)
NARROW = Frame(name="narrow", width=360, panel=170, left=26, right=80, ticks=2)
SMALL = Frame(name="small", width=380, panel=130, left=28, right=80, ticks=2, lanes=1)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One row's mark in a panel; its label, if there was room for one."""

    x: float
    y: float
    shape: str
    row: ScoreRow | MoodRow
    label: Label | None = None


@dataclass(frozen=True, kw_only=True)
class Side:
    """A band or a name at the side: its lines of words, and where they begin and end."""

    top: float
    bottom: float
    lines: Sequence[str]
    shape: str = ""
    """The mark that the words explain."""

    @property
    def text_y(self) -> float:
        """Where the first line of words stands, so that all of them are in the middle."""
        return round((self.top + self.bottom) / 2 + 4 - 6.5 * (len(self.lines) - 1), 1)


@dataclass(frozen=True, kw_only=True)
class Level:
    """A line across with the number that it stands for."""

    y: float
    value: int


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One scale, or mood, against time."""

    title: str
    shape: str
    top: float
    bottom: float
    levels: Sequence[Level]
    cuts: Sequence[float]
    """The published cuts: lines across."""
    sides: Sequence[Side]
    marks: Sequence[Mark]
    scale: ScaleKey | None

    @property
    def line(self) -> str:
        """The points of the line through all marks."""
        return " ".join(f"{mark.x},{mark.y}" for mark in self.marks)


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The time that a picture shows, from edge to edge."""

    frame: Frame
    first: datetime
    last: datetime

    def x(self, at: datetime) -> float:
        """Give the place of a moment."""
        left, right = self.frame.left + _EDGE, self.frame.width - self.frame.right - _EDGE
        return round(left + (right - left) * ((at - self.first) / (self.last - self.first)), 1)


def panels(scores: Sequence[ScoreRow], moods: Sequence[MoodRow], axis: Axis, top: float) -> tuple[list[Panel], float]:
    """Stack a panel for each scale, and one for mood if there is any; gives where they end."""
    found, y = [], top
    by_scale: dict[ScaleKey, list[ScoreRow]] = {}
    for row in scores:
        by_scale.setdefault(row.scale.key, []).append(row)
    for shape, own in zip(SHAPES, by_scale.values(), strict=False):
        found.append(_score_panel(own, shape, axis, y + _TITLE))
        y = found[-1].bottom + _GAP
    if moods:
        found.append(_mood_panel(moods, axis, y + _TITLE))
        y = found[-1].bottom + _GAP
    return found, y


def _score_panel(rows: Sequence[ScoreRow], shape: str, axis: Axis, top: float) -> Panel:
    scale, bottom = rows[0].scale, top + axis.frame.panel

    def y(value: float) -> float:
        return round(bottom - axis.frame.panel * value, 1)

    places = [(axis.x(row.at), y(share(row.value, scale.highest))) for row in rows]
    labels = _numbers(rows, places, axis)
    return Panel(
        title=f"{scale.name}, 0 to {scale.highest}, lower is better",
        shape=shape,
        top=top,
        bottom=bottom,
        levels=[Level(y=y(one / scale.highest), value=one) for one in _levels(scale)],
        cuts=[y(one.whole / scale.highest) for one in (scale.cuts.cut, scale.cuts.cut_upper) if one],
        sides=[*_bands(scale, y), *_cuts(scale, y)],
        marks=[
            Mark(x=x, y=at_y, shape=shape, row=row, label=label)
            for row, (x, at_y), label in zip(rows, places, labels, strict=True)
        ],
        scale=scale.key,
    )


def _levels(scale: Scale) -> list[int]:
    starts = [band.start.whole for band in scale.bands] or [0, scale.highest // 2]
    return [*starts, scale.highest]


def _cuts(scale: Scale, y: Callable[[float], float]) -> list[Side]:
    low, high = scale.cuts.cut, scale.cuts.cut_upper
    if not low or not high:
        return []
    top, bottom = y(high.whole / scale.highest), y(low.whole / scale.highest)
    return [Side(top=top, bottom=bottom, lines=["cut", f"{low.whole} to {high.whole}"])]


def _bands(scale: Scale, y: Callable[[float], float]) -> list[Side]:
    if not scale.bands:
        return []
    starts = [band.start.whole / scale.highest for band in scale.bands]
    return [
        Side(top=y(end), bottom=y(start), lines=band.band.value.split("_"))
        for band, start, end in zip(scale.bands, starts, [*starts[1:], 1.0], strict=True)
    ]


def _numbers(rows: Sequence[ScoreRow], places: Sequence[tuple[float, float]], axis: Axis) -> list[Label | None]:
    """Write the number beside as many marks as have room: those that mean something first, then the newest."""
    lane = Lane(left=axis.frame.left, right=axis.frame.width - axis.frame.right, rows=1)
    order = sorted(range(len(rows)), key=lambda place: (not rows[place].mark, -place))
    found: dict[int, Label | None] = {}
    for place in order:
        row, (x, _) = rows[place], places[place]
        found[place] = lane.centre(x, f"{row.number} {row.mark}".strip(), least=_MARK_ROOM)
    return [found[place] for place in range(len(rows))]


def _mood_panel(moods: Sequence[MoodRow], axis: Axis, top: float) -> Panel:
    bottom = top + axis.frame.mood

    def y(value: float) -> float:
        return round(bottom - axis.frame.mood * value, 1)

    each = axis.frame.mood / len(MOOD_KINDS)
    return Panel(
        title="Mood after each dose, 0 to 10, higher is better",
        shape="mood",
        top=top,
        bottom=bottom,
        levels=[Level(y=y(one / _MOODS_TO), value=one) for one in (0, 5, _MOODS_TO)],
        sides=[
            Side(
                top=top + each * place,
                bottom=top + each * (place + 1),
                lines=[MOOD_WORDS[kind]],
                shape=MOOD_SHAPES[kind],
            )
            for place, kind in enumerate(MOOD_KINDS)
        ],
        cuts=[],
        marks=[
            Mark(x=axis.x(mood.at), y=y(mood.value / _MOODS_TO), shape=MOOD_SHAPES[mood.kind], row=mood)
            for mood in moods
        ],
        scale=None,
    )
