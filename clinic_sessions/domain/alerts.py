"""Safety alerts: what raises one, how urgent it is, and how it ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from clinic_sessions.domain.scheduling.timetable import Opening, openings
from clinic_sessions.domain.wall_time import local_day


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


ENDINGS = frozenset({AlertKind.TAKEN_TO_HOSPITAL, AlertKind.LEFT_AGAINST_ADVICE, AlertKind.LEFT_WITHOUT_TELLING_US})
"""A visit that ended otherwise: the patient's automatic messages wait until such an alert is closed."""


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


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a patient is told: that we try to call by `at`, or, while the clinic is closed, see it at `at`."""

    at: datetime
    is_open: bool


SHORTEST_PROMISE = ANSWER_WITHIN[AlertTier.NOW]
DAYS_SEARCHED = 15
"""Far enough for a clinic that opens one day a week."""


def promise(raised_at: datetime, tier: AlertTier, hours: Iterable[Opening], zone: ZoneInfo) -> Promise | None:
    """Say who calls by when, from the opening hours; None when the clinic has no opening hours at all.

    While open: within ANSWER_WITHIN, and before closing when there is time; else at the next opening.
    """
    weekly = list(hours)
    today = local_day(raised_at, zone)
    for day in (today + timedelta(days=n) for n in range(DAYS_SEARCHED)):
        for span in openings(day, weekly, zone):
            if raised_at < span.starts_at:
                return Promise(at=span.starts_at, is_open=False)
            if raised_at + SHORTEST_PROMISE <= span.ends_at:
                return Promise(at=min(raised_at + ANSWER_WITHIN[tier], span.ends_at), is_open=True)
    return None
