"""When checks of vitals are due once a dose has begun, what each of them holds, and which are still open.

Everything is counted from what truly happened: a corrected start, a device used later or an end that came early moves
every check that follows from it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from clinic_sessions.domain.protocols.protocols import (
    Anchor,
    Measure,
    PhaseKind,
    Protocol,
    VitalsInterval,
    phase_minutes,
)


class Unread(StrEnum):
    """What could not be taken, as it marks the note that says why."""

    PRESSURE = "pressure_not_taken"
    HEART_RATE = "heart_rate_not_taken"
    OXYGEN = "oxygen_not_taken"
    BREATHS = "breaths_not_taken"
    MOAA_S = "moaa_s_not_taken"


_UNREAD: Mapping[Measure, Unread] = MappingProxyType(
    {
        Measure.SYSTOLIC: Unread.PRESSURE,
        Measure.DIASTOLIC: Unread.PRESSURE,
        Measure.HEART_RATE: Unread.HEART_RATE,
        Measure.SPO2_PERCENT: Unread.OXYGEN,
        Measure.RESPIRATORY_RATE: Unread.BREATHS,
        Measure.MOAA_S: Unread.MOAA_S,
    }
)

_DEVICES = frozenset({Anchor.FIRST_DEVICE, Anchor.LAST_DEVICE})


@dataclass(frozen=True, kw_only=True)
class DueCheck:
    """A check and what it holds; without `measures` any reading answers it."""

    at: datetime
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A reading: when, what was measured, and what of it was outside a limit, urgently or not."""

    at: datetime
    measures: frozenset[Measure] = frozenset()
    outside: frozenset[Measure] = frozenset()
    urgent: frozenset[Measure] = frozenset()


@dataclass(frozen=True, kw_only=True)
class NotTaken:
    """Somebody said, with words why, that measures could not be taken."""

    at: datetime
    measures: frozenset[Measure]


def unread(measures: Iterable[Measure]) -> tuple[Unread, ...]:
    """Give the marks of a note that says why measures could not be taken."""
    return tuple(dict.fromkeys(_UNREAD[one] for one in measures))


def not_taken(at: datetime, marks: Iterable[str]) -> NotTaken | None:
    """Give what the marks of a note say could not be taken; None when they say nothing of the kind."""
    said = set(marks)
    measures = frozenset(measure for measure, mark in _UNREAD.items() if mark in said)
    return NotTaken(at=at, measures=measures) if measures else None


@dataclass(frozen=True, kw_only=True)
class OpenCheck:
    """A check that no reading has answered yet, or only in part. `missing`: what it still asks for.

    `excused`: of all that it lacks somebody said why; it stays open and rings no more.
    """

    at: datetime
    missing: tuple[Measure, ...] = ()
    begun: bool = False
    excused: bool = False


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """What was outside a limit and is read again, and from when."""

    at: datetime
    measures: tuple[Measure, ...]
    urgent: bool


def asked(protocol: Protocol, phase: PhaseKind) -> tuple[Measure, ...]:
    """Give what a check holds in a phase; nothing in particular where the protocol does not say."""
    return next((one.take for one in protocol.vitals.measures if one.phase is phase), ())


def counts_from(protocol: Protocol) -> Anchor:
    """Give the moment from which checks at fixed minutes count.

    It is that of the clock under observation where this counts from a device, as the label's forty minutes do; else
    the start.
    """
    anchor = protocol.observation.anchor
    return anchor if anchor in _DEVICES else Anchor.START


def checks(
    protocol: Protocol, known: Mapping[Anchor, datetime], now: datetime, ahead: timedelta
) -> tuple[DueCheck, ...]:
    """Give every check from the start of a dose until so far ahead of `now`, in order, each moment once.

    While a dose goes on its end is where it is planned; past that its own interval goes on until it has ended. Before
    a start nothing is due.
    """
    started = known.get(Anchor.START)
    if started is None:
        return ()
    ended = known.get(Anchor.END)
    planned = started + timedelta(minutes=phase_minutes(protocol, PhaseKind.ADMINISTER))
    until = now + ahead
    change = ended or (planned if now < planned else until)
    found = set(_fixed(protocol, known.get(counts_from(protocol), started)))
    early = timedelta(minutes=protocol.vitals.early.whole)
    for one in protocol.vitals.intervals:
        if one.phase is PhaseKind.ADMINISTER:
            # The last check of an infusion that ended a little early is taken at its end, not left out.
            found.update(_every(one, started, change + early if ended else change))
        elif one.phase is PhaseKind.OBSERVE:
            found.update(_every(one, change, until))
    return tuple(
        DueCheck(at=at, measures=asked(protocol, PhaseKind.OBSERVE if at >= change else PhaseKind.ADMINISTER))
        for at in sorted(found)
    )


