"""Dates and times of day as people type them."""

import re
from datetime import date, time

EARLIEST_YEAR = 1000

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{1,2})-(?P<d>[0-9]{1,2})")
_AMERICAN = re.compile(r"(?P<m>[0-9]{1,2})[/.\- ](?P<d>[0-9]{1,2})[/.\- ](?P<y>[0-9]{4}|[0-9]{2})")
_COMPACT = re.compile(r"(?P<m>[0-9]{2})(?P<d>[0-9]{2})(?P<y>[0-9]{4})")
_MONTH_FIRST = re.compile(r"(?P<name>[a-z]{3,9})\.? (?P<d>[0-9]{1,2}),? (?P<y>[0-9]{4})")
_DAY_FIRST = re.compile(r"(?P<d>[0-9]{1,2}) (?P<name>[a-z]{3,9})\.?,? (?P<y>[0-9]{4})")
_FORMS = (_ISO, _AMERICAN, _MONTH_FIRST, _DAY_FIRST)
_CLOCK = re.compile(r"(?P<h>[0-9]{1,2})(?::?(?P<m>[0-9]{2}))?(?::00)? ?(?P<half>[ap])?\.?m?\.?")


class Unreadable(ValueError):
    """This is not a date or a time of day, or there is no such one."""


def read_day(text: str, *, century: int | None = None) -> date:
    """Read a date: 1985-04-12, 4/12/1985, 4-12-1985, April 12, 1985. The month comes first.

    The year has four digits, or two where the `century` (2000) is sure. Raises Unreadable.

    >>> read_day("4/12/1985") == read_day("1985-04-12") == read_day("Apr 12, 1985")
    True
    >>> read_day("4/12/27", century=2000)
    datetime.date(2027, 4, 12)
    """
    parts = _match(text, _FORMS)
    if parts is None or (len(parts["y"]) != 4 and century is None):
        raise Unreadable
    year = int(parts["y"]) + (0 if len(parts["y"]) == 4 else century or 0)
    found = _day(year, parts)
    if found is None:
        raise Unreadable
    return found


def possible_birth_dates(text: str, today: date) -> list[date]:
    """List the birth dates that a search may mean: a year of two digits is tried in both centuries.

    >>> possible_birth_dates("4/12/85", date(2026, 11, 23))
    [datetime.date(1985, 4, 12)]
    """
    parts = _match(text, (*_FORMS, _COMPACT))
    if parts is None:
        return []
    year = int(parts["y"])
    years = [year] if len(parts["y"]) == 4 else [2000 + year, 1900 + year]
    return [day for day in (_day(one, parts) for one in years) if day is not None and day <= today]


def read_clock(text: str) -> time:
    """Read a time of day: 10:40, 10:40 am, 1040, 2 pm, 14:05. Raises Unreadable.

    >>> read_clock("2:05 pm"), read_clock("12 am"), read_clock("205p")
    (datetime.time(14, 5), datetime.time(0, 0), datetime.time(14, 5))
    """
    found = _CLOCK.fullmatch(text.strip().lower())
    if found is None or (found["m"] is None and found["half"] is None):
        raise Unreadable
    hour, minute = int(found["h"]), int(found["m"] or 0)
    if found["half"]:
        if not 1 <= hour <= 12:
            raise Unreadable
        hour = hour % 12 + (12 if found["half"] == "p" else 0)
    if hour > 23 or minute > 59:
        raise Unreadable
    return time(hour, minute)


def _match(text: str, forms: tuple[re.Pattern[str], ...]) -> dict[str, str] | None:
    typed = " ".join(text.lower().split())
    return next((found.groupdict() for form in forms if (found := form.fullmatch(typed))), None)


def _day(year: int, parts: dict[str, str]) -> date | None:
    month = _MONTHS.index(parts["name"][:3]) + 1 if parts.get("name", "")[:3] in _MONTHS else int(parts.get("m") or 0)
    try:
        return date(year, month, int(parts["d"])) if year >= EARLIEST_YEAR else None
    except ValueError:
        return None
