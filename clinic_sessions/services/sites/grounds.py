"""What days at a clinic stand on, whatever is booked: its chairs, its opening hours and its closures, in one query."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling.timetable import Opening
from clinic_sessions.domain.wall_time import Span, day_span
from clinic_sessions.models import Chair, Clinic, Closure, OpeningHours


class Place(NamedTuple):
    """A chair as it is drawn."""

    id: int
    name: str
    position: int
    allows_iv: bool
    allows_im: bool
    allows_in: bool
    in_use: bool


class Shut(NamedTuple):
    """A closure of the clinic, or of one chair."""

    id: int
    chair_id: int | None
    starts_at: datetime
    ends_at: datetime
    reason: str

    @property
    def span(self) -> Span:
        """The time for which it is closed."""
        return Span(starts_at=self.starts_at, ends_at=self.ends_at)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What some days stand on."""

    chairs: tuple[Place, ...]
    hours: tuple[Opening, ...]
    closures: tuple[Shut, ...]


_CLINIC, _CHAIR = Clinic.__table__.c, Chair.__table__.c
_HOURS, _SHUT = OpeningHours.__table__.c, Closure.__table__.c


def _query() -> sa.Select[*tuple[Any, ...]]:
    open_then = sa.and_(_HOURS.clinic_id == _CLINIC.id, _HOURS.weekday.in_(sa.bindparam("weekdays", expanding=True)))
    shut_then = sa.and_(
        _SHUT.clinic_id == _CLINIC.id,
        _SHUT.ends_at > sa.bindparam("from_moment"),
        _SHUT.starts_at < sa.bindparam("to_moment"),
        _SHUT.removed_at.is_(None),
    )
    return (
        sa.select(
            _CHAIR.id, _CHAIR.name, _CHAIR.position, _CHAIR.allows_iv, _CHAIR.allows_im, _CHAIR.allows_in,
            _CHAIR.in_use,
            _HOURS.weekday, _HOURS.opens_minute, _HOURS.closes_minute,
            _SHUT.id, _SHUT.chair_id, _SHUT.starts_at, _SHUT.ends_at, _SHUT.reason,
        )
        .select_from(Clinic.__table__)
        .outerjoin(Chair.__table__, _CHAIR.clinic_id == _CLINIC.id)
        .outerjoin(OpeningHours.__table__, open_then)
        .outerjoin(Closure.__table__, shut_then)
        .where(_CLINIC.id == sa.bindparam("clinic"))
    )  # fmt: skip


_QUERY = _query()
"""Every chair, with the openings of some weekdays and the closures that reach into some days beside it."""


def read(db: Session, clinic: Clinic, days: Sequence[date]) -> Ground:
    """Read chairs, hours and closures of a stretch of days; the chairs in their order, the closures as they begin."""
    chairs: dict[Place, None] = {}
    hours: dict[tuple[int, int, int], None] = {}
    closures: dict[Shut, None] = {}
    wanted = {
        "clinic": clinic.id,
        "weekdays": sorted({day.weekday() for day in days}),
        "from_moment": day_span(days[0], clinic.zone).starts_at,
        "to_moment": day_span(days[-1], clinic.zone).ends_at,
    }
    for cells in db.execute(_QUERY, wanted).all():
        if cells[0] is not None:
            chairs[Place(*cells[:7])] = None
        if cells[7] is not None:
            hours[cells[7], cells[8], cells[9]] = None
        if cells[10] is not None:
            closures[Shut(*cells[10:])] = None
    return Ground(
        chairs=tuple(sorted(chairs, key=lambda place: (place.position, place.id))),
        hours=tuple(Opening(weekday=day, opens_minute=opens, closes_minute=closes) for day, opens, closes in hours),
        closures=tuple(sorted(closures, key=lambda shut: (shut.starts_at, shut.id))),
    )
