"""The drug part of a session's page: label, draw, count, pump and devices, and what is still to be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.drug import infusion
from clinic_sessions.domain.drug.drawing import second_agrees
from clinic_sessions.domain.drug.drug_balance import Balance
from clinic_sessions.domain.drug.given_doses import given_of
from clinic_sessions.domain.drug.infusion import PumpRate
from clinic_sessions.domain.papers.orders import is_as_ordered
from clinic_sessions.domain.protocols.protocols import PhaseKind, Protocol, Sourced
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.domain.session.record import BEGINS_DOSE, ENDS_DOSE, DoseEventKind
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, SecondCount, TreatmentSession
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.before.start_gate import InHand
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.drug import dose_controls, dose_order, drug_in_hand, infusions
from clinic_sessions.services.session import facts, limits, session_start
from clinic_sessions.services.session.session_start import Start


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device that was used, with the label that was read from it, if any."""

    event: DoseEvent
    label: DrugLabel | None


@dataclass(frozen=True, kw_only=True)
class Drug:
    """What the page shows of the drug. `draw`: in the hand; `drawn`: all that stand; `expired`: as of now.

    `minutes`: in how many the dose is to run; `by_order`: the order says so, else `minutes_source` of the protocol.
    """

    protocol: Protocol
    label: DrugLabel | None
    expired: bool
    draw: InHand | None
    drawn: Sequence[Draw]
    ordered: DoseToGive | None
    has_devices: bool
    infused: bool
    minutes: int | None
    by_order: bool
    pump: PumpRate | None
    pump_now: int | None
    events: Sequence[DoseEvent]
    devices: Sequence[Device]
    next_device_at: datetime | None
    unanswered: Sequence[DoseEvent]
    balance: Balance | None

    @property
    def second_person(self) -> Sourced | None:
        """How many people count the volume, where the protocol asks for more than one."""
        counted = self.protocol.volume_counted_by
        return counted if counted is not None and counted.whole > 1 else None

    @property
    def uncounted(self) -> Sequence[Draw]:
        """The draws that a second person has yet to count the same, where the protocol asks for one."""
        if self.draw is None or self.second_person is None:
            return []
        return [row for row in self.draw.draws if not row.counts or differs(row)]

    @property
    def counts_differ(self) -> bool:
        """Whether the second person counted another volume, or read another strength."""
        return self.draw is not None and any(row.counts and differs(row) for row in self.draw.draws)

    @property
    def awaits_count(self) -> bool:
        """Whether a second person has yet to count the same volume: until then no volume is shown to anybody."""
        return bool(self.uncounted)

    @property
    def short(self) -> int:
        """How much of the ordered dose has not been drawn yet, in micrograms; 0 when nothing is missing or known."""
        if self.draw is None or self.ordered is None or is_as_ordered(self.draw.micrograms, *_both(self.ordered)):
            return 0
        return max(0, self.ordered.micrograms - self.draw.micrograms)

    @property
    def spent(self) -> bool:
        """Whether what was drawn from this vial was wasted before the dose, so that another may be taken."""
        return self.draw is None and self.label is not None and self.label.id in {row.label_id for row in self.drawn}

    @property
    def begun(self) -> bool:
        """Whether a dose was begun."""
        return any(event.kind in BEGINS_DOSE for event in self.events)

    @property
    def ended(self) -> bool:
        """Whether the dose has ended."""
        return any(event.kind in ENDS_DOSE for event in self.events)

    @property
    def paused(self) -> bool:
        """Whether the dose is paused."""
        return not self.ended and dose_controls.is_paused(self.events)

    @property
    def minutes_source(self) -> Sourced:
        """The protocol's minutes of the dose."""
        return next(phase.minutes for phase in self.protocol.phases if phase.kind is PhaseKind.ADMINISTER)

    @property
    def may_use_device(self) -> bool:
        """Whether the order, or else the protocol, has another device."""
        rule = limits.device_rule(self.protocol)
        if rule is None or not self.begun or self.ended:
            return False
        given = sum(one.event.micrograms or 0 for one in self.devices)
        return given < self.ordered.micrograms if self.ordered else len(self.devices) < rule.most.whole


