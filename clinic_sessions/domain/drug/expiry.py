"""Expiry dates as labels print them: a day, or a month, which then lasts to its end."""

import calendar
import re
from datetime import date

from clinic_sessions.domain.typed_days import Unreadable, read_day

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST_YEAR = 2000
_PRINTED_BEFORE = re.compile(r"exp(?:ires|iry)?[.:]? *(?=[0-9a-z])")
_MONTH_FIRST = re.compile(r"(?P<m>[0-9]{1,2}(?=[ /.\-])|[a-z]{3,9})\.?[ /.\-]*(?P<y>[0-9]{4}|[0-9]{2})")
_YEAR_FIRST = re.compile(r"(?P<y>[0-9]{4})[ /.\-]+(?P<m>[0-9]{1,2}|[a-z]{3,9})")


def read_expiry(text: str) -> date:
    """Read the last day on which a drug may be used; a month lasts to its last day. Raises Unreadable.

    >>> read_expiry("11/27"), read_expiry("2027-11-15"), read_expiry("NOV 2027")
    (datetime.date(2027, 11, 30), datetime.date(2027, 11, 15), datetime.date(2027, 11, 30))
    >>> read_expiry("EXP NOV27")
    datetime.date(2027, 11, 30)
    """
    typed = _PRINTED_BEFORE.sub("", " ".join(text.lower().split()), count=1)
    found = _MONTH_FIRST.fullmatch(typed) or _YEAR_FIRST.fullmatch(typed)
    if found is None:
        return read_day(typed, century=2000)
    year = int(found["y"]) + (2000 if len(found["y"]) == 2 else 0)
    month = _month(found["m"])
    if year < _FIRST_YEAR:
        raise Unreadable
    return date(year, month, calendar.monthrange(year, month)[1])


def _month(typed: str) -> int:
    if typed[:3] in _MONTHS:
        return _MONTHS.index(typed[:3]) + 1
    if not typed.isdecimal() or not 1 <= int(typed) <= 12:
        raise Unreadable
    return int(typed)
