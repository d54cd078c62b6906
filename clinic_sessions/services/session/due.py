"""What a session asks for next, how that is shown, and since when its clock runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import AlertLevel, Anchor, Measure, Protocol
from clinic_sessions.domain.session import due_times
from clinic_sessions.domain.session.due_times import NotTaken, OpenCheck, Repeat, Signal, Taken
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
    """A thing to do, and when. `asks`: what is to be measured; `begun`: a part of it was."""

    kind: DueKind
    text: str
    signal: Signal
    asks: Sequence[Measure] = ()
    begun: bool = False

    @property
    def missing(self) -> Sequence[Measure]:
        """What a check still lacks that was taken in part."""
        return self.asks if self.begun else ()

    def may_be_excused(self, now: datetime) -> bool:
        """Whether it may be said why it could not be taken: the rest of a check, or a repeat that is due."""
        return self.begun or (self.kind is DueKind.REPEAT and self.tone(now) != "")

    @property
    def at(self) -> datetime:
        """When it is due."""
        return self.signal.at

    def tone(self, now: datetime) -> str:
        """Say how pressing it is: overdue, due, held, or nothing yet."""
        return self.signal.tone(now)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """What was recorded at a visit and stands.

    `not_taken`: what somebody said could not be taken; `held`: due times that somebody holds, each until when.
    """

    treatment: TreatmentSession
    doses: Sequence[DoseEvent]
    readings: Sequence[VitalsReading]
    not_taken: Sequence[NotTaken] = ()
    held: Mapping[datetime, datetime] = field(default_factory=dict)


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


def of(known: Recorded, shown: DueNumbers, now: datetime) -> list[Due]:
    """List what is due next, the first one first: open checks up to an hour ahead, repeats, and the next device.

    Only a session under treatment or observation has something due; a check that somebody excused rings no more.
    """
    protocol, started = _begun(known)
    if protocol is None or started is None:
        return []
    taken = [_taken(known, one) for one in known.readings]
    again = due_times.repeats(taken, started, shown.repeat_from, known.not_taken)
    found = [_check(one, again, known, shown) for one in checks(known, now) if not one.excused]
    found += [_again(one, known, shown) for one in again]
    if device := _next_device(known.treatment, protocol, known.doses):
        found.append(
            Due(kind=DueKind.DEVICE, text=device[1], signal=_signal(device[0], known, shown.amber, shown.grace))
        )
    return sorted(found, key=lambda one: (one.at, one.kind))


def checks(known: Recorded, now: datetime) -> Sequence[OpenCheck]:
    """List the checks that are open, up to an hour ahead, with those that somebody excused."""
    protocol, started = _begun(known)
    if protocol is None or started is None:
        return ()
    return due_times.open_checks(
        due_times.checks(protocol, facts.anchors(known.doses), now, _AHEAD),
        [_taken(known, one) for one in known.readings],
        early_minutes=protocol.vitals.early.whole, not_taken=known.not_taken, now=now,
    )  # fmt: skip


def _begun(known: Recorded) -> tuple[Protocol | None, datetime | None]:
    """Give the protocol of a visit at which something can be due, and when its dose began."""
    treatment = known.treatment
    if treatment.protocol_version is None or treatment.status not in HAS_DUE:
        return None, None
    return protocol_of(treatment.protocol_version), facts.anchors(known.doses).get(Anchor.START)


def _taken(known: Recorded, reading: VitalsReading) -> Taken:
    """Give a stored reading as the rules of due times see it."""
    marks = limits.marks(known.treatment, known.doses, reading)
    return Taken(
        at=reading.at,
        measures=frozenset(limits.measures_of(reading)),
        outside=frozenset(mark.measure for mark in marks),
        urgent=frozenset(mark.measure for mark in marks if mark.level is AlertLevel.URGENT),
    )


def _check(one: OpenCheck, again: Sequence[Repeat], known: Recorded, shown: DueNumbers) -> Due:
    text = "Vitals"
    if one.begun:
        besides = [measure for each in again for measure in each.measures if measure not in one.missing]
        text = f"Still missing: {limits.listed(one.missing)}"
        text += f"; repeat {limits.listed(besides)}" if besides else ""
    signal = _signal(one.at, known, shown.amber, shown.grace)
    return Due(kind=DueKind.VITALS, text=text, signal=signal, asks=one.missing, begun=one.begun)


def _again(one: Repeat, known: Recorded, shown: DueNumbers) -> Due:
    """Give a repeat: an urgent one is red after the usual grace, another by the end of the minutes of repeats."""
    grace = shown.grace if one.urgent else max(shown.grace, shown.repeat_until - shown.repeat_from)
    text = f"Repeat {limits.listed(one.measures)}"
    return Due(kind=DueKind.REPEAT, text=text, signal=_signal(one.at, known, shown.amber, grace), asks=one.measures)


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


def _signal(at: datetime, known: Recorded, amber: timedelta, grace: timedelta) -> Signal:
    return due_times.signal(at, amber=amber, grace=grace, held_until=known.held.get(at))


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
