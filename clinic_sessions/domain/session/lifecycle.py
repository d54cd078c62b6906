"""The life of a session, by its kind: which act leads from which status to which, who may do it, and what gates it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from clinic_sessions.domain.permissions import Permission


class SessionKind(StrEnum):
    TREATMENT = "treatment"
    EVALUATION = "evaluation"
    PSYCHOTHERAPY = "psychotherapy"
    INTEGRATION = "integration"
    TELEHEALTH = "telehealth"


class Status(StrEnum):
    HELD = "held"
    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    IN_TREATMENT = "in_treatment"
    OBSERVING = "observing"
    READY = "ready"
    LEFT = "left"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    DID_NOT_COME = "did_not_come"
    DID_NOT_GO_AHEAD = "did_not_go_ahead"
    TAKEN_TO_HOSPITAL = "taken_to_hospital"
    LEFT_AGAINST_ADVICE = "left_against_advice"
    LEFT_WITHOUT_TELLING_US = "left_without_telling_us"


class Action(StrEnum):
    BOOK = "book"
    HOLD = "hold"
    ACCEPT = "accept"
    LAPSE = "lapse"
    CONFIRM = "confirm"
    MOVE = "move"
    CANCEL = "cancel"
    NOTE_ABSENCE = "note_absence"
    ARRIVE = "arrive"
    START = "start"
    FINISH_DOSE = "finish_dose"
    STOP_EARLY = "stop_early"
    CALL_READY = "call_ready"
    LEAVE = "leave"
    CALL_OFF = "call_off"
    TAKE_TO_HOSPITAL = "take_to_hospital"
    LEAVE_AGAINST_ADVICE = "leave_against_advice"
    LEAVE_WITHOUT_TELLING = "leave_without_telling"
    UNDO = "undo"


class Gate(StrEnum):
    """A question that must have an empty answer before the act happens."""

    SAME_DAY = "same_day"
    AFTER_START = "after_start"
    MAY_START = "may_start"
    MAY_BE_READY = "may_be_ready"
    MAY_LEAVE = "may_leave"


class StepReason(StrEnum):
    """Why a step was not taken, whatever its gate says."""

    NOT_OFFERED = "not_offered"
    NOT_ALLOWED = "not_allowed"
    NOTHING_TO_UNDO = "nothing_to_undo"
    CANNOT_BE_UNDONE = "cannot_be_undone"
    CHANGED_MEANWHILE = "changed_meanwhile"
    ENDED_BEFORE_TODAY = "ended_before_today"
    DOSE_BEHIND_IT = "dose_behind_it"
    DAY_OVER = "day_over"


@dataclass(frozen=True, kw_only=True)
class Transition:
    to: Status
    permission: Permission
    gate: Gate | None = None


class NotOffered(Exception):
    """This act is not offered from this status to a session of this kind."""

    def __init__(self, status: Status, action: Action) -> None:
        super().__init__(f"{action.value} is not offered from {status.value}")
        self.status = status
        self.action = action


def _to(to: Status, permission: Permission, gate: Gate | None = None) -> Transition:
    return Transition(to=to, permission=permission, gate=gate)


_ENDINGS = {
    Action.TAKE_TO_HOSPITAL: _to(Status.TAKEN_TO_HOSPITAL, Permission.TREAT),
    Action.LEAVE_AGAINST_ADVICE: _to(Status.LEFT_AGAINST_ADVICE, Permission.TREAT),
    Action.LEAVE_WITHOUT_TELLING: _to(Status.LEFT_WITHOUT_TELLING_US, Permission.TREAT),
}
_EXPECTED = {
    Action.ARRIVE: _to(Status.ARRIVED, Permission.RECORD_ARRIVAL, Gate.SAME_DAY),
    Action.MOVE: _to(Status.BOOKED, Permission.BOOK_SESSIONS),
    Action.CANCEL: _to(Status.CANCELLED, Permission.BOOK_SESSIONS),
    Action.NOTE_ABSENCE: _to(Status.DID_NOT_COME, Permission.BOOK_SESSIONS, Gate.AFTER_START),
}

_TO_COME: Mapping[Status, Mapping[Action, Transition]] = {
    Status.HELD: {
        Action.ACCEPT: _to(Status.BOOKED, Permission.BOOK_SESSIONS),
        Action.LAPSE: _to(Status.LAPSED, Permission.BOOK_SESSIONS),
        Action.CANCEL: _to(Status.CANCELLED, Permission.BOOK_SESSIONS),
    },
    Status.BOOKED: {Action.CONFIRM: _to(Status.CONFIRMED, Permission.BOOK_SESSIONS), **_EXPECTED},
    Status.CONFIRMED: _EXPECTED,
}
_GONE = (Status.LEFT, Status.LEFT_AGAINST_ADVICE, Status.LEFT_WITHOUT_TELLING_US)
_SINCE = {Action.TAKE_TO_HOSPITAL: _to(Status.TAKEN_TO_HOSPITAL, Permission.TREAT, Gate.SAME_DAY)}
"""Whoever has gone can still be taken to hospital, from the car park or the street, while the day lasts."""

_ENDED: Mapping[Status, Mapping[Action, Transition]] = {
    **{
        ended: {}
        for ended in (
            Status.LAPSED,
            Status.CANCELLED,
            Status.DID_NOT_COME,
            Status.DID_NOT_GO_AHEAD,
            Status.TAKEN_TO_HOSPITAL,
        )
    },
    **dict.fromkeys(_GONE, _SINCE),
}
_CALL_OFF = {Action.CALL_OFF: _to(Status.DID_NOT_GO_AHEAD, Permission.TREAT)}

_TREATMENT: Mapping[Status, Mapping[Action, Transition]] = MappingProxyType(
    {
        **_TO_COME,
        Status.ARRIVED: {
            Action.START: _to(Status.IN_TREATMENT, Permission.TREAT, Gate.MAY_START),
            **_CALL_OFF,
            **_ENDINGS,
        },
        Status.IN_TREATMENT: {
            Action.FINISH_DOSE: _to(Status.OBSERVING, Permission.TREAT),
            Action.STOP_EARLY: _to(Status.OBSERVING, Permission.TREAT),
            **_ENDINGS,
        },
        Status.OBSERVING: {Action.CALL_READY: _to(Status.READY, Permission.TREAT, Gate.MAY_BE_READY), **_ENDINGS},
        Status.READY: {Action.LEAVE: _to(Status.LEFT, Permission.TREAT, Gate.MAY_LEAVE), **_ENDINGS},
        **_ENDED,
    }
)

_VISIT: Mapping[Status, Mapping[Action, Transition]] = MappingProxyType(
    {
        **_TO_COME,
        Status.ARRIVED: {Action.LEAVE: _to(Status.LEFT, Permission.TREAT), **_CALL_OFF, **_ENDINGS},
        **_ENDED,
    }
)
"""A visit without a dose has nothing to observe: whoever came leaves when it is done."""

TRANSITIONS: Mapping[SessionKind, Mapping[Status, Mapping[Action, Transition]]] = MappingProxyType(
    {kind: _TREATMENT if kind is SessionKind.TREATMENT else _VISIT for kind in SessionKind}
)

OCCUPYING = frozenset(
    {Status.HELD, Status.BOOKED, Status.CONFIRMED, Status.ARRIVED, Status.IN_TREATMENT, Status.OBSERVING, Status.READY}
)
"""A session in one of these keeps its chair and its patient for its whole block."""

EXPECTED = frozenset({Status.BOOKED, Status.CONFIRMED})
"""The patient is to come: reminders are for these only."""

IN_CLINIC = frozenset({Status.ARRIVED, Status.IN_TREATMENT, Status.OBSERVING, Status.READY})

TO_COME = EXPECTED | {Status.HELD}
"""The visit itself has not begun."""

OTHER_ENDINGS = frozenset({Status.TAKEN_TO_HOSPITAL, Status.LEFT_AGAINST_ADVICE, Status.LEFT_WITHOUT_TELLING_US})
"""Endings after which a clinician calls the same day and automatic messages wait."""

_COMING_STEP = {Status.BOOKED: Action.ARRIVE, Status.CONFIRMED: Action.ARRIVE}
_TREATMENT_STEP: Mapping[Status, Action] = MappingProxyType(
    {
        **_COMING_STEP,
        Status.ARRIVED: Action.START,
        Status.IN_TREATMENT: Action.FINISH_DOSE,
        Status.OBSERVING: Action.CALL_READY,
        Status.READY: Action.LEAVE,
    }
)
_VISIT_STEP: Mapping[Status, Action] = MappingProxyType({**_COMING_STEP, Status.ARRIVED: Action.LEAVE})

NEXT_STEP: Mapping[SessionKind, Mapping[Status, Action]] = MappingProxyType(
    {kind: _TREATMENT_STEP if kind is SessionKind.TREATMENT else _VISIT_STEP for kind in SessionKind}
)
"""The one act that the primary button of a session offers."""

UNDOABLE = frozenset(Action) - {Action.BOOK, Action.HOLD, Action.MOVE, Action.UNDO, Action.LAPSE}
"""A move is undone by moving again: its old time may be taken."""


def transition(kind: SessionKind, status: Status, action: Action) -> Transition:
    """Say where `action` leads a session of `kind` from `status`.

    Raises NotOffered when the act is not offered from that status.

    >>> transition(SessionKind.TREATMENT, Status.ARRIVED, Action.START).to
    <Status.IN_TREATMENT: 'in_treatment'>
    >>> transition(SessionKind.EVALUATION, Status.ARRIVED, Action.LEAVE).to
    <Status.LEFT: 'left'>
    """
    step = TRANSITIONS[kind].get(status, {}).get(action)
    if step is None:
        raise NotOffered(status, action)
    return step


def offered(kind: SessionKind, status: Status) -> tuple[Action, ...]:
    """List the acts that a session of `kind` in `status` offers, in the order of the table."""
    return tuple(TRANSITIONS[kind].get(status, {}))
