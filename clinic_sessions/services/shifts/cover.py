"""Nurse cover as it stands in the tables: a day by the minute, and the sessions that it does not reach."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import MINUTE, DayCover, Shortfall, deficits, shortfalls
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import BookingOverride, Clinic, TreatmentSession
from clinic_sessions.services.booking import day_rooms
from clinic_sessions.services.booking.day_rooms import Standing, Stretch
from clinic_sessions.services.shifts import rota


@dataclass(frozen=True, kw_only=True)
class Short:
    """A session that stands where cover does not suffice, and what it lacks first."""

    session_id: int
    shortfall: Shortfall


@dataclass(frozen=True, kw_only=True)
class Lacking:
    """What a session lacks: first, and in every minute of its day."""

    shortfall: Shortfall
    minutes: Mapping[int, int]

    def is_more_than(self, other: "Lacking | None") -> bool:
        """Say whether there is a minute in which this lacks more."""
        before = other.minutes if other else {}
        return any(much > before.get(minute, 0) for minute, much in self.minutes.items())


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
    found = [
        Short(session_id=one.id, shortfall=lacking_first)
        for whole, begun in _covered(stretch, days)
        for one in begun
        for lacking_first in shortfalls(whole, one.starts_at, stretch.profile(one), stands=True)
    ]
    lifted = lifted_for(db, {one.session_id for one in found})
    return [one for one in found if one.shortfall.role is not None or one.session_id not in lifted]


def lacking(db: Session, clinic: Clinic, days: Collection[date]) -> dict[tuple[int, SiteRole | None], Lacking]:
    """Give what each session of some days lacks, minute by minute, whatever was lifted; by session and role."""
    if not days:
        return {}
    stretch = _stretch(db, clinic, min(days), max(days))
    found = dict[tuple[int, SiteRole | None], Lacking]()
    for whole, begun in _covered(stretch, days):
        for one in begun:
            for role, minutes in deficits(whole, one.starts_at, stretch.profile(one)).items():
                first = min(minutes)
                at = whole.window.starts_at + first * MINUTE
                spare = 0 if role else -minutes[first]
                found[one.id, role] = Lacking(shortfall=Shortfall(at=at, role=role, spare_milli=spare), minutes=minutes)
    return found


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


def _covered(stretch: Stretch, days: Collection[date]) -> Iterator[tuple[DayCover, list[Standing]]]:
    """Give each of the days that anything begins on by the minute, with what begins on it."""
    zone, on = stretch.frame.clinic.zone, defaultdict[date, list[Standing]](list)
    for one in stretch.standing:
        for day in {local_day(one.starts_at, zone), local_day(one.ends_at - MINUTE, zone)}:
            on[day].append(one)
    for day in sorted(set(days) & on.keys()):
        begun = [one for one in on[day] if local_day(one.starts_at, zone) == day]
        if begun:
            yield _cover(stretch, day, on[day]), begun
