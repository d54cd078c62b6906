"""The next free times of a clinic: read week by week, in order, until enough are found."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import timetable
from clinic_sessions.domain.lifecycle import OCCUPYING
from clinic_sessions.domain.protocols import Route
from clinic_sessions.domain.timetable import LONGEST_BLOCK, FreeTime, Offer, Opening
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import Chair, Clinic, TreatmentSession

WINDOW_DAYS = 7
FURTHEST_DAYS = 60
"""How far ahead a search goes."""

NEXT_THREE = Offer(count=3)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a time is looked for: a block of `minutes` by `route`, for a patient, not before `earliest`."""

    route: Route
    minutes: int
    patient_id: int
    earliest: datetime
    moving_id: int | None = None
    """The session that is being moved: its own present time counts as free."""


def find(db: Session, clinic: Clinic, wanted: Wanted, offer: Offer) -> list[FreeTime]:
    """Find free times within 60 days, soonest first; one bounded query a week, none after the last one is found."""
    chairs = suitable(clinic, wanted.route)
    hours, zone = hours_of(clinic), clinic.zone
    found: list[FreeTime] = []
    for days in _weeks(local_day(wanted.earliest, zone)):
        span = Span(starts_at=day_span(days[0], zone).starts_at, ends_at=day_span(days[-1], zone).ends_at)
        chair_busy: dict[int, list[Span]] = {chair.id: [] for chair in chairs}
        patient_busy = _read(db, clinic.id, span, wanted, chair_busy)
        found += timetable.free_times(
            days=days,
            minutes=wanted.minutes,
            earliest=wanted.earliest,
            hours=hours,
            zone=zone,
            chair_busy=chair_busy,
            patient_busy=patient_busy,
            offer=Offer(count=offer.count - len(found), apart=offer.apart, per_day=offer.per_day),
        )
        if len(found) == offer.count:
            break
    return found


def suitable(clinic: Clinic, route: Route) -> list[Chair]:
    """List the chairs in use that are equipped for a route: those that can do the least else come first."""
    fit = [chair for chair in clinic.chairs if chair.in_use and chair.allows(route)]
    return sorted(fit, key=lambda chair: (sum(chair.allows(other) for other in Route), chair.position))


def hours_of(clinic: Clinic) -> list[Opening]:
    """Give a clinic's opening hours as the domain reads them."""
    return [
        Opening(weekday=row.weekday, opens_minute=row.opens_minute, closes_minute=row.closes_minute)
        for row in clinic.opening_hours
    ]


def occupying(clinic_id: int, span: Span) -> sa.Select[int, int | None, int, datetime, datetime]:
    """Give the query of what stands in a stretch of time: id, chair, patient, start and end; a range of one index."""
    return sa.select(
        TreatmentSession.id,
        TreatmentSession.chair_id,
        TreatmentSession.patient_id,
        TreatmentSession.starts_at,
        TreatmentSession.ends_at,
    ).where(
        TreatmentSession.clinic_id == clinic_id,
        TreatmentSession.starts_at >= span.starts_at - LONGEST_BLOCK,
        TreatmentSession.starts_at < span.ends_at,
        TreatmentSession.ends_at > span.starts_at,
        TreatmentSession.status.in_(OCCUPYING),
    )


def _weeks(first: date) -> Iterator[Sequence[date]]:
    for start in range(0, FURTHEST_DAYS, WINDOW_DAYS):
        length = min(WINDOW_DAYS, FURTHEST_DAYS - start)
        yield [first + timedelta(days=start + n) for n in range(length)]


def _read(db: Session, clinic_id: int, span: Span, wanted: Wanted, chair_busy: dict[int, list[Span]]) -> list[Span]:
    """Fill in when each chair is busy, and give when the patient is."""
    patient_busy = []
    for session_id, chair_id, patient_id, starts_at, ends_at in db.execute(occupying(clinic_id, span)):
        if session_id == wanted.moving_id:
            continue
        busy = Span(starts_at=starts_at, ends_at=ends_at)
        if chair_id in chair_busy:
            chair_busy[chair_id].append(busy)
        if patient_id == wanted.patient_id:
            patient_busy.append(busy)
    return patient_busy
