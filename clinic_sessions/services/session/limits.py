"""Readings against the protocol's limits, in the phase in which they were taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic_sessions.domain.protocols.protocols import (
    AlertLevel,
    Anchor,
    Compare,
    DeviceDose,
    Measure,
    PhaseKind,
    Protocol,
    advice_of,
    alert_limits,
)
from clinic_sessions.domain.session.vitals import Finding, Vitals, against_limits
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import DoseEvent, TreatmentSession, VitalsReading
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.patients import pressure_limits
from clinic_sessions.services.session import facts

NAMES = {
    Measure.SYSTOLIC: "systolic",
    Measure.DIASTOLIC: "diastolic",
    Measure.HEART_RATE: "heart rate",
    Measure.SPO2_PERCENT: "oxygen",
    Measure.RESPIRATORY_RATE: "breaths",
    Measure.MOAA_S: "MOAA/S",
}
_SIDES = {
    Compare.AT_LEAST: "limit {} or more",
    Compare.ABOVE: "limit above {}",
    Compare.BELOW: "limit below {}",
    Compare.AT_MOST: "limit {} or less",
}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A value of a reading outside a limit: how loud, and in words."""

    measure: Measure
    level: AlertLevel
    short: str
    """The measure and its value."""
    text: str
    """With the limit that it is outside of."""
    advice: str | None = None
    """What the protocol asks to be done about it."""
    high: bool = True
    """Whether it is above the limit, not below."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """Values outside their limits that ask for the same to be done."""

    urgent: bool
    text: str
    advice: str

    @property
    def words(self) -> str:
        """All of it as a sentence or two."""
        return " ".join(filter(None, (f"{'Urgent' if self.urgent else 'Out of range'}: {self.text}.", self.advice)))


def told(marks: Iterable[Mark]) -> list[Told]:
    """Put together what asks for the same to be done, the urgent first."""
    found: dict[tuple[bool, str], list[str]] = {}
    for mark in marks:
        found.setdefault((mark.level is AlertLevel.URGENT, mark.advice or ""), []).append(mark.text)
    said = [Told(urgent=urgent, text="; ".join(texts), advice=advice) for (urgent, advice), texts in found.items()]
    return sorted(said, key=lambda one: not one.urgent)


PRESSURE = {Measure.SYSTOLIC: "blood pressure", Measure.DIASTOLIC: "blood pressure"}


def listed(measures: Iterable[Measure]) -> str:
    """Name measures in a sentence, both numbers of blood pressure as one: "blood pressure, oxygen and MOAA/S"."""
    found = list(dict.fromkeys(PRESSURE.get(one, NAMES[one]) for one in measures))
    return " and ".join(part for part in (", ".join(found[:-1]), *found[-1:]) if part)


def measures_of(reading: VitalsReading) -> list[Measure]:
    """List what a reading measured."""
    vitals = vitals_of(reading)
    return [measure for measure in Measure if getattr(vitals, measure.value) is not None]


def vitals_of(reading: VitalsReading) -> Vitals:
    """Give the numbers of a stored reading."""
    return Vitals(
        systolic=reading.systolic_mmhg,
        diastolic=reading.diastolic_mmhg,
        heart_rate=reading.heart_rate_bpm,
        spo2_percent=reading.spo2_percent,
        respiratory_rate=reading.respiratory_rate_bpm,
        temperature_tenths=reading.temperature_tenths_c,
        moaa_s=reading.moaa_s,
        pain=reading.pain_of_10,
    )


def phase_of(treatment: TreatmentSession, doses: Sequence[DoseEvent], at: datetime) -> PhaseKind:
    """Say in which phase the session truly was at `at`, whatever had been planned."""
    known = facts.anchors(doses)
    ready = facts.ready_at(treatment)
    if Anchor.START not in known or at < known[Anchor.START]:
        return PhaseKind.PREPARE
    if ready is not None and at >= ready:
        return PhaseKind.DISCHARGE
    if Anchor.END in known and at >= known[Anchor.END]:
        return PhaseKind.OBSERVE
    return PhaseKind.ADMINISTER


def findings(treatment: TreatmentSession, doses: Sequence[DoseEvent], reading: VitalsReading) -> list[Finding]:
    """List the values of a reading outside the limits of the protocol, urgent ones first."""
    if treatment.protocol_version is None:
        return []
    started = facts.anchors(doses).get(Anchor.START)
    minutes = int((reading.at - started).total_seconds() // 60) if started else -1
    protocol = protocol_of(treatment.protocol_version)
    limits = alert_limits(protocol, phase_of(treatment, doses, reading.at), minutes)
    return against_limits(vitals_of(reading), limits)


def marks(treatment: TreatmentSession, doses: Sequence[DoseEvent], reading: VitalsReading) -> list[Mark]:
    """List what is outside the protocol's limits, or above the patient's own limit of blood pressure."""
    outside = findings(treatment, doses, reading)
    phase = phase_of(treatment, doses, reading.at)
    found = [
        Mark(
            measure=one.measure,
            level=one.level,
            short=f"{NAMES[one.measure]} {one.value}",
            text=f"{NAMES[one.measure]} {one.value}, {_SIDES[one.rule.compare].format(one.rule.limit.value)}",
            advice=_advice(treatment, one, phase),
            high=one.rule.is_upper,
        )
        for one in outside
    ]
    known = {mark.measure for mark in found}
    return found + [mark for mark in _own_limits(treatment, reading) if mark.measure not in known]


def outside_now(
    treatment: TreatmentSession, doses: Sequence[DoseEvent], readings: Sequence[VitalsReading]
) -> list[Mark]:
    """List what is outside a limit now, the urgent first: of each measure the newest reading counts."""
    found = [mark for _, mark in newest_outside(treatment, doses, readings)]
    return sorted(found, key=lambda one: one.level is not AlertLevel.URGENT)


def newest_outside(
    treatment: TreatmentSession, doses: Sequence[DoseEvent], readings: Sequence[VitalsReading]
) -> list[tuple[VitalsReading, Mark]]:
    """List what is outside a limit in the newest reading of each measure, with that reading."""
    newest = {measure: one for one in readings for measure in measures_of(one)}
    return [
        (one, mark)
        for measure, one in newest.items()
        for mark in marks(treatment, doses, one)
        if mark.measure is measure
    ]


def _advice(treatment: TreatmentSession, finding: Finding, phase: PhaseKind) -> str | None:
    version = treatment.protocol_version
    return advice_of(protocol_of(version), finding.rule, phase) if version else None


def _own_limits(treatment: TreatmentSession, reading: VitalsReading) -> list[Mark]:
    day = local_day(reading.at, treatment.clinic.zone)
    own = pressure_limits.on(treatment.patient, treatment.limiting_orders, day)
    if own is None:
        return []
    pairs = (
        (Measure.SYSTOLIC, reading.systolic_mmhg, own.systolic),
        (Measure.DIASTOLIC, reading.diastolic_mmhg, own.diastolic),
    )
    return [
        Mark(
            measure=measure,
            level=AlertLevel.WARN,
            short=f"{NAMES[measure]} {value}",
            text=f"{NAMES[measure]} {value}, this patient's limit {limit}",
        )
        for measure, value, limit in pairs
        if value is not None and limit is not None and value > limit
    ]


def device_micrograms(treatment: TreatmentSession) -> int | None:
    """Give the dose of one device of the session's protocol; None when it has no devices."""
    rule = device_rule(protocol_of(treatment.protocol_version)) if treatment.protocol_version else None
    return rule.per_device.thousandths if rule else None


def device_rule(protocol: Protocol) -> DeviceDose | None:
    """Give the protocol's rule of devices, when it doses in devices."""
    rule = protocol.dose_rule
    return rule if isinstance(rule, DeviceDose) else None
