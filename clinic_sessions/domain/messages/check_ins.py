"""The check-in that a patient answers from a link: what each one asks, and which answers mean danger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.scales.phq9 import DANGER_ITEM, FUNCTION_ITEM, ITEMS


class CheckInKind(StrEnum):
    AFTER_4H = "after_4h"
    AFTER_24H = "after_24h"
    AFTER_72H = "after_72h"
    AFTER_7D = "after_7d"


class CheckInStatus(StrEnum):
    PLANNED = "planned"
    ASKED = "asked"
    STARTED = "started"
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    WITHDRAWN = "withdrawn"


class CheckInAction(StrEnum):
    PLAN = "plan"
    ASK = "ask"
    START = "start"
    SUBMIT = "submit"
    EXPIRE = "expire"
    WITHDRAW = "withdraw"


class Question(StrEnum):
    MOOD = "mood"
    SIDE_EFFECTS = "side_effects"
    SAFETY = "safety"
    PHQ9 = "phq9"


_OPEN = {
    CheckInAction.START: CheckInStatus.STARTED,
    CheckInAction.SUBMIT: CheckInStatus.ANSWERED,
    CheckInAction.EXPIRE: CheckInStatus.NOT_ANSWERED,
    CheckInAction.WITHDRAW: CheckInStatus.WITHDRAWN,
}
TRANSITIONS: Mapping[CheckInStatus, Mapping[CheckInAction, CheckInStatus]] = MappingProxyType(
    {
        CheckInStatus.PLANNED: {
            CheckInAction.PLAN: CheckInStatus.PLANNED,
            CheckInAction.ASK: CheckInStatus.ASKED,
            **_OPEN,
        },
        CheckInStatus.ASKED: {CheckInAction.ASK: CheckInStatus.ASKED, **_OPEN},
        CheckInStatus.STARTED: {CheckInAction.ASK: CheckInStatus.STARTED, **_OPEN},
        CheckInStatus.ANSWERED: {},
        CheckInStatus.NOT_ANSWERED: {},
        CheckInStatus.WITHDRAWN: {CheckInAction.PLAN: CheckInStatus.PLANNED},
    }
)

MESSAGE_OF: Mapping[CheckInKind, MessageKind] = MappingProxyType(
    {
        CheckInKind.AFTER_4H: MessageKind.CHECK_IN_4H,
        CheckInKind.AFTER_24H: MessageKind.CHECK_IN_24H,
        CheckInKind.AFTER_72H: MessageKind.CHECK_IN_72H,
        CheckInKind.AFTER_7D: MessageKind.CHECK_IN_7D,
    }
)


@dataclass(frozen=True, kw_only=True)
class Open:
    """Whether a check-in can be answered now."""

    due_at: datetime
    expires_at: datetime
    status: CheckInStatus

    def at(self, now: datetime) -> bool:
        """Say whether an answer is taken at `now`."""
        return CheckInAction.SUBMIT in TRANSITIONS[self.status] and now < self.expires_at


def questions(kind: CheckInKind, *, phq9_allowed: bool) -> tuple[Question, ...]:
    """List what a check-in asks, in order.

    PHQ-9 looks back two weeks: only the seven-day check-in asks it, and only when `phq9_allowed` (at least 7 days
    since the last); its item 9 is then the safety question.
    """
    if kind is CheckInKind.AFTER_7D and phq9_allowed:
        return (Question.MOOD, Question.SIDE_EFFECTS, Question.PHQ9)
    return (Question.MOOD, Question.SIDE_EFFECTS, Question.SAFETY)


LASTING = "lasting"
"""The screen that asks which side effects of the visit are still there."""

ASKS_LASTING = frozenset({CheckInKind.AFTER_4H, CheckInKind.AFTER_24H})
"""The check-ins with that screen: the first, which the quiet hours may leave out, and the one of the next day."""

SEND = "send"
"""The last screen, where the answers are looked at and sent."""

MOODS = range(11)


def item_step(item: int) -> str:
    """Name the screen of one item of PHQ-9; its answer stands in the draft under the same name."""
    return f"{Question.PHQ9.value}-{item}"


def steps(asks: Iterable[Question], draft: Mapping[str, Any], *, lasting: bool) -> tuple[str, ...]:
    """List the screens of a check-in in order, one question each; an answer stands in the draft under its screen.

    `lasting`: side effects were unresolved when the patient left. PHQ-9's function item is asked as published: only
    when some problem was reported.
    """
    screens: list[str] = []
    for question in asks:
        if question is Question.PHQ9:
            screens += [item_step(item) for item in ITEMS]
            if any(draft.get(item_step(item)) for item in ITEMS):
                screens.append(item_step(FUNCTION_ITEM))
            continue
        if question is Question.SIDE_EFFECTS and lasting:
            screens.append(LASTING)
        screens.append(question.value)
    return (*screens, SEND)


def first_open(screens: Sequence[str], draft: Mapping[str, Any]) -> str:
    """Give the first screen that was neither answered nor skipped."""
    return next((screen for screen in screens if screen not in draft), SEND)


def is_danger(step: str, value: object) -> bool:
    """Say whether an answer means danger: yes to the safety question, or PHQ-9 item 9 above 0."""
    if step == Question.SAFETY:
        return value is True
    return step == item_step(DANGER_ITEM) and type(value) is int and value > 0


class Forbidden(Exception):
    """A check-in in this status cannot take this step."""


def after(status: CheckInStatus, action: CheckInAction) -> CheckInStatus:
    """Say where `action` takes a check-in in `status`; raises Forbidden when it takes it nowhere."""
    try:
        return TRANSITIONS[status][action]
    except KeyError:
        raise Forbidden(f"{action.value} from {status.value}") from None