def _fixed(protocol: Protocol, base: datetime) -> Iterator[datetime]:
    return (base + timedelta(minutes=one.whole) for one in protocol.vitals.at)


def _every(interval: VitalsInterval, begins: datetime, ends: datetime) -> Iterator[datetime]:
    step = timedelta(minutes=interval.every.whole)
    at = begins + step
    while at <= ends:
        yield at
        at += step


def open_checks(
    due: Sequence[DueCheck],
    taken: Sequence[Taken],
    *,
    early_minutes: int,
    not_taken: Sequence[NotTaken] = (),
    now: datetime | None = None,
) -> tuple[OpenCheck, ...]:
    """Give the checks that are not answered, in order of their time.

    A reading answers, for what it holds, every check that was due before it and one due up to `early_minutes` after
    it: a late reading settles the ones it came too late for. A check lacking a measure stays open for that measure.
    Words why it could not be taken excuse a check that was due, or begun, when they were said; it goes once a later one
    is due at `now`, which asks for everything anew.
    """
    early = timedelta(minutes=early_minutes)
    newest = max((one.at for one in due if now is not None and one.at <= now), default=None)
    found = []
    for check in sorted(due, key=lambda one: one.at):
        counted = [one for one in taken if one.at >= check.at - early]
        missing = tuple(one for one in check.measures if not _held(one, counted))
        if not missing and counted:
            continue
        said = [one for one in not_taken if one.at >= check.at or any(read.at <= one.at for read in counted)]
        excused = bool(missing) and all(_held(one, said) for one in missing)
        if not excused or newest is None or check.at >= newest:
            found.append(OpenCheck(at=check.at, missing=missing, begun=bool(counted), excused=excused))
    return tuple(found)


def _held(measure: Measure, entries: Iterable[Taken | NotTaken]) -> bool:
    return any(measure in one.measures for one in entries)


def repeats(
    taken: Iterable[Taken], since: datetime, after: timedelta, not_taken: Sequence[NotTaken] = ()
) -> tuple[Repeat, ...]:
    """Give what is read again so long `after` it was read outside a limit at `since` or later, in order of time.

    Of each measure its newest reading counts: one within limits ends it. What one reading held outside is read again
    together. Words why it could not be read again put it off by as much, and no more.
    """
    newest: dict[Measure, Taken] = {}
    for one in sorted(taken, key=lambda one: one.at):
        newest.update(dict.fromkeys(one.measures, one))
    found: dict[datetime, list[Measure]] = {}
    for measure in Measure:
        if (read := newest.get(measure)) is not None and read.at >= since and measure in read.outside:
            said = [one.at for one in not_taken if measure in one.measures]
            found.setdefault(max([read.at, *said]), []).append(measure)
    return tuple(
        Repeat(at=at + after, measures=tuple(measures), urgent=any(one in newest[one].urgent for one in measures))
        for at, measures in sorted(found.items())
    )


@dataclass(frozen=True, kw_only=True)
class Signal:
    """How a due time is shown: amber from, red after, held until. All moments aware UTC."""

    at: datetime
    amber_at: datetime
    red_at: datetime
    held_until: datetime | None = None

    def tone(self, now: datetime) -> str:
        """Say how pressing it is: overdue, due, held while somebody is with the patient, or nothing yet."""
        if self.held_until is not None and now < self.held_until:
            return "held"
        if now > self.red_at:
            return "overdue"
        return "due" if now >= self.amber_at else ""


def signal(at: datetime, *, amber: timedelta, grace: timedelta, held_until: datetime | None = None) -> Signal:
    """Give how a due time is shown: amber that long before it, red that long after it, and never while it is held."""
    red_at = at + grace
    return Signal(
        at=at,
        amber_at=at - amber,
        red_at=max(red_at, held_until) if held_until else red_at,
        held_until=held_until,
    )
