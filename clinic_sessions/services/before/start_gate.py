"""What is known before a dose is started: answers, readings, weight, the drawn drug, a provider's word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.drawing import Drawn, Label, against_drug, is_expired
from clinic_sessions.domain.papers.orders import NoDose
from clinic_sessions.domain.protocols.protocols import Measure
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.session.record import BEGINS_DOSE, DoseEventKind
from clinic_sessions.domain.session.start_gate import BeforeDose, StartReason, may_start
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, Order, TreatmentSession, VitalsReading
from clinic_sessions.services.before import go_aheads, session_checks
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.orders import ordered_dose
from clinic_sessions.services.plans.papers import ANY_TIME, SAME_MINUTE
from clinic_sessions.services.session import facts, limits

Row = TypeVar("Row", DrugLabel, Draw)


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


@dataclass(frozen=True, kw_only=True)
class InHand:
    """What was drawn for the dose: from one vial, or from several, a draw each. The amounts are those of all."""

    draws: Sequence[Draw]

    @property
    def micrograms(self) -> int:
        """What the draws hold together."""
        return sum(row.micrograms for row in self.draws)

    @property
    def microlitres(self) -> int:
        """What the draws fill together."""
        return sum(row.microlitres for row in self.draws)

    @property
    def pump_microlitres(self) -> int | None:
        """What it was made up to for the pump, as the newest draw that says so has it; None when given as drawn."""
        made_up = [row.pump_microlitres for row in self.draws if row.pump_microlitres is not None]
        return max(made_up[-1], self.microlitres) if made_up else None

    @property
    def label_id(self) -> int:
        """The label that was read last."""
        return max(row.label_id for row in self.draws)


def label_of(db: Session, treatment: TreatmentSession, by: datetime = ANY_TIME) -> DrugLabel | None:
    """Give the label that was read last at this visit, before `by`, and stands."""
    return _newest(_rows(db, DrugLabel, treatment), by)


def in_hand(db: Session, treatment: TreatmentSession, by: datetime = ANY_TIME) -> InHand | None:
    """Give what is in the hand for this visit, as of `by`."""
    labels, draws = _rows(db, DrugLabel, treatment), _rows(db, Draw, treatment)
    return held(treatment, labels, draws, facts.dose_events(db, treatment), by)


def so_far(db: Session, treatment: TreatmentSession) -> list[Draw]:
    """List what was drawn for the dose and stands, also where the vial that was read last holds all of it still."""
    labels, draws = _rows(db, DrugLabel, treatment), _rows(db, Draw, treatment)
    return drawn_so_far(treatment, labels, draws, facts.dose_events(db, treatment))


def held(
    treatment: TreatmentSession,
    labels: Sequence[DrugLabel],
    draws: Sequence[Draw],
    events: Sequence[DoseEvent],
    by: datetime = ANY_TIME,
) -> InHand | None:
    """Give what is in the hand; None while nothing was drawn from the label that was read last."""
    label, found = _newest(labels, by), drawn_so_far(treatment, labels, draws, events, by)
    return InHand(draws=found) if label is not None and label.id in {row.label_id for row in found} else None


def drawn_so_far(
    treatment: TreatmentSession,
    labels: Sequence[DrugLabel],
    draws: Sequence[Draw],
    events: Sequence[DoseEvent],
    by: datetime = ANY_TIME,
) -> list[Draw]:
    """List the draws that stand, oldest first, from labels that stand, and that were not wasted before a start.

    A vial that was past its date, or of another day, when the label after it was read was replaced by that one.
    """
    newest, corrected = _newest(labels, by), {row.corrects_id for row in draws}
    good = {row.id for row in _standing(labels, by) if newest is not None and _is_with(treatment, row, newest)}
    rows = [row for row in draws if row.id not in corrected and row.at < by and row.label_id in good]
    return [row for row in rows if not is_wasted(row, events)]


def _rows(db: Session, model: type[Row], treatment: TreatmentSession) -> Sequence[Row]:
    return db.scalars(sa.select(model).where(model.session_id == treatment.id).order_by(model.id)).all()


def _standing(labels: Sequence[DrugLabel], by: datetime) -> list[DrugLabel]:
    corrected = {row.corrects_id for row in labels}
    return [row for row in labels if row.id not in corrected and row.at < by]


def _newest(labels: Sequence[DrugLabel], by: datetime) -> DrugLabel | None:
    return next(reversed(_standing(labels, by)), None)


def _is_with(treatment: TreatmentSession, row: DrugLabel, newest: DrugLabel) -> bool:
    zone = treatment.clinic.zone
    day = local_day(newest.at, zone)
    return row is newest or (local_day(row.at, zone) == day and not is_expired(as_label(row), day, newest.at))


def is_wasted(draw: Draw, events: Sequence[DoseEvent]) -> bool:
    """Whether a draw was wasted before a dose was begun."""
    begun = next((one for one in events if one.kind in BEGINS_DOSE), None)
    return any(
        one.kind is DoseEventKind.WASTED
        and one.recorded_at >= draw.recorded_at
        and (begun is None or one.recorded_at < begun.recorded_at)
        for one in events
    )


def as_label(row: DrugLabel) -> Label:
    """Give a stored label as the rules see it."""
    return Label(
        container=row.container, micrograms_per_ml=row.micrograms_per_ml, total_micrograms=row.total_micrograms,
        expires_on=row.expires_on, beyond_use_at=row.beyond_use_at,
    )  # fmt: skip


def _drug(db: Session, treatment: TreatmentSession, at: datetime, by: datetime) -> list[StartReason]:
    zone, label, drawn = treatment.clinic.zone, label_of(db, treatment, by), in_hand(db, treatment, by)
    day = local_day(at, zone)
    if label is not None and local_day(label.at, zone) != day:
        label, drawn = None, None
    counted = protocol_of(treatment.protocol_version).volume_counted_by if treatment.protocol_version else None
    pairs = [(row.label, row) for row in drawn.draws] if drawn else [(label, None)]
    reasons = [
        reason
        for vial, row in pairs
        for reason in against_drug(
            as_label(vial) if vial else None,
            as_drawn(row, by) if row else None,
            second_person=counted is not None and counted.whole > 1,
            day=day,
            at=at,
        )
    ]
    return list(dict.fromkeys(reasons))


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
