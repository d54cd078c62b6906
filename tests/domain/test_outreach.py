"""When a patient hears from the clinic, over clock changes and at every hour."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.messages.messages import GRACE, MessageKind
from clinic_sessions.domain.messages.outreach import (
    QuietHours,
    before_quiet_hours,
    check_ins,
    next_free_moment,
    notice_due,
    out_of_quiet_hours,
    reminders,
)
from clinic_sessions.domain.wall_time import instant

ZONES = [ZoneInfo(name) for name in ("America/Los_Angeles", "America/New_York", "America/Phoenix")]
LA = ZONES[0]
QUIET = QuietHours()
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize("day", [date(2027, 3, 15), date(2026, 11, 2), date(2026, 7, 7)])
def test_reminders_keep_the_wall_hour_over_a_clock_change(day: date) -> None:
    starts_at = instant(day, time(10), LA)
    planned = {
        plan.kind: plan.due_at.astimezone(LA)
        for plan in reminders(
            starts_at, booked_at=starts_at - timedelta(days=30), zone=LA, mid_series=False, quiet=QUIET
        )
    }

    assert planned[MessageKind.REMINDER_EVENING].time() == time(18)
    assert planned[MessageKind.REMINDER_EVENING].date() == day - timedelta(days=1)
    assert timedelta(hours=47) <= starts_at - planned[MessageKind.REMINDER_48H] <= timedelta(hours=49)


@given(starts_at=MOMENTS, ahead=st.integers(0, 60 * 24 * 30), zone=st.sampled_from(ZONES), mid=st.booleans())
def test_a_reminder_is_after_the_booking_before_the_visit_and_never_in_quiet_hours(
    starts_at: datetime, ahead: int, zone: ZoneInfo, mid: bool
) -> None:
    booked_at = starts_at - timedelta(minutes=ahead)
    planned = reminders(starts_at, booked_at=booked_at, zone=zone, mid_series=mid, quiet=QUIET)

    for plan in planned:
        assert booked_at < plan.due_at < plan.useful_until <= starts_at
        assert time(8) <= plan.due_at.astimezone(zone).time() < time(21)
    assert not mid or MessageKind.REMINDER_7D not in {plan.kind for plan in planned}


@given(left_at=MOMENTS, zone=st.sampled_from(ZONES))
def test_check_ins_come_in_order_out_of_the_quiet_hours_and_stay_open(left_at: datetime, zone: ZoneInfo) -> None:
    planned = check_ins(left_at, zone=zone, quiet=QUIET)

    same_day = [plan for plan in planned if plan.kind is MessageKind.CHECK_IN_4H]
    four_hours = left_at + timedelta(hours=4)
    asked = out_of_quiet_hours(four_hours, zone, QUIET) == four_hours
    assert [plan.due_at for plan in same_day] == ([four_hours] if asked else [])
    planned = planned[len(same_day) :]
    assert [plan.kind for plan in planned] == [
        MessageKind.CHECK_IN_24H,
        MessageKind.CHECK_IN_72H,
        MessageKind.CHECK_IN_7D,
    ]
    for plan, wait in zip(planned, (timedelta(hours=24), timedelta(hours=72), timedelta(days=7)), strict=True):
        assert timedelta(0) <= plan.due_at - (left_at + wait) <= timedelta(hours=12)
        assert time(8) <= plan.due_at.astimezone(zone).time() < time(21)
        assert plan.useful_until - plan.due_at >= timedelta(hours=48)


@given(moment=MOMENTS, zone=st.sampled_from(ZONES))
def test_quiet_hours_move_a_moment_the_least_that_is_needed(moment: datetime, zone: ZoneInfo) -> None:
    later, sooner = out_of_quiet_hours(moment, zone, QUIET), before_quiet_hours(moment, zone, QUIET)

    assert sooner <= moment <= later
    assert out_of_quiet_hours(later, zone, QUIET) == later
    assert before_quiet_hours(sooner, zone, QUIET) == sooner
    if time(8) <= moment.astimezone(zone).time() < time(21):
        assert sooner == moment == later


@given(moments=st.lists(MOMENTS, min_size=1, max_size=12))
def test_optional_messages_come_at_most_once_a_day_and_three_times_in_any_seven(moments: list[datetime]) -> None:
    had: list[datetime] = []
    for moment in sorted(moments):
        had.append(next_free_moment(moment, had, LA, QUIET))
        assert had[-1] >= moment
    days = [one.astimezone(LA).date() for one in had]

    assert len(set(days)) == len(days)
    assert all(sum(0 <= (day - first).days < 7 for day in days) <= 3 for first in days)


@pytest.mark.parametrize(
    ("kind", "starts_in", "by_staff", "waits"),
    [
        (MessageKind.MOVED, timedelta(days=1), True, GRACE),
        (MessageKind.MOVED, timedelta(days=1), False, timedelta(0)),
        (MessageKind.CONFIRMATION, timedelta(days=1), True, timedelta(0)),
        (MessageKind.CANCELLED, timedelta(minutes=2), True, timedelta(0)),
        (MessageKind.CANCELLED_BY_CLINIC, GRACE, True, GRACE),
        (MessageKind.DID_NOT_COME, timedelta(minutes=-20), True, GRACE),
    ],
)
def test_a_change_by_staff_is_told_after_the_grace_unless_the_visit_begins_sooner(
    kind: MessageKind, starts_in: timedelta, by_staff: bool, waits: timedelta
) -> None:
    now = datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert notice_due(kind, now, now + starts_in, by_staff=by_staff) == now + waits
