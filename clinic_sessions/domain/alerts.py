"""Safety alerts: what raises one, how urgent it is, and how it ends."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType


class AlertKind(StrEnum):
    SAFETY_ANSWER = "safety_answer"
    HELP_WANTED = "help_wanted"
    DANGER_REPORTED = "danger_reported"
    DANGER_REPLY = "danger_reply"
    TAKEN_TO_HOSPITAL = "taken_to_hospital"
    LEFT_AGAINST_ADVICE = "left_against_advice"
    LEFT_WITHOUT_TELLING_US = "left_without_telling_us"
    OUTSIDE_RULES = "outside_rules"
    VITALS_URGENT = "vitals_urgent"
    SERIOUS_SIDE_EFFECT = "serious_side_effect"
    DID_NOT_COME = "did_not_come"
    CLINIC_HELP = "clinic_help"


class AlertTier(StrEnum):
    NOW = "now"
    SAME_DAY = "same_day"


class AlertStatus(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class AlertAction(StrEnum):
    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    CLOSE = "close"


TRANSITIONS: Mapping[AlertStatus, Mapping[AlertAction, AlertStatus]] = MappingProxyType(
    {
        AlertStatus.OPEN: {AlertAction.ACKNOWLEDGE: AlertStatus.ACKNOWLEDGED},
        AlertStatus.ACKNOWLEDGED: {AlertAction.CLOSE: AlertStatus.CLOSED},
        AlertStatus.CLOSED: {},
    }
)

ANSWER_WITHIN: Mapping[AlertTier, timedelta] = MappingProxyType(
    {AlertTier.NOW: timedelta(minutes=15), AlertTier.SAME_DAY: timedelta(hours=8)}
)
"""When a clinician is to have answered [P]: what the crisis card promises is read from this."""


class Forbidden(Exception):
    """An alert in this status cannot take this step."""


def after(status: AlertStatus, action: AlertAction) -> AlertStatus:
    """Say where `action` takes an alert in `status`; raises Forbidden when it takes it nowhere."""
    try:
        return TRANSITIONS[status][action]
    except KeyError:
        raise Forbidden(f"{action.value} from {status.value}") from None


def tier_of_item_9(value: int, previous: int | None) -> AlertTier | None:
    """Give the tier of an answer to PHQ-9 item 9 (0 to 3): above 0 a same-day task; 2, 3 or any rise, now.

    An answer without a known earlier one counts as a rise only from 2 up.
    """
    if value == 0:
        return None
    if value >= 2 or (previous is not None and value > previous):
        return AlertTier.NOW
    return AlertTier.SAME_DAY
