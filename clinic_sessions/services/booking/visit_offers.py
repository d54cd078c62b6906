"""What the screens of a visit offer: who may hold it, and the best times of that person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.session.lifecycle import SessionKind
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import Clinic, Patient, User, UserClinic
from clinic_sessions.services.booking import visit_room
from clinic_sessions.services.booking.visit_room import Wanted

A_DAY, IN_ALL = 2, 6
"""The screen offers six times, at most two of one day, so that they lie on three days or more."""

APART = timedelta(hours=3)

_ROLES = {SiteRole.PROVIDER: Role.PROVIDER, SiteRole.NURSE: Role.NURSE}


@dataclass(frozen=True, kw_only=True)
class OfferedDays:
    """The times that a screen offers, and where looking further leads."""

    starts: Sequence[datetime]
    first: date
    earlier: date | None
    later: date


def hosts(db: Session, clinic: Clinic, kind: SessionKind) -> list[User]:
    """List the people of a clinic whose roles let them hold visits of `kind`, by name."""
    fitting = {_ROLES[role] for role in visits.KINDS[kind].hosts}
    query = (
        sa.select(User)
        .join(UserClinic, UserClinic.user_id == User.id)
        .where(UserClinic.clinic_id == clinic.id, User.disabled_at.is_(None))
        .order_by(User.name, User.id)
    )
    return [user for user in db.scalars(query) if user.roles & fitting]


def times(
    db: Session, clinic: Clinic, want: Wanted, *, now: datetime, stands_at: datetime | None = None
) -> OfferedDays:
    """Give the best six times of a host: the soonest, at most two of one day and three hours apart.

    `stands_at`: a time that is not offered, because the visit stands there already.
    """
    first = local_day(want.earliest, clinic.zone)
    found = list[datetime]()
    for _, starts in visit_room.free_days(db, clinic, want):
        found += _spread([start for start in starts if start != stands_at])
        if len(found) >= IN_ALL:
            break
    found = found[:IN_ALL]
    last = local_day(found[-1], clinic.zone) if found else first
    today = local_day(now, clinic.zone)
    return OfferedDays(
        starts=found,
        first=first,
        earlier=max(today, first - timedelta(days=3)) if first > today else None,
        later=last + timedelta(days=1),
    )


def earliest(clinic: Clinic, patient: Patient, first_day: date | None, now: datetime) -> datetime:
    """Give the moment from which times are looked for: after the patient's notice, or on a day that was named."""
    if first_day is None:
        return now + timedelta(hours=patient.notice_hours)
    return max(now, day_span(first_day, clinic.zone).starts_at)


def _spread(starts: Sequence[datetime]) -> list[datetime]:
    found = list[datetime]()
    for start in starts:
        if len(found) < A_DAY and (not found or start - found[-1] >= APART):
            found.append(start)
    return found
