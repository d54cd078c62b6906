"""Treatment protocols: read from data, kept as canonical JSON, and asked questions.

Minutes of a block count from its start; minutes of treatment count from the start of the drug.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from clinic_sessions.domain.protocols.protocol_checks import protocol_faults
from clinic_sessions.domain.protocols.protocol_kinds import (
    AlertLevel,
    Anchor,
    Compare,
    DrivingRule,
    Drug,
    EscortKind,
    Measure,
    PhaseKind,
    Route,
    SeriesKind,
    SiteRole,
)
from clinic_sessions.domain.protocols.protocol_parts import (
    Advice,
    AlertLimits,
    DeviceDose,
    Dose,
    DoseRule,
    Driving,
    Escort,
    FixedDose,
    LimitRule,
    Observation,
    Phase,
    Preparation,
    Protocol,
    RequiredRole,
    SeriesPhase,
    VitalsInterval,
    VitalsSchedule,
    WeightDose,
)
from clinic_sessions.domain.sourced import FaultyData, Sourced, load_toml, read_table, write_table

__all__ = [
    "Advice",
    "AlertLevel",
    "AlertLimits",
    "Anchor",
    "AnchorUnknown",
    "Compare",
    "DeviceDose",
    "Dose",
    "DoseRule",
    "Driving",
    "DrivingRule",
    "Drug",
    "Escort",
    "EscortKind",
    "Fasting",
    "FaultyProtocol",
    "FixedDose",
    "LimitRule",
    "Measure",
    "Observation",
    "Phase",
    "PhaseKind",
    "Preparation",
    "Protocol",
    "RequiredRole",
    "Route",
    "SeriesKind",
    "SeriesPhase",
    "SiteRole",
    "Sourced",
    "VitalsInterval",
    "VitalsSchedule",
    "WeightDose",
    "advice_of",
    "alert_limits",
    "as_json",
    "block_minutes",
    "digest",
    "fasting",
    "from_json",
    "observation_ends",
    "parse",
    "phase_at",
    "phase_minutes",
    "preparation",
    "read",
    "required_roles",
    "vitals_due",
]


class FaultyProtocol(FaultyData):
    """Protocol data that is incomplete or impossible; `faults` lists everything that is wrong."""


class AnchorUnknown(ValueError):
    """The moment from which the observation minimum counts has not happened or was not recorded."""


@dataclass(frozen=True, kw_only=True)
class Fasting:
    """The last moments for food and for clear liquids before a visit."""

    food_until: datetime
    liquid_until: datetime


def parse(text: str) -> Protocol:
    """Read a protocol from TOML; raises FaultyProtocol with every fault found."""
    try:
        return read(load_toml(text))
    except FaultyData as faulty:
        raise FaultyProtocol(faulty.faults) from None


def from_json(text: str) -> Protocol:
    """Read a protocol from the JSON that `as_json` writes; raises FaultyProtocol with every fault found."""
    try:
        table: object = json.loads(text)
    except ValueError as error:
        raise FaultyProtocol((f"text: not JSON: {error}",)) from None
    return read(table)


def read(table: object) -> Protocol:
    """Read a protocol from plain tables; raises FaultyProtocol with every fault found."""
    faults: list[str] = []
    protocol = read_table(Protocol, table, "", faults)
    if protocol is not None:
        faults.extend(protocol_faults(protocol))
    if protocol is None or faults:
        raise FaultyProtocol(tuple(faults))
    return protocol


def as_json(protocol: Protocol) -> str:
    """Write a protocol as canonical JSON: sorted keys, no spaces, decimals as text; equal protocols, equal text."""
    return json.dumps(write_table(protocol), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(protocol: Protocol) -> str:
    """The SHA-256 of the canonical JSON in UTF-8, as 64 hexadecimal digits: the same version, the same digest."""
    return hashlib.sha256(as_json(protocol).encode()).hexdigest()


def block_minutes(protocol: Protocol) -> int:
    """How many minutes the chair is taken, from preparation to the end of turnaround."""
    return sum(phase.minutes.whole for phase in protocol.phases)


def phase_minutes(protocol: Protocol, kind: PhaseKind) -> int:
    """How many minutes one phase is planned to take."""
    return next(phase.minutes.whole for phase in protocol.phases if phase.kind is kind)


def phase_at(protocol: Protocol, minute: int) -> Phase | None:
    """The phase that holds a minute of the block, counted from 0 at its start; None outside the block."""
    ends = accumulate(phase.minutes.whole for phase in protocol.phases)
    if minute < 0:
        return None
    return next((phase for phase, end in zip(protocol.phases, ends, strict=True) if minute < end), None)


def required_roles(protocol: Protocol, kind: PhaseKind) -> frozenset[SiteRole]:
    """Who must be on site during a phase besides its share of a nurse."""
    return frozenset(one.role for phase in protocol.phases if phase.kind is kind for one in phase.roles)


def vitals_due(protocol: Protocol, started_at: datetime, *, until: datetime | None = None) -> tuple[datetime, ...]:
    """When vitals are due after the drug started, in order, each moment once.

    Intervals of the observation phase go on until `until` when the patient stays beyond the planned end.
    """
    planned = phase_minutes(protocol, PhaseKind.ADMINISTER), phase_minutes(protocol, PhaseKind.OBSERVE)
    stay = sum(planned) if until is None else max(sum(planned), int((until - started_at).total_seconds() // 60))
    windows = {PhaseKind.ADMINISTER: (0, planned[0]), PhaseKind.OBSERVE: (planned[0], stay)}
    minutes = {one.whole for one in protocol.vitals.at}
    for interval in protocol.vitals.intervals:
        first, last = windows.get(interval.phase, (0, 0))
        minutes.update(range(first + interval.every.whole, last + 1, interval.every.whole))
    return tuple(started_at + timedelta(minutes=minute) for minute in sorted(minutes))


def observation_ends(protocol: Protocol, anchors: Mapping[Anchor, datetime]) -> datetime:
    """The first moment at which the observation minimum is reached (inclusive: at least so many minutes).

    Reaching it never says that the patient is safe to leave. Raises AnchorUnknown while the moment from which
    the protocol counts is not among `anchors`.
    """
    anchor = protocol.observation.anchor
    if anchor not in anchors:
        raise AnchorUnknown(anchor.value)
    return anchors[anchor] + timedelta(minutes=protocol.observation.minutes.whole)


def alert_limits(protocol: Protocol, phase: PhaseKind, minutes_from_start: int = 0) -> AlertLimits:
    """The alert limits of a phase, at so many whole minutes from the start of the drug (negative before it)."""
    rules = (rule for rule in protocol.limits if phase in rule.phases)
    return AlertLimits(rules=tuple(rule for rule in rules if _holds_at(rule, minutes_from_start)))


def advice_of(protocol: Protocol, rule: LimitRule, phase: PhaseKind) -> str | None:
    """What the protocol asks to be done when a limit is passed in a phase; None where it says nothing."""
    found = (
        one.do
        for one in protocol.advice
        if (one.high, one.level) == (rule.is_upper, rule.level) and rule.measure in one.measures and phase in one.phases
    )
    return next(found, None)


def _holds_at(rule: LimitRule, minute: int) -> bool:
    begun = rule.from_minute is None or minute >= rule.from_minute.whole
    return begun and (rule.until_minute is None or minute < rule.until_minute.whole)


def fasting(protocol: Protocol, starts_at: datetime) -> Fasting:
    """Until when food and clear liquids are allowed before a visit that starts at `starts_at` (aware).

    Counted in real hours back from the start of the block, which is earlier and so safer than the dose.
    """
    food = timedelta(hours=protocol.preparation.food.whole)
    return Fasting(
        food_until=starts_at - food, liquid_until=starts_at - timedelta(minutes=protocol.preparation.liquid.whole)
    )


def preparation(protocol: Protocol, language: str) -> tuple[str, ...]:
    """What the patient reads, a sentence or two a line, with {food_until} and {liquid_until} still to be filled.

    `language` is "en" or "es"; any other raises ValueError.
    """
    texts = {"en": protocol.preparation.en, "es": protocol.preparation.es}
    if language not in texts:
        raise ValueError(f"no preparation text in {language!r}")
    return texts[language]
