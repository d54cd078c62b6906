"""How a visit stands in a calendar, and the number by which a calendar tells the newer word about it."""

from collections.abc import Iterable
from enum import StrEnum

from clinic_sessions.domain.session.lifecycle import Action, Status


class Standing(StrEnum):
    """What a calendar says of a visit; the values are those of iCalendar."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


TENTATIVE = frozenset({Status.HELD})
CALLED_OFF = frozenset({Status.CANCELLED, Status.LAPSED, Status.DID_NOT_COME, Status.DID_NOT_GO_AHEAD})
"""The time is free again."""


def standing(status: Status) -> Standing:
    """Say how a visit of this status stands in a calendar.

    >>> standing(Status.IN_TREATMENT)
    <Standing.CONFIRMED: 'CONFIRMED'>
    """
    if status in CALLED_OFF:
        return Standing.CANCELLED
    return Standing.TENTATIVE if status in TENTATIVE else Standing.CONFIRMED


def turns(before: Status | None, after: Status) -> bool:
    """Say whether a step in a visit's life changes how it stands in a calendar."""
    return before is not None and standing(before) is not standing(after)


def tells(action: Action, before: Status | None, after: Status) -> bool:
    """Say whether a step changes anything that a calendar says: it stands there now, at another time, or otherwise."""
    return before is None or action is Action.MOVE or turns(before, after)


def sequence(schedule_version: int, steps: Iterable[tuple[Status | None, Status]]) -> int:
    """Give the SEQUENCE of a visit's calendar entry (RFC 5545, 3.8.7.4).

    `steps` are the status before and after each step of its life. A change of time or place adds one, and so does each
    step that changes the standing: a cancellation, and its undoing, are newer words than what stood before.

    >>> sequence(2, [(None, Status.BOOKED), (Status.BOOKED, Status.CANCELLED), (Status.CANCELLED, Status.BOOKED)])
    4
    """
    return schedule_version + sum(turns(before, after) for before, after in steps)
