"""What stands on the days of a clinic, read in a few range queries and handed to the rules day by day."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import cover, timetable
from clinic_sessions.domain.scheduling.cover import Demand, Profile
from clinic_sessions.domain.scheduling.timetable import LONGEST_BLOCK, DayRoom, Opening
from clinic_sessions.domain.session.lifecycle import OCCUPYING, OTHER_ENDINGS, SessionKind, Status
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import Chair, Clinic, Closure, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.shifts import rota
from clinic_sessions.services.shifts.rota import Rota

COUNTED = OCCUPYING | OTHER_ENDINGS | {Status.LEFT}
"""A session in one of these was, or is to be, a dose of its patient, and has or keeps its place in the series."""

SPACING_REACH = timedelta(days=61)
"""No protocol asks for more than 60 days between two sessions."""


class Standing(NamedTuple):
    """A session as the rules see it; a tuple, because a search reads thousands."""

    id: int
    clinic_id: int
    chair_id: int | None
    patient_id: int
    kind: SessionKind
    status: Status
    host_id: int | None
    nurse_id: int | None
    nurse_milli: int
    starts_at: datetime
    ends_at: datetime
    digest: str | None

    @property
    def block(self) -> Span:
        """The whole time that it takes."""
        return Span(starts_at=self.starts_at, ends_at=self.ends_at)


@dataclass(frozen=True, kw_only=True)
class Frame:
    """What holds for a stretch of days, whatever is booked: hours, shifts and closures."""

    clinic: Clinic
    hours: Sequence[Opening]
    rota: Rota
    closures: Sequence[Closure]


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Some days with all that stands on them."""

    frame: Frame
    standing: Sequence[Standing]
    profiles: Mapping[str, Profile]

    def rooms(self, days: Sequence[date], chairs: Sequence[Chair]) -> Iterator[tuple[date, DayRoom]]:
        """Give each of the days as the rules take it, with these chairs in the order in which they are preferred."""
        zone = self.frame.clinic.zone
        by_day: dict[date, list[Standing]] = {day: [] for day in days}
        for one in self.standing:
            for day in {local_day(one.starts_at, zone), local_day(one.ends_at - cover.MINUTE, zone)}:
                by_day.setdefault(day, []).append(one)
        for day in days:
            yield day, self._room(day, by_day[day], chairs)

    def demands(self, standing: Sequence[Standing]) -> list[Demand]:
        """Give what some of the sessions ask of the nurses."""
        return [Demand(starts_at=one.starts_at, profile=self.profile(one)) for one in standing]

    def profile(self, one: Standing) -> Profile:
        """Give what one session asks of the nurses; whoever is ready and waits for a ride, only a little."""
        minutes = (one.ends_at - one.starts_at) // cover.MINUTE
        if one.digest is None:
            return cover.visit_profile(minutes, one.nurse_milli)
        whole = self.profiles[one.digest]
        return whole.waiting_from(minutes) if one.status is Status.READY else whole

    def _room(self, day: date, standing: Sequence[Standing], chairs: Sequence[Chair]) -> DayRoom:
        frame, span = self.frame, day_span(day, self.frame.clinic.zone)
        closures = [one for one in frame.closures if one.starts_at < span.ends_at and one.ends_at > span.starts_at]
        taken: dict[int, list[Span]] = {chair.id: [] for chair in chairs}
        for one in standing:
            if one.chair_id in taken:
                taken[one.chair_id].append(one.block)
        for closure in closures:
            if closure.chair_id in taken:
                taken[closure.chair_id].append(Span(starts_at=closure.starts_at, ends_at=closure.ends_at))
        return DayRoom(
            openings=timetable.openings(day, frame.hours, frame.clinic.zone),
            taken=taken,
            shut=[Span(starts_at=one.starts_at, ends_at=one.ends_at) for one in closures if one.chair_id is None],
            duties=frame.rota.duties(day, day),
            demands=self.demands(standing),
        )


