"""What clinicians read first of a patient: whether treatment works, what was given, what is due, which papers stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.given_doses import Cumulative
from clinic_sessions.domain.outcomes import outcome_words
from clinic_sessions.domain.outcomes.outcome_panels import SMALL
from clinic_sessions.domain.outcomes.outcome_plot import Plot, Rows, draw
from clinic_sessions.domain.outcomes.outcomes import Course
from clinic_sessions.domain.papers.findings import Due
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Patient
from clinic_sessions.services.course import last_sessions
from clinic_sessions.services.course.last_sessions import LastSession
from clinic_sessions.services.outcomes import outcomes
from clinic_sessions.services.plans import findings


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The main scale in words and small, the last sessions, and what is due. `due`: why a review is, in words."""

    course: Course | None
    said: Sequence[str]
    due: Sequence[str]
    plot: Plot | None
    last: Sequence[LastSession]
    totals: Sequence[Cumulative]
    findings: Sequence[Due]
    today: date


def of(db: Session, patient: Patient, place: Clinic, now: datetime) -> Summary:
    """Gather the summary of the newest plan; the number of queries does not grow with the sessions."""
    zone, today = place.zone, local_day(now, place.zone)
    found = outcomes.read(db, patient, zone)
    main = found.main(patient)
    scores = [row for row in found.rows.scores if main and row.scale.key is main.scale.key]
    return Summary(
        course=main,
        said=outcome_words.summary(main, zone) if main else [],
        due=[outcome_words.due_words(one, zone) for one in found.due],
        plot=draw(Rows(scores=scores, doses=found.rows.doses, events=[]), SMALL, zone, moods=False) if scores else None,
        last=last_sessions.of(db, patient.id),
        totals=found.totals,
        findings=findings.due(db, [patient.id], today).get(patient.id, []),
        today=today,
    )
