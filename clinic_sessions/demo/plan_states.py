"""Leaves a plan of the demo in every state, and something due on every list of what stands beside plans."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.domain.papers.findings import FindingKind, FindingResult
from clinic_sessions.domain.scheduling.plans import PlanOutcome, PlanStatus, ProductSource, ReviewDecision
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Finding, Plan, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.plans import authorisations, plan_life
from clinic_sessions.services.plans.authorisations import AuthorisationRequest, Product
from clinic_sessions.services.plans.plan_life import Review

_NO_BASELINE = frozenset({"Zoë Achterberg", "Rafael Monteiro"})
_LONG_AGO = frozenset({"Siobhán O’Connor", "John Smith"})
"""Whose urine was last looked at half a year before the plan."""

_ABNORMAL = {
    "Margaret Ellsworth": (FindingKind.LIVER_TESTS, "ALT 96 U/L, AST 71 U/L. Repeat in four weeks."),
    "O’Malley Quinn": (FindingKind.URINARY_SYMPTOMS, "Urgency since the eleventh session. Urinalysis ordered."),
}
_LEFT_OVER = {"María López": 1, "Wirawan": 6, "Margaret Ellsworth": 8}
"""How many sessions the payer still allows."""

_ASSIGNED = {"Wirawan": 3, "Dolores Herrera Salas": None, "Leilani Kahananui": None}
"""How many days ago the kit that was assigned to a patient arrived; None: it has not."""

_HALF_A_YEAR = timedelta(days=190)


def set_states(db: Session, people: Sequence[OnFile], staff: Staffing, now: datetime) -> None:
    """Pause, review and end a plan each, and file what payers allow, what was assigned and what was found."""
    by = staff.providers[0]
    _end_one(db, people, by, now)
    _pause_one(db, people, by, now)
    _review_two(db, people, by, now)
    for one in people:
        if one.plan is not None:
            _find(db, one, one.plan, staff, now)
            _file_payer(db, one.person.name, one.plan, staff.desk, now)
    db.flush()


def _end_one(db: Session, people: Sequence[OnFile], by: Actor, now: datetime) -> None:
    """End a plan of which nothing is to come; another such is left to the desk as one without a next session."""
    idle = [plan for to_come, plan in _calm(db, people, now) if to_come == 0]
    if len(idle) > 1:
        words = "Dizzy for a day after each session and wishes no more. Back to the psychiatrist who sent them."
        plan_life.end(db, idle[-1], PlanOutcome.NOT_TOLERATED, words, version=idle[-1].version, now=now, by=by)


def _pause_one(db: Session, people: Sequence[OnFile], by: Actor, now: datetime) -> None:
    booked = [(to_come, plan.id, plan) for to_come, plan in _calm(db, people, now) if to_come]
    if booked:
        plan = min(booked)[2]
        words = "Waits for a cardiologist's letter after a fall at home."
        plan_life.pause(db, plan, words, version=plan.version, now=now, by=by)


def _review_two(db: Session, people: Sequence[OnFile], by: Actor, now: datetime) -> None:
    """Review a plan today, and another so long ago that the next review is due."""
    found = "Sleeps through, works half days again. Fewer bad days than before the series."
    for name, before, again in (("O’Malley Quinn", 0, 28), ("Wirawan", 8, 7)):
        at = now - timedelta(days=before)
        plan = next(one.plan for one in people if one.person.name == name)
        if plan is not None and plan.status is PlanStatus.ACTIVE:
            day = local_day(at, ZONE)
            done = Review(found=found, decision=ReviewDecision.GO_ON, next_on=day + timedelta(days=again))
            plan_life.review(db, plan, done, today=day, version=plan.version, now=at, by=by)


def _calm(db: Session, people: Sequence[OnFile], now: datetime) -> list[tuple[int, Plan]]:
    """List the plans that have begun and have nothing in the next three days, with how many sessions are to come."""
    near, one = now + timedelta(days=3), TreatmentSession
    found = []
    for plan in (person.plan for person in people if person.plan and person.plan.status is PlanStatus.ACTIVE):
        query = sa.select(one.starts_at).where(one.plan_id == plan.id, one.status.in_(EXPECTED | IN_CLINIC))
        coming = db.scalars(query).all()
        begun = db.scalar(sa.select(one.id).where(one.plan_id == plan.id, one.dose_started_at.is_not(None)).limit(1))
        if begun is not None and all(at > near for at in coming):
            found.append((len(coming), plan))
    return found


def _find(db: Session, one: OnFile, plan: Plan, staff: Staffing, now: datetime) -> None:
    """File a baseline of each kind, and what was found later."""
    name, nurse = one.person.name, staff.nurses[0].user_id
    if name in _NO_BASELINE:
        return
    at = plan.started_at + timedelta(minutes=30) - (_HALF_A_YEAR if name in _LONG_AGO else timedelta())
    base = {"patient_id": one.patient.id, "result": FindingResult.NORMAL, "by_id": nurse}
    db.add_all([Finding(kind=kind, at=at, recorded_at=plan.started_at, **base) for kind in FindingKind])
    if name in _ABNORMAL:
        kind, words = _ABNORMAL[name]
        found = {**base, "kind": kind, "result": FindingResult.ABNORMAL, "words": words}
        db.add(Finding(at=now - timedelta(days=2), recorded_at=now - timedelta(days=2), **found))


def _file_payer(db: Session, name: str, plan: Plan, desk: Actor, now: datetime) -> None:
    at, today = plan.started_at, local_day(now, ZONE)
    if name in _LEFT_OVER:
        doses = sa.select(sa.func.count()).select_from(TreatmentSession)
        used = db.scalar(
            doses.where(TreatmentSession.plan_id == plan.id, TreatmentSession.dose_started_at.is_not(None))
        )
        wanted = AuthorisationRequest(
            payer="Bay Health Plan", number=f"PA-{52_000 + plan.id}", valid_from=local_day(at, ZONE),
            valid_until=today + timedelta(days=45), sessions_allowed=(used or 0) + _LEFT_OVER[name],
        )  # fmt: skip
        authorisations.add(db, plan, wanted, now=at, by=desk)
    if name in _ASSIGNED:
        days = _ASSIGNED[name]
        product = Product(
            source=ProductSource.ASSIGNED, words=f"Kit of three devices, pharmacy label {88_100 + plan.id}",
            arrived_on=today - timedelta(days=days) if days is not None else None,
        )  # fmt: skip
        authorisations.set_product(db, plan, product, version=plan.version, now=now, by=desk)
