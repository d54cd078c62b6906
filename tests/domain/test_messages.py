"""The life of a message and what stops one."""

from itertools import product

import pytest

from clinic_sessions.domain.messages.messages import (
    ABOUT_A_VISIT_TO_COME,
    CHECK_INS,
    NOTICES,
    OPTIONAL,
    TRANSITIONS,
    Forbidden,
    MessageAction,
    MessageKind,
    MessageStatus,
    SkipReason,
    after,
    session_skip,
    wait_before,
)
from clinic_sessions.domain.session.lifecycle import Status

TABLE = """
planned    claim   -> sending
planned    skip    -> skipped
sending    sent    -> sent
sending    retry   -> planned
sending    release -> planned
sending    claim   -> sending
sending    doubt   -> uncertain
sending    refuse  -> failed
sending    skip    -> skipped
uncertain  claim   -> sending
uncertain  sent    -> sent
uncertain  skip    -> skipped
uncertain  bounce  -> bounced
sent       deliver -> delivered
sent       bounce  -> bounced
delivered  bounce  -> bounced
"""


def test_the_table_of_a_message_s_life_is_this() -> None:
    written = {
        (MessageStatus(status), MessageAction(action)): MessageStatus(to)
        for status, action, _, to in (line.split() for line in TABLE.strip().splitlines())
    }
    for status, action in product(MessageStatus, MessageAction):
        if (status, action) in written:
            assert after(status, action) is written[status, action]
        else:
            with pytest.raises(Forbidden):
                after(status, action)
    assert set(TRANSITIONS) == set(MessageStatus)


def _skip(kind: MessageKind, status: Status, planned_for: int = 1, version: int = 1) -> SkipReason | None:
    return session_skip(kind, status=status, planned_for=planned_for, schedule_version=version)


@pytest.mark.parametrize("kind", sorted(ABOUT_A_VISIT_TO_COME))
@pytest.mark.parametrize("status", list(Status))
def test_a_message_about_a_visit_to_come_goes_out_only_while_the_visit_is_to_come_at_that_time(
    kind: MessageKind, status: Status
) -> None:
    holds = status in {Status.BOOKED, Status.CONFIRMED}
    assert (_skip(kind, status) is None) == holds
    assert _skip(kind, status, version=2) is not None


def test_a_reason_names_what_happened() -> None:
    assert _skip(MessageKind.REMINDER_48H, Status.CANCELLED) is SkipReason.CANCELLED
    assert _skip(MessageKind.REMINDER_48H, Status.BOOKED, version=2) is SkipReason.MOVED
    assert _skip(MessageKind.REMINDER_48H, Status.ARRIVED) is SkipReason.TOO_LATE
    assert _skip(MessageKind.CANCELLED, Status.BOOKED) is SkipReason.UNDONE
    assert _skip(MessageKind.DID_NOT_COME, Status.ARRIVED) is SkipReason.UNDONE
    assert _skip(MessageKind.CHECK_IN_24H, Status.READY) is SkipReason.UNDONE
    assert _skip(MessageKind.CHECK_IN_24H, Status.LEFT) is None
    assert _skip(MessageKind.CANCELLED, Status.CANCELLED) is None


def test_a_direct_answer_is_never_optional_nor_asks_questions() -> None:
    assert not NOTICES & (OPTIONAL | CHECK_INS)


def test_waits_between_tries_grow_to_an_hour() -> None:
    assert [wait_before(attempt).total_seconds() / 60 for attempt in range(1, 8)] == [1, 5, 15, 30, 60, 60, 60]
