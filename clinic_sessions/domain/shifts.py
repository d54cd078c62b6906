"""Who is on shift when: weekly hours with breaks, and the days that differ, turned into stretches of time."""

from enum import StrEnum


class ExceptionKind(StrEnum):
    """How a day differs from the weekly hours."""

    OFF = "off"
    EXTRA = "extra"
