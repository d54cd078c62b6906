"""What the page of a session shows before leaving: every part with what stands against it, as it fills in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Anchor, Protocol
from clinic_sessions.domain.session.leave_gate import may_be_ready, may_leave
from clinic_sessions.domain.session.leaving import ITEM_OF, SPEAKS_AGAINST, Line, Part, lines
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.session_checks import ASSESSED, CheckItem
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.models import SessionCheck, TreatmentSession, VitalsReading
from clinic_sessions.services import documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import checking, go_aheads, session_checks
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.leaving import leave_gate, waiting_for_ride
from clinic_sessions.services.leaving.leave_gate import Pressure
from clinic_sessions.services.session import facts
from clinic_sessions.services.session.facts import SideEffectNow
from clinic_sessions.services.session.limits import Mark

SHOWN = frozenset({Status.IN_TREATMENT, Status.OBSERVING, Status.READY})


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Minutes since one moment of the dose; `counts`: the protocol's minimum is counted from it."""

    anchor: Anchor
    since: datetime
    minutes: int
    counts: bool


@dataclass(frozen=True, kw_only=True)
class Leaving:
    """All that stands before leaving. `earliest_at`: when the minimum is reached, None while it cannot be known.

    `keeping`: side effects that keep the patient here; `lasting`: milder ones that are still there and are asked about
    in the first check-in. `outside`: what was read outside its limits and not within them since. `against`: what stands
    against the next step, to be called ready or to leave.
    """

    protocol: Protocol
    numbers: Thresholds
    clocks: Sequence[Clock]
    earliest_at: datetime | None
    reached: bool
    lines: Sequence[Line]
    answers: Mapping[CheckItem, SessionCheck]
    pressure: Pressure | None
    outside: Sequence[tuple[VitalsReading, Mark]]
    last_vitals_at: datetime | None
    aldrete: int | None
    keeping: Sequence[SideEffectNow]
    lasting: Sequence[SideEffectNow]
    against: Sequence[Reason]

    @property
    def to_ask(self) -> list[CheckItem]:
        """The questions that are open and can be answered; a look at the patient, once that counts."""
        open_parts = [line.part for line in self.lines if not line.met and line.part in ITEM_OF]
        return [ITEM_OF[part] for part in open_parts if self.may_assess or ITEM_OF[part] not in ASSESSED]

    @property
    def may_assess(self) -> bool:
        """Whether a look at the patient counts: the minimum time is reached, or a provider has lifted it."""
        return all(line.met for line in self.lines if line.part in {Part.DOSE_ENDED, Part.MINIMUM})

    @property
    def missing(self) -> int:
        """How many of the listed parts are open, while one of them stands against the next step; else none."""
        return sum(not line.met for line in self.lines) if self.against else 0


def of(db: Session, treatment: TreatmentSession, now: datetime) -> Leaving | None:
    """Gather what stands before leaving at `now`; None before the dose, after the end, and without a dose."""
    version = treatment.protocol_version
    if treatment.status not in SHOWN or treatment.kind is not SessionKind.TREATMENT or version is None:
        return None
    doses, effects = facts.dose_events(db, treatment), facts.side_effects(db, treatment)
    vitals = facts.all_of(db, VitalsReading, treatment)
    known = leave_gate.departure_of(db, treatment, doses, vitals, effects, now)
    unlifted = replace(known, lifted=())
    standing = may_leave(known, now)
    lifted = [one for one in may_leave(unlifted, now) if one not in standing and one.value in known.lifted]
    anchors, readings, protocol = facts.anchors(doses), facts.standing(vitals), protocol_of(version)
    rows = {row.item: row for row in session_checks.rows(db, treatment)}
    earliest = known.earliest_at if known.dose_ended_at is not None else None
    return Leaving(
        protocol=protocol,
        numbers=documents.thresholds(db),
        clocks=_clocks(protocol, anchors, now),
        earliest_at=known.earliest_at,
        reached=earliest is not None and earliest <= now,
        lines=lines(standing, lifted, aldrete=known.aldrete_least is not None),
        answers={item: row for item, row in rows.items() if item in known.checks},
        pressure=leave_gate.pressure(db, treatment, anchors, readings),
        outside=leave_gate.outside_limits(treatment, doses, readings),
        last_vitals_at=readings[-1].at if readings and known.vitals_after_dose else None,
        aldrete=known.aldrete,
        keeping=[one for one in effects if one.blocks_leaving],
        lasting=[one for one in effects if one.open and not one.blocks_leaving],
        against=standing if treatment.status is Status.READY else may_be_ready(known, now),
    )


