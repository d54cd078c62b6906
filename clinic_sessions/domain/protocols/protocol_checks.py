"""Whether the parts of a protocol fit together: every fault is a sentence that begins with its place."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from clinic_sessions.domain.protocols.protocol_kinds import (
    AlertLevel,
    Anchor,
    Compare,
    DrivingRule,
    Drug,
    Measure,
    PhaseKind,
    SeriesKind,
    SiteRole,
)
from clinic_sessions.domain.protocols.protocol_parts import LimitRule, Protocol
from clinic_sessions.domain.sourced import source_faults

UNIT_OF: Mapping[Measure, str] = MappingProxyType(
    {
        Measure.SYSTOLIC: "mmHg",
        Measure.DIASTOLIC: "mmHg",
        Measure.HEART_RATE: "/min",
        Measure.SPO2_PERCENT: "%",
        Measure.RESPIRATORY_RATE: "/min",
        Measure.MOAA_S: "score",
    }
)
PLACEHOLDERS = frozenset({"food_until", "liquid_until"})
_BRACES = re.compile(r"\{([^{}]*)\}")
_DEVICE_ANCHORS = frozenset({Anchor.FIRST_DEVICE, Anchor.LAST_DEVICE})


def protocol_faults(protocol: Protocol) -> list[str]:
    """List everything in which the parts of a protocol contradict each other; empty when it may be used."""
    checks = (_phases, _dose, _vitals, _observation, _esketamine, _limits, _series, _texts, _sources)
    return [fault for check in checks for fault in check(protocol)]


def _phases(protocol: Protocol) -> list[str]:
    faults = []
    if [phase.kind for phase in protocol.phases] != list(PhaseKind):
        faults.append(f"phases: must be {', '.join(PhaseKind)}, each once and in this order")
    if protocol.chair_needs is not protocol.route:
        faults.append("chair_needs: must be able to give the protocol's route")
    return faults


def _dose(protocol: Protocol) -> list[str]:
    dose = protocol.dose
    if sum(one is not None for one in (dose.weight, dose.fixed, dose.devices)) != 1:
        return ["dose: must be exactly one of weight, fixed and devices"]
    faults = []
    if dose.weight and not (dose.weight.per_kg.value and dose.weight.round_down_to.value):
        faults.append("dose.weight: per_kg and round_down_to must be above 0")
    if dose.fixed and dose.fixed.amount.value > dose.fixed.cap.value:
        faults.append("dose.fixed: amount is above its cap")
    if dose.devices and dose.devices.fewest.value > dose.devices.most.value:
        faults.append("dose.devices: fewest is more than most")
    return faults


def _vitals(protocol: Protocol) -> list[str]:
    schedule = protocol.vitals
    if not schedule.at and not schedule.intervals:
        return ["vitals: at least one check must be due after start"]
    watched = sum(p.minutes.whole for p in protocol.phases if p.kind in (PhaseKind.ADMINISTER, PhaseKind.OBSERVE))
    return [
        f"vitals.at: minute {one.whole} is after the end of observation" for one in schedule.at if one.whole > watched
    ]


def _observation(protocol: Protocol) -> list[str]:
    faults = []
    if protocol.observation.anchor in _DEVICE_ANCHORS and protocol.dose.devices is None:
        faults.append("observation.anchor: a device is named, but the dose has none")
    after_end = protocol.observation.anchor in (Anchor.END, Anchor.LAST_DEVICE)
    watched = {PhaseKind.OBSERVE} if after_end else {PhaseKind.ADMINISTER, PhaseKind.OBSERVE}
    room = sum(phase.minutes.value for phase in protocol.phases if phase.kind in watched)
    if protocol.observation.minutes.value > room:
        faults.append("observation.minutes: longer than the phases leave room for")
    return faults


def _esketamine(protocol: Protocol) -> list[str]:
    if protocol.drug is not Drug.ESKETAMINE:
        return []
    watched = [p for p in protocol.phases if p.kind in (PhaseKind.ADMINISTER, PhaseKind.OBSERVE)]
    if all(any(one.role is SiteRole.PROVIDER for one in phase.roles) for phase in watched):
        return []
    return ["phases: a provider must be on site while esketamine is given and watched"]


def _limits(protocol: Protocol) -> list[str]:
    faults = []
    for place, rule in enumerate(protocol.limits):
        if rule.limit.unit != UNIT_OF[rule.measure]:
            faults.append(f"limits[{place}].limit: unit must be {UNIT_OF[rule.measure]}")
        if rule.from_minute and rule.until_minute and rule.from_minute.value >= rule.until_minute.value:
            faults.append(f"limits[{place}]: from_minute is not before until_minute")
    return faults + _quiet_urgents(protocol.limits) + _unwatched(protocol.limits)


def _quiet_urgents(rules: tuple[LimitRule, ...]) -> list[str]:
    """An urgent limit that is reached before its warning is a slip of the pen."""
    faults: list[str] = []
    for urgent in (rule for rule in rules if rule.level is AlertLevel.URGENT):
        upward = urgent.compare in (Compare.AT_LEAST, Compare.ABOVE)
        for warn in (rule for rule in rules if rule.level is AlertLevel.WARN and rule.measure is urgent.measure):
            same = urgent.compare is warn.compare and set(urgent.phases) & set(warn.phases)
            if same and (urgent.limit.value < warn.limit.value if upward else urgent.limit.value > warn.limit.value):
                faults.append(f"limits: the urgent limit of {urgent.measure} comes before its warning")
    return faults


def _unwatched(rules: tuple[LimitRule, ...]) -> list[str]:
    """While the drug acts, every measure has a limit."""
    faults: list[str] = []
    for phase in (PhaseKind.ADMINISTER, PhaseKind.OBSERVE):
        watched = {rule.measure for rule in rules if phase in rule.phases}
        faults.extend(f"limits: {one} has none in {phase}" for one in Measure if one not in watched)
    return faults


def _series(protocol: Protocol) -> list[str]:
    kinds = [phase.kind for phase in protocol.series]
    faults = [] if len(set(kinds)) == len(kinds) else ["series: each kind at most once"]
    if kinds[0] is not SeriesKind.INDUCTION:
        faults.append("series: must begin with induction")
    if any(phase.count is None for phase in protocol.series[:-1]):
        faults.append("series: only the last may go on without a count")
    return faults


def _texts(protocol: Protocol) -> list[str]:
    texts = {"en": protocol.preparation.en, "es": protocol.preparation.es}
    faults = []
    for language, lines in texts.items():
        if set(_BRACES.findall(" ".join(lines))) != PLACEHOLDERS:
            faults.append(f"preparation.{language}: must use food_until and liquid_until, and no other placeholder")
    if len(protocol.preparation.en) != len(protocol.preparation.es):
        faults.append("preparation: both languages must say the same number of things")
    if (protocol.driving.rule is DrivingRule.HOURS) != (protocol.driving.hours is not None):
        faults.append("driving: hours belong to the rule of that name")
    return faults


def _sources(protocol: Protocol) -> list[str]:
    named = {
        "off_label_source": protocol.off_label_source,
        "observation.anchor_source": protocol.observation.anchor_source,
        "escort.source": protocol.escort.source,
        "driving.source": protocol.driving.source,
    }
    faults = [fault for path, source in named.items() for fault in source_faults(source, path)]
    for place, phase in enumerate(protocol.phases):
        faults.extend(f for role in phase.roles for f in source_faults(role.source, f"phases[{place}].roles"))
    return faults
