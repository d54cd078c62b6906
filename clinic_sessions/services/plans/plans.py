"""Plans: a patient's series under a protocol version, with a pattern that a provider sets and may change."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.pattern import Pattern
from clinic_sessions.domain.scheduling.plans import GOING_ON, PlanChangeKind, PlanReason, PlanStatus
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, Status
from clinic_sessions.models import (
    Patient,
    Plan,
    PlanPhase,
    ProtocolVersion,
    TreatmentSession,
    User,
    UserClinic,
    UserRole,
)
from clinic_sessions.services import catalogue
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import plan_history
from clinic_sessions.services.plans.plan_lists import reviews_due as reviews_due
from clinic_sessions.services.plans.plan_lists import without_next as without_next
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.series import series


@dataclass(frozen=True, kw_only=True)
class PlanRequest:
    """The plan that is to be started."""

    protocol_version_id: int
    condition: Condition
    pattern: Pattern
    provider_id: int


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place of a plan: its session, or the date on which it is due (None: no place before it has one yet).

    `day`: its day by the pattern, counted from the first one's, which is day 1.
    """

    number: int
    day: int
    treatment: TreatmentSession | None
    due: date | None

    @property
    def is_done(self) -> bool:
        """Whether its session is over."""
        return self.treatment is not None and self.treatment.status not in EXPECTED | IN_CLINIC | {Status.HELD}


@dataclass(frozen=True, kw_only=True)
class Overview:
    """A plan as its page shows it. `done`: sessions whose dose was begun."""

    plan: Plan
    pattern: Pattern
    places: Sequence[Place]
    done: int


def load(db: Session, plan_id: int, user: User, *, to_change: bool = False) -> Plan:
    """Load a plan of a patient of the person's clinics; raises Absent otherwise.

    `to_change` queues behind others who are booking or changing the same patient.
    """
    query = sa.select(Plan).where(Plan.id == plan_id).options(joinedload(Plan.protocol_version))
    plan = db.scalar(query)
    if plan is None:
        raise Absent
    patients.load(db, plan.patient_id, user, to_change=to_change)
    if to_change:
        db.expire(plan)
    return plan


def overview(db: Session, plan: Plan) -> Overview:
    """Gather a plan's page: every place with its session or the day it is due, and the next of one that goes on.

    In the order of their days; places without a day come last.
    """
    one, sessions = series.pattern_of(plan), series.placed(db, plan)
    held = series.held_days(sessions)
    by_place = {treatment.place_in_plan: treatment for treatment in sessions}
    numbers = sorted({*range(1, plan.session_count + 1), *held, *series.open_places(plan, held, 1)})
    places = [
        Place(
            number=number,
            day=one.day(number) + 1,
            treatment=by_place.get(number),
            due=None if number in held else pattern.due(one, held, number),
        )
        for number in numbers
    ]
    places.sort(key=lambda place: (held.get(place.number) or place.due or date.max, place.number))
    done = sum(treatment.dose_started_at is not None for treatment in sessions)
    return Overview(plan=plan, pattern=one, places=places, done=done)


def to_come(db: Session, plan: Plan) -> Sequence[TreatmentSession]:
    """List the sessions of a plan that are held, booked or under way, in the order of their times."""
    found = [place.treatment for place in overview(db, plan).places if place.treatment and not place.is_done]
    return sorted(found, key=lambda one: one.starts_at)


def providers(db: Session, clinic_id: int) -> Sequence[User]:
    """List the providers who work at a clinic, by name."""
    query = (
        sa.select(User)
        .join(UserClinic, UserClinic.user_id == User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserClinic.clinic_id == clinic_id, UserRole.role == Role.PROVIDER, User.disabled_at.is_(None))
        .order_by(User.name, User.id)
    )
    return db.scalars(query).all()


def of_patient(db: Session, patient_id: int) -> Sequence[Plan]:
    """List a patient's plans, the newest first."""
    query = sa.select(Plan).where(Plan.patient_id == patient_id).options(joinedload(Plan.protocol_version))
    return db.scalars(query.order_by(Plan.started_at.desc(), Plan.id.desc())).all()


def start(db: Session, patient: Patient, request: PlanRequest, *, now: datetime, by: Actor) -> Plan:
    """Start a plan; load the patient `to_change` first.

    Refuses with PlanReason when one under the same protocol is under way or paused; raises Absent for an unknown
    protocol version or someone who is no provider of the patient's clinics.
    """
    version = next((one for one in catalogue.published(db) if one.id == request.protocol_version_id), None)
    if version is None or not leads(db, patient, request.provider_id):
        raise Absent
    if _under_way(db, patient, version):
        raise Refusal(PlanReason.UNDER_WAY)
    plan = Plan(
        patient_id=patient.id,
        protocol_version_id=version.id,
        condition=request.condition,
        session_count=request.pattern.count,
        status=PlanStatus.ACTIVE,
        started_at=now,
        by_id=by.user_id,
        provider_id=request.provider_id,
        phases=rows(request.pattern),
    )
    db.add(plan)
    db.flush()
    lead = db.get_one(User, request.provider_id)
    changes = {"pattern": (None, pattern.in_words(request.pattern)), "provider": (None, lead.name)}
    plan_history.add(db, plan, PlanChangeKind.START, changes, now=now, by=by)
    return plan


def check(
    plan: Plan, version: int, statuses: Collection[PlanStatus], *, otherwise: PlanReason = PlanReason.NOT_ACTIVE
) -> None:
    """Refuse with ChangedMeanwhile a plan that is no longer at `version`, with `otherwise` one in another status."""
    if plan.version != version:
        raise ChangedMeanwhile(PlanReason.CHANGED_MEANWHILE)
    if plan.status not in statuses:
        raise Refusal(otherwise)


def leads(db: Session, patient: Patient, provider_id: int) -> bool:
    """Say whether somebody is a provider at one of the patient's clinics."""
    return any(one.id == provider_id for clinic_id in patient.clinic_ids for one in providers(db, clinic_id))


def _under_way(db: Session, patient: Patient, version: ProtocolVersion) -> bool:
    return any(one.status in GOING_ON and one.protocol_version.key == version.key for one in of_patient(db, patient.id))


def rows(one: Pattern) -> list[PlanPhase]:
    """Give the rows that keep a pattern."""
    return [
        PlanPhase(position=position, sessions=phase.sessions, days=phase.days, count=phase.count)
        for position, phase in enumerate(one.phases, 1)
    ]
