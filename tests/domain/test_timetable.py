"""When a session may stand, and the next free times."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import Demand, Need, Profile
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.scheduling.timetable import (
    BookingReason,
    DayRoom,
    FreeTime,
    Objection,
    Opening,
    free_starts,
    objections,
    openings,
    spacing_objection,
)
from clinic_sessions.domain.wall_time import Span, day_span

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 23)
TEN = datetime(2026, 11, 23, 18, tzinfo=UTC)
WEEKDAYS = [Opening(weekday=day, opens_minute=480, closes_minute=1080) for day in range(5)]
EARLY = datetime(2026, 11, 22, tzinfo=UTC)


def _block(start: datetime, minutes: int = 120) -> Span:
    return Span(starts_at=start, ends_at=start + timedelta(minutes=minutes))


def _profile(minutes: int, *, milli: int = 0) -> Profile:
    return Profile((Need(offset=0, minutes=minutes, nurse_milli=milli),))


def _room(
    chairs: dict[int, list[Span]] | None = None, *, day: date = MONDAY, shut: Sequence[Span] = (), nurses: int = 1
) -> DayRoom:
    duties = [Duty(user_id=n, role=SiteRole.NURSE, span=day_span(day, ZONE)) for n in range(nurses)]
    taken = {1: []} if chairs is None else chairs
    return DayRoom(openings=openings(day, WEEKDAYS, ZONE), taken=taken, shut=shut, duties=duties)


def _reasons(
    block: Span,
    *,
    now: datetime = EARLY,
    busy: list[Span] | None = None,
    suitable: bool = True,
    room: DayRoom | None = None,
) -> list[str]:
    day = block.starts_at.astimezone(ZONE).date()
    here = room or _room({1: busy or []}, day=day)
    profile = _profile((block.ends_at - block.starts_at) // timedelta(minutes=1), milli=500)
    found = objections(block, here, profile, now=now, chair_id=1, patient_busy=[], suitable=suitable)
    return [one.reason for one in found]


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


def test_a_closure_is_named() -> None:
    assert _reasons(_block(TEN), room=_room(shut=[_block(TEN, 30)])) == [BookingReason.CLOSURE]


def test_a_day_without_shifts_is_a_day_without_cover() -> None:
    [found] = objections(_block(TEN), _room(nurses=0), _profile(120, milli=250), now=EARLY, chair_id=1, patient_busy=[])
    assert found == Objection(reason=BookingReason.COVER_SHORT, at=TEN, needed_milli=250, spare_milli=0)


@pytest.mark.parametrize(
    ("days_away", "reason"),
    [
        (0, BookingReason.SECOND_DOSE),
        (1, BookingReason.TOO_CLOSE),
        (-1, BookingReason.TOO_CLOSE),
        (2, None),
        (-2, None),
    ],
)
def test_spacing_counts_calendar_days_in_both_directions(days_away: int, reason: BookingReason | None) -> None:
    found = spacing_objection(MONDAY, [MONDAY + timedelta(days=days_away)], 2)
    assert (found.reason if found else None) == reason


def test_the_first_chair_that_is_free_is_offered_in_the_order_of_preference() -> None:
    found = free_starts(_room({2: [_block(TEN, 60)], 1: []}), _profile(60), earliest=TEN)
    assert [one.chair_id for one in found[:5]] == [1, 1, 1, 1, 2]


def test_quarter_hours_are_those_of_the_clock_also_when_the_clinic_opens_between_them() -> None:
    odd = [Opening(weekday=0, opens_minute=487, closes_minute=600)]
    room = DayRoom(openings=openings(MONDAY, odd, ZONE), taken={1: []})
    found = free_starts(room, _profile(60), earliest=EARLY)
    assert [one.span.starts_at.astimezone(ZONE).strftime("%H:%M") for one in found] == [
        "08:15", "08:30", "08:45", "09:00",
    ]  # fmt: skip


def _span(draw: st.DrawFn, longest: int) -> Span:
    at = draw(st.integers(min_value=300, max_value=20 * 60))
    start = day_span(MONDAY, ZONE).starts_at + timedelta(minutes=at)
    return Span(starts_at=start, ends_at=start + timedelta(minutes=draw(st.integers(min_value=1, max_value=longest))))


@st.composite
def _spans(draw: st.DrawFn) -> list[Span]:
    return [_span(draw, 300) for _ in range(draw(st.integers(min_value=0, max_value=4)))]


@st.composite
def _profiles(draw: st.DrawFn) -> Profile:
    needs, offset = [], 0
    for _ in range(draw(st.integers(min_value=1, max_value=3))):
        minutes = draw(st.integers(min_value=5, max_value=90))
        roles = frozenset(draw(st.sets(st.just(SiteRole.PROVIDER))))
        milli = draw(st.sampled_from([0, 100, 250, 500, 1000]))
        needs.append(Need(offset=offset, minutes=minutes, nurse_milli=milli, roles=roles))
        offset += minutes
    return Profile(tuple(needs))


@st.composite
def _days(draw: st.DrawFn) -> DayRoom:
    return DayRoom(
        openings=openings(MONDAY, WEEKDAYS, ZONE),
        taken={chair: draw(_spans()) for chair in range(1, draw(st.integers(min_value=1, max_value=3)) + 1)},
        shut=[_span(draw, 120) for _ in range(draw(st.integers(min_value=0, max_value=1)))],
        duties=[
            Duty(user_id=number, role=draw(st.sampled_from(SiteRole)), span=_span(draw, 900))
            for number in range(draw(st.integers(min_value=0, max_value=5)))
        ],
        demands=[
            Demand(starts_at=_span(draw, 1).starts_at, profile=draw(_profiles()))
            for _ in range(draw(st.integers(min_value=0, max_value=4)))
        ],
    )


@settings(max_examples=150)
@given(room=_days(), patient=_spans(), profile=_profiles(), late=st.integers(min_value=0, max_value=24 * 60))
def test_free_starts_are_what_trying_every_quarter_hour_minute_by_minute_finds(
    room: DayRoom, patient: list[Span], profile: Profile, late: int
) -> None:
    earliest = day_span(MONDAY, ZONE).starts_at + timedelta(minutes=late)
    assert free_starts(room, profile, earliest=earliest, busy=patient) == list(
        _by_trying(room, patient, profile, earliest)
    )


@settings(max_examples=100)
@given(room=_days(), patient=_spans(), profile=_profiles(), quarter=st.integers(min_value=20, max_value=90))
def test_a_time_is_free_exactly_when_nothing_stands_against_it(
    room: DayRoom, patient: list[Span], profile: Profile, quarter: int
) -> None:
    start = day_span(MONDAY, ZONE).starts_at + timedelta(minutes=15 * quarter)
    block = _block(start, profile.minutes)
    against = [
        objections(block, room, profile, now=EARLY, chair_id=chair, patient_busy=patient) for chair in room.taken
    ]
    free = {one.span.starts_at for one in free_starts(room, profile, earliest=EARLY, busy=patient)}
    assert (start in free) == any(not found for found in against)


def _by_trying(room: DayRoom, patient: list[Span], profile: Profile, earliest: datetime) -> Iterator[FreeTime]:
    start = day_span(MONDAY, ZONE).starts_at
    while start < day_span(MONDAY, ZONE).ends_at:
        block = _block(start, profile.minutes)
        out = [*patient, *room.shut]
        free = [c for c, taken in room.taken.items() if not any(block.overlaps(one) for one in [*taken, *out])]
        if (
            free
            and start >= earliest
            and any(o.holds(block) for o in room.openings)
            and _is_covered(room, start, profile)
        ):
            yield FreeTime(chair_id=free[0], span=block)
        start += timedelta(minutes=15)


def _is_covered(room: DayRoom, start: datetime, profile: Profile) -> bool:
    for minute in range(profile.minutes):
        at = start + timedelta(minutes=minute)
        here = [duty for duty in room.duties if duty.span.starts_at <= at < duty.span.ends_at]
        own = _need_at(profile, minute)
        others = [_need_at(d.profile, (at - d.starts_at) // timedelta(minutes=1)) for d in room.demands]
        asked = sum(one.nurse_milli for one in others if one) + (own.nurse_milli if own else 0)
        nurses = sum(1000 for duty in here if duty.role is SiteRole.NURSE)
        if own and own.nurse_milli and asked > nurses:
            return False
        if own and not own.roles <= {duty.role for duty in here}:
            return False
    return True


def _need_at(profile: Profile, minute: int) -> Need | None:
    return next((need for need in profile.needs if need.offset <= minute < need.offset + need.minutes), None)
