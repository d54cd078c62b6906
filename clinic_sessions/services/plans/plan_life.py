"""The life of a plan: paused, resumed, reviewed, ended. Each act asks for the version that the person saw."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain import words as said
from clinic_sessions.domain.scheduling.plans import (
    GOING_ON,
    PlanChangeKind,
    PlanOutcome,
    PlanReason,
    PlanStatus,
    ReviewDecision,
)
from clinic_sessions.models import Plan
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.plans import plan_history, plans
from clinic_sessions.services.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Review:
    """What a provider found, and what follows. `next_on`: the next review, for a plan that goes on.

    `outcome`: for one that ends.
    """

    found: str
    decision: ReviewDecision
    next_on: date | None = None
    outcome: PlanOutcome | None = None


def pause(db: Session, plan: Plan, words: str, *, version: int, now: datetime, by: Actor) -> None:
    """Pause a plan with a reason: nothing more is booked or started under it; load it `to_change` first.

    Sessions that stand keep their times, and cannot start. Refuses with ChangedMeanwhile, or PlanReason when it is not
    under way.
    """
    plans.check(plan, version, {PlanStatus.ACTIVE})
    _to(db, plan, PlanStatus.PAUSED, PlanChangeKind.PAUSE, words, now=now, by=by)


def resume(db: Session, plan: Plan, words: str | None, *, version: int, now: datetime, by: Actor) -> None:
    """Let a paused plan go on; load it `to_change` first. Refuses with ChangedMeanwhile, or PlanReason.NOT_PAUSED."""
    plans.check(plan, version, {PlanStatus.PAUSED}, otherwise=PlanReason.NOT_PAUSED)
    _to(db, plan, PlanStatus.ACTIVE, PlanChangeKind.RESUME, words, now=now, by=by)


def review(db: Session, plan: Plan, done: Review, *, today: date, version: int, now: datetime, by: Actor) -> None:
    """Keep what a review found; the next one is due on its day, or the plan ends. Load it `to_change` first.

    `today`: the clinic's day. Refuses with ChangedMeanwhile, or PlanReason: the plan is over, the next review is not
    ahead, or, for an end, sessions are still to come.
    """
    plans.check(plan, version, GOING_ON)
    ends = done.decision is ReviewDecision.END
    if not ends and (done.next_on is None or done.next_on <= today):
        raise Refusal(PlanReason.REVIEW_NOT_AHEAD)
    changes = {
        "decision": (None, said.say(done.decision)),
        "review_on": (_day(plan.review_on), None if ends else _day(done.next_on)),
    }
    plan.review_on = None if ends else done.next_on
    db.flush()
    plan_history.add(db, plan, PlanChangeKind.REVIEW, changes, now=now, by=by, words=done.found)
    if ends:
        outcome = done.outcome or PlanOutcome.OTHER
        end(db, plan, outcome, done.found, version=plan.version, now=now, by=by)


def end(db: Session, plan: Plan, outcome: PlanOutcome, words: str, *, version: int, now: datetime, by: Actor) -> None:
    """End a plan with its outcome: completed when every counted place is done, ended otherwise.

    Load it `to_change` first. Refuses with ChangedMeanwhile when it is no longer at `version`, PlanReason while
    sessions of it are still to come.
    """
    plans.check(plan, version, GOING_ON)
    places = plans.overview(db, plan).places
    if any(place.treatment and not place.is_done for place in places):
        raise Refusal(PlanReason.STILL_BOOKED)
    whole = all(place.is_done for place in places if place.number <= plan.session_count)
    status = PlanStatus.COMPLETED if whole else PlanStatus.ENDED
    _to(db, plan, status, PlanChangeKind.END, words, now=now, by=by, outcome=outcome)


def _to(
    db: Session, plan: Plan, status: PlanStatus, kind: PlanChangeKind, words: str | None, *, now: datetime, by: Actor,
    outcome: PlanOutcome | None = None,
) -> None:  # fmt: skip
    changes: Mapping[str, tuple[str | None, str | None]] = {"status": (said.say(plan.status), said.say(status))}
    plan.status = status
    db.flush()
    plan_history.add(db, plan, kind, changes, now=now, by=by, words=words, outcome=outcome)


def _day(day: date | None) -> str | None:
    return f"{day:%a, %b} {day.day}, {day.year}" if day else None
