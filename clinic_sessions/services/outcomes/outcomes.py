"""A patient's outcomes: every score, dose and event of a plan or of all, in a fixed number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.given_doses import Cumulative, Dose, cumulative
from clinic_sessions.domain.outcomes.outcome_plot import Rows
from clinic_sessions.domain.outcomes.outcome_rows import Event, dose_rows, event_rows, score_rows
from clinic_sessions.domain.outcomes.outcomes import OUTCOME_SCALES, Course, Rules, Score, Window, course
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.scales.results import Band
from clinic_sessions.domain.scheduling.plans import PlanChangeKind
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import Patient, Plan, PlanChange, StatusChange, TreatmentSession
from clinic_sessions.services import documents
from clinic_sessions.services.outcomes import given_doses, scale_data, scale_results
from clinic_sessions.services.plans import plans

ALL = "all"
"""What stands in place of a plan or a scale for all of them."""

_OF_PLANS = {
    PlanChangeKind.CHANGE: "Plan changed",
    PlanChangeKind.PAUSE: "Paused",
    PlanChangeKind.RESUME: "Resumed",
    PlanChangeKind.REVIEW: "Reviewed",
    PlanChangeKind.END: "Plan ended",
}
_OF_SESSIONS = {
    Action.STOP_EARLY: "Stopped early",
    Action.TAKE_TO_HOSPITAL: "Hospital",
    Action.LEAVE_AGAINST_ADVICE: "Left against advice",
}


@dataclass(frozen=True, kw_only=True)
class Outcomes:
    """What the plot, the tables and the summary are made of. `plan` and `scale` of None: all of them."""

    plans: Sequence[Plan]
    plan: Plan | None
    scales: Sequence[ScaleKey]
    scale: ScaleKey | None
    courses: Sequence[Course]
    doses: Sequence[Dose]
    rows: Rows
    rules: Rules
    totals: Sequence[Cumulative]
    """What was given in all, whatever is looked at."""
    reviewed_at: datetime | None

    @property
    def due(self) -> list[Course]:
        """The courses that have turned since the last review."""
        return [
            one
            for one in self.courses
            if one.review_due and (self.reviewed_at is None or one.latest.score.at > self.reviewed_at)
        ]

    def main(self, patient: Patient) -> Course | None:
        """Give the course of the scale that tells of what the patient is treated for, else of the one asked most."""
        reason = (
            [self.plan.condition] if self.plan else [one.condition for one in patient.conditions if not one.ended_at]
        )
        wanted = [CONDITIONS[one].course for one in reason]
        ordered = sorted(self.courses, key=lambda one: (one.scale.key not in wanted, -len(one.points)))
        return ordered[0] if ordered else None


def read(db: Session, patient: Patient, zone: ZoneInfo, *, plan: str = "", scale: str = "") -> Outcomes:
    """Gather outcomes. `plan`: the id of one, ALL, or anything else for the newest; `scale`: a key, else all.

    A plan is looked at from its start until the next one's; its baseline may be from before it.
    """
    listed = plans.of_patient(db, patient.id)
    chosen = None if plan == ALL else next((one for one in listed if str(one.id) == plan), next(iter(listed), None))
    window = _window(listed, chosen)
    changes = _changes(db, listed)
    everything = given_doses.of(db, patient.id, given_doses.sessions(db, patient.id))
    doses = [dose for dose in everything if window.holds(dose.at)]
    scores = _scores(db, patient)
    wanted = [key for key in scores if key.value == scale] or list(scores)
    rules = Rules.of(documents.thresholds(db))
    courses = _courses({key: scores[key] for key in wanted}, doses, window, rules, zone)
    events = [*_plan_events(listed, changes), *_session_events(db, patient)]
    return Outcomes(
        plans=listed,
        plan=chosen,
        scales=list(scores),
        scale=wanted[0] if scale and scale == wanted[0].value else None,
        courses=courses,
        doses=doses,
        rows=Rows(
            scores=score_rows(courses, zone),
            doses=dose_rows(doses, zone),
            events=event_rows([event for event in events if window.holds(event.at)], zone),
        ),
        rules=rules,
        totals=cumulative(everything, zone),
        reviewed_at=max((one.at for one in changes if one.kind is PlanChangeKind.REVIEW), default=None),
    )


def _window(listed: Sequence[Plan], chosen: Plan | None) -> Window:
    if chosen is None:
        return Window()
    later = [one.started_at for one in listed if one.started_at > chosen.started_at]
    return Window(starts_at=chosen.started_at, ends_at=min(later, default=None))


def _scores(db: Session, patient: Patient) -> Mapping[ScaleKey, list[Score]]:
    found: dict[ScaleKey, list[Score]] = {}
    for row in scale_results.of_patient(db, patient.id, *OUTCOME_SCALES):
        total = scale_results.total_of(row)
        if total is not None:
            band = Band(row.band) if row.band else None
            found.setdefault(row.scale, []).append(Score(id=row.id, at=row.at, total=total, band=band))
    return {key: found[key] for key in OUTCOME_SCALES if key in found}


def _courses(
    scores: Mapping[ScaleKey, Sequence[Score]], doses: Sequence[Dose], window: Window, rules: Rules, zone: ZoneInfo
) -> list[Course]:
    moments = [dose.at for dose in doses]
    first = moments[0] if moments else None
    found = [course(scale_data.of(key), window.scores(own, first), moments, rules, zone) for key, own in scores.items()]
    return [one for one in found if one]


def _changes(db: Session, listed: Sequence[Plan]) -> Sequence[PlanChange]:
    if not listed:
        return []
    query = sa.select(PlanChange).where(PlanChange.plan_id.in_([one.id for one in listed]))
    return db.scalars(query.order_by(PlanChange.at, PlanChange.id)).all()


def _plan_events(listed: Sequence[Plan], changes: Sequence[PlanChange]) -> list[Event]:
    began = [Event(at=one.started_at, short="Plan started", words=one.protocol_version.title) for one in listed]
    return began + [
        Event(at=one.at, short=_OF_PLANS[one.kind], words=one.words or "") for one in changes if one.kind in _OF_PLANS
    ]


def _session_events(db: Session, patient: Patient) -> list[Event]:
    """List what broke off a session, without what was undone; a stop tells why by its own row."""
    undone = sa.select(StatusChange.undoes_id).where(StatusChange.undoes_id.is_not(None))
    query = (
        sa.select(StatusChange)
        .join(TreatmentSession, TreatmentSession.id == StatusChange.session_id)
        .where(
            TreatmentSession.patient_id == patient.id,
            StatusChange.action.in_(_OF_SESSIONS),
            StatusChange.id.not_in(undone),
        )
    )
    return [Event(at=one.at, short=_OF_SESSIONS[one.action], words=one.words or "") for one in db.scalars(query)]
