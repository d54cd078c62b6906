"""Vitals: what cannot be true, what is outside limits, and which check is overdue."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic_sessions.protocols
from clinic_sessions.domain.protocols import AlertLimits, PhaseKind, alert_limits, parse
from clinic_sessions.domain.vitals import (
    HARD_RANGES,
    PressureUnreadable,
    Vitals,
    against_limits,
    implausible,
    lost_consciousness,
    next_due,
    overdue_since,
    parse_pressure,
)

START = datetime(2026, 3, 10, 16, 30, tzinfo=UTC)
TEXT = (Path(clinic_sessions.protocols.__file__).parent / "in-esketamine.toml").read_text(encoding="utf-8")


def limits(phase: PhaseKind = PhaseKind.OBSERVE) -> AlertLimits:
    return alert_limits(parse(TEXT), phase, 40)


def at(*minutes: int) -> list[datetime]:
    return [START + timedelta(minutes=minute) for minute in minutes]


@pytest.mark.parametrize(
    ("vitals", "expected"),
    [
        (Vitals(systolic=159, diastolic=99), []),
        (Vitals(systolic=160, diastolic=99), [("systolic", "warn")]),
        (Vitals(systolic=180, diastolic=100), [("systolic", "urgent"), ("diastolic", "warn")]),
        (Vitals(systolic=150, diastolic=110), [("diastolic", "urgent")]),
        (Vitals(spo2_percent=94), []),
        (Vitals(spo2_percent=93), [("spo2_percent", "warn")]),
        (Vitals(spo2_percent=90), [("spo2_percent", "warn")]),
        (Vitals(spo2_percent=89), [("spo2_percent", "urgent")]),
        (Vitals(heart_rate=120), []),
        (Vitals(heart_rate=121), [("heart_rate", "warn")]),
        (Vitals(heart_rate=50), []),
        (Vitals(heart_rate=49), [("heart_rate", "warn")]),
        (Vitals(respiratory_rate=10), []),
        (Vitals(respiratory_rate=9), [("respiratory_rate", "urgent")]),
        (Vitals(moaa_s=4), []),
        (Vitals(moaa_s=3), [("moaa_s", "urgent")]),
        (Vitals(heart_rate=130, spo2_percent=80), [("spo2_percent", "urgent"), ("heart_rate", "warn")]),
    ],
)
def test_limits_speak_exactly_at_their_edge(vitals: Vitals, expected: list[tuple[str, str]]) -> None:
    assert [(one.measure, one.level) for one in against_limits(vitals, limits())] == expected


def test_before_the_dose_a_lower_pressure_is_already_the_prescribers_decision() -> None:
    before = limits(PhaseKind.PREPARE)

    assert against_limits(Vitals(systolic=140, diastolic=90), before) == []
    assert [one.measure for one in against_limits(Vitals(systolic=141, diastolic=91), before)] == [
        "systolic",
        "diastolic",
    ]


def test_a_reading_needs_at_least_one_value() -> None:
    assert [reason.text for reason in implausible(Vitals())] == ["Enter at least one reading"]


@pytest.mark.parametrize("field", [name for name in HARD_RANGES if name not in ("systolic", "diastolic")])
def test_each_value_is_taken_at_its_edges_and_not_beyond(field: str) -> None:
    low, high, text = HARD_RANGES[field]
    for value in (low, high):
        assert implausible(Vitals(**{field: value})) == []
    for value in (low - 1, high + 1):
        assert [(reason.field, reason.text) for reason in implausible(Vitals(**{field: value}))] == [(field, text)]


@pytest.mark.parametrize(
    ("systolic", "diastolic", "field"),
    [(80, 120, "systolic"), (90, 90, "systolic"), (120, None, "diastolic"), (None, 80, "systolic")],
)
def test_a_pressure_that_cannot_be_true_is_named(systolic: int | None, diastolic: int | None, field: str) -> None:
    assert [reason.field for reason in implausible(Vitals(systolic=systolic, diastolic=diastolic))] == [field]


def test_no_response_is_loss_of_consciousness_and_no_reading_is_not() -> None:
    assert lost_consciousness(Vitals(moaa_s=0)) is True
    assert lost_consciousness(Vitals(moaa_s=1)) is False
    assert lost_consciousness(Vitals(pain=0)) is False


@pytest.mark.parametrize(("text", "pair"), [("118/76", (118, 76)), (" 118 / 76 ", (118, 76)), ("118 76", (118, 76))])
def test_a_pressure_is_read_from_two_numbers(text: str, pair: tuple[int, int]) -> None:
    assert parse_pressure(text) == pair


@pytest.mark.parametrize(
    "text", ["", "118", "118/", "/76", "a/b", "118/76/5", "-118/76", "1180/76", "118.5/76", "١١٨/٧٦"]
)
def test_a_pressure_that_is_not_two_numbers_is_refused(text: str) -> None:
    with pytest.raises(PressureUnreadable, match="118/76"):
        parse_pressure(text)


@pytest.mark.parametrize(
    ("taken", "now", "overdue"),
    [
        ([], 9, None),
        ([], 10, 10),
        ([4], 10, 10),
        ([5], 10, None),
        ([5], 20, 20),
        ([12], 19, None),
        ([25], 29, None),
        ([25], 40, None),
        ([3, 17], 30, 30),
    ],
)
def test_a_check_is_overdue_from_its_minute_until_a_reading(taken: list[int], now: int, overdue: int | None) -> None:
    found = overdue_since(at(10, 20, 30), at(*taken), early_minutes=5, now=START + timedelta(minutes=now))

    assert found == (None if overdue is None else START + timedelta(minutes=overdue))


@given(st.lists(st.integers(min_value=0, max_value=200)), st.lists(st.integers(min_value=0, max_value=200)))
def test_what_is_overdue_is_always_the_next_check(due: list[int], taken: list[int]) -> None:
    found = overdue_since(at(*due), at(*taken), early_minutes=5, now=START + timedelta(minutes=100))

    assert found is None or found == next_due(at(*due), at(*taken), early_minutes=5)
