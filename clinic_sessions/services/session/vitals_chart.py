"""Blood pressure over a session, laid out as points of a picture; the page draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clinic_sessions.domain.protocols.protocols import AlertLevel, Anchor, Measure, Protocol
from clinic_sessions.models import DoseEvent, VitalsReading
from clinic_sessions.services.session import facts

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 12, 30
_LOWEST, _HIGHEST, _STEP = 40, 200, 40
_SHORTEST = timedelta(minutes=60)
_TICKS = 4


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A place on one axis with what stands there."""

    place: float
    value: int | datetime


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit of the protocol, or the patient's own: a line across."""

    place: float
    value: int
    urgent: bool
    own: bool = False


@dataclass(frozen=True, kw_only=True)
class Point:
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The whole picture in its own units."""

    systolic: tuple[Point, ...]
    diastolic: tuple[Point, ...]
    limits: tuple[Limit, ...]
    doses: tuple[float, ...]
    hours: tuple[Mark, ...]
    levels: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    def line(self, points: Sequence[Point]) -> str:
        """Give the points of a polyline."""
        return " ".join(f"{point.x},{point.y}" for point in points)


def draw(
    readings: Sequence[VitalsReading],
    doses: Sequence[DoseEvent],
    protocol: Protocol,
    own_systolic: int | None = None,
    *,
    until: datetime | None = None,
) -> Chart | None:
    """Lay out the standing readings that have a blood pressure; None when there is none. `own_systolic`: mmHg.

    `until`: when the visit ended; a reading after it would stretch the axis, and stands among the entries alone.
    """
    of_visit = [r for r in readings if until is None or r.at <= until]
    pressures = [r for r in of_visit if r.systolic_mmhg is not None or r.diastolic_mmhg is not None]
    if not pressures:
        return None
    known = facts.anchors(doses)
    moments = [known[one] for one in (Anchor.START, Anchor.END) if one in known]
    times = [reading.at for reading in pressures] + moments
    first, last = min(times), max(max(times), min(times) + _SHORTEST)
    numbers = [n for r in pressures for n in (r.systolic_mmhg, r.diastolic_mmhg) if n is not None]
    low, high = min([_LOWEST, *numbers]), max([_HIGHEST, *numbers])

    def x(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - first) / (last - first)), 1)

    def y(value: int) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low), 1)

    ticks = [first + (last - first) * n / _TICKS for n in range(_TICKS + 1)]
    return Chart(
        systolic=tuple(Point(x=x(r.at), y=y(r.systolic_mmhg)) for r in pressures if r.systolic_mmhg is not None),
        diastolic=tuple(Point(x=x(r.at), y=y(r.diastolic_mmhg)) for r in pressures if r.diastolic_mmhg is not None),
        limits=(
            *(Limit(place=y(value), value=value, urgent=urgent) for value, urgent in _limits(protocol)),
            *(Limit(place=y(value), value=value, urgent=False, own=True) for value in (own_systolic,) if value),
        ),
        doses=tuple(x(at) for at in moments),
        hours=tuple(Mark(place=x(at), value=at) for at in ticks),
        levels=tuple(Mark(place=y(value), value=value) for value in range(_LOWEST, high + 1, _STEP)),
    )


def _limits(protocol: Protocol) -> list[tuple[int, bool]]:
    rules = [rule for rule in protocol.limits if rule.measure is Measure.SYSTOLIC]
    found = {}
    for level in AlertLevel:
        values = [rule.limit.whole for rule in rules if rule.level is level]
        if values:
            found[max(values)] = level is AlertLevel.URGENT
    return sorted(found.items())
