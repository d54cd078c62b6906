"""Nurse cover as it stands in the tables: a day by the minute, and the sessions that it does not reach."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.cover import DayCover, Shortfall, shortfalls
from clinic_sessions.domain.shifts import Duty
from clinic_sessions.domain.timetable import OverrideKind
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import BookingOverride, Clinic, TreatmentSession
from clinic_sessions.services import day_rooms, rota
from clinic_sessions.services.day_rooms import Standing, Stretch


@dataclass(frozen=True, kw_only=True)
class Short:
    """A session that stands where cover does not suffice, and what it lacks first."""

    session_id: int
    shortfall: Shortfall


def duties_of(db: Session, clinic: Clinic, first_day: date, last_day: date) -> list[Duty]:
    """Give who is on shift at a clinic from `first_day` to `last_day`."""
    return rota.read(db, clinic, first_day, last_day).duties(first_day, last_day)


def day_cover(db: Session, clinic: Clinic, day: date) -> DayCover:
    """Give a whole day by the minute, from midnight to midnight."""
    stretch = _stretch(db, clinic, day, day)
    return _cover(stretch, day, stretch.standing)


def short(db: Session, clinic: Clinic, days: Collection[date]) -> list[Short]:
    """List the sessions of some days that cover does not reach, without those for which it was lifted by name.

    A session is asked against all others: where three share the nurses of two, all three are listed. A missing role
    is listed whatever was lifted.
    """
    if not days:
        return []
    stretch = _stretch(db, clinic, min(days), max(days))
    found = [one for day in sorted(set(days)) for one in _short_on(stretch, day)]
    lifted = lifted_for(db, {one.session_id for one in found})
    return [one for one in found if one.shortfall.role is not None or one.session_id not in lifted]


def lifted_for(db: Session, session_ids: Collection[int]) -> frozenset[int]:
    """Give those of the sessions for whose present time and place cover was lifted by name."""
    if not session_ids:
        return frozenset()
    query = (
        sa.select(TreatmentSession.id)
        .join(BookingOverride, BookingOverride.session_id == TreatmentSession.id)
        .where(
            TreatmentSession.id.in_(session_ids),
            BookingOverride.kind == OverrideKind.COVER,
            BookingOverride.schedule_version == TreatmentSession.schedule_version,
        )
    )
    return frozenset(db.scalars(query))


def _stretch(db: Session, clinic: Clinic, first_day: date, last_day: date) -> Stretch:
    frame = day_rooms.frame_of(db, clinic, first_day, last_day)
    return day_rooms.read(db, frame, first_day, last_day)[0]


def _cover(stretch: Stretch, day: date, standing: Sequence[Standing]) -> DayCover:
    frame = stretch.frame
    window = day_span(day, frame.clinic.zone)
    return DayCover(window, frame.rota.duties(day, day), stretch.demands(standing))


def _short_on(stretch: Stretch, day: date) -> Iterator[Short]:
    zone = stretch.frame.clinic.zone
    whole = _cover(stretch, day, stretch.standing)
    for one in stretch.standing:
        if local_day(one.starts_at, zone) == day:
            for lacking in shortfalls(whole, one.starts_at, stretch.profile(one), stands=True):
                yield Short(session_id=one.id, shortfall=lacking)
