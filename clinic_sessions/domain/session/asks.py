"""A question to the provider before a gate: when it may be put, and why an answer was not taken."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from clinic_sessions.domain.session.lifecycle import Gate, Status
from clinic_sessions.domain.session.start_gate import Answer


class AskReason(StrEnum):
    """Why a question or an answer was not taken."""

    NOT_NOW = "not_now"
    NOTHING_ASKED = "nothing_asked"
    NOT_SEEN = "not_seen"
    NOT_LIFTABLE = "not_liftable"


ASKED_IN: Mapping[Gate, frozenset[Status]] = MappingProxyType(
    {
        Gate.MAY_START: frozenset({Status.ARRIVED}),
        Gate.MAY_LEAVE: frozenset({Status.OBSERVING, Status.READY}),
    }
)
"""The gates before which a provider is asked, and in which statuses of a session that question stands."""

ANSWERS: Mapping[Gate, tuple[Answer, ...]] = MappingProxyType(
    {
        Gate.MAY_START: (Answer.GO_AHEAD, Answer.WAIT, Answer.NOT_TODAY),
        Gate.MAY_LEAVE: (Answer.GO_AHEAD, Answer.WAIT),
    }
)
"""What a provider may answer; whoever has had the dose can only be kept here, or let go."""


def gate_of(status: Status) -> Gate | None:
    """Give the gate before which a provider is asked about a treatment in `status`.

    >>> gate_of(Status.ARRIVED)
    <Gate.MAY_START: 'may_start'>
    """
    return next((gate for gate, statuses in ASKED_IN.items() if status in statuses), None)
