"""Vitals: what cannot be true, what is outside limits, and how a blood pressure is read."""

from pathlib import Path

import pytest

import clinic_sessions.protocols
from clinic_sessions.domain.protocols.protocols import AlertLimits, PhaseKind, advice_of, alert_limits, parse
from clinic_sessions.domain.session.vitals import (
    HARD_RANGES,
    PressureUnreadable,
    Vitals,
    against_limits,
    implausible,
    lost_consciousness,
    parse_pressure,
)

TEXT = (Path(clinic_sessions.protocols.__file__).parent / "in-esketamine.toml").read_text(encoding="utf-8")


def limits(phase: PhaseKind = PhaseKind.OBSERVE) -> AlertLimits:
    return alert_limits(parse(TEXT), phase, 40)


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


@pytest.mark.parametrize("text", ["118/76", " 118 / 76 ", "118 76", "118.76", "118,76", "118-76", "118*76", "118#76"])
def test_a_pressure_is_read_from_two_numbers(text: str) -> None:
    assert parse_pressure(text) == (118, 76)


@pytest.mark.parametrize(
    "text", ["", "118", "118/", "/76", "a/b", "118/76/5", "-118/76", "1180/76", "118.5/76", "١١٨/٧٦"]
)
def test_a_pressure_that_is_not_two_numbers_is_refused(text: str) -> None:
    with pytest.raises(PressureUnreadable, match="118/76"):
        parse_pressure(text)


KEYS = ("iv-mood", "iv-pain", "im", "in-racemic", "in-esketamine")


@pytest.mark.parametrize("key", KEYS)
def test_every_limit_says_what_is_to_be_done_in_each_of_its_phases(key: str) -> None:
    protocol = parse((Path(clinic_sessions.protocols.__file__).parent / f"{key}.toml").read_text(encoding="utf-8"))

    silent = [
        (rule.measure, rule.level, phase)
        for rule in protocol.limits
        for phase in rule.phases
        if not advice_of(protocol, rule, phase)
    ]

    assert silent == []
    assert all(one.source.endswith("]") for one in protocol.advice)


@pytest.mark.parametrize(
    ("key", "phase", "words"),
    [
        ("in-esketamine", PhaseKind.PREPARE, "Do not start"),
        ("in-esketamine", PhaseKind.ADMINISTER, "No further device"),
        ("iv-mood", PhaseKind.ADMINISTER, "Pause the infusion"),
        ("im", PhaseKind.ADMINISTER, "cannot be taken back"),
        ("iv-mood", PhaseKind.OBSERVE, "Stay with the patient"),
    ],
)
def test_an_urgent_oxygen_is_answered_by_route_and_phase(key: str, phase: PhaseKind, words: str) -> None:
    protocol = parse((Path(clinic_sessions.protocols.__file__).parent / f"{key}.toml").read_text(encoding="utf-8"))
    found = against_limits(Vitals(spo2_percent=88), alert_limits(protocol, phase, 10))

    assert words in (advice_of(protocol, found[0].rule, phase) or "")
