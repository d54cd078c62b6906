"""A clinic's hours and chairs, as an operator types them."""

import re
from dataclasses import dataclass

from clinic_sessions.domain.protocols import Route
from clinic_sessions.domain.timetable import Opening

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OPENING = re.compile(
    r"(?P<first>[a-z]{3})(-(?P<last>[a-z]{3}))?=(?P<opens>\d{1,2}:\d\d)-(?P<closes>\d{1,2}:\d\d)", re.ASCII
)


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
