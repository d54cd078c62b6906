"""What a session asks for next, how that is shown, and since when its clock runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Anchor, Measure, Protocol
from clinic_sessions.domain.session import due_times
from clinic_sessions.domain.session.due_times import OpenCheck, Signal, Taken
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.models import DoseEvent, TreatmentSession, VitalsReading
from clinic_sessions.services import documents
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.session import facts, limits

_AHEAD = timedelta(minutes=60)
"""Checks repeat while the patient stays: this far ahead the next one is always found."""

HAS_DUE = frozenset({Status.IN_TREATMENT, Status.OBSERVING})
"""The statuses in which something can be due."""


class DueKind(StrEnum):
    VITALS = "vitals"
    DEVICE = "device"
    REPEAT = "repeat"


class ClockKind(StrEnum):
    BOOKED = "booked"
    ARRIVED = "arrived"
    DOSE = "dose"


@dataclass(frozen=True, kw_only=True)
class DueNumbers:
    """The clinic's numbers of due times."""

    amber: timedelta
    grace: timedelta
    hold: timedelta
    repeat_from: timedelta
    repeat_until: timedelta


@dataclass(frozen=True, kw_only=True)
class Due:
    """A thing to do, and when. `missing`: what a check still lacks that was taken in part."""

    kind: DueKind
    text: str
    signal: Signal
    missing: Sequence[Measure] = ()

    @property
    def at(self) -> datetime:
        """When it is due."""
        return self.signal.at

    def tone(self, now: datetime) -> str:
        """Say how pressing it is: overdue, due, held, or nothing yet."""
        return self.signal.tone(now)


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A running clock: what it counts from."""

    kind: ClockKind
    since: datetime
    label: str


def numbers(db: Session) -> DueNumbers:
    """Give the clinic's numbers of due times as they are published now."""
    return numbers_of(documents.thresholds(db))


def numbers_of(found: Thresholds) -> DueNumbers:
    """Give the numbers of due times that a version of the thresholds holds."""
    return DueNumbers(
        amber=timedelta(minutes=found.due_amber.whole),
        grace=timedelta(minutes=found.due_grace.whole),
        hold=timedelta(minutes=found.due_hold.whole),
        repeat_from=timedelta(minutes=found.repeat_from.whole),
        repeat_until=timedelta(minutes=found.repeat_until.whole),
    )


def of(
    treatment: TreatmentSession,
    doses: Sequence[DoseEvent],
    readings: Sequence[VitalsReading],
    shown: DueNumbers,
    now: datetime,
    held: Mapping[datetime, datetime] | None = None,
) -> list[Due]:
    """List what is due next, the first one first: open checks up to an hour ahead, and the next device.

    Doses and readings are those that stand; `held`: due times that somebody holds, each until when. Only a session
    under treatment or observation has something due.
    """
    known = facts.anchors(doses)
    if treatment.protocol_version is None or treatment.status not in HAS_DUE or Anchor.START not in known:
        return []
    protocol = protocol_of(treatment.protocol_version)
    planned = due_times.checks(protocol, known, now, _AHEAD)
    still = due_times.open_checks(planned, [taken(one) for one in readings], early_minutes=protocol.vitals.early.whole)
    found = [(DueKind.VITALS, one.at, _check_text(one), one.missing if one.begun else ()) for one in still]
    if device := _next_device(treatment, protocol, doses):
        found.append((DueKind.DEVICE, *device, ()))
    until = held or {}
    return [
        Due(kind=kind, text=text, missing=missing, signal=_signal(at, shown, until.get(at)))
        for kind, at, text, missing in sorted(found, key=lambda one: (one[1], one[0]))
    ]


def repeat(
    treatment: TreatmentSession, readings: Sequence[VitalsReading], shown: DueNumbers, answered_at: datetime | None
) -> Due | None:
    """Give when a reading out of range before the dose is taken again; None where none is, or a provider has answered.

    Amber from the first minute at which it may be taken again, red after the last.
    """
    outside = [reading.recorded_at for reading, _ in limits.newest_outside(treatment, (), readings)]
    since = max(outside, default=None)
    if treatment.status is not Status.ARRIVED or since is None or (answered_at is not None and answered_at >= since):
        return None
    at = since + shown.repeat_from
    signal = Signal(at=at, amber_at=at, red_at=since + shown.repeat_until)
    return Due(kind=DueKind.REPEAT, text="Take again", signal=signal)


def taken(reading: VitalsReading) -> Taken:
    """Give a stored reading as the rules of due times see it."""
    return Taken(at=reading.at, measures=frozenset(limits.measures_of(reading)))


def _signal(at: datetime, shown: DueNumbers, held_until: datetime | None) -> Signal:
    return due_times.signal(at, amber=shown.amber, grace=shown.grace, held_until=held_until)


def _check_text(one: OpenCheck) -> str:
    return f"Still missing: {limits.listed(one.missing)}" if one.begun and one.missing else "Vitals"


def _next_device(
    treatment: TreatmentSession, protocol: Protocol, doses: Sequence[DoseEvent]
) -> tuple[datetime, str] | None:
    rule = limits.device_rule(protocol)
    used = facts.so_far(doses).device_times
    if rule is None or treatment.status is not Status.IN_TREATMENT or not used:
        return None
    ordered = treatment.order.devices if treatment.order else None
    if len(used) >= (ordered or rule.fewest.whole):
        return None
    return max(used) + timedelta(minutes=rule.minutes_apart.whole), f"Device {len(used) + 1}"


def clock(treatment: TreatmentSession, doses: Sequence[DoseEvent]) -> Clock | None:
    """Give the clock of a patient who is here: since the dose began, before that since they came."""
    if treatment.status not in {Status.ARRIVED, Status.IN_TREATMENT, Status.OBSERVING, Status.READY}:
        return None
    started = facts.anchors(doses).get(Anchor.START)
    if started is not None:
        return Clock(kind=ClockKind.DOSE, since=started, label="since the dose began")
    here = facts.arrived_at(treatment)
    return Clock(kind=ClockKind.ARRIVED, since=here, label="since they came") if here else None


def clock_text(since: datetime, now: datetime) -> str:
    """Write what a clock shows: 1:05 is an hour and five minutes."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    return f"{minutes // 60}:{minutes % 60:02d}"


def due_text(at: datetime, now: datetime) -> str:
    """Write how far away a due time is, as clock.js goes on writing it."""
    seconds = (at - now).total_seconds()
    if seconds > 0:
        return f"in {_span(-int(-seconds // 60))}"
    late = int(-seconds // 60)
    return "now" if late == 0 else f"{_span(late)} overdue"


def _span(minutes: int) -> str:
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
