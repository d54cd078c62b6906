"""What is known before a dose is started: answers, readings, weight, the drawn drug, a provider's word."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.drawing import Drawn, Label, against_drug
from clinic_sessions.domain.papers.orders import NoDose
from clinic_sessions.domain.protocols.protocols import Measure
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.start_gate import BeforeDose, StartReason, may_start
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, Order, TreatmentSession, VitalsReading
from clinic_sessions.services.before import go_aheads, session_checks
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.orders import ordered_dose
from clinic_sessions.services.plans.papers import ANY_TIME, SAME_MINUTE
from clinic_sessions.services.session import facts, limits


def of(db: Session, treatment: TreatmentSession, order_id: int | None, at: datetime) -> BeforeDose | None:
    """Gather what stands for and against a start at `at` under an order; None for a visit without a dose.

    What was asked, read, drawn or answered after its true time was not there for it, nor was what belongs to another
    day, or to an arrival that was taken back: the same visit may have been moved.
    """
    if treatment.protocol_version is None:
        return None
    protocol = protocol_of(treatment.protocol_version)
    by, since = at + SAME_MINUTE, session_checks.stay_began(treatment, at)
    taken = facts.standing(facts.all_of(db, VitalsReading, treatment))
    readings = [one for one in taken if since <= one.at < by]
    newest = {measure: reading for reading in readings for measure in limits.measures_of(reading)}
    return BeforeDose(
        protocol=protocol,
        asked=session_checks.asked(treatment),
        checks=session_checks.standing(db, treatment, by, dose_at=at),
        measured=newest.keys(),
        out_of_range_at=_out_of_range(treatment, newest.items()),
        weight_needed=_weight_needed(db, treatment, order_id, at),
        drug=_drug(db, treatment, at, by),
        go_ahead=go_aheads.newest(db, treatment, Gate.MAY_START, by, since),
    )


def unmet(db: Session, treatment: TreatmentSession, order_id: int | None, at: datetime) -> list[StartReason]:
    """List every reason against starting a visit's dose at `at`, besides its papers."""
    known = of(db, treatment, order_id, at)
    return may_start(known, at) if known else []


def label_of(db: Session, treatment: TreatmentSession, by: datetime = ANY_TIME) -> DrugLabel | None:
    """Give the label that was read last at this visit, before `by`, and stands."""
    rows = db.scalars(sa.select(DrugLabel).where(DrugLabel.session_id == treatment.id).order_by(DrugLabel.id)).all()
    corrected = {row.corrects_id for row in rows}
    return next((row for row in reversed(rows) if row.id not in corrected and row.at < by), None)


def draw_of(db: Session, treatment: TreatmentSession, by: datetime = ANY_TIME) -> Draw | None:
    """Give the draw that was made last at this visit, before `by`, and stands, from whichever label."""
    rows = db.scalars(sa.select(Draw).where(Draw.session_id == treatment.id).order_by(Draw.id)).all()
    corrected = {row.corrects_id for row in rows}
    return next((row for row in reversed(rows) if row.id not in corrected and row.at < by), None)


def in_hand(db: Session, treatment: TreatmentSession, by: datetime = ANY_TIME) -> Draw | None:
    """Give the draw in the hand: the last that stands, from the label that stands, and not wasted before its start."""
    return held(label_of(db, treatment, by), draw_of(db, treatment, by), facts.dose_events(db, treatment))


def held(label: DrugLabel | None, draw: Draw | None, events: Sequence[DoseEvent]) -> Draw | None:
    """Give the draw when it is from the label and was not wasted before a dose was begun; None otherwise."""
    if label is None or draw is None or draw.label_id != label.id:
        return None
    wasted = any(one.kind is DoseEventKind.WASTED and one.recorded_at >= draw.recorded_at for one in events)
    return None if wasted and not facts.so_far(events).begun else draw


def as_label(row: DrugLabel) -> Label:
    """Give a stored label as the rules see it."""
    return Label(
        container=row.container, micrograms_per_ml=row.micrograms_per_ml, total_micrograms=row.total_micrograms,
        expires_on=row.expires_on, beyond_use_at=row.beyond_use_at,
    )  # fmt: skip


def _drug(db: Session, treatment: TreatmentSession, at: datetime, by: datetime) -> list[StartReason]:
    day, label, drawn = local_day(at, treatment.clinic.zone), label_of(db, treatment, by), in_hand(db, treatment, by)
    if label is not None and local_day(label.at, treatment.clinic.zone) != day:
        label, drawn = None, None
    counted = protocol_of(treatment.protocol_version).volume_counted_by if treatment.protocol_version else None
    return against_drug(
        as_label(label) if label else None,
        as_drawn(drawn, by) if drawn else None,
        second_person=counted is not None and counted.whole > 1,
        day=day,
        at=at,
    )


def as_drawn(row: Draw, by: datetime = ANY_TIME) -> Drawn:
    """Give a stored draw as the rules see it, with the second count that had been made before `by`."""
    second = next((one for one in reversed(row.counts) if one.at < by), None)
    return Drawn(
        micrograms=row.micrograms, microlitres=row.microlitres,
        second_microlitres=second.microlitres if second else None,
        second_per_ml=second.micrograms_per_ml if second else None,
    )  # fmt: skip


def _out_of_range(treatment: TreatmentSession, newest: Iterable[tuple[Measure, VitalsReading]]) -> datetime | None:
    outside = [
        reading.recorded_at
        for measure, reading in newest
        if any(mark.measure is measure for mark in limits.marks(treatment, (), reading))
    ]
    return max(outside, default=None)


def _weight_needed(db: Session, treatment: TreatmentSession, order_id: int | None, at: datetime) -> bool:
    order = db.get(Order, order_id) if order_id is not None else None
    found = ordered_dose.of_session(db, treatment, order, at) if order else None
    return found is not None and found.why_none in {NoDose.NO_WEIGHT, NoDose.WEIGHT_TOO_OLD, NoDose.WEIGHT_DOUBTFUL}
