"""Safety alerts: their steps, their urgency, and what a patient is promised."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.alerts import (
    ANSWER_WITHIN,
    AlertAction,
    AlertStatus,
    AlertTier,
    Forbidden,
    after,
    promise,
    tier_of_item_9,
)
from clinic_sessions.domain.scheduling.timetable import Opening

ZONE = ZoneInfo("America/Los_Angeles")
HOURS = [Opening(weekday=day, opens_minute=480, closes_minute=1080) for day in range(5)]


def wall(text: str) -> datetime:
    """An instant by the clinic's wall clock."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def test_an_alert_is_acknowledged_before_it_is_closed() -> None:
    assert after(AlertStatus.OPEN, AlertAction.ACKNOWLEDGE) is AlertStatus.ACKNOWLEDGED
    assert after(AlertStatus.ACKNOWLEDGED, AlertAction.CLOSE) is AlertStatus.CLOSED
    for status, action in ((AlertStatus.OPEN, AlertAction.CLOSE), (AlertStatus.CLOSED, AlertAction.ACKNOWLEDGE)):
        with pytest.raises(Forbidden):
            after(status, action)


@pytest.mark.parametrize(
    ("value", "previous", "tier"),
    [
        (0, None, None),
        (0, 3, None),
        (1, None, AlertTier.SAME_DAY),
        (1, 1, AlertTier.SAME_DAY),
        (1, 2, AlertTier.SAME_DAY),
        (1, 0, AlertTier.NOW),
        (2, None, AlertTier.NOW),
        (2, 3, AlertTier.NOW),
        (3, 3, AlertTier.NOW),
    ],
)
def test_item_nine_has_its_tier(value: int, previous: int | None, tier: AlertTier | None) -> None:
    assert tier_of_item_9(value, previous) is tier


@pytest.mark.parametrize(
    ("raised", "tier", "told", "is_open"),
    [
        ("2026-11-23T10:00", AlertTier.NOW, "2026-11-23T10:15", True),
        ("2026-11-23T17:45", AlertTier.NOW, "2026-11-23T18:00", True),
        ("2026-11-23T17:46", AlertTier.NOW, "2026-11-24T08:00", False),
        ("2026-11-23T09:00", AlertTier.SAME_DAY, "2026-11-23T17:00", True),
        ("2026-11-23T15:00", AlertTier.SAME_DAY, "2026-11-23T18:00", True),
        ("2026-11-23T07:59", AlertTier.NOW, "2026-11-23T08:00", False),
        ("2026-11-23T08:00", AlertTier.NOW, "2026-11-23T08:15", True),
        ("2026-11-27T22:00", AlertTier.NOW, "2026-11-30T08:00", False),
        ("2027-03-12T20:00", AlertTier.NOW, "2027-03-15T08:00", False),
    ],
)
def test_the_promise_follows_the_opening_hours(raised: str, tier: AlertTier, told: str, is_open: bool) -> None:
    promised = promise(wall(raised), tier, HOURS, ZONE)
    assert promised is not None
    assert (promised.at, promised.is_open) == (wall(told), is_open)


def test_a_clinic_without_hours_promises_nothing() -> None:
    assert promise(wall("2026-11-23T10:00"), AlertTier.NOW, [], ZONE) is None


@given(minute=st.integers(0, 60 * 24 * 400), tier=st.sampled_from(AlertTier), day=st.integers(0, 6))
def test_no_promise_lies_in_the_past_or_later_than_the_tier_allows_while_open(
    minute: int, tier: AlertTier, day: int
) -> None:
    raised = wall("2026-01-01T00:00") + timedelta(minutes=minute)
    promised = promise(raised, tier, [Opening(weekday=day, opens_minute=540, closes_minute=720)], ZONE)
    assert promised is not None
    assert promised.at > raised
    assert promised.at - raised <= (ANSWER_WITHIN[tier] if promised.is_open else timedelta(days=8))
