"""The life of a message, from planned to delivered, and what may still be sent."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from clinic_sessions.domain.session.lifecycle import EXPECTED, Status


class Channel(StrEnum):
    EMAIL = "email"
    SMS = "sms"
    CALL = "call"
    PAGER = "pager"


class Language(StrEnum):
    EN = "en"
    ES = "es"


class MessageKind(StrEnum):
    CONFIRMATION = "confirmation"
    SERIES_CONFIRMATION = "series_confirmation"
    REMINDER_7D = "reminder_7d"
    REMINDER_48H = "reminder_48h"
    REMINDER_EVENING = "reminder_evening"
    MOVED = "moved"
    CANCELLED = "cancelled"
    CANCELLED_BY_CLINIC = "cancelled_by_clinic"
    DID_NOT_COME = "did_not_come"
    CHECK_IN_4H = "check_in_4h"
    CHECK_IN_24H = "check_in_24h"
    CHECK_IN_72H = "check_in_72h"
    CHECK_IN_7D = "check_in_7d"
    WAITLIST_OFFER = "waitlist_offer"
    INTAKE = "intake"
    ADDRESS_CHECK = "address_check"
    REPLY_RECEIVED = "reply_received"
    STAFF_ALERT = "staff_alert"


class MessageStatus(StrEnum):
    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"


class MessageAction(StrEnum):
    CLAIM = "claim"
    RETRY = "retry"
    RELEASE = "release"
    SENT = "sent"
    DOUBT = "doubt"
    REFUSE = "refuse"
    SKIP = "skip"
    DELIVER = "deliver"
    BOUNCE = "bounce"


class SkipReason(StrEnum):
    CANCELLED = "cancelled"
    MOVED = "moved"
    NOT_WANTED = "not_wanted"
    TOO_LATE = "too_late"
    NO_ADDRESS = "no_address"
    TOO_MANY = "too_many"
    ANSWERED = "answered"
    CLINICIAN_FIRST = "clinician_first"
    UNDONE = "undone"


TRANSITIONS: Mapping[MessageStatus, Mapping[MessageAction, MessageStatus]] = MappingProxyType(
    {
        MessageStatus.PLANNED: {
            MessageAction.CLAIM: MessageStatus.SENDING,
            MessageAction.SKIP: MessageStatus.SKIPPED,
        },
        MessageStatus.SENDING: {
            MessageAction.SENT: MessageStatus.SENT,
            MessageAction.RETRY: MessageStatus.PLANNED,
            MessageAction.RELEASE: MessageStatus.PLANNED,
            MessageAction.CLAIM: MessageStatus.SENDING,
            MessageAction.DOUBT: MessageStatus.UNCERTAIN,
            MessageAction.REFUSE: MessageStatus.FAILED,
            MessageAction.SKIP: MessageStatus.SKIPPED,
        },
        MessageStatus.UNCERTAIN: {
            MessageAction.CLAIM: MessageStatus.SENDING,
            MessageAction.SENT: MessageStatus.SENT,
            MessageAction.SKIP: MessageStatus.SKIPPED,
            MessageAction.BOUNCE: MessageStatus.BOUNCED,
        },
        MessageStatus.SENT: {
            MessageAction.DELIVER: MessageStatus.DELIVERED,
            MessageAction.BOUNCE: MessageStatus.BOUNCED,
        },
        MessageStatus.DELIVERED: {MessageAction.BOUNCE: MessageStatus.BOUNCED},
        MessageStatus.BOUNCED: {},
        MessageStatus.FAILED: {},
        MessageStatus.SKIPPED: {},
    }
)

LEASE = timedelta(seconds=45)
"""How long a worker may hold a message; longer than the deadline of one SMTP conversation."""

SMTP_DEADLINE = timedelta(seconds=30)

BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
"""Waits between tries; the last repeats until the message is of no more use."""

ABOUT_A_VISIT_TO_COME = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.SERIES_CONFIRMATION,
        MessageKind.REMINDER_7D,
        MessageKind.REMINDER_48H,
        MessageKind.REMINDER_EVENING,
        MessageKind.MOVED,
    }
)
CHECK_INS = frozenset(
    {MessageKind.CHECK_IN_4H, MessageKind.CHECK_IN_24H, MessageKind.CHECK_IN_72H, MessageKind.CHECK_IN_7D}
)
AUTOMATIC = CHECK_INS | {MessageKind.REMINDER_7D, MessageKind.REMINDER_48H, MessageKind.REMINDER_EVENING}
"""Nobody asked for these: they come by the calendar alone."""

OPTIONAL = frozenset({MessageKind.REMINDER_7D, MessageKind.REMINDER_48H, MessageKind.CHECK_IN_72H})
"""Counted against a patient's one optional message a day and three a week."""

NOTICES = frozenset(
    {
        MessageKind.CONFIRMATION,
        MessageKind.SERIES_CONFIRMATION,
        MessageKind.MOVED,
        MessageKind.CANCELLED,
        MessageKind.CANCELLED_BY_CLINIC,
        MessageKind.DID_NOT_COME,
    }
)
"""Direct answers to a person's act: quiet hours do not hold them back."""

CHANGES = NOTICES - {MessageKind.CONFIRMATION}
"""Notices of a change: when staff made it, they leave after GRACE, so that it can be undone and nobody is told."""

GRACE = timedelta(minutes=3)

CANCELLATIONS = frozenset({MessageKind.CANCELLED, MessageKind.CANCELLED_BY_CLINIC})

OPTIONAL_PER_DAY = 1
OPTIONAL_PER_WEEK = 3


class Forbidden(Exception):
    """A message in this status cannot take this step."""


def after(status: MessageStatus, action: MessageAction) -> MessageStatus:
    """Say where `action` takes a message in `status`; raises Forbidden when it takes it nowhere.

    >>> after(MessageStatus.SENDING, MessageAction.RETRY)
    <MessageStatus.PLANNED: 'planned'>
    """
    try:
        return TRANSITIONS[status][action]
    except KeyError:
        raise Forbidden(f"{action.value} from {status.value}") from None


def wait_before(attempt: int) -> timedelta:
    """Give the wait after the `attempt`-th failed try (the first is 1)."""
    return BACK_OFF[min(attempt, len(BACK_OFF)) - 1]


def session_skip(kind: MessageKind, *, status: Status, planned_for: int, schedule_version: int) -> SkipReason | None:
    """Say why a message about a session is no longer so, or None when it still is.

    `planned_for` is the schedule version that the message speaks of.
    """
    if kind in ABOUT_A_VISIT_TO_COME:
        if status is Status.CANCELLED:
            return SkipReason.CANCELLED
        if planned_for != schedule_version:
            return SkipReason.MOVED
        return None if status in EXPECTED else SkipReason.TOO_LATE
    if kind in CANCELLATIONS:
        return None if status is Status.CANCELLED else SkipReason.UNDONE
    if kind is MessageKind.DID_NOT_COME:
        return None if status is Status.DID_NOT_COME else SkipReason.UNDONE
    if kind in CHECK_INS:
        return None if status is Status.LEFT else SkipReason.UNDONE
    return None


def too_late(now: datetime, useful_until: datetime) -> bool:
    """Say whether a message has lost its use."""
    return now >= useful_until
