"""A patient's course in the order it happened: who did what, with what was corrected still readable."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from types import MappingProxyType
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.session.course_kinds import OF_THE_DESK, CourseKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Patient, TreatmentSession
from clinic_sessions.services.course import course_file, course_record, course_steps
from clinic_sessions.services.course.course_window import TimelineEntry, Window

MOST = 60
"""As many lines stand on one page."""

_RECORDED: Mapping[CourseKind, Callable[[Session, Window], list[TimelineEntry]]] = MappingProxyType(
    {
        CourseKind.DOSES: course_record.doses,
        CourseKind.VITALS: course_record.vitals,
        CourseKind.SIDE_EFFECTS: course_record.effects,
        CourseKind.INTERVENTIONS: course_record.done,
        CourseKind.PROVIDER: course_record.provider,
        CourseKind.CALLS: course_file.calls,
        CourseKind.NOTES: course_record.notes,
        CourseKind.SCORES: course_file.scores,
        CourseKind.CHECK_INS: course_file.check_ins,
        CourseKind.WEIGHTS: course_file.weighings,
        CourseKind.MESSAGES: course_file.messages,
        CourseKind.VIEWS: course_file.views,
    }
)
IN_SHORT = frozenset(CourseKind) - {
    CourseKind.VIEWS, CourseKind.VITALS, CourseKind.DOSES, CourseKind.NOTES, CourseKind.PROVIDER
}  # fmt: skip
"""What the patient's own page tells; the whole course has the rest."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a course, the newest first; `older`: from which moment and place the next page goes on, if any."""

    entries: Sequence[TimelineEntry]
    older: tuple[datetime, int] | None


def of(db: Session, patient: Patient, here: Clinic, *, clinical: bool) -> Sequence[TimelineEntry]:
    """List the newest MOST entries of a patient in short; without `clinical` only what the desk may read."""
    window = Window(patient_id=patient.id, most=MOST)
    return page(db, window, here, IN_SHORT, clinical=clinical).entries


def page(
    db: Session, window: Window, here: Clinic, kinds: Collection[CourseKind], *, clinical: bool, skip: int = 0
) -> Page:
    """Give one page of a patient's course, of the kinds that are asked for; without `clinical` what the desk may read.

    `skip`: how many entries of the window's last moment stood on the page before. The number of queries does not grow
    with the course.
    """
    wider = replace(window, most=window.most + skip + 1)
    found = [entry for kind in _allowed(kinds, clinical) for entry in _read(db, wider, here, kind, clinical)]
    ordered = sorted(found, key=lambda entry: (entry.at, entry.title, entry.detail or ""), reverse=True)[skip:]
    entries = ordered[: window.most]
    if len(ordered) <= window.most:
        return Page(entries=entries, older=None)
    last = entries[-1].at
    again = sum(entry.at == last for entry in entries) + (skip if last == window.until else 0)
    return Page(entries=entries, older=(last, again))


def linked(db: Session, page: Page, clinic_ids: Collection[int]) -> Page:
    """Give a page whose lines lead to the sessions of these clinics alone: another site's would not be found."""
    named = {entry.session_id for entry in page.entries if entry.session_id is not None}
    one = TreatmentSession
    query = sa.select(one.id).where(one.id.in_(named), one.clinic_id.in_(clinic_ids))
    found = set(db.scalars(query)) if named else set()
    entries = [entry if entry.session_id in found else replace(entry, session_id=None) for entry in page.entries]
    return replace(page, entries=entries)


def by_day(entries: Iterable[TimelineEntry], zone: ZoneInfo) -> list[tuple[date, list[TimelineEntry]]]:
    """Group entries, in their order, by the clinic's day."""
    return [(day, list(group)) for day, group in groupby(entries, key=lambda entry: local_day(entry.at, zone))]


def _allowed(kinds: Collection[CourseKind], clinical: bool) -> list[CourseKind]:
    return [kind for kind in CourseKind if kind in kinds and (clinical or kind in OF_THE_DESK)]


def _read(db: Session, window: Window, here: Clinic, kind: CourseKind, clinical: bool) -> list[TimelineEntry]:
    if kind is CourseKind.BOOKINGS:
        return course_steps.bookings(db, window, here, clinical=clinical)
    if kind is CourseKind.SESSIONS:
        return course_steps.steps(db, window, here, clinical=clinical)
    return _RECORDED[kind](db, window)
