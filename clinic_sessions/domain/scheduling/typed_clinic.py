"""A clinic's hours and chairs, as an operator types them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from itertools import pairwise

from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.timetable import Opening
from clinic_sessions.domain.typed_days import Unreadable, read_clock

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OPENING = re.compile(
    r"(?P<first>[a-z]{3})(-(?P<last>[a-z]{3}))?=(?P<opens>\d{1,2}:\d\d)-(?P<closes>\d{1,2}:\d\d)", re.ASCII
)


_DAY = 24 * 60
_TO = re.compile(r"\s*(?:-|\u2013|\u2014|\bto\b)\s*")
_ASK = "Type the hours as 8:00 am to 6:00 pm, with a comma before a second opening; leave it blank when closed."


class ClinicUnreadable(ValueError):
    """What was typed is no opening or no chair; the text says how to type one."""


@dataclass(frozen=True, kw_only=True)
class TypedChair:
    name: str
    routes: frozenset[Route]


def read_openings(text: str) -> list[Opening]:
    """Read opening hours such as `mon-fri=8:00-18:00` or `sat=9:00-13:00`, on the clinic's wall clock.

    Raises ClinicUnreadable for anything else.

    >>> [(o.weekday, o.opens_minute, o.closes_minute) for o in read_openings("sat-sun=9:00-13:30")]
    [(5, 540, 810), (6, 540, 810)]
    """
    found = _OPENING.fullmatch(text.strip().lower())
    if found is None:
        raise ClinicUnreadable(f"Type opening hours as mon-fri=8:00-18:00, not {text!r}.")
    first, last = found["first"], found["last"] or found["first"]
    opens, closes = _minute(found["opens"]), _minute(found["closes"])
    if not {first, last} <= set(WEEKDAYS) or WEEKDAYS.index(last) < WEEKDAYS.index(first):
        raise ClinicUnreadable(f"Type weekdays from mon to sun, the earlier one first, not {text!r}.")
    if not opens < closes <= 24 * 60:
        raise ClinicUnreadable(f"A clinic closes after it opens, on the same day, not {text!r}.")
    days = range(WEEKDAYS.index(first), WEEKDAYS.index(last) + 1)
    return [Opening(weekday=day, opens_minute=opens, closes_minute=closes) for day in days]


def _minute(clock: str) -> int:
    hour, minute = clock.split(":")
    if int(minute) > 59:
        raise ClinicUnreadable(f"There is no minute {minute}.")
    return int(hour) * 60 + int(minute)


def read_day_hours(text: str) -> list[tuple[int, int]]:
    """Read the openings of one day, in order: minutes after midnight; midnight as an end is the day's end.

    Raises ClinicUnreadable, which says what to type.

    >>> read_day_hours("8 am - 12 pm, 1:00 pm to 5:30 pm")
    [(480, 720), (780, 1050)]
    """
    found = sorted(_stretch(part) for part in text.split(",") if part.strip())
    if any(after[0] < before[1] for before, after in pairwise(found)):
        raise ClinicUnreadable("Two openings of this day overlap.")
    return found


def _stretch(text: str) -> tuple[int, int]:
    try:
        opens, closes = [_minute_of(read_clock(half)) for half in _TO.split(text.strip().lower())]
    except (Unreadable, ValueError):
        raise ClinicUnreadable(_ASK) from None
    closes = closes or _DAY
    if opens >= closes:
        raise ClinicUnreadable("An opening ends after it begins, on the same day.")
    return opens, closes


def _minute_of(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def day_text(hours: Iterable[tuple[int, int]]) -> str:
    """Write the openings of one day as they are typed.

    >>> day_text([(480, 720), (780, 1440)])
    '8:00 am \u2013 12:00 pm, 1:00 pm \u2013 12:00 am'
    """
    return ", ".join(f"{_clock(opens)} \u2013 {_clock(closes)}" for opens, closes in hours)


def _clock(minute: int) -> str:
    hour = minute // 60 % 24
    return f"{hour % 12 or 12}:{minute % 60:02d} {'am' if hour < 12 else 'pm'}"


def week_text(hours: Iterable[Opening]) -> str:
    """Write the openings of a week in one line, for the audit."""
    days: dict[int, list[tuple[int, int]]] = {}
    for one in sorted(hours, key=lambda one: (one.weekday, one.opens_minute)):
        days.setdefault(one.weekday, []).append((one.opens_minute, one.closes_minute))
    return "; ".join(f"{WEEKDAYS[day]} {day_text(spans)}" for day, spans in days.items())


def read_chair(text: str) -> TypedChair:
    """Read a chair and the routes it is equipped for, such as `Chair 1=iv,im`.

    Raises ClinicUnreadable for anything else.

    >>> sorted(read_chair("Room 6=iv, in").routes)
    [<Route.IN_: 'in'>, <Route.IV: 'iv'>]
    """
    name, _, typed = text.partition("=")
    known = {route.value for route in Route}
    routes = {word.strip().lower() for word in typed.split(",")}
    if not name.strip() or not routes <= known or len(name.strip()) > 60:
        raise ClinicUnreadable(f"Type a chair as 'Chair 1=iv,im,in', not {text!r}.")
    return TypedChair(name=name.strip(), routes=frozenset(Route(word) for word in routes))
