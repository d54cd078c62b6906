"""When checks are due after a dose began, from what truly happened, and which of them are still open."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic_sessions.protocols
from clinic_sessions.domain.protocols.protocols import Anchor, Measure, PhaseKind, Protocol, parse
from clinic_sessions.domain.session.due_times import DueCheck, Taken, asked, checks, counts_from, open_checks, signal

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


SHOWN = partial(signal, START, amber=timedelta(minutes=2), grace=timedelta(minutes=5))


@pytest.mark.parametrize(("seconds", "tone"), [(-121, ""), (-120, "due"), (0, "due"), (300, "due"), (301, "overdue")])
def test_a_due_time_turns_amber_and_then_red(seconds: int, tone: str) -> None:
    assert SHOWN().tone(START + timedelta(seconds=seconds)) == tone


def test_a_held_time_is_neither_amber_nor_red_until_its_minutes_are_over() -> None:
    held = SHOWN(held_until=after(7))

    assert [held.tone(after(minute)) for minute in (6, 7, 8)] == ["held", "due", "overdue"]
    assert SHOWN(held_until=after(3)).tone(after(4)) == "due"
