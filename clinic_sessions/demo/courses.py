"""How a visit goes, minute by minute: when the patient comes, what is measured, what is felt, when they leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from clinic_sessions.demo.clinic import ZONE
from clinic_sessions.demo.diary import Visit
from clinic_sessions.demo.effects import Felt, feelings, told
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import Anchor, PhaseKind, Protocol, Route
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.domain.wall_time import day_span, local_day

_PEAK_MINUTES, _GONE_MINUTES = 40, 110
_PEAK_SYSTOLIC, _PEAK_DIASTOLIC, _PEAK_RATE = 17, 11, 9


@dataclass(frozen=True, kw_only=True)
class Course:
    """The moments of a visit in order, its readings and what was felt."""

    arrived: datetime
    dose: datetime
    devices: Sequence[datetime]
    dose_ended: datetime
    ready: datetime
    left: datetime
    readings: Sequence[tuple[datetime, Vitals]]
    felt: Sequence[Felt]


@dataclass(frozen=True, kw_only=True)
class Usual:
    """What is usual for a patient at rest."""

    systolic: int
    diastolic: int
    heart_rate: int
    pain: int | None


def course_of(visit: Visit, place: int, now: datetime, rng: Random) -> Course:
    """Give how a visit goes; a scene of now has not left yet, and a story of its own."""
    protocol = visit.protocol
    prepare = timedelta(minutes=protocols.phase_minutes(protocol, PhaseKind.PREPARE))
    day_begins = day_span(local_day(visit.block.starts_at, ZONE), ZONE).starts_at
    dose = visit.dose_at or visit.block.starts_at + prepare + _minutes(rng, -4, 6)
    arrived = max(day_begins, dose - prepare + _minutes(rng, -4, 2))
    devices = [dose + timedelta(minutes=6 * n) for n in range(2 if place == 1 else 3)] if protocol.dose.devices else []
    dose_ended = devices[-1] + timedelta(minutes=1) if devices else dose + _runs_for(protocol)
    least = protocols.observation_ends(
        protocol,
        {
            Anchor.START: dose,
            Anchor.FIRST_DEVICE: dose,
            Anchor.LAST_DEVICE: devices[-1] if devices else dose,
            Anchor.END: dose_ended,
        },
    )
    ready = least + _minutes(rng, 2, 9)
    left = ready + _minutes(rng, 4, 12)
    if visit.scene:
        left = max(left, now + timedelta(minutes=7))
    felt = told(visit.scene.story, dose) if visit.scene else feelings(protocol.route, dose, ready, rng)
    return Course(
        arrived=arrived, dose=dose, devices=devices, dose_ended=dose_ended, ready=ready, left=left,
        readings=_readings(visit, arrived, dose, ready, rng), felt=felt,
    )  # fmt: skip


def _minutes(rng: Random, least: int, most: int) -> timedelta:
    return timedelta(minutes=rng.randint(least, most))


def _runs_for(protocol: Protocol) -> timedelta:
    if protocol.route is Route.IM:
        return timedelta(minutes=1)
    return timedelta(minutes=protocols.phase_minutes(protocol, PhaseKind.ADMINISTER))


def _readings(
    visit: Visit, arrived: datetime, dose: datetime, ready: datetime, rng: Random
) -> list[tuple[datetime, Vitals]]:
    protocol = visit.protocol
    due = [at for at in protocols.vitals_due(protocol, dose, until=ready - timedelta(minutes=4)) if at > dose]
    before = min(dose - timedelta(minutes=2), arrived + timedelta(minutes=7))
    times = [
        before,
        *(at + timedelta(minutes=rng.choice((0, 0, 0, 1, 1, 2))) for at in due),
        ready - timedelta(minutes=2),
    ]
    if visit.scene and visit.scene.last_reading is not None:
        last = dose + timedelta(minutes=visit.scene.last_reading)
        times = [at for at in times if at <= last]
    pressure = 110 + visit.on_file.patient.id * 7 % 26
    usual = Usual(
        systolic=pressure,
        diastolic=66 + pressure % 13,
        heart_rate=62 + visit.on_file.patient.id * 5 % 19,
        pain=5 + visit.on_file.patient.id % 4 if protocol.key == "iv-pain" else None,
    )
    return [(at, _reading(usual, int((at - dose).total_seconds() // 60), rng)) for at in times]


def _reading(usual: Usual, minute: int, rng: Random) -> Vitals:
    """Give a reading so many minutes after the dose began: pressure peaks at 40 minutes and settles within 110."""
    strength = _strength(minute)
    relief = int(min(3.0, max(0, minute) / 40))
    return Vitals(
        systolic=usual.systolic + int(_PEAK_SYSTOLIC * strength) + rng.randint(-3, 4),
        diastolic=usual.diastolic + int(_PEAK_DIASTOLIC * strength) + rng.randint(-3, 3),
        heart_rate=usual.heart_rate + int(_PEAK_RATE * strength) + rng.randint(-3, 3),
        spo2_percent=rng.choice((97, 98, 98, 99)) - (1 if strength > 0.8 else 0),
        respiratory_rate=rng.randint(13, 17) - (1 if strength > 0.8 else 0),
        temperature_tenths=365 + rng.randint(0, 6) if minute < 0 else None,
        moaa_s=4 if strength > 0.7 else 5,
        pain=usual.pain - relief if usual.pain is not None else None,
    )


def _strength(minute: int) -> float:
    if minute <= 0:
        return 0.0
    if minute <= _PEAK_MINUTES:
        return minute / _PEAK_MINUTES
    return max(0.0, (_GONE_MINUTES - minute) / (_GONE_MINUTES - _PEAK_MINUTES))
