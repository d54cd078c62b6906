"""What is known when a patient is to leave: the clock, readings, assessments, the way home, a provider's word."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.protocols.protocols import (
    AlertLevel,
    Anchor,
    Compare,
    Measure,
    PhaseKind,
    Protocol,
    alert_limits,
)
from clinic_sessions.domain.session.leave_gate import AGAINST_LEAVING, Departure, Settling, settling
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.record import BEGINS_DOSE, ENDS_DOSE
from clinic_sessions.domain.session.session_checks import Check, CheckItem
from clinic_sessions.domain.session.start_gate import Answer, GoAhead
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import DoseEvent, ScaleResult, TreatmentSession, VitalsReading
from clinic_sessions.services import documents
from clinic_sessions.services.before import go_aheads, session_checks
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.patients import pressure_limits
from clinic_sessions.services.plans.papers import SAME_MINUTE
from clinic_sessions.services.session import facts, limits
from clinic_sessions.services.session.facts import SideEffectNow
from clinic_sessions.services.session.limits import Mark


@dataclass(frozen=True, kw_only=True)
class Pressure:
    """Blood pressure since the end of the dose, in mmHg: its last reading, and what it is held against.

    `before`: the last reading before the dose; `highest`: the highest of each number since it began; `settled`: by
    which rule it has settled, None while it has not.
    """

    last: tuple[int, int]
    at: datetime
    before: tuple[int, int] | None
    highest: tuple[int, int]
    limit: tuple[int, int]
    settled: Settling | None


def departure(db: Session, treatment: TreatmentSession, at: datetime) -> Departure:
    """Gather what is known when the patient is to leave as planned at `at`."""
    vitals = facts.all_of(db, VitalsReading, treatment)
    doses, effects = facts.dose_events(db, treatment), facts.side_effects(db, treatment)
    return departure_of(db, treatment, doses, vitals, effects, at)


def departure_of(
    db: Session,
    treatment: TreatmentSession,
    doses: Sequence[DoseEvent],
    vitals: Sequence[VitalsReading],
    effects: Sequence[SideEffectNow],
    at: datetime,
) -> Departure:
    """Say what the loaded record tells about leaving as planned at `at`, with the answers of this visit.

    What was read, assessed, answered or over after its true time was not so yet.
    """
    by = at + SAME_MINUTE
    known = facts.anchors(doses)
    ended = known.get(Anchor.END)
    readings = [one for one in facts.standing(vitals) if one.at < by]
    protocol = protocol_of(treatment.protocol_version) if treatment.protocol_version else None
    least = protocol.observation.aldrete if protocol else None
    checks = _since(session_checks.standing(db, treatment, by), known.get(Anchor.START))
    score = _aldrete(db, treatment, ended, by) if least else None
    said = go_aheads.newest(db, treatment, Gate.MAY_LEAVE, by)
    settled = pressure(db, treatment, known, readings)
    outside = outside_limits(treatment, doses, readings)
    keeping = [one for one in effects if one.kept_here(by)]
    return Departure(
        dose_started_at=known.get(Anchor.START),
        dose_ended_at=ended,
        earliest_at=facts.earliest_leaving(treatment, doses),
        vitals_after_dose=ended is not None and any(reading.at >= ended for reading in readings),
        unresolved_side_effects=len(keeping),
        pressure_settled=None if settled is None else settled.settled is not None,
        outside_limits=bool(outside),
        checks=checks,
        accepted=protocol.escort.accepted if protocol else (),
        aldrete=score.total_thousandths // 1000 if score and score.total_thousandths is not None else None,
        aldrete_least=least.whole if least else None,
        lifted=_lifted(said, _known_at(readings, outside, keeping, checks, score), _last_dosed_at(doses)),
        kept_until=said.until if said is not None else None,
    )


def _since(checks: Mapping[CheckItem, Check], started: datetime | None) -> dict[CheckItem, Check]:
    return {item: check for item, check in checks.items() if started is not None and check.at >= started}


def pressure(
    db: Session, treatment: TreatmentSession, known: Mapping[Anchor, datetime], readings: Sequence[VitalsReading]
) -> Pressure | None:
    """Say how blood pressure stands since the end of the dose; None while none was taken, or it has not ended."""
    started, ended = known.get(Anchor.START), known.get(Anchor.END)
    pairs = [(r.at, r.systolic_mmhg, r.diastolic_mmhg) for r in readings]
    both = [(at, (high, low)) for at, high, low in pairs if high is not None and low is not None]
    if treatment.protocol_version is None or started is None or ended is None:
        return None
    before = [pair for at, pair in both if at <= started]
    since = [pair for at, pair in both if at > started]
    if not since or both[-1][0] < ended:
        return None
    first = before[-1] if before else None
    limit = _limit(treatment, protocol_of(treatment.protocol_version), started)
    return Pressure(
        last=since[-1], at=both[-1][0], before=first, limit=limit,
        highest=(max(high for high, _ in since), max(low for _, low in since)),
        settled=settling(since, first, limit, documents.thresholds(db).settled_within.whole),
    )  # fmt: skip


def outside_limits(
    treatment: TreatmentSession, doses: Sequence[DoseEvent], readings: Sequence[VitalsReading]
) -> list[tuple[VitalsReading, Mark]]:
    """List what keeps the patient here: of each measure the newest reading since the dose began, outside its limits.

    A blood pressure that is high and not urgent is told by whether it has settled.
    """
    started = facts.anchors(doses).get(Anchor.START)
    since = [one for one in readings if started is not None and one.at >= started]
    found = limits.newest_outside(treatment, doses, since)
    return [(one, mark) for one, mark in found if not _is_told_by_settling(mark)]


def _is_told_by_settling(mark: Mark) -> bool:
    return mark.high and mark.measure in limits.PRESSURE and mark.level is not AlertLevel.URGENT


def _limit(treatment: TreatmentSession, protocol: Protocol, started: datetime) -> tuple[int, int]:
    """Give the highest pressure that is not yet a warning at leaving: the patient's own limit, else the protocol's."""
    own = pressure_limits.on(treatment.patient, treatment.limiting_orders, local_day(started, treatment.clinic.zone))
    systolic, diastolic = _highest(protocol, Measure.SYSTOLIC), _highest(protocol, Measure.DIASTOLIC)
    if own is None:
        return systolic, diastolic
    return own.systolic or systolic, own.diastolic or diastolic


def _highest(protocol: Protocol, measure: Measure) -> int:
    rules = [
        rule
        for rule in alert_limits(protocol, PhaseKind.DISCHARGE).rules
        if rule.measure is measure
        and rule.level is AlertLevel.WARN
        and rule.compare in {Compare.ABOVE, Compare.AT_LEAST}
    ]
    return min((rule.limit.whole - (rule.compare is Compare.AT_LEAST) for rule in rules), default=0)


def _aldrete(db: Session, treatment: TreatmentSession, ended: datetime | None, by: datetime) -> ScaleResult | None:
    if ended is None:
        return None
    row = ScaleResult
    corrected = sa.select(row.corrects_id).where(row.corrects_id.is_not(None))
    query = sa.select(row).where(
        row.session_id == treatment.id,
        row.scale == ScaleKey.ALDRETE,
        row.at >= ended,
        row.at < by,
        row.id.not_in(corrected),
    )
    return db.scalars(query.order_by(row.at.desc(), row.id.desc()).limit(1)).first()


def _known_at(
    readings: Sequence[VitalsReading],
    outside: Sequence[tuple[VitalsReading, Mark]],
    keeping: Sequence[SideEffectNow],
    checks: Mapping[CheckItem, Check],
    score: ScaleResult | None,
) -> Mapping[str, datetime]:
    """Give when each fact was written down that stands against leaving; what was left undone has no such moment."""
    told_in = {reason: checks[item] for reason, item in AGAINST_LEAVING.items() if item in checks}
    found = {reason: check.known_at or check.at for reason, check in told_in.items()}
    pressures = [one.recorded_at for one in readings if one.systolic_mmhg is not None or one.diastolic_mmhg is not None]
    blocking = [one.effect for one in keeping]
    told = [effect.recorded_at for effect in blocking]
    told += [event.recorded_at for effect in blocking for event in effect.events]
    if pressures:
        found[Reason.PRESSURE_NOT_SETTLED] = max(pressures)
    if outside:
        found[Reason.READING_OUTSIDE_LIMITS] = max(one.recorded_at for one, _ in outside)
    if told:
        found[Reason.SIDE_EFFECT_UNRESOLVED] = max(told)
    if score is not None:
        found[Reason.ALDRETE_LOW] = score.recorded_at
    return {reason.value: at for reason, at in found.items()}


def _last_dosed_at(doses: Sequence[DoseEvent]) -> datetime | None:
    """Give when the dose was last begun, added to or ended, by its true time or the time it was written down.

    What completes or corrects an entry counts by its true time alone.
    """
    moments = BEGINS_DOSE | ENDS_DOSE
    told = [one.at if one.corrects_id else max(one.at, one.recorded_at) for one in doses if one.kind in moments]
    return max(told, default=None)


def _lifted(said: GoAhead | None, known: Mapping[str, datetime], dosed_at: datetime | None) -> Collection[str]:
    """Give what a provider has lifted: never what came after the "go ahead", and nothing once more was given."""
    if said is None or said.answer is not Answer.GO_AHEAD or (dosed_at is not None and dosed_at > said.at):
        return ()
    return [reason for reason in said.reasons if known.get(reason, said.at) <= said.at]
