"""The entries of a session's record and the rule of what is late."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

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
    WITHDRAWN = "withdrawn"
    """Only as a correction: the entry it names was made by mistake, and nothing stands in its place."""


ENDS_DOSE = frozenset({DoseEventKind.STOPPED, DoseEventKind.GIVEN})
"""The drug no longer runs: observation counts from here where the protocol counts from the end."""

BEGINS_DOSE = frozenset({DoseEventKind.STARTED, DoseEventKind.DEVICE})

STORABLE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "systolic": (30, 350),
        "diastolic": (10, 250),
        "heart_rate": (10, 350),
        "spo2_percent": (30, 100),
        "respiratory_rate": (0, 90),
        "temperature_tenths": (250, 450),
        "moaa_s": (0, 5),
        "pain": (0, 10),
    }
)
"""What the tables hold [P]: wider than what is taken without asking, so that an odd but true reading can be kept."""


class Cuff(StrEnum):
    """The width of the cuff: one too narrow reads too high."""

    SMALL = "small"
    ADULT = "adult"
    LARGE = "large"
    THIGH = "thigh"


class Arm(StrEnum):
    """Where pressure was read."""

    LEFT_ARM = "left_arm"
    RIGHT_ARM = "right_arm"
    LEFT_LEG = "left_leg"
    RIGHT_LEG = "right_leg"


class NoteKind(StrEnum):
    ENTRY = "entry"
    SIGNED = "signed"
    ADDENDUM = "addendum"


NONE_SO_FAR = "No side effects so far."
"""The words of a note, on a line of their own, that answer whether there were any."""


class RecordReason(StrEnum):
    """Why an entry was not written."""

    CORRECTED_MEANWHILE = "corrected_meanwhile"
    NOT_DUE_NOW = "not_due_now"


def is_late(at: datetime, recorded_at: datetime) -> bool:
    """Say whether an act at `at` was written down after the fact.

    >>> from datetime import UTC
    >>> is_late(datetime(2026, 11, 24, 18, tzinfo=UTC), datetime(2026, 11, 24, 18, 15, tzinfo=UTC))
    True
    """
    return recorded_at - at >= LATE_AFTER
