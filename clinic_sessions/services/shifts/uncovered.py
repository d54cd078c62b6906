"""Sessions that stand without what they need: nurses enough, a role that must be on site, or whoever holds a visit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import Shortfall
from clinic_sessions.domain.scheduling.shifts import MIDNIGHT, ExceptionKind, Stretch
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, ShiftException
from clinic_sessions.services.shifts import cover, hosted
from clinic_sessions.services.sites import hits
from clinic_sessions.services.sites.hits import Hit

DAYS_AHEAD = 14
"""So many days are looked at in any case; those on which someone is away are, however far ahead."""


@dataclass(frozen=True, kw_only=True)
class Uncovered(Hit):
    """A session and what it lacks: nurses and roles, each from its first minute on.

    `host_gone_at`: the first moment of a visit at which whoever holds it is not on shift; None when that person is.
    """

    shortfalls: tuple[Shortfall, ...] = ()
    host_gone_at: datetime | None = None

    @property
    def roles(self) -> list[SiteRole]:
        """The roles in which someone else would have to come."""
        return [one.role or SiteRole.NURSE for one in self.shortfalls]

    @property
    def lacks_only_nurses(self) -> bool:
        """Say whether someone may let it stand: neither a role that must be on site nor the host is missing."""
        return self.host_gone_at is None and all(one.role is None for one in self.shortfalls)


def ahead(db: Session, clinic: Clinic, now: datetime) -> list[Uncovered]:
    """List the sessions that stand and lack something, soonest first, those under way too.

    They lost it after they were booked: someone is away, an account was disabled. Those kept by name with fewer nurses
    are left out; nothing else takes one off but a move, a cancellation, or someone else on shift.
    """
    days = _days(db, clinic, local_day(now, clinic.zone))
    short = [(one.session_id, one.shortfall) for one in cover.short(db, clinic, days)]
    return [one for one in of(db, short, hosted.left_alone(db, clinic, days)) if one.ends_at > now]


def of(db: Session, short: Iterable[tuple[int, Shortfall]], alone: Mapping[int, datetime]) -> list[Uncovered]:
    """Put what sessions lack together, one line a session, soonest first; `alone`: since when a host is not there."""
    lacks: dict[int, list[Shortfall]] = {session_id: [] for session_id in alone}
    for session_id, shortfall in short:
        lacks.setdefault(session_id, []).append(shortfall)
    return [
        Uncovered(**vars(hit), shortfalls=tuple(lacks[hit.session_id]), host_gone_at=alone.get(hit.session_id))
        for hit in hits.among(db, lacks)
    ]


def relief(found: Iterable[Uncovered], zone: ZoneInfo) -> dict[tuple[date, SiteRole], Stretch]:
    """Give the hours for which someone else would have to come, by day and role, in minutes of the wall clock.

    From the first minute that lacks the role until the last of the sessions that lack it ends. A host is not relieved
    by extra hours of another: the visit is given to that person.
    """
    hours = dict[tuple[date, SiteRole], Stretch]()
    for one in found:
        day = local_day(one.starts_at, zone)
        ends = _minute(one.ends_at, zone) if local_day(one.ends_at, zone) == day else MIDNIGHT
        for role, lack in zip(one.roles, one.shortfalls, strict=True):
            known = hours.get((day, role), (MIDNIGHT, 0))
            hours[day, role] = (min(known[0], _minute(lack.at, zone)), max(known[1], ends))
    return hours


def _minute(at: datetime, zone: ZoneInfo) -> int:
    wall = at.astimezone(zone)
    return wall.hour * 60 + wall.minute


def _days(db: Session, clinic: Clinic, today: date) -> set[date]:
    away = sa.select(ShiftException.day).where(
        ShiftException.clinic_id == clinic.id,
        ShiftException.day >= today,
        ShiftException.kind == ExceptionKind.OFF,
        ShiftException.removed_at.is_(None),
    )
    return {*db.scalars(away), *(today + timedelta(days=n) for n in range(DAYS_AHEAD))}
