"""What the page of one session shows: its clock, what is due, what is missing, and all that was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import names
from clinic_sessions.domain.leave_gate import Departure, may_leave
from clinic_sessions.domain.lifecycle import OCCUPYING, UNDOABLE, Action, SessionKind, Status
from clinic_sessions.domain.protocols import AlertLevel, Measure, Protocol
from clinic_sessions.domain.readiness import Reason
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import (
    DoseEvent,
    Intervention,
    Note,
    Patient,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.services import (
    facts,
    last_sessions,
    leave_gate,
    lifecycle,
    limits,
    pressure_limits,
    side_effects,
    timeline,
    vitals_chart,
)
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.facts import SideEffectNow
from clinic_sessions.services.last_sessions import LastSession
from clinic_sessions.services.session_start import BEFORE_START


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One thing that is asked for before the patient leaves as planned."""

    met: bool
    text: str
    why: str = ""
    at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Tile:
    """The last value of one measure."""

    label: str
    value: str
    unit: str
    before: str | None
    tone: str


@dataclass(frozen=True, kw_only=True)
class Clinical:
    """The part of the page that only clinicians see."""

    protocol: Protocol | None
    readings: Sequence[VitalsReading]
    doses: Sequence[DoseEvent]
    effects: Sequence[SideEffectNow]
    lines: Sequence[timeline.Line]
    gates: Sequence[Gate]
    minimum_at: datetime | None
    tiles: Sequence[Tile]
    chart: vitals_chart.Chart | None
    last: Sequence[LastSession]
    """The sessions before this one, while its dose is not begun."""

    @property
    def open_effects(self) -> list[SideEffectNow]:
        """The side effects that are still there."""
        return [one for one in self.effects if one.open]


def clinical(db: Session, treatment: TreatmentSession, now: datetime) -> Clinical:
    """Gather the record of a session as it is at `now`."""
    vitals, doses = facts.all_of(db, VitalsReading, treatment), facts.all_of(db, DoseEvent, treatment)
    effects = facts.all_side_effects(db, treatment)
    standing, readings = facts.standing_doses(doses), facts.standing(vitals)
    as_they_are = facts.effects_now(effects)
    protocol = protocol_of(treatment.protocol_version) if treatment.protocol_version else None
    entries = timeline.Entries(
        vitals=vitals,
        doses=doses,
        effects=effects,
        interventions=facts.all_of(db, Intervention, treatment),
        notes=facts.all_of(db, Note, treatment),
    )
    departure = leave_gate.departure_of(db, treatment, standing, vitals, as_they_are)
    return Clinical(
        protocol=protocol,
        readings=readings,
        doses=standing,
        effects=[one for one in as_they_are if not one.by_mistake],
        lines=timeline.build(treatment, entries, standing),
        gates=gates(treatment, departure, as_they_are, now),
        minimum_at=departure.earliest_at,
        tiles=_tiles(treatment, standing, readings),
        chart=vitals_chart.draw(readings, standing, protocol, _own_systolic(treatment)) if protocol else None,
        last=last_sessions.of(db, treatment.patient_id) if protocol and treatment.status in BEFORE_START else (),
    )


def _own_systolic(treatment: TreatmentSession) -> int | None:
    day = local_day(treatment.starts_at, treatment.clinic.zone)
    own = pressure_limits.on(treatment.patient, treatment.limiting_orders, day)
    return own.systolic if own else None


def gates(
    treatment: TreatmentSession, departure: Departure, effects: Sequence[SideEffectNow], now: datetime
) -> list[Gate]:
    """List what is asked for before leaving, each met or not; empty before the dose and after the end.

    The clock never says that anyone is safe: reaching the minimum asks for an assessment.
    """
    shown = {Status.IN_TREATMENT, Status.OBSERVING, Status.READY}
    if treatment.status not in shown or treatment.kind is not SessionKind.TREATMENT:
        return []
    against = set(may_leave(departure, now))
    if Reason.NO_DOSE_RECORDED in against and departure.dose_started_at is None:
        return [Gate(met=False, text="Dose recorded")]
    known = departure.earliest_at is not None
    reached = known and Reason.MINIMUM_NOT_REACHED not in against
    keeping = ", ".join(side_effects.label(one.effect).lower() for one in effects if one.blocks_leaving)
    return [
        Gate(met=departure.dose_ended_at is not None, text="End of the dose recorded"),
        Gate(
            met=reached,
            text="Minimum time reached. Assess now." if reached else "Minimum time under observation",
            why="" if known else "counted once the dose has ended",
            at=None if reached else departure.earliest_at,
        ),
        Gate(met=departure.vitals_after_dose, text="Vitals since the end of the dose"),
        Gate(met=not departure.unresolved_side_effects, text="No side effect that keeps them here", why=keeping),
    ]


_TILES = (
    ("Blood pressure", "mmHg", (Measure.SYSTOLIC, Measure.DIASTOLIC)),
    ("Heart rate", "/min", (Measure.HEART_RATE,)),
    ("Oxygen", "%", (Measure.SPO2_PERCENT,)),
    ("Breaths", "/min", (Measure.RESPIRATORY_RATE,)),
    ("MOAA/S", "of 5", (Measure.MOAA_S,)),
)


def _tiles(treatment: TreatmentSession, doses: Sequence[DoseEvent], readings: Sequence[VitalsReading]) -> list[Tile]:
    tiles = []
    for label, unit, measures in _TILES:
        found = [(reading, text) for reading in readings if (text := _value(reading, measures))]
        if not found:
            continue
        reading, value = found[-1]
        levels = {mark.level for mark in limits.marks(treatment, doses, reading) if mark.measure in measures}
        tone = "danger" if AlertLevel.URGENT in levels else "due" if levels else ""
        before = found[-2][1] if len(found) > 1 else None
        tiles.append(Tile(label=label, value=value, unit=unit, before=before, tone=tone))
    return tiles


def _value(reading: VitalsReading, measures: tuple[Measure, ...]) -> str | None:
    values = [getattr(limits.vitals_of(reading), measure.value) for measure in measures]
    if all(value is None for value in values):
        return None
    return "/".join("–" if value is None else str(value) for value in values)


def alike_today(db: Session, treatment: TreatmentSession) -> list[str]:
    """Name the other patients of that day whose names could be taken for this one's."""
    zone = treatment.clinic.zone
    span = day_span(local_day(treatment.starts_at, zone), zone)
    query = (
        sa.select(Patient.name)
        .join(TreatmentSession, TreatmentSession.patient_id == Patient.id)
        .where(
            TreatmentSession.clinic_id == treatment.clinic_id,
            TreatmentSession.starts_at >= span.starts_at,
            TreatmentSession.starts_at < span.ends_at,
            TreatmentSession.status.in_(OCCUPYING | {Status.LEFT}),
            Patient.id != treatment.patient_id,
        )
    )
    return [name for name in db.scalars(query.distinct()) if names.similar(name, treatment.patient.name)]


def undoable(treatment: TreatmentSession) -> Action | None:
    """Give the step that an undo would take back."""
    last = lifecycle.last_step(treatment)
    if last is None or last.from_status is None or last.action not in UNDOABLE:
        return None
    return last.action