def frame_of(db: Session, clinic: Clinic, first_day: date, last_day: date) -> Frame:
    """Read hours, shifts and closures of a stretch of days."""
    span = _span(clinic, first_day, last_day)
    return Frame(
        clinic=clinic,
        hours=hours_of(clinic),
        rota=rota.read(db, clinic, first_day, last_day),
        closures=closures_of(db, clinic.id, span),
    )


def read(
    db: Session, frame: Frame, first_day: date, last_day: date, *, without: Collection[int] = (), patient_id: int = 0
) -> tuple[Stretch, list[Standing]]:
    """Read what stands from `first_day` to `last_day`, and the patient's own sessions anywhere near it: one query.

    `without`: sessions that are being moved.
    """
    span = _span(frame.clinic, first_day, last_day)
    rows = [
        Standing._make(row) for row in db.execute(_query(frame.clinic.id, span, patient_id)) if row.id not in without
    ]
    here = [
        one for one in rows
        if one.clinic_id == frame.clinic.id and one.status in OCCUPYING and one.block.overlaps(span)
    ]  # fmt: skip
    profiles = profiles_of(db, {one.digest for one in here if one.digest})
    own = [one for one in rows if one.patient_id == patient_id]
    return Stretch(frame=frame, standing=here, profiles=profiles), own


def hours_of(clinic: Clinic) -> list[Opening]:
    """Give a clinic's opening hours as the domain reads them."""
    return [
        Opening(weekday=row.weekday, opens_minute=row.opens_minute, closes_minute=row.closes_minute)
        for row in clinic.opening_hours
    ]


def closures_of(db: Session, clinic_id: int, span: Span) -> list[Closure]:
    """List the closures of a clinic and its chairs that reach into a stretch of time."""
    query = sa.select(Closure).where(
        Closure.clinic_id == clinic_id,
        Closure.ends_at > span.starts_at,
        Closure.starts_at < span.ends_at,
        Closure.removed_at.is_(None),
    )
    return list(db.scalars(query.order_by(Closure.starts_at)))


_known: dict[str, Profile] = {}
_lock = Lock()


def profiles_of(db: Session, digests: Collection[str]) -> dict[str, Profile]:
    """Give what protocol versions ask of the nurses; a version never changes, so this process reads each once."""
    if missing := set(digests) - _known.keys():
        versions = db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.digest.in_(missing))).all()
        for version in versions:
            profile_of(version)
    return {digest: _known[digest] for digest in digests}


def profile_of(version: ProtocolVersion) -> Profile:
    """Give what a session under a protocol version asks of chair and nurses."""
    if version.digest not in _known:
        profile = cover.profile_of(catalogue.protocol_of(version))
        with _lock:
            _known[version.digest] = profile
    return _known[version.digest]


def _span(clinic: Clinic, first_day: date, last_day: date) -> Span:
    return Span(starts_at=day_span(first_day, clinic.zone).starts_at, ends_at=day_span(last_day, clinic.zone).ends_at)


def _query(clinic_id: int, span: Span, patient_id: int) -> sa.Select[*tuple[object, ...]]:
    one = TreatmentSession
    of_clinic = sa.and_(
        one.clinic_id == clinic_id,
        one.starts_at >= span.starts_at - LONGEST_BLOCK,
        one.starts_at < span.ends_at,
        one.status.in_(OCCUPYING),
    )
    of_patient = sa.and_(
        one.patient_id == patient_id,
        one.starts_at >= span.starts_at - SPACING_REACH,
        one.starts_at < span.ends_at + SPACING_REACH,
        one.status.in_(COUNTED),
    )
    return (
        sa.select(
            one.id, one.clinic_id, one.chair_id, one.patient_id, one.kind, one.status, one.host_id, one.nurse_id,
            one.nurse_milli, one.starts_at, one.ends_at, ProtocolVersion.digest,
        )
        .outerjoin(ProtocolVersion, ProtocolVersion.id == one.protocol_version_id)
        .where(sa.or_(of_clinic, of_patient))
        .order_by(one.starts_at)
    )  # fmt: skip
