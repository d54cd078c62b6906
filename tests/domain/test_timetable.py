"""When a session may stand, and the next free times."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.timetable import (
    GRID,
    BookingReason,
    FreeTime,
    Offer,
    Opening,
    free_times,
    may_book,
    openings,
)
from clinic_sessions.domain.wall_time import Span, day_span

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 23)
TEN = datetime(2026, 11, 23, 18, tzinfo=UTC)
WEEKDAYS = [Opening(weekday=day, opens_minute=480, closes_minute=1080) for day in range(5)]
EARLY = datetime(2026, 11, 22, tzinfo=UTC)


def _block(start: datetime, minutes: int = 120) -> Span:
    return Span(starts_at=start, ends_at=start + timedelta(minutes=minutes))


def _reasons(block: Span, *, now: datetime = EARLY, busy: list[Span] | None = None, suitable: bool = True) -> list[str]:
    return list(
        may_book(block, now=now, hours=WEEKDAYS, zone=ZONE, suitable=suitable, chair_busy=busy or [], patient_busy=[])
    )


def test_a_block_within_the_opening_hours_of_a_free_chair_can_be_booked() -> None:
    assert _reasons(_block(TEN)) == []


def test_blocks_that_only_touch_do_not_stand_in_each_others_way() -> None:
    around = [_block(TEN - timedelta(hours=2)), _block(TEN + timedelta(hours=2))]
    assert _reasons(_block(TEN), busy=around) == []


def test_one_shared_minute_is_enough_to_be_taken() -> None:
    assert _reasons(_block(TEN), busy=[_block(TEN + timedelta(minutes=119))]) == [BookingReason.CHAIR_TAKEN]


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (TEN - timedelta(hours=3), BookingReason.OUTSIDE_OPENING_HOURS),
        (TEN + timedelta(hours=7), BookingReason.OUTSIDE_OPENING_HOURS),
        (TEN - timedelta(days=1), BookingReason.CLINIC_CLOSED),
    ],
)
def test_a_block_that_does_not_fit_the_opening_hours_says_why(start: datetime, reason: BookingReason) -> None:
    assert _reasons(_block(start)) == [reason]


def test_every_reason_is_listed_at_once() -> None:
    reasons = _reasons(_block(TEN), now=TEN + timedelta(hours=1), busy=[_block(TEN)], suitable=False)
    assert reasons == [BookingReason.IN_THE_PAST, BookingReason.CHAIR_NOT_SUITABLE, BookingReason.CHAIR_TAKEN]


@pytest.mark.parametrize("day", [date(2027, 3, 14), date(2026, 11, 1)])
def test_an_opening_keeps_its_wall_time_on_the_days_the_clocks_change(day: date) -> None:
    sundays = [Opening(weekday=6, opens_minute=480, closes_minute=1080)]
    [opening] = openings(day, sundays, ZONE)
    assert [opening.starts_at.astimezone(ZONE).hour, opening.ends_at.astimezone(ZONE).hour] == [8, 18]


def test_an_opening_until_midnight_ends_with_the_day() -> None:
    [opening] = openings(MONDAY, [Opening(weekday=0, opens_minute=0, closes_minute=1440)], ZONE)
    assert opening == day_span(MONDAY, ZONE)


def test_free_times_are_spread_as_asked() -> None:
    offer = Offer(count=4, apart=timedelta(hours=3), per_day=3)
    found = free_times(
        days=[MONDAY, MONDAY + timedelta(days=1)],
        minutes=120,
        earliest=EARLY,
        hours=WEEKDAYS,
        zone=ZONE,
        chair_busy={1: []},
        patient_busy=[],
        offer=offer,
    )
    wall = [one.span.starts_at.astimezone(ZONE).strftime("%a %H:%M") for one in found]
    assert wall == ["Mon 08:00", "Mon 11:00", "Mon 14:00", "Tue 08:00"]


def test_the_first_chair_that_is_free_is_offered_in_the_order_of_preference() -> None:
    found = free_times(
        days=[MONDAY],
        minutes=60,
        earliest=TEN,
        hours=WEEKDAYS,
        zone=ZONE,
        chair_busy={2: [_block(TEN, 60)], 1: []},
        patient_busy=[],
        offer=Offer(count=2, apart=timedelta(hours=1)),
    )
    assert [one.chair_id for one in found] == [1, 2]


def _spans() -> st.SearchStrategy[list[Span]]:
    minute = st.integers(min_value=-120, max_value=26 * 60)
    return st.lists(
        st.builds(
            lambda at, length: Span(
                starts_at=day_span(MONDAY, ZONE).starts_at + timedelta(minutes=at),
                ends_at=day_span(MONDAY, ZONE).starts_at + timedelta(minutes=at + length),
            ),
            minute,
            st.integers(min_value=1, max_value=300),
        ),
        max_size=6,
    )


@given(
    chairs=st.lists(_spans(), min_size=1, max_size=3),
    patient=_spans(),
    minutes=st.integers(min_value=5, max_value=240),
    late=st.integers(min_value=0, max_value=24 * 60),
    count=st.integers(min_value=1, max_value=60),
)
def test_free_times_are_what_trying_every_quarter_hour_finds(
    chairs: list[list[Span]], patient: list[Span], minutes: int, late: int, count: int
) -> None:
    busy = dict(enumerate(chairs, 1))
    earliest = day_span(MONDAY, ZONE).starts_at + timedelta(minutes=late)
    found = free_times(
        days=[MONDAY],
        minutes=minutes,
        earliest=earliest,
        hours=WEEKDAYS,
        zone=ZONE,
        chair_busy=busy,
        patient_busy=patient,
        offer=Offer(count=count),
    )
    assert found == _by_trying(busy, patient, minutes, earliest)[:count]


def _by_trying(busy: dict[int, list[Span]], patient: list[Span], minutes: int, earliest: datetime) -> list[FreeTime]:
    found = []
    [opening] = openings(MONDAY, WEEKDAYS, ZONE)
    start = opening.starts_at
    while start < opening.ends_at:
        block = _block(start, minutes)
        free = [chair for chair, taken in busy.items() if not any(block.overlaps(one) for one in [*taken, *patient])]
        if free and start >= earliest and opening.holds(block):
            found.append(FreeTime(chair_id=free[0], span=block))
        start += GRID
    return found
