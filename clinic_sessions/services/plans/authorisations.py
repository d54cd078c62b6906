"""A plan's authorizations, and where what is given under it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers.authorisations import Leave
from clinic_sessions.domain.scheduling.plans import AuthorisationReason, PlanReason, ProductSource
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import AuditAction, Authorisation, Plan, TreatmentSession
from clinic_sessions.services import audit, endings
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking.day_rooms import COUNTED
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal


@dataclass(frozen=True, kw_only=True)
class AuthorisationRequest:
    """What a payer has allowed, as it was written down."""

    payer: str
    number: str
    valid_from: date
    valid_until: date
    sessions_allowed: int


@dataclass(frozen=True, kw_only=True)
class Used:
    """An authorization with the sessions that fall to it: those whose dose was begun, and those still to come."""

    row: Authorisation
    used: int
    booked: int

    @property
    def left(self) -> int:
        """How many it still allows."""
        return max(0, self.row.sessions_allowed - self.used)

    @property
    def too_few(self) -> bool:
        """Whether more sessions are booked than it has left."""
        return self.row.ended_at is None and self.booked > self.left


@dataclass(frozen=True, kw_only=True)
class Product:
    """Where what is given comes from; what was assigned has a name and, once it is here, a day of arrival."""

    source: ProductSource
    words: str | None
    arrived_on: date | None


def leave_of(row: Authorisation) -> Leave:
    """Give an authorization as the rules see it."""
    return Leave(valid_from=row.valid_from, valid_until=row.valid_until, allowed=row.sessions_allowed)


def of_plan(db: Session, plan_id: int) -> list[Used]:
    """List a plan's authorizations, the newest first, those entered by mistake last."""
    query = sa.select(Authorisation).where(Authorisation.plan_id == plan_id).options(joinedload(Authorisation.added_by))
    rows = db.scalars(query.order_by(Authorisation.valid_from.desc(), Authorisation.id.desc())).all()
    if not rows:
        return []
    given, coming = _days(db, plan_id)
    found = [Used(row=row, used=leave_of(row).used(given), booked=leave_of(row).used(coming)) for row in rows]
    return sorted(found, key=lambda one: one.row.ended_at is not None)


def _days(db: Session, plan_id: int) -> tuple[Sequence[date], Sequence[date]]:
    """Give the clinic days of a plan's doses, and of its sessions that hold a place and are not begun."""
    from_here = sa.select(TreatmentSession).where(
        TreatmentSession.plan_id == plan_id, TreatmentSession.status.in_(COUNTED)
    )
    sessions = db.scalars(from_here.options(joinedload(TreatmentSession.clinic))).all()
    days = [(one.dose_started_at, local_day(one.dose_started_at or one.starts_at, one.clinic.zone)) for one in sessions]
    return [day for begun, day in days if begun], [day for begun, day in days if not begun]


def add(db: Session, plan: Plan, wanted: AuthorisationRequest, *, now: datetime, by: Actor) -> Authorisation:
    """Keep what a payer has allowed for a plan; load it `to_change` first.

    Refuses with AuthorisationReason when it ends before it begins.
    """
    if wanted.valid_until < wanted.valid_from:
        raise Refusal(AuthorisationReason.ENDS_BEFORE_IT_BEGINS)
    row = Authorisation(plan_id=plan.id, added_at=now, added_by_id=by.user_id, **vars(wanted))
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "authorisation", row.id, now=now, by=by, patient_id=plan.patient_id,
        changes={field: [None, value] for field, value in vars(wanted).items()},
    )  # fmt: skip
    return row


def end(db: Session, plan: Plan, authorisation_id: int, *, now: datetime, by: Actor) -> None:
    """Let an authorization count no more; it stays readable. Load the plan `to_change` first.

    Raises Absent for another plan's; refuses with ChangedMeanwhile when it was ended already.
    """
    row = db.get(Authorisation, authorisation_id)
    mine = row if row and row.plan_id == plan.id else None
    endings.end(
        db, mine, "authorisation", AuthorisationReason.ENDED_ALREADY, patient_id=plan.patient_id, now=now, by=by
    )


def set_product(db: Session, plan: Plan, wanted: Product, *, version: int, now: datetime, by: Actor) -> None:
    """Say where what is given under a plan comes from; load it `to_change` first.

    What is assigned is kept with the plan alone, so that it is shown for no other patient. Refuses with
    ChangedMeanwhile when the plan is no longer at `version`, AuthorisationReason for clinic stock with a name.
    """
    if plan.version != version:
        raise ChangedMeanwhile(PlanReason.CHANGED_MEANWHILE)
    if wanted.source is ProductSource.CLINIC_STOCK and (wanted.words or wanted.arrived_on):
        raise Refusal(AuthorisationReason.NOT_ASSIGNED)
    changes: dict[str, list[object]] = {
        "product": [plan.product, wanted.source],
        "product_words": [plan.product_words, wanted.words],
        "product_arrived_on": [plan.product_arrived_on, wanted.arrived_on],
    }
    plan.product, plan.product_words, plan.product_arrived_on = wanted.source, wanted.words, wanted.arrived_on
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, "plan", plan.id, now=now, by=by, patient_id=plan.patient_id,
        changes={field: pair for field, pair in changes.items() if pair[0] != pair[1]},
    )  # fmt: skip
