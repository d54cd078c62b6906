"""When checks are due after a dose began, from what truly happened, and which of them are still open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic_sessions.protocols
from clinic_sessions.domain.protocols.protocols import Anchor, Measure, PhaseKind, Protocol, parse
from clinic_sessions.domain.session.due_times import (
    DueCheck,
    NotTaken,
    Repeat,
    Taken,
    asked,
    checks,
    counts_from,
    open_checks,
    repeats,
    signal,
)

START = datetime(2026, 3, 10, 16, 30, tzinfo=UTC)
PRESSURE = frozenset({Measure.SYSTOLIC, Measure.DIASTOLIC})
EVERYTHING = frozenset(Measure)


def shipped(key: str) -> Protocol:
    return parse((Path(clinic_sessions.protocols.__file__).parent / f"{key}.toml").read_text(encoding="utf-8"))


def after(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def minutes(found: tuple[DueCheck, ...]) -> list[int]:
    return [int((one.at - START).total_seconds() // 60) for one in found]


def planned(key: str, now: int, **known: int) -> list[int]:
    """The checks until an hour ahead of a minute."""
    anchors = {Anchor(name): after(minute) for name, minute in known.items()}
    return minutes(checks(shipped(key), anchors, after(now), timedelta(minutes=60)))


def test_before_a_start_nothing_is_due() -> None:
    assert checks(shipped("iv-mood"), {}, after(60), timedelta(hours=1)) == ()


def test_an_infusion_is_checked_by_its_own_interval_and_then_by_that_of_the_stay() -> None:
    assert planned("iv-mood", 10, start=0) == [10, 20, 30, 40, 55, 70]
    assert planned("iv-mood", 30, start=0, end=40) == [10, 20, 30, 40, 55, 70, 85]


def test_a_start_that_is_corrected_moves_every_check_with_it() -> None:
    assert planned("iv-mood", 30, start=7, end=47) == [17, 27, 37, 47, 62, 77]


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (38, [10, 20, 30, 40, 53, 68]),
        (12, [10, 27, 42, 57, 72]),
        (55, [10, 20, 30, 40, 50, 60, 70]),
    ],
)
def test_the_true_end_decides_when_the_stay_is_checked(end: int, expected: list[int]) -> None:
    assert planned("iv-mood", 15, start=0, end=end) == expected


def test_an_infusion_that_runs_longer_than_planned_is_checked_on() -> None:
    assert planned("iv-mood", 45, start=0) == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]


def test_the_labels_minutes_count_from_the_last_device() -> None:
    assert counts_from(shipped("in-esketamine")) is Anchor.LAST_DEVICE
    assert planned("in-esketamine", 60, start=0, first_device=0, last_device=0) == [40, 120]
    assert planned("in-esketamine", 60, start=0, first_device=0, last_device=11) == [51, 131]


def test_each_phase_says_what_its_checks_hold() -> None:
    assert Measure.MOAA_S in asked(shipped("iv-mood"), PhaseKind.OBSERVE)
    assert Measure.MOAA_S not in asked(shipped("iv-mood"), PhaseKind.PREPARE)
    assert asked(shipped("iv-mood"), PhaseKind.TURNAROUND) == ()


def due(*at: int, measures: tuple[Measure, ...] = ()) -> list[DueCheck]:
    return [DueCheck(at=after(minute), measures=measures) for minute in at]


@pytest.mark.parametrize(
    ("taken", "first"),
    [([], 10), ([4], 10), ([5], 20), ([12], 20), ([15], 30), ([25], None), ([3, 17], 30), ([40], None)],
)
def test_a_reading_answers_what_was_due_before_it_and_shortly_after_it(taken: list[int], first: int | None) -> None:
    found = open_checks(due(10, 20, 30), [Taken(at=after(one)) for one in taken], early_minutes=5)

    assert (found[0].at if found else None) == (None if first is None else after(first))


def test_a_check_stays_open_for_what_it_lacks_until_that_is_taken() -> None:
    wanted = due(10, 20, measures=(Measure.SYSTOLIC, Measure.DIASTOLIC, Measure.SPO2_PERCENT))
    half = Taken(at=after(10), measures=PRESSURE)

    first = open_checks(wanted, [half], early_minutes=5)[0]
    assert (first.at, first.missing, first.begun) == (after(10), (Measure.SPO2_PERCENT,), True)

    rest = Taken(at=after(12), measures=frozenset({Measure.SPO2_PERCENT}))
    second = open_checks(wanted, [half, rest], early_minutes=5)[0]
    assert (second.at, second.begun) == (after(20), False)


def test_what_was_measured_too_early_answers_nothing() -> None:
    wanted = due(30, measures=(Measure.SPO2_PERCENT,))
    early = Taken(at=after(24), measures=EVERYTHING)

    assert open_checks(wanted, [early], early_minutes=5)[0].begun is False
    assert open_checks(wanted, [Taken(at=after(25), measures=EVERYTHING)], early_minutes=5) == ()


@given(
    st.lists(st.integers(min_value=0, max_value=200)),
    st.lists(st.tuples(st.integers(min_value=0, max_value=200), st.frozensets(st.sampled_from(Measure)))),
    st.tuples(st.integers(min_value=0, max_value=200), st.frozensets(st.sampled_from(Measure))),
)
def test_one_more_reading_never_opens_a_check(
    at: list[int], taken: list[tuple[int, frozenset[Measure]]], more: tuple[int, frozenset[Measure]]
) -> None:
    wanted = due(*at, measures=tuple(Measure))
    known = [Taken(at=after(minute), measures=held) for minute, held in taken]
    before = open_checks(wanted, known, early_minutes=5)
    later = open_checks(wanted, [*known, Taken(at=after(more[0]), measures=more[1])], early_minutes=5)

    assert {one.at for one in later} <= {one.at for one in before}
    lacking = {one.at: set(one.missing) for one in before}
    assert all(set(one.missing) <= lacking[one.at] for one in later)


@given(
    st.sampled_from(["iv-mood", "iv-pain", "im", "in-racemic", "in-esketamine"]),
    st.integers(min_value=0, max_value=400),
    st.integers(min_value=1, max_value=400) | st.none(),
)
def test_checks_are_in_order_and_each_moment_comes_once(key: str, now: int, end: int | None) -> None:
    known = {"start": 0} if end is None else {"start": 0, "end": end}
    found = planned(key, now, **known)

    assert found == sorted(set(found))
    assert all(one > 0 for one in found)


AFTER = timedelta(minutes=5)
OXYGEN = frozenset({Measure.SPO2_PERCENT})
PAIR = tuple(one for one in Measure if one in PRESSURE)


def high(minute: int, *, urgent: bool = True) -> Taken:
    """A blood pressure outside a limit."""
    return Taken(at=after(minute), measures=PRESSURE, outside=PRESSURE, urgent=PRESSURE if urgent else frozenset())


def test_a_reading_outside_a_limit_is_read_again_soon_until_it_is_within() -> None:
    again = Repeat(at=after(17), measures=PAIR, urgent=True)
    assert repeats([high(12)], START, AFTER) == (again,)
    assert repeats([high(12), Taken(at=after(14), measures=OXYGEN)], START, AFTER) == (again,)
    assert repeats([high(12), high(16, urgent=False)], START, AFTER) == (replace(again, at=after(21), urgent=False),)
    assert repeats([high(12), Taken(at=after(16), measures=PRESSURE)], START, AFTER) == ()


def test_what_was_outside_before_the_dose_is_not_read_again_after_it_began() -> None:
    assert repeats([high(-1)], START, AFTER) == ()
    assert repeats([high(0)], START, AFTER) != ()


def test_a_reading_that_is_written_down_late_counts_at_its_true_time() -> None:
    within, outside = Taken(at=after(16), measures=PRESSURE), high(12)
    assert repeats([within, outside], START, AFTER) == repeats([outside, within], START, AFTER) == ()


def test_words_why_put_a_repeat_off_and_never_end_it() -> None:
    said = NotTaken(at=after(18), measures=PRESSURE)
    assert [one.at for one in repeats([high(12)], START, AFTER, [said])] == [after(23)]
    assert [one.at for one in repeats([high(20)], START, AFTER, [said])] == [after(25)]


@given(
    st.lists(
        st.tuples(
            st.integers(min_value=-30, max_value=200),
            st.dictionaries(st.sampled_from(Measure), st.sampled_from(["within", "outside", "urgent"]), min_size=1),
        )
    )
)
def test_each_measure_is_read_again_exactly_while_its_newest_reading_is_outside(
    read: list[tuple[int, dict[Measure, str]]],
) -> None:
    taken = [
        Taken(
            at=after(minute),
            measures=frozenset(found),
            outside=frozenset(one for one, how in found.items() if how != "within"),
            urgent=frozenset(one for one, how in found.items() if how == "urgent"),
        )
        for minute, found in read
    ]
    again = repeats(taken, START, AFTER)
    expected = {}
    for minute, found in sorted(read, key=lambda one: one[0]):
        for measure, how in found.items():
            expected[measure] = after(minute) + AFTER if how != "within" and minute >= 0 else None

    assert {measure: one.at for one in again for measure in one.measures} == {k: v for k, v in expected.items() if v}
    assert [one.at for one in again] == sorted({one.at for one in again})


def test_what_could_not_be_taken_stays_open_without_ringing_until_it_is_taken_or_asked_anew() -> None:
    wanted = due(10, 20, measures=(*PAIR, Measure.SPO2_PERCENT))
    half, said = Taken(at=after(10), measures=PRESSURE), NotTaken(at=after(11), measures=OXYGEN)
    asked_at = partial(open_checks, wanted, early_minutes=5, not_taken=[said])

    found = asked_at([half], now=after(19))
    assert [(one.at, one.missing, one.excused) for one in found] == [
        (after(10), (Measure.SPO2_PERCENT,), True),
        (after(20), (*PAIR, Measure.SPO2_PERCENT), False),
    ]
    assert [(one.at, one.excused) for one in asked_at([half], now=after(20))] == [(after(20), False)]
    taken = Taken(at=after(12), measures=OXYGEN)
    assert [one.at for one in asked_at([half, taken], now=after(13))] == [after(20)]


def test_words_about_one_measure_excuse_no_other() -> None:
    wanted = due(10, measures=(*PAIR, Measure.SPO2_PERCENT))
    said = NotTaken(at=after(11), measures=OXYGEN)

    assert [one.excused for one in open_checks(wanted, [], early_minutes=5, not_taken=[said])] == [False]


@pytest.mark.parametrize(("said", "excused"), [(6, [False, False]), (8, [True, False]), (19, [True, False])])
def test_words_excuse_the_check_that_was_due_or_begun_and_not_the_next(said: int, excused: list[bool]) -> None:
    wanted = due(10, 20, measures=(*PAIR, Measure.SPO2_PERCENT))
    half = [Taken(at=after(minute), measures=PRESSURE) for minute in (7, 20)]
    why = NotTaken(at=after(said), measures=OXYGEN)

    assert [one.excused for one in open_checks(wanted, half, early_minutes=5, not_taken=[why])] == excused


SHOWN = partial(signal, START, amber=timedelta(minutes=2), grace=timedelta(minutes=5))


@pytest.mark.parametrize(("seconds", "tone"), [(-121, ""), (-120, "due"), (0, "due"), (300, "due"), (301, "overdue")])
def test_a_due_time_turns_amber_and_then_red(seconds: int, tone: str) -> None:
    assert SHOWN().tone(START + timedelta(seconds=seconds)) == tone


def test_a_held_time_is_neither_amber_nor_red_until_its_minutes_are_over() -> None:
    held = SHOWN(held_until=after(7))

    assert [held.tone(after(minute)) for minute in (6, 7, 8)] == ["held", "due", "overdue"]
    assert SHOWN(held_until=after(3)).tone(after(4)) == "due"
