"""Vitals: what a reading is, what in it cannot be true, and what is outside the protocol's limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from clinic_sessions.domain.protocols.protocol_kinds import AlertLevel, Compare, Measure
from clinic_sessions.domain.protocols.protocol_parts import AlertLimits, LimitRule


@dataclass(frozen=True, kw_only=True)
class Vitals:
    """One reading, any part of it: mmHg, beats and breaths a minute, %, tenths of °C, MOAA/S 0-5, pain 0-10."""

    systolic: int | None = None
    diastolic: int | None = None
    heart_rate: int | None = None
    spo2_percent: int | None = None
    respiratory_rate: int | None = None
    temperature_tenths: int | None = None
    moaa_s: int | None = None
    pain: int | None = None


@dataclass(frozen=True, kw_only=True)
class FieldReason:
    """What cannot be true in one field, in people's words; an empty field name means the whole reading."""

    field: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A value outside a limit of the protocol."""

    measure: Measure
    level: AlertLevel
    value: int
    rule: LimitRule


class PressureUnreadable(ValueError):
    """A blood pressure that cannot be read; its text says what to type."""


HARD_RANGES: Mapping[str, tuple[int, int, str]] = MappingProxyType(
    {
        "systolic": (40, 300, "Systolic must be from 40 to 300"),
        "diastolic": (20, 200, "Diastolic must be from 20 to 200"),
        "heart_rate": (20, 300, "Heart rate must be from 20 to 300"),
        "spo2_percent": (40, 100, "Oxygen saturation must be from 40 to 100"),
        "respiratory_rate": (0, 80, "Breaths a minute must be from 0 to 80"),
        "temperature_tenths": (300, 430, "Temperature must be from 30.0 to 43.0 °C"),
        "moaa_s": (0, 5, "MOAA/S goes from 0 (no response) to 5 (awake)"),
        "pain": (0, 10, "Pain goes from 0 to 10"),
    }
)
"""Outside these it is a slip of the finger, not a patient [P]; inside, the protocol's limits speak."""

BETWEEN = r"/\\ .,*#+-"
"""What may stand between the two numbers of a blood pressure: the number pad of a phone or a tablet has no slash."""

_PRESSURE = re.compile(rf"\s*([0-9]{{1,3}})\s*[{BETWEEN}]\s*([0-9]{{1,3}})\s*", re.ASCII)


def implausible(vitals: Vitals) -> list[FieldReason]:
    """List what in a reading cannot be true, in people's words; empty when it may be stored as typed.

    >>> [reason.text for reason in implausible(Vitals(systolic=80, diastolic=120))]
    ['Systolic must be above diastolic']
    """
    values = {one.name: getattr(vitals, one.name) for one in fields(vitals)}
    if all(value is None for value in values.values()):
        return [FieldReason(field="", text="Enter at least one reading")]
    reasons = [
        FieldReason(field=name, text=text)
        for name, (low, high, text) in HARD_RANGES.items()
        if values[name] is not None and not low <= values[name] <= high
    ]
    return reasons + _pressure_reasons(vitals.systolic, vitals.diastolic)


def _pressure_reasons(systolic: int | None, diastolic: int | None) -> list[FieldReason]:
    if systolic is None and diastolic is None:
        return []
    if systolic is None:
        return [FieldReason(field="systolic", text="Enter the systolic number too")]
    if diastolic is None:
        return [FieldReason(field="diastolic", text="Enter the diastolic number too")]
    return [] if systolic > diastolic else [FieldReason(field="systolic", text="Systolic must be above diastolic")]


def against_limits(vitals: Vitals, limits: AlertLimits) -> list[Finding]:
    """List the values outside the limits, each measure once and at its loudest, urgent ones first."""
    loudest: dict[Measure, Finding] = {}
    for rule in limits.rules:
        value: int | None = getattr(vitals, rule.measure.value)
        if value is None or not _outside(value, rule):
            continue
        known = loudest.get(rule.measure)
        if known is None or (rule.level is AlertLevel.URGENT and known.level is AlertLevel.WARN):
            loudest[rule.measure] = Finding(measure=rule.measure, level=rule.level, value=value, rule=rule)
    return sorted(loudest.values(), key=lambda one: one.level is not AlertLevel.URGENT)


def _outside(value: int, rule: LimitRule) -> bool:
    limit = rule.limit.value
    return {
        Compare.AT_LEAST: value >= limit,
        Compare.ABOVE: value > limit,
        Compare.BELOW: value < limit,
        Compare.AT_MOST: value <= limit,
    }[rule.compare]


def lost_consciousness(vitals: Vitals) -> bool:
    """Whether a reading says that the patient did not respond at all: MOAA/S 0, to be reviewed as serious [P]."""
    return vitals.moaa_s == 0


def parse_pressure(text: str) -> tuple[int, int]:
    """Read systolic and diastolic in mmHg; raises PressureUnreadable.

    >>> parse_pressure("118/76"), parse_pressure("118.76")
    ((118, 76), (118, 76))
    """
    found = _PRESSURE.fullmatch(text)
    if found is None:
        raise PressureUnreadable("Enter blood pressure as two numbers, like 118/76")
    return int(found[1]), int(found[2])
