"""When the desk is asked whether a patient came, when a cancellation is late, and when a clinician calls."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic_sessions.domain.scheduling import absence
from clinic_sessions.domain.scheduling.absence import CallReason
from clinic_sessions.domain.scheduling.reasons import CancelReason
from clinic_sessions.domain.session.lifecycle import EXPECTED, Status

TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
HERE = ZoneInfo("America/Los_Angeles")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def test_only_who_is_still_expected_is_asked_about_and_not_a_minute_too_early() -> None:
    late = TEN + 20 * MINUTE
    assert {status for status in Status if absence.proposed(status, TEN, late, minutes=20)} == EXPECTED
    assert not absence.proposed(Status.BOOKED, TEN, late - MINUTE, minutes=20)
    assert absence.proposed(Status.BOOKED, TEN, TEN + 3 * DAY, minutes=20)


@pytest.mark.parametrize(
    ("reasons", "late"),
    [
        ({CancelReason.PATIENT_ASKED}, True),
        ({CancelReason.BY_LINK}, True),
        ({CancelReason.COST, CancelReason.NO_RIDE}, True),
        ({CancelReason.PATIENT_UNWELL, CancelReason.CLINIC_STAFF}, False),
        ({CancelReason.BOOKED_BY_MISTAKE}, False),
        ({CancelReason.PROVIDER_DECIDED}, False),
    ],
)
def test_a_cancellation_is_late_only_on_the_patients_side(reasons: set[CancelReason], late: bool) -> None:
    assert absence.is_late(reasons, TEN, TEN - 19 * HOUR, hours=24) is late
    assert not absence.is_late(reasons, TEN, TEN - 24 * HOUR, hours=24)


@pytest.mark.parametrize(
    ("alert_days_ago", "place", "series_days_ago", "why"),
    [
        (None, None, None, []),
        (14, None, None, [CallReason.RECENT_ALERT]),
        (15, 9, 21, []),
        (None, 9, 20, [CallReason.EARLY_IN_SERIES]),
        (None, 4, 90, [CallReason.EARLY_IN_SERIES]),
        (None, 5, 90, []),
        (1, 1, 0, [CallReason.RECENT_ALERT, CallReason.EARLY_IN_SERIES]),
    ],
)
def test_a_clinician_calls_after_a_recent_alert_and_early_in_a_series(
    alert_days_ago: int | None, place: int | None, series_days_ago: int | None, why: list[CallReason]
) -> None:
    found = absence.why_call(
        at=TEN,
        starts_at=TEN,
        last_alert_at=None if alert_days_ago is None else TEN - alert_days_ago * DAY,
        place=place,
        series_began_at=None if series_days_ago is None else TEN - series_days_ago * DAY,
    )
    assert found == why


def test_the_day_of_a_visit_is_the_clinics() -> None:
    assert absence.is_on_the_day(TEN, datetime(2026, 11, 24, 8, tzinfo=UTC), HERE)
    assert not absence.is_on_the_day(TEN, datetime(2026, 11, 24, 7, 59, tzinfo=UTC), HERE)


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (19 * HOUR, "19 h before"),
        (119 * MINUTE, "119 min before"),
        (timedelta(0), "0 min before"),
        (-HOUR, "after the start"),
    ],
)
def test_how_long_before_is_said_in_hours_then_minutes(before: timedelta, text: str) -> None:
    assert absence.notice_text(TEN, TEN - before) == text
