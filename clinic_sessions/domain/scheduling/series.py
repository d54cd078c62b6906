"""How much of a series a change is about."""

from enum import StrEnum


class Scope(StrEnum):
    """Which sessions that are still to come a change is about, seen from one of them."""

    THIS = "this"
    FOLLOWING = "following"
    ALL = "all"
