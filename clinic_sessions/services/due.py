"""What a session asks for next, and since when its clock runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic_sessions.domain.lifecycle import Status
from clinic_sessions.domain.protocols import Anchor, Protocol, vitals_due
from clinic_sessions.domain.vitals import next_due
from clinic_sessions.models import DoseEvent, TreatmentSession, VitalsReading
from clinic_sessions.services import facts, limits
from clinic_sessions.services.catalogue import protocol_of

_AHEAD = timedelta(minutes=60)
"""Checks repeat while the patient stays: this far ahead the next one is always found."""

AMBER_BEFORE = timedelta(minutes=2)
RED_AFTER = timedelta(minutes=5)
"""When a thing that is due turns amber, and red [P]; clock.js holds the same two."""


class DueKind(StrEnum):
    VITALS = "vitals"
    DEVICE = "device"


class ClockKind(StrEnum):
    BOOKED = "booked"
    ARRIVED = "arrived"
    DOSE = "dose"


@dataclass(frozen=True, kw_only=True)
class Due:
    """The next thing to do, and when."""

    kind: DueKind
    at: datetime
    text: str

    def tone(self, now: datetime) -> str:
        """Say how pressing it is: overdue, due, or nothing yet."""
        if now - self.at > RED_AFTER:
            return "overdue"
        return "due" if self.at - now <= AMBER_BEFORE else ""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A running clock: what it counts from."""

    kind: ClockKind
    since: datetime
    label: str


def of(
    treatment: TreatmentSession, doses: Sequence[DoseEvent], readings: Sequence[VitalsReading], now: datetime
) -> Due | None:
    """Give the next device or the next check, whichever comes first; None when nothing is due.

    Doses and readings are those that stand. Only a session under treatment or observation has something due.
    """
    started = facts.anchors(doses).get(Anchor.START)
    if treatment.protocol_version is None or started is None:
        return None
    if treatment.status not in {Status.IN_TREATMENT, Status.OBSERVING}:
        return None
    protocol = protocol_of(treatment.protocol_version)
    until = now + _AHEAD if treatment.status is Status.OBSERVING else None
    taken = [reading.at for reading in readings]
    check = next_due(vitals_due(protocol, started, until=until), taken, early_minutes=protocol.vitals.early.whole)
    found = [Due(kind=DueKind.VITALS, at=check, text="Vitals")] if check else []
    if device := _next_device(treatment, protocol, doses):
        found.append(device)
    return min(found, key=lambda due: due.at, default=None)


def _next_device(treatment: TreatmentSession, protocol: Protocol, doses: Sequence[DoseEvent]) -> Due | None:
    rule = limits.device_rule(protocol)
    used = facts.so_far(doses).device_times
    if rule is None or treatment.status is not Status.IN_TREATMENT or not used or len(used) >= rule.fewest.whole:
        return None
    at = max(used) + timedelta(minutes=rule.minutes_apart.whole)
    return Due(kind=DueKind.DEVICE, at=at, text=f"Device {len(used) + 1}")


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
