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
from clinic_sessions.domain.protocols.protocols import PhaseKind, Protocol, Sourced
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.domain.session.record import BEGINS_DOSE, ENDS_DOSE, DoseEventKind
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, SecondCount, TreatmentSession
from clinic_sessions.services.before import start_gate
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
    """What the page shows of the drug. `draw`: from the label that stands; `expired`: as of now.

    `minutes`: in how many the dose is to run; `by_order`: the order says so, else `minutes_source` of the protocol.
    """

    protocol: Protocol
    label: DrugLabel | None
    expired: bool
    draw: Draw | None
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
    def count(self) -> SecondCount | None:
        """The newest count of the draw."""
        return self.draw.counts[-1] if self.draw is not None and self.draw.counts else None

    @property
    def counts_differ(self) -> bool:
        """Whether the second person counted another volume, or read another strength."""
        if self.draw is None or self.count is None or self.label is None:
            return False
        return not second_agrees(start_gate.as_drawn(self.draw), self.label.micrograms_per_ml or 0)

    @property
    def awaits_count(self) -> bool:
        """Whether a second person has yet to count the same volume: until then no volume is shown to anybody."""
        wanted = self.draw is not None and self.second_person is not None
        return wanted and (self.count is None or self.counts_differ)

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
    draw = start_gate.held(label, drawn[-1] if drawn else None, events)
    minutes = _minutes(db, treatment, now, start)
    pump = infusions.rate_of(draw, minutes) if draw else None
    devices = _devices(read, events)
    return Drug(
        protocol=protocol,
        label=label,
        expired=label is not None and drug_in_hand.is_past(treatment, label, now),
        draw=draw,
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
        balance=balance(treatment, standing, drawn, events),
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


def _pump_now(draw: Draw | None, events: Sequence[DoseEvent]) -> int | None:
    """Give the rate at which the pump runs by the last entry that names one, in microlitres an hour."""
    rates = [event.rate_micrograms_per_hour for event in events if event.rate_micrograms_per_hour is not None]
    if draw is None or not rates:
        return None
    return infusion.volume_at(rates[-1], draw.micrograms, draw.pump_microlitres or draw.microlitres)


def balance(
    treatment: TreatmentSession, labels: Sequence[DrugLabel], draws: Sequence[Draw], events: Sequence[DoseEvent]
) -> Balance | None:
    """Give what was drawn, given and wasted, from the entries that stand; a device is drawn whole."""
    drawn = sum(row.micrograms for row in draws)
    if limits.device_micrograms(treatment) is not None:
        drawn = sum(row.total_micrograms for row in labels)
    if not drawn:
        return None
    found = given_of([(event.kind, event.micrograms) for event in events])
    known = any(event.kind in ENDS_DOSE for event in events) and found.micrograms is not None and not found.at_most
    begun = any(event.kind in BEGINS_DOSE for event in events)
    wasted = sum(event.micrograms or 0 for event in events if event.kind is DoseEventKind.WASTED)
    return Balance(drawn=drawn, given=(found.micrograms if known else None) if begun else 0, wasted=wasted)


def draws(db: Session, treatment: TreatmentSession) -> list[Draw]:
    """List the draws of a visit that stand, oldest first, with their counts."""
    counts = selectinload(Draw.counts).joinedload(SecondCount.by)
    query = sa.select(Draw).where(Draw.session_id == treatment.id).options(joinedload(Draw.by), counts)
    rows = db.scalars(query.order_by(Draw.id)).all()
    corrected = {row.corrects_id for row in rows}
    return [row for row in rows if row.id not in corrected]


def _all_labels(db: Session, treatment: TreatmentSession) -> Sequence[DrugLabel]:
    query = sa.select(DrugLabel).where(DrugLabel.session_id == treatment.id).options(joinedload(DrugLabel.by))
    return db.scalars(query.order_by(DrugLabel.id)).all()


def _standing(rows: Sequence[DrugLabel]) -> list[DrugLabel]:
    corrected = {row.corrects_id for row in rows}
    return [row for row in rows if row.id not in corrected]
