"""The plans of a clinic that wait for someone: a provider's review, or a next session."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.scheduling import pattern, plan_review
from clinic_sessions.domain.scheduling.label_weeks import labelled
from clinic_sessions.domain.scheduling.plan_review import ProposedReview
from clinic_sessions.domain.scheduling.plans import GOING_ON, PlanStatus
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, Status
from clinic_sessions.domain.thresholds import Thresholds
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Patient, Plan, PlanPhase, TreatmentSession
from clinic_sessions.services import documents
from clinic_sessions.services.booking.day_rooms import COUNTED
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.series import series

MOST = 200


@dataclass(frozen=True, kw_only=True)
class ReviewDue:
    """A plan whose review is due, since which day."""

    plan: Plan
    name: str
    day: date


@dataclass(frozen=True, kw_only=True)
class WithoutNext:
    """A plan that goes on while nothing of it is booked. `due`: None when its first session may come at once."""

    plan: Plan
    name: str
    phone: str
    place: int
    due: date | None


def proposed_review(db: Session, plan: Plan, held: Mapping[int, date]) -> ProposedReview | None:
    """Propose the day of a plan's first review, from its pattern and the days that its places hold."""
    return _proposed(plan, held, documents.thresholds(db))


def _proposed(plan: Plan, held: Mapping[int, date], numbers: Thresholds) -> ProposedReview | None:
    by_weeks = bool(labelled(protocol_of(plan.protocol_version)))
    return plan_review.proposed(series.pattern_of(plan), held, numbers, by_label_weeks=by_weeks)


def reviews_due(db: Session, clinic: Clinic, day: date) -> list[ReviewDue]:
    """List the plans of a clinic's patients whose review is due by a day, the longest waiting first."""
    rows = db.execute(_reviewable(clinic).where(Plan.review_on <= day).options(joinedload(Plan.protocol_version)))
    found = [ReviewDue(plan=plan, name=name, day=plan.review_on) for plan, name in rows if plan.review_on]
    return sorted([*found, *_first_reviews(db, clinic, day)], key=lambda one: (one.day, one.plan.id))


def count_reviews_due(db: Session, clinic: Clinic, day: date) -> int:
    """Count what `reviews_due` lists; only plans without a day of review are read."""
    known = _reviewable(clinic).where(Plan.review_on <= day).with_only_columns(Plan.id)
    count = db.scalar(sa.select(sa.func.count()).select_from(known.subquery())) or 0
    return count + len(_first_reviews(db, clinic, day))


def _reviewable(clinic: Clinic) -> sa.Select[Plan, str]:
    query = sa.select(Plan, Patient.name).join(Patient, Patient.id == Plan.patient_id)
    return query.where(Patient.clinic_id == clinic.id, Plan.status.in_(GOING_ON))


def _first_reviews(db: Session, clinic: Clinic, day: date) -> list[ReviewDue]:
    """List the plans without a day of review for which the clinic's numbers propose one by a day."""
    query = _reviewable(clinic).where(Plan.review_on.is_(None))
    query = query.options(joinedload(Plan.protocol_version), joinedload(Plan.provider), selectinload(Plan.phases))
    rows = [(plan, name) for plan, name in db.execute(query)]
    held = _held(db, [plan.id for plan, _ in rows], clinic.zone)
    numbers, found = documents.thresholds(db), []
    for plan, name in rows:
        first = _proposed(plan, held[plan.id], numbers)
        if first is not None and first.day <= day:
            found.append(ReviewDue(plan=plan, name=name, day=first.day))
    return found


def without_next(db: Session, clinic: Clinic, now: datetime) -> list[WithoutNext]:
    """List the plans under way that have a place left and no session to come, the soonest due first, at most MOST."""
    rows = _nothing_to_come(db, clinic)
    held = _held(db, [plan.id for plan, _, _ in rows], clinic.zone)
    found = []
    for plan, name, phone in rows:
        mine = held[plan.id]
        if places := series.open_places(plan, mine, 1):
            due = pattern.due(series.pattern_of(plan), mine, places[0])
            found.append(WithoutNext(plan=plan, name=name, phone=phone, place=places[0], due=due))
    today = local_day(now, clinic.zone)
    return sorted(found, key=lambda one: (one.due or today, one.plan.id))


def _nothing_to_come(db: Session, clinic: Clinic) -> Sequence[tuple[Plan, str, str]]:
    own = TreatmentSession.plan_id == Plan.id
    coming = sa.exists().where(own, TreatmentSession.status.in_(EXPECTED | IN_CLINIC | {Status.HELD}))
    had = sa.select(sa.func.count()).select_from(TreatmentSession)
    had = had.where(own, TreatmentSession.place_in_plan.is_not(None), TreatmentSession.status.in_(COUNTED))
    goes_on = sa.exists().where(PlanPhase.plan_id == Plan.id, PlanPhase.count.is_(None))
    query = (
        sa.select(Plan, Patient.name, Patient.phone)
        .join(Patient, Patient.id == Plan.patient_id)
        .where(Patient.clinic_id == clinic.id, Plan.status == PlanStatus.ACTIVE, ~coming)
        .where(sa.or_(goes_on, had.scalar_subquery() < Plan.session_count))
        .options(joinedload(Plan.protocol_version), selectinload(Plan.phases))
        .order_by(Plan.id)
        .limit(MOST)
    )
    return [(plan, name, phone) for plan, name, phone in db.execute(query)]


def _held(db: Session, plan_ids: Collection[int], zone: ZoneInfo) -> Mapping[int, Mapping[int, date]]:
    """Give the day of every place that has a session, by plan, in one query."""
    found: dict[int, dict[int, date]] = defaultdict(dict)
    if not plan_ids:
        return found
    one = TreatmentSession
    query = sa.select(one.plan_id, one.place_in_plan, one.starts_at).where(
        one.plan_id.in_(plan_ids), one.place_in_plan.is_not(None), one.status.in_(COUNTED)
    )
    for plan_id, place, starts_at in db.execute(query):
        if plan_id is not None and place is not None:
            found[plan_id][place] = local_day(starts_at, zone)
    return found
