"""What may keep a plan's sessions from being paid for or given: it warns at booking and two days before."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers.authorisations import Leave, against
from clinic_sessions.domain.scheduling.plans import PlanWarning, ProductSource
from clinic_sessions.domain.session.lifecycle import EXPECTED
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import Authorisation, Clinic, Plan, TreatmentSession
from clinic_sessions.services.booking.day_rooms import COUNTED
from clinic_sessions.services.plans.authorisations import leave_of

AHEAD = timedelta(days=2)
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A session that is near, with what may keep it from being paid for or given."""

    treatment: TreatmentSession
    warnings: Sequence[PlanWarning]


def of_sessions(db: Session, treatments: Iterable[TreatmentSession]) -> Mapping[int, list[PlanWarning]]:
    """List what to warn of for each session of a plan, by its id; a session without is left out. Three queries."""
    listed = [one for one in treatments if one.plan_id is not None]
    plan_ids = {one.plan_id for one in listed if one.plan_id is not None}
    if not plan_ids:
        return {}
    missing, leaves = _not_arrived(db, plan_ids), _leaves(db, plan_ids)
    days = _days(db, leaves.keys())
    found: dict[int, list[PlanWarning]] = {}
    for one in listed:
        plan_id, day = one.plan_id or 0, local_day(one.starts_at, one.clinic.zone)
        before = [on for starts_at, on in days[plan_id] if starts_at < one.starts_at]
        warning = against(leaves.get(plan_id, ()), before, day)
        warnings = [warning] if warning else []
        if plan_id in missing:
            warnings.append(PlanWarning.PRODUCT_NOT_ARRIVED)
        if warnings:
            found[one.id] = warnings
    return found


def one_more(db: Session, plan: Plan, day: date) -> list[PlanWarning]:
    """List what to warn of before one more session of a plan is booked on a day: all that is booked comes before it."""
    warning = against(_leaves(db, [plan.id]).get(plan.id, ()), [on for _, on in _days(db, [plan.id])[plan.id]], day)
    missing = plan.product is ProductSource.ASSIGNED and plan.product_arrived_on is None
    return [*([warning] if warning else []), *([PlanWarning.PRODUCT_NOT_ARRIVED] if missing else [])]


def soon(db: Session, clinic: Clinic, now: datetime) -> list[Warned]:
    """List the sessions of a clinic up to two days ahead that there is something to warn of, the soonest first."""
    until = day_span(local_day(now, clinic.zone) + AHEAD, clinic.zone).ends_at
    query = (
        sa.select(TreatmentSession)
        .where(
            TreatmentSession.clinic_id == clinic.id,
            TreatmentSession.starts_at >= now,
            TreatmentSession.starts_at < until,
            TreatmentSession.status.in_(EXPECTED),
            TreatmentSession.plan_id.is_not(None),
        )
        .options(joinedload(TreatmentSession.patient), joinedload(TreatmentSession.clinic))
        .order_by(TreatmentSession.starts_at, TreatmentSession.id)
        .limit(MOST)
    )
    near = db.scalars(query).unique().all()
    found = of_sessions(db, near)
    return [Warned(treatment=one, warnings=found[one.id]) for one in near if one.id in found]


def _not_arrived(db: Session, plan_ids: Collection[int]) -> set[int]:
    query = sa.select(Plan.id).where(
        Plan.id.in_(plan_ids), Plan.product == ProductSource.ASSIGNED, Plan.product_arrived_on.is_(None)
    )
    return set(db.scalars(query))


def _leaves(db: Session, plan_ids: Collection[int]) -> dict[int, list[Leave]]:
    found: dict[int, list[Leave]] = defaultdict(list)
    query = sa.select(Authorisation).where(Authorisation.plan_id.in_(plan_ids), Authorisation.ended_at.is_(None))
    for row in db.scalars(query):
        found[row.plan_id].append(leave_of(row))
    return found


def _days(db: Session, plan_ids: Collection[int]) -> Mapping[int, list[tuple[datetime, date]]]:
    """Give start and clinic day of every session that was given, or is to be, by plan."""
    found: dict[int, list[tuple[datetime, date]]] = defaultdict(list)
    if not plan_ids:
        return found
    one = TreatmentSession
    query = sa.select(one).where(one.plan_id.in_(plan_ids), one.status.in_(COUNTED)).options(joinedload(one.clinic))
    for treatment in db.scalars(query):
        if treatment.dose_started_at is not None or treatment.status in EXPECTED:
            day = local_day(treatment.starts_at, treatment.clinic.zone)
            found[treatment.plan_id or 0].append((treatment.starts_at, day))
    return found
