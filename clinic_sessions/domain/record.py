"""The entries of a session's record and the rule of what is late."""

from datetime import datetime, timedelta
from enum import StrEnum

LATE_AFTER = timedelta(minutes=15)
"""An entry made this long after the act is marked late [P]."""


class DoseEventKind(StrEnum):
    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    RATE_CHANGED = "rate_changed"
    DEVICE = "device"
    STOPPED = "stopped"
    GIVEN = "given"
    WASTED = "wasted"


class NoteKind(StrEnum):
    ENTRY = "entry"
    SIGNED = "signed"
    ADDENDUM = "addendum"


def is_late(at: datetime, recorded_at: datetime) -> bool:
    """Say whether an act at `at` was written down after the fact.

    >>> from datetime import UTC
    >>> is_late(datetime(2026, 11, 24, 18, tzinfo=UTC), datetime(2026, 11, 24, 18, 15, tzinfo=UTC))
    True
    """
    return recorded_at - at >= LATE_AFTER
