"""Whether a patient may leave: every reason, what a provider lifts, when pressure has settled, the parts listed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.protocols.protocols import Driving, DrivingRule, EscortKind
from clinic_sessions.domain.session.leave_gate import (
    NOT_LIFTABLE,
    Departure,
    Settling,
    may_be_ready,
    may_leave,
    settling,
)
from clinic_sessions.domain.session.leaving import PART_OF, Part, lines, no_driving_until
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.ride_calls import Call, CallAnswer, call_at, closing_soon, is_long
from clinic_sessions.domain.session.session_checks import ASSESSED, BEFORE_LEAVING, Check, CheckItem
from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.domain.wall_time import Span

START = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
END, EARLIEST = START + timedelta(minutes=40), START + timedelta(minutes=100)


def answered(at: datetime = EARLIEST) -> dict[CheckItem, Check]:
    """Every question answered at a moment with nothing against leaving."""
    found = {item: Check(item=item, clear=True, at=at) for item in BEFORE_LEAVING}
    found[CheckItem.WAY_HOME] = replace(found[CheckItem.WAY_HOME], escort=EscortKind.NAMED_ADULT)
    return found


WELL = Departure(
    dose_started_at=START, dose_ended_at=END, earliest_at=EARLIEST, vitals_after_dose=True, unresolved_side_effects=0,
    pressure_settled=True, checks=answered(), accepted=(EscortKind.NAMED_ADULT,),
)  # fmt: skip


def test_whoever_is_well_may_leave_on_the_minute_and_not_a_second_before() -> None:
    assert may_leave(WELL, EARLIEST) == []
    early = may_be_ready(WELL, EARLIEST - timedelta(seconds=1))
    assert early == [Reason.MINIMUM_NOT_REACHED]


@given(st.integers(0, 99), st.sampled_from(ASSESSED))
def test_a_look_before_the_minimum_time_never_counts(minutes: int, item: CheckItem) -> None:
    looked = {**answered(), item: Check(item=item, clear=True, at=START + timedelta(minutes=minutes))}
    assert may_be_ready(replace(WELL, checks=looked), EARLIEST)


@given(st.integers(0, 99))
def test_where_a_provider_lifts_the_minimum_time_a_look_before_it_counts(minutes: int) -> None:
    at = START + timedelta(minutes=minutes)
    facts = replace(WELL, checks=answered(at), lifted=[Reason.MINIMUM_NOT_REACHED.value])
    assert may_be_ready(facts, at) == []
    assert may_be_ready(replace(facts, checks={}), at) == [
        Reason.SEDATION_NOT_ASSESSED, Reason.DISSOCIATION_NOT_ASSESSED, Reason.BREATHING_NOT_ASSESSED,
    ]  # fmt: skip


@given(st.integers(0, 300), st.sampled_from(ASSESSED))
def test_what_is_still_there_stands_whenever_it_was_seen(minutes: int, item: CheckItem) -> None:
    seen = {**answered(), item: Check(item=item, clear=False, at=START + timedelta(minutes=minutes))}
    assert len(may_be_ready(replace(WELL, checks=seen), EARLIEST + timedelta(hours=4))) == 1


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        (CheckItem.WAY_HOME, Reason.WAY_HOME_MISSING),
        (CheckItem.INSTRUCTIONS, Reason.INSTRUCTIONS_NOT_GIVEN),
        (CheckItem.BELONGINGS, Reason.BELONGINGS_NOT_RETURNED),
    ],
)
def test_the_door_asks_for_a_ride_instructions_and_belongings_and_waiting_does_not(
    missing: CheckItem, reason: Reason
) -> None:
    left_out = {item: check for item, check in answered().items() if item is not missing}
    facts = replace(WELL, checks=left_out)
    assert may_be_ready(facts, EARLIEST) == []
    assert may_leave(facts, EARLIEST) == [reason]


@pytest.mark.parametrize("escort", [*EscortKind, None])
def test_a_way_home_counts_where_the_protocol_accepts_it(escort: EscortKind | None) -> None:
    checks = {**answered(), CheckItem.WAY_HOME: Check(item=CheckItem.WAY_HOME, clear=True, at=END, escort=escort)}
    stands = may_leave(replace(WELL, checks=checks), EARLIEST)
    assert stands == ([] if escort is EscortKind.NAMED_ADULT else [Reason.WAY_HOME_NOT_ACCEPTED])


def test_somebody_who_cannot_be_called_stays_missing_until_a_provider_lifts_it() -> None:
    adult = Check(item=CheckItem.WAY_HOME, clear=True, at=END, escort=EscortKind.NAMED_ADULT, nameless=True)
    facts = replace(WELL, checks={**answered(), CheckItem.WAY_HOME: adult})
    assert may_be_ready(facts, EARLIEST) == []
    assert may_leave(facts, EARLIEST) == [Reason.WAY_HOME_NAMELESS]
    assert may_leave(replace(facts, lifted=[Reason.WAY_HOME_NAMELESS.value]), EARLIEST) == []


@pytest.mark.parametrize(
    ("total", "least", "reasons"),
    [(None, None, []), (None, 9, [Reason.ALDRETE_MISSING]), (8, 9, [Reason.ALDRETE_LOW]), (9, 9, []), (10, 9, [])],
)
def test_aldrete_is_asked_for_where_the_protocol_does(
    total: int | None, least: int | None, reasons: Sequence[Reason]
) -> None:
    assert may_be_ready(replace(WELL, aldrete=total, aldrete_least=least), EARLIEST) == reasons


@given(st.booleans(), st.booleans(), st.integers(0, 300))
def test_a_last_reading_outside_its_limits_stands_whatever_the_clock_and_pressure_say_until_it_is_lifted(
    settled: bool, lifted: bool, minutes: int
) -> None:
    facts = replace(WELL, outside_limits=True, pressure_settled=settled)
    if lifted:
        facts = replace(facts, lifted=[Reason.READING_OUTSIDE_LIMITS.value])
    stands = may_leave(facts, EARLIEST + timedelta(minutes=minutes))
    assert (Reason.READING_OUTSIDE_LIMITS in stands) is not lifted
    assert (Reason.PRESSURE_NOT_SETTLED in stands) is not settled


BAD = Departure(
    dose_started_at=START, dose_ended_at=END, earliest_at=EARLIEST, vitals_after_dose=False, unresolved_side_effects=2,
    outside_limits=True, aldrete_least=9, accepted=(EscortKind.NAMED_ADULT,),
)  # fmt: skip


@given(st.sets(st.sampled_from([reason.value for reason in Reason])), st.integers(0, 200))
def test_a_provider_lifts_what_they_name_and_nothing_else(lifted: set[str], minutes: int) -> None:
    now = START + timedelta(minutes=minutes)
    stands, left = may_leave(BAD, now), may_leave(replace(BAD, lifted=lifted), now)
    assert left == [reason for reason in stands if reason.value not in lifted or reason in NOT_LIFTABLE]


@given(st.integers(1, 240))
def test_nobody_lifts_a_dose_that_has_not_ended_or_a_provider_who_keeps_them(minutes: int) -> None:
    everything = [reason.value for reason in Reason]
    now = EARLIEST + timedelta(minutes=minutes)
    running = replace(WELL, dose_ended_at=None, lifted=everything)
    kept = replace(WELL, kept_until=now + timedelta(minutes=1), lifted=everything)
    assert may_leave(running, now) == [Reason.DOSE_NOT_ENDED]
    assert may_leave(kept, now) == [Reason.PROVIDER_KEEPS_THEM]
    assert may_leave(kept, now + timedelta(minutes=1)) == []


PAIRS = st.tuples(st.integers(60, 260), st.integers(30, 160))


@given(st.lists(PAIRS, min_size=1, max_size=8), st.none() | PAIRS, PAIRS, st.integers(0, 50))
def test_pressure_has_settled_by_one_of_its_three_rules_or_not_at_all(
    readings: list[tuple[int, int]], before: tuple[int, int] | None, limit: tuple[int, int], percent: int
) -> None:
    rule = settling(readings, before, limit, percent)
    last = readings[-1]
    at_limit = last[0] <= limit[0] and last[1] <= limit[1]
    near = before is not None and all(last[n] <= before[n] * (100 + percent) / 100 + 1e-9 for n in (0, 1))
    falling = len(readings) > 1 and all(
        last[n] < readings[-2][n] and last[n] < max(one[n] for one in readings[:-1]) for n in (0, 1)
    )
    expected = Settling.AT_LIMIT if at_limit else Settling.NEAR_BEFORE if near else None
    assert rule == (expected or (Settling.FALLING if falling else None))


@given(st.lists(PAIRS, min_size=1, max_size=6), PAIRS)
def test_a_pressure_that_rose_again_above_everything_has_not_settled(
    readings: list[tuple[int, int]], limit: tuple[int, int]
) -> None:
    above = (max(261, limit[0] + 1), max(161, limit[1] + 1))
    assert settling([*readings, above], None, limit, 10) is None


def test_one_number_that_still_rises_keeps_them_here() -> None:
    assert settling([(176, 104), (168, 105)], (118, 76), (159, 99), 10) is None
    assert settling([(176, 104), (168, 101)], (118, 76), (159, 99), 10) is Settling.FALLING
    assert settling([(129, 83)], (118, 76), (120, 80), 10) is Settling.NEAR_BEFORE
    assert settling([(130, 83)], (118, 76), (120, 80), 10) is None


@given(st.sets(st.sampled_from(sorted(PART_OF))), st.booleans())
def test_every_reason_stands_on_exactly_one_line(reasons: set[Reason], aldrete: bool) -> None:
    listed = lines(sorted(reasons), [], aldrete=aldrete)
    assert sorted(one for line in listed for one in line.against) == sorted(reasons)
    assert [line.part for line in listed] == [part for part in Part if part in {line.part for line in listed}]
    assert all(line.met is not bool(line.against) for line in listed)


def test_every_reason_against_leaving_has_its_part() -> None:
    door = {Part.WAY_HOME, Part.INSTRUCTIONS, Part.BELONGINGS}
    told = {*may_leave(BAD, START), *may_leave(replace(BAD, dose_started_at=None), START), *may_leave(WELL, START)}
    assert told <= PART_OF.keys()
    assert {PART_OF[one] for one in may_leave(replace(WELL, checks={}), EARLIEST)} > door


HOURS = Sourced(value=Decimal(24), unit="h", source="nervanamedical.com [S2]")


def test_driving_waits_for_the_hours_of_the_protocol_or_for_a_night() -> None:
    by_hours = Driving(rule=DrivingRule.HOURS, source="[S2]", hours=HOURS)
    by_night = Driving(rule=DrivingRule.NEXT_DAY_AFTER_SLEEP, source="label [S]")
    assert no_driving_until(by_hours, END) == END + timedelta(hours=24)
    assert no_driving_until(by_night, END) is None


@given(st.integers(1, 240), st.integers(0, 300))
def test_a_wait_is_long_from_its_minute_on(after: int, minutes: int) -> None:
    assert is_long(START, after, START + timedelta(minutes=minutes)) is (minutes >= after)


@given(st.integers(1, 240), st.integers(0, 300), st.sampled_from(CallAnswer))
def test_a_call_moves_the_next_one_by_half_a_wait_for_who_is_on_the_way_and_else_to_the_next_on_the_list(
    after: int, minutes: int, answer: CallAnswer
) -> None:
    at = START + timedelta(minutes=minutes)
    due = call_at(START, after, Call(at=at, answer=answer))
    assert due == (at + timedelta(minutes=after / 2) if answer is CallAnswer.ON_THE_WAY else at)
    assert call_at(START, after, None) == START + timedelta(minutes=after)


@given(st.integers(0, 600), st.integers(1, 240))
def test_closing_is_soon_from_its_notice_on_and_stays_so_after_closing(minutes: int, notice: int) -> None:
    closes_at = START + timedelta(minutes=300)
    openings = [
        Span(starts_at=START, ends_at=START + timedelta(minutes=100)),
        Span(starts_at=END + timedelta(minutes=100), ends_at=closes_at),
    ]
    found = closing_soon(openings, notice, START + timedelta(minutes=minutes))
    assert found == (closes_at if minutes >= 300 - notice else None)
    assert closing_soon([], notice, START) is None


def test_whether_pressure_has_settled_is_asked_once_it_was_taken() -> None:
    untaken = [line.part for line in lines([Reason.NO_VITALS_AFTER_DOSE], [], aldrete=False)]
    assert Part.PRESSURE not in untaken
    assert Part.PRESSURE in [line.part for line in lines([], [], aldrete=False)]
