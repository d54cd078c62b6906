"""Where a plan that follows a label by treatment weeks stands: its week, its phase, and what was missed."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.label_notes import LabelNotes, Note, parse_notes
from clinic_sessions.domain.scheduling import label_weeks
from clinic_sessions.domain.scheduling.label_weeks import Allowance
from clinic_sessions.domain.scheduling.plans import GOING_ON
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Plan, StatusChange, TreatmentSession
from clinic_sessions.services.plans.plans import Overview
from clinic_sessions.services.series.label import LabelDays


@dataclass(frozen=True, kw_only=True)
class LabelCourse:
    """A treatment week from the first dose on; `week` is None before it. `count`: sessions of the week.

    `missed`: what to do, when a place was missed since the last dose.
    """

    week: int | None
    count: int
    allowance: Allowance
    missed: Note | None
    notes: LabelNotes

    @property
    def words(self) -> str:
        """Say it as people do: "Treatment week 3, induction: 2 of 2 this week"."""
        if self.week is None:
            return f"Before the first dose. {self.allowance.phase.value.capitalize()} is next."
        return (
            f"Treatment week {self.week}, {self.allowance.phase.value}: {self.count} of {self.allowance.most} this week"
        )


@lru_cache(maxsize=1)
def notes() -> LabelNotes:
    """Give the notes that come with the program."""
    text = resources.files("clinic_sessions.protocols").joinpath("in-esketamine-notes.toml").read_text(encoding="utf-8")
    return parse_notes(text)


def of_plan(db: Session, plan: Plan, days: LabelDays, view: Overview, today: date) -> LabelCourse | None:
    """Say where a plan stands on a day; None for a protocol without such a label, or a plan that is over."""
    if not days.phases or plan.status not in GOING_ON:
        return None
    first = min(days.own, default=None)
    if first is None or first > today:
        before = label_weeks.allowed(days.phases, 1)
        return LabelCourse(week=None, count=0, allowance=before, missed=None, notes=notes())
    week = label_weeks.week_of(first, today)
    allowance = label_weeks.allowed(days.phases, week)
    series_days = [*days.own, *(day for day in days.beside if day >= first)]
    return LabelCourse(
        week=week,
        count=sum(label_weeks.week_of(first, day) == week for day in series_days),
        allowance=allowance,
        missed=notes().when_missed(allowance.phase) if _missed(db, view, today) else None,
        notes=notes(),
    )


def _missed(db: Session, view: Overview, today: date) -> bool:
    """Say whether, since the last dose, a session fell out on short notice, or a place's day has passed unbooked."""
    done = [place.treatment.starts_at for place in view.places if place.treatment and place.is_done]
    coming = [place for place in view.places if place.treatment and not place.is_done]
    due = next((place.due for place in view.places if place.due is not None), None)
    if due is not None and due < today and not coming:
        return True
    query = sa.select(TreatmentSession).where(
        TreatmentSession.plan_id == view.plan.id,
        TreatmentSession.status.in_((Status.DID_NOT_COME, Status.CANCELLED)),
        *([TreatmentSession.starts_at > max(done)] if done else []),
    )
    return any(
        one.status is Status.DID_NOT_COME or _was_late(one)
        for one in db.scalars(query)
        if local_day(one.starts_at, one.clinic.zone) <= today
    )


def _was_late(treatment: TreatmentSession) -> bool:
    cancelled: list[StatusChange] = [one for one in treatment.changes if one.action is Action.CANCEL]
    return bool(cancelled) and bool(cancelled[-1].details.get("late"))
