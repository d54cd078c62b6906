"""A patient's series: which steps can be booked next, when they are due, and which sessions hold which place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.protocols.versions import VersionReason
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.pattern import Pattern, PatternPhase
from clinic_sessions.domain.scheduling.plans import GOING_ON, PlanReason, PlanStatus, ProtocolStatus
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Patient, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.booking.day_rooms import COUNTED
from clinic_sessions.services.refusals import Absent, Refusal


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something that can be booked for a patient: a protocol, and the step of the patient's series when it is one."""

    version: ProtocolVersion
    plan: Plan | None = None
    place: int | None = None


def check_under_way(plan: Plan) -> None:
    """Refuse what would be booked into a plan that is paused (PLAN_PAUSED) or over (PlanReason.NOT_ACTIVE)."""
    if plan.status is PlanStatus.PAUSED:
        raise Refusal(PaperReason.PLAN_PAUSED)
    if plan.status is not PlanStatus.ACTIVE:
        raise Refusal(PlanReason.NOT_ACTIVE)


def beside_plans(db: Session, patient_id: int, version_id: int) -> ProtocolVersion:
    """Load a protocol version for a treatment without a plan; raises Absent for an unknown one.

    Refuses with PLAN_PAUSED when the patient has a paused plan under the same protocol, and with REPLACED when a newer
    version of it is published. One query.
    """
    other, later = aliased(ProtocolVersion), aliased(ProtocolVersion)
    newer = sa.exists().where(
        later.key == ProtocolVersion.key, later.number > ProtocolVersion.number,
        later.status == ProtocolStatus.PUBLISHED,
    )  # fmt: skip
    paused = sa.exists().where(
        Plan.patient_id == patient_id, Plan.status == PlanStatus.PAUSED, Plan.protocol_version_id == other.id,
        other.key == ProtocolVersion.key,
    )  # fmt: skip
    row = db.execute(sa.select(ProtocolVersion, paused, newer).where(ProtocolVersion.id == version_id)).one_or_none()
    if row is None:
        raise Absent
    version, is_paused, is_replaced = row
    if is_paused:
        raise Refusal(PaperReason.PLAN_PAUSED)
    if is_replaced:
        raise Refusal(VersionReason.REPLACED)
    return version


def pattern_of(plan: Plan) -> Pattern:
    """Give a plan's pattern."""
    return Pattern(tuple(PatternPhase(sessions=one.sessions, days=one.days, count=one.count) for one in plan.phases))


def placed(db: Session, plan: Plan) -> Sequence[TreatmentSession]:
    """List the sessions that hold places of a plan, in the order of their places."""
    query = (
        sa.select(TreatmentSession)
        .join(Clinic, Clinic.id == TreatmentSession.clinic_id)
        .where(
            TreatmentSession.plan_id == plan.id,
            TreatmentSession.place_in_plan.is_not(None),
            TreatmentSession.status.in_(COUNTED),
        )
        .options(contains_eager(TreatmentSession.clinic), selectinload(TreatmentSession.chair))
        .order_by(TreatmentSession.place_in_plan, TreatmentSession.id)
    )
    return db.scalars(query).all()


def held_days(sessions: Sequence[TreatmentSession]) -> Mapping[int, date]:
    """Give the day, at its clinic, on which each place has its session."""
    return {one.place_in_plan or 0: local_day(one.starts_at, one.clinic.zone) for one in sessions}


def open_places(plan: Plan, held: Mapping[int, date], most: int) -> list[int]:
    """List the first places of a plan that no session has, at most `most`."""
    one, found = pattern_of(plan), list[int]()
    for place in count(1):
        if not one.has(place) or len(found) == most:
            return found
        if place not in held:
            found.append(place)
    return found


def next_place(db: Session, plan: Plan) -> int | None:
    """Give the first place of the series that no session has; None when every place has one.

    When the pattern goes on, there is always a next place.
    """
    query = sa.select(TreatmentSession.place_in_plan).where(
        TreatmentSession.plan_id == plan.id, TreatmentSession.status.in_(COUNTED)
    )
    had = set(db.scalars(query))
    goes_on = plan.phases[-1].count is None
    last = plan.session_count + (len(had) + 1 if goes_on else 0)
    return next((place for place in range(1, last + 1) if place not in had), None)


def due(db: Session, plan: Plan) -> date | None:
    """Give the clinic day on which the next place of a plan is due; None when it has none, or may come at once."""
    held = held_days(placed(db, plan))
    places = open_places(plan, held, 1)
    return pattern.due(pattern_of(plan), held, places[0]) if places else None


def choices(db: Session, patient: Patient) -> list[Choice]:
    """List what can be booked: the next step of each of the patient's series, then every other protocol.

    A protocol whose plan is paused is not among them. Among the others that of the patient's latest treatment comes
    first: it is likely wanted again.
    """
    query = (
        sa.select(Plan)
        .where(Plan.patient_id == patient.id, Plan.status.in_(GOING_ON))
        .options(joinedload(Plan.protocol_version), joinedload(Plan.phases))
        .order_by(Plan.id.desc())
    )
    plans = db.scalars(query).unique().all()
    active = [plan for plan in plans if plan.status is PlanStatus.ACTIVE]
    steps = [Choice(version=plan.protocol_version, plan=plan, place=next_place(db, plan)) for plan in active]
    steps = [step for step in steps if step.place is not None]
    keys = {step.version.key for step in steps} | {
        plan.protocol_version.key for plan in plans if plan.status is PlanStatus.PAUSED
    }
    others = [version for version in catalogue.published(db) if version.key not in keys]
    latest = _latest_key(db, patient.id)
    return steps + [Choice(version=version) for version in sorted(others, key=lambda one: one.key != latest)]


def _latest_key(db: Session, patient_id: int) -> str | None:
    query = (
        sa.select(ProtocolVersion.key)
        .join(TreatmentSession, TreatmentSession.protocol_version_id == ProtocolVersion.id)
        .where(TreatmentSession.patient_id == patient_id, TreatmentSession.status.in_(COUNTED))
        .order_by(TreatmentSession.starts_at.desc())
        .limit(1)
    )
    return db.scalar(query)


def last_start(db: Session, patient_id: int) -> datetime | None:
    """Give when the patient's latest treatment starts, or started, that counts."""
    return db.scalar(
        sa.select(TreatmentSession.starts_at)
        .where(
            TreatmentSession.patient_id == patient_id,
            TreatmentSession.kind == SessionKind.TREATMENT,
            TreatmentSession.status.in_(COUNTED),
        )
        .order_by(TreatmentSession.starts_at.desc())
        .limit(1)
    )
