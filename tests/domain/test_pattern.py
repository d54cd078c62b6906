"""Patterns of plans: read from words, said in words, and the day of every place."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.pattern import (
    FaultyPattern,
    Pattern,
    PatternFault,
    PatternPhase,
    UnreadablePattern,
    read,
)
from clinic_sessions.services.catalogue import SHIPPED
from tests.domain.test_protocols import shipped


@st.composite
def phases(draw: st.DrawFn, *, counted: bool) -> PatternPhase:
    days = draw(st.integers(1, 60))
    return PatternPhase(
        sessions=draw(st.integers(1, min(days, 14))), days=days, count=draw(st.integers(1, 14)) if counted else None
    )


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    counted = draw(st.lists(phases(counted=True), min_size=1, max_size=3))
    return Pattern((*counted, *draw(st.lists(phases(counted=False), max_size=1))))


@given(patterns())
def test_a_pattern_said_in_words_is_read_back_as_the_same_pattern(one: Pattern) -> None:
    assert read(pattern.in_words(one)) == one


@given(patterns())
def test_days_of_places_grow_by_at_least_one_and_by_the_rate_of_their_phase(one: Pattern) -> None:
    days = [one.day(place) for place in range(1, one.count + 4)]
    assert days[0] == 0
    assert all(after - before >= max(1, one.closest) for before, after in pairwise(days))
    last = one.phases[-1]
    assert one.day(one.count + 10 + last.sessions) - one.day(one.count + 10) == last.days


@pytest.mark.parametrize(
    ("words", "days", "goes_on"),
    [
        ("6 over 3 weeks", [0, 3, 7, 10, 14, 17], False),
        ("6 over 3 weeks, then every 4 weeks", [0, 3, 7, 10, 14, 17, 45, 73], True),
        ("3 times weekly for 2 weeks", [0, 2, 4, 7, 9, 11], False),
        ("twice weekly 1 week then weekly 2 weeks then every 2 weeks", [0, 3, 10, 17, 31], True),
        ("every 10 days for 30 days", [0, 10, 20], False),
        ("5 sessions twice weekly", [0, 3, 7, 10, 14], False),
        ("Daily  3 days", [0, 1, 2], False),
    ],
)
def test_words_give_the_days_that_people_mean(words: str, days: list[int], *, goes_on: bool) -> None:
    one = read(words)
    assert [one.day(place) for place in range(1, len(days) + 1)] == days
    assert one.goes_on is goes_on
    assert one.has(one.count)
    assert one.has(one.count + 1) is goes_on


@pytest.mark.parametrize("words", ["often", "6 weeks", "every 0 days", "weekly 4 weeks, oops", "every 2 weeks 3 weeks"])
def test_words_that_say_no_pattern_name_the_part(words: str) -> None:
    with pytest.raises(UnreadablePattern) as caught:
        read(words)
    assert caught.value.part in words


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("", PatternFault.NO_PHASE),
        ("weekly", PatternFault.NO_COUNT),
        ("weekly, 6 over 3 weeks", PatternFault.GOES_ON_BEFORE_THE_END),
        ("8 over 1 week", PatternFault.MORE_THAN_ONE_A_DAY),
        ("twice weekly 40 weeks", PatternFault.TOO_MANY_SESSIONS),
        ("6 over 99 weeks", PatternFault.TOO_LONG),
        ("1 over 1 week, 1 over 1 week, 1 over 1 week, 1 over 1 week, weekly", PatternFault.TOO_MANY_PHASES),
    ],
)
def test_phases_that_make_no_pattern_say_why(words: str, fault: PatternFault) -> None:
    with pytest.raises(FaultyPattern) as caught:
        read(words)
    assert fault in caught.value.faults


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_protocol_proposes_a_pattern_that_keeps_its_own_spacing(name: str) -> None:
    protocol = shipped(name)
    one = pattern.of_protocol(protocol.series)
    assert one.closest >= protocol.spacing.whole


def test_the_label_of_the_licensed_spray_is_its_default_pattern() -> None:
    one = pattern.of_protocol(shipped("in-esketamine").series)
    assert pattern.in_words(one) == "twice weekly for 4 weeks, weekly for 4 weeks, then every 2 weeks"
    assert [one.day(place) // 7 + 1 for place in range(1, 13)] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8]


def test_the_next_place_is_due_its_step_after_the_place_before_wherever_that_one_was_moved_to() -> None:
    one = read("6 over 3 weeks, then every 4 weeks")
    held = {1: date(2026, 12, 1), 2: date(2026, 12, 4), 3: date(2026, 12, 9)}
    assert pattern.due(one, {}, 1) is None
    assert pattern.due(one, held, 4) == date(2026, 12, 12)
    assert pattern.due(one, {6: date(2026, 12, 18)}, 7) == date(2027, 1, 15)


def test_a_cancelled_place_is_made_up_for_after_the_last_when_its_day_is_too_near_the_next() -> None:
    one = read("6 over 3 weeks")
    held = {1: date(2026, 12, 1), 3: date(2026, 12, 5), 4: date(2026, 12, 10)}
    assert pattern.due(one, held, 2) == date(2026, 12, 13)
    assert pattern.due(one, {1: date(2026, 12, 1), 3: date(2026, 12, 8)}, 2) == date(2026, 12, 4)