def of(db: Session, treatment: TreatmentSession, now: datetime, start: Start | None = None) -> Drug | None:
    """Gather what the page shows of the drug at `now`; None for a visit without a dose.

    `start`: what the start stands on, where the page has gathered it already.
    """
    if treatment.kind is not SessionKind.TREATMENT or treatment.protocol_version is None:
        return None
    protocol = protocol_of(treatment.protocol_version)
    events = facts.dose_events(db, treatment)
    read, drawn = _all_labels(db, treatment), draws(db, treatment)
    standing = _standing(read)
    label = standing[-1] if standing else None
    draw = start_gate.held(treatment, read, drawn, events)
    minutes = _minutes(db, treatment, now, start)
    pump = infusions.rate_of(draw, minutes) if draw else None
    devices = _devices(read, events)
    return Drug(
        protocol=protocol,
        label=label,
        expired=label is not None and drug_in_hand.is_past(treatment, label, now),
        draw=draw,
        drawn=drawn,
        ordered=_ordered(db, treatment, events, now, start),
        has_devices=limits.device_rule(protocol) is not None,
        infused=infusions.is_infused(treatment),
        minutes=minutes[0] if minutes else None,
        by_order=minutes is not None and minutes[1],
        pump=pump,
        pump_now=_pump_now(draw, events) if pump else None,
        events=events,
        devices=devices,
        next_device_at=_next_device_at(protocol, devices),
        unanswered=[event for event in events if event.kind in dose_controls.EXPLAINED and not event.words],
        balance=balance(treatment, read, drawn, events),
    )


def _minutes(db: Session, treatment: TreatmentSession, now: datetime, start: Start | None) -> tuple[int, bool] | None:
    if not infusions.is_infused(treatment):
        return None
    order = start.under.order if start and start.under else infusions.order_of(db, treatment, now)
    return infusions.minutes_of(treatment, order)


def _ordered(
    db: Session, treatment: TreatmentSession, events: Sequence[DoseEvent], now: datetime, start: Start | None
) -> DoseToGive | None:
    """Give the ordered dose: before the start under the order that would be taken, then under the one that was."""
    if any(event.kind in BEGINS_DOSE for event in events):
        return dose_order.to_give(db, treatment, now)
    return start.first if start is not None else session_start.to_give(db, treatment, now)


def _devices(labels: Sequence[DrugLabel], events: Sequence[DoseEvent]) -> list[Device]:
    read = drug_in_hand.as_corrected(labels)
    used = [event for event in events if event.kind is DoseEventKind.DEVICE]
    return [Device(event=event, label=read.get(event.label_id or 0)) for event in used]


def _next_device_at(protocol: Protocol, devices: Sequence[Device]) -> datetime | None:
    rule = limits.device_rule(protocol)
    if rule is None or not devices:
        return None
    return devices[-1].event.at + timedelta(minutes=rule.minutes_apart.whole)


def _pump_now(draw: InHand | None, events: Sequence[DoseEvent]) -> int | None:
    """Give the rate at which the pump runs by the last entry that names one, in microlitres an hour."""
    rates = [event.rate_micrograms_per_hour for event in events if event.rate_micrograms_per_hour is not None]
    if draw is None or not rates:
        return None
    return infusion.volume_at(rates[-1], draw.micrograms, draw.pump_microlitres or draw.microlitres)


def balance(
    treatment: TreatmentSession, labels: Sequence[DrugLabel], draws: Sequence[Draw], events: Sequence[DoseEvent]
) -> Balance | None:
    """Give what was drawn, given and wasted, from the labels, draws and events of a visit.

    A device is drawn whole.
    """
    drawn = sum(row.micrograms for row in drug_in_hand.standing_draws(labels, draws))
    if limits.device_micrograms(treatment) is not None:
        drawn = sum(row.total_micrograms for row in _standing(labels))
    if not drawn:
        return None
    found = given_of([(event.kind, event.micrograms) for event in events])
    known = any(event.kind in ENDS_DOSE for event in events) and found.micrograms is not None and not found.at_most
    begun = any(event.kind in BEGINS_DOSE for event in events)
    wasted = sum(event.micrograms or 0 for event in events if event.kind is DoseEventKind.WASTED)
    return Balance(drawn=drawn, given=(found.micrograms if known else None) if begun else 0, wasted=wasted)


def differs(row: Draw) -> bool:
    """Whether the newest count of a draw is another volume, or was read from another strength."""
    return not second_agrees(start_gate.as_drawn(row), row.label.micrograms_per_ml or 0)


def _both(ordered: DoseToGive) -> tuple[int, int | None]:
    return ordered.micrograms, ordered.round_down


def draws(db: Session, treatment: TreatmentSession) -> list[Draw]:
    """List the draws of a visit that stand, oldest first, with their counts."""
    counts = selectinload(Draw.counts).joinedload(SecondCount.by)
    query = (
        sa.select(Draw)
        .where(Draw.session_id == treatment.id)
        .options(joinedload(Draw.by), joinedload(Draw.label), counts)
    )
    rows = db.scalars(query.order_by(Draw.id)).all()
    corrected = {row.corrects_id for row in rows}
    return [row for row in rows if row.id not in corrected]


def _all_labels(db: Session, treatment: TreatmentSession) -> Sequence[DrugLabel]:
    query = sa.select(DrugLabel).where(DrugLabel.session_id == treatment.id).options(joinedload(DrugLabel.by))
    return db.scalars(query.order_by(DrugLabel.id)).all()


def _standing(rows: Sequence[DrugLabel]) -> list[DrugLabel]:
    corrected = {row.corrects_id for row in rows}
    return [row for row in rows if row.id not in corrected]
