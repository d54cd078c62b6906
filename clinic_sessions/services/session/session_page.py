"""What the page of one session shows: its clock, what is due, what is missing, and all that was recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import names
from clinic_sessions.domain.protocols.protocols import AlertLevel, Measure, Protocol
from clinic_sessions.domain.session.lifecycle import IN_CLINIC, OCCUPYING, UNDOABLE, Action, Status
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import (
    DoseEvent,
    Intervention,
    Note,
    Patient,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.services.before import go_aheads
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.course import last_sessions
from clinic_sessions.services.course.last_sessions import LastSession
from clinic_sessions.services.patients import pressure_limits
from clinic_sessions.services.session import (
    facts,
    lifecycle,
    limits,
    timeline,
    timeline_asks,
    timeline_drug,
    vitals_chart,
)
from clinic_sessions.services.session.session_start import BEFORE_START


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

    readings: Sequence[VitalsReading]
    lines: Sequence[timeline.Line]
    minimum_at: datetime | None
    tiles: Sequence[Tile]
    outside: Sequence[limits.Told]
    """What is outside a limit now, while the patient is here."""
    chart: vitals_chart.Chart | None
    last: Sequence[LastSession]
    """The sessions before this one, while its dose is not begun."""


def clinical(db: Session, treatment: TreatmentSession, now: datetime) -> Clinical:
    """Gather the record of a session as it is at `now`."""
    vitals, doses = facts.all_of(db, VitalsReading, treatment), facts.all_of(db, DoseEvent, treatment)
    standing, readings = facts.standing_doses(doses), facts.standing(vitals)
    protocol = protocol_of(treatment.protocol_version) if treatment.protocol_version else None
    entries = timeline.Entries(
        vitals=vitals,
        doses=doses,
        effects=facts.all_side_effects(db, treatment),
        interventions=facts.all_of(db, Intervention, treatment),
        notes=facts.all_of(db, Note, treatment),
    )
    asks = go_aheads.asks(db, treatment)
    return Clinical(
        readings=readings,
        lines=timeline_asks.among(
            treatment, asks, [*timeline.build(treatment, entries, standing), *timeline_drug.lines(db, treatment)]
        ),
        minimum_at=facts.earliest_leaving(treatment, standing),
        tiles=_tiles(treatment, standing, readings),
        outside=_outside(treatment, standing, readings),
        chart=_chart(treatment, standing, readings, protocol) if protocol else None,
        last=last_sessions.of(db, treatment.patient_id) if protocol and treatment.status in BEFORE_START else (),
    )


def _chart(
    treatment: TreatmentSession, doses: Sequence[DoseEvent], readings: Sequence[VitalsReading], protocol: Protocol
) -> vitals_chart.Chart | None:
    own = _own_systolic(treatment)
    return vitals_chart.draw(readings, doses, protocol, own, until=facts.ended_at(treatment))


def _outside(
    treatment: TreatmentSession, doses: Sequence[DoseEvent], readings: Sequence[VitalsReading]
) -> list[limits.Told]:
    return limits.told(limits.outside_now(treatment, doses, readings)) if treatment.status in IN_CLINIC else []


def _own_systolic(treatment: TreatmentSession) -> int | None:
    day = local_day(treatment.starts_at, treatment.clinic.zone)
    own = pressure_limits.on(treatment.patient, treatment.limiting_orders, day)
    return own.systolic if own else None


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


def undoable(treatment: TreatmentSession, now: datetime) -> Action | None:
    """Give the step that an undo would take back; none that ended the visit on a day that is over."""
    last = lifecycle.last_step(treatment)
    if last is None or last.from_status is None or last.action not in UNDOABLE:
        return None
    return None if lifecycle.is_past(treatment, last, now) else last.action