_OF_DEVICES = (Anchor.FIRST_DEVICE, Anchor.LAST_DEVICE)


def _clocks(protocol: Protocol, known: Mapping[Anchor, datetime], now: datetime) -> list[Clock]:
    """Give the clock that counts; for devices both, as the two readings of "two hours" differ."""
    counted = protocol.observation.anchor
    shown = _OF_DEVICES if counted in _OF_DEVICES and Anchor.FIRST_DEVICE in known else (counted,)
    found = [(one, known[one]) for one in shown if one in known]
    return [
        Clock(anchor=one, since=at, minutes=int((now - at).total_seconds() // 60), counts=one is counted)
        for one, at in found
    ]


def time_mark(db: Session, treatment: TreatmentSession, now: datetime) -> str:
    """Give a mark that changes when the clock alone changes the page.

    Fasting is complete, a provider's wait is over, the minimum is reached, a ride is late, the clinic closes soon.
    """
    waited, fasted = go_aheads.waited(db, treatment, now), session_checks.completed(db, treatment, now)
    return f"{_leaving_mark(db, treatment, now)}{'-waited' if waited else ''}{f'-{fasted}' if fasted else ''}"


def _leaving_mark(db: Session, treatment: TreatmentSession, now: datetime) -> str:
    if treatment.status is Status.OBSERVING:
        earliest = facts.earliest_leaving(treatment, facts.dose_events(db, treatment))
        return "-reached" if earliest is not None and earliest <= now else ""
    waiting = waiting_for_ride.state(db, treatment, now) if treatment.status is Status.READY else None
    if waiting is None:
        return ""
    marks = {"-long": waiting.long, "-call": waiting.is_late(now), "-closing": waiting.closes_at is not None}
    return "".join(mark for mark, is_so in marks.items() if is_so)


@dataclass(frozen=True, kw_only=True)
class SpokenAgainst:
    """What speaks against an answer that all is well."""

    outside: Sequence[tuple[VitalsReading, Mark]]
    effects: Sequence[SideEffectNow]


def spoken_against(db: Session, treatment: TreatmentSession) -> Mapping[CheckItem, SpokenAgainst]:
    """Give the answers that the record speaks against: a reading outside its limits, or a side effect still noted."""
    vitals, doses = facts.standing(facts.all_of(db, VitalsReading, treatment)), facts.dose_events(db, treatment)
    outside = leave_gate.outside_limits(treatment, doses, vitals)
    effects = [one for one in facts.side_effects(db, treatment) if one.open]
    found = {
        item: SpokenAgainst(
            outside=[one for one in outside if one[1].measure in kinds],
            effects=[one for one in effects if one.effect.kind in kinds],
        )
        for item, kinds in SPEAKS_AGAINST.items()
    }
    return {item: one for item, one in found.items() if one.outside or one.effects}


def take(
    db: Session, treatment: TreatmentSession, answers: Sequence[Said],
    *, now: datetime, by: Actor, at: datetime | None = None,
) -> None:  # fmt: skip
    """Keep answers before leaving at their true time; earlier ones stay."""
    for said in answers:
        checking.record(db, treatment, said, now=now, by=by, at=at)
