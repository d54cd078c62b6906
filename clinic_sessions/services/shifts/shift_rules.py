"""What every change of shifts must hold to: who it may be about, and that nobody is at two sites at once."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import ShiftReason, Stretch, duties
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.models import Clinic, Shift, ShiftException, User, UserClinic
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.shifts import rota

HELD_BY = {SiteRole.NURSE: Role.NURSE, SiteRole.PROVIDER: Role.PROVIDER}
"""The role that a person must hold to be on shift in another."""

LOOKED_AHEAD = timedelta(days=366)
"""So far ahead hours at two sites are compared."""


def people_of(db: Session, clinic: Clinic) -> list[User]:
    """List who can be on shift at a clinic, by name: nurses and providers who work there and may sign in."""
    return [user for user in db.scalars(_working_at(clinic).order_by(User.name, User.id)) if roles_of(user)]


def roles_of(user: User) -> list[SiteRole]:
    """List the roles in which a person can be on shift."""
    return [role for role, held in HELD_BY.items() if held in user.roles]


def not_past(clinic: Clinic, day: date, now: datetime) -> None:
    """Refuse a change of a day before the clinic's today: IN_THE_PAST."""
    if day < local_day(now, clinic.zone):
        raise Refusal(ShiftReason.IN_THE_PAST)


def person(db: Session, clinic: Clinic, user_id: int, role: SiteRole | None = None) -> User:
    """Load someone who works at the clinic, and let rivals who change their hours elsewhere wait.

    Raises Absent; refuses with ROLE_NOT_HELD.
    """
    user = db.scalar(_working_at(clinic).where(User.id == user_id).with_for_update(key_share=True, of=User))
    if user is None:
        raise Absent
    if role not in {None, *roles_of(user)}:
        raise Refusal(ShiftReason.ROLE_NOT_HELD)
    return user


def at_one_site(db: Session, clinic: Clinic, user: User, first_day: date, last_day: date | None) -> None:
    """Refuse hours during which the person is on shift at another site too: AT_ANOTHER_SITE."""
    end = min(last_day or date.max, first_day + LOOKED_AHEAD)
    others = [other for other in user.clinics if other.id != clinic.id]
    here = _spans(db, clinic, user, first_day, end) if others else []
    for other in others:
        # A day there may begin before the same day here, and end after it.
        there = _spans(db, other, user, first_day - timedelta(days=1), end + timedelta(days=1))
        if any(one.overlaps(two) for one, two in _neighbours(here, there)):
            raise Refusal(ShiftReason.AT_ANOTHER_SITE)


def meet(one: Stretch, other: Stretch) -> bool:
    """Say whether two stretches of a day share a minute."""
    return one[0] < other[1] and other[0] < one[1]


def hours_of(row: Shift | ShiftException) -> Stretch:
    """Give the minutes of the wall clock between which a row holds."""
    return row.starts_minute, row.ends_minute


def _working_at(clinic: Clinic) -> sa.Select[User]:
    working = UserClinic.clinic_id == clinic.id
    return sa.select(User).join(UserClinic, UserClinic.user_id == User.id).where(working, User.disabled_at.is_(None))


def _spans(db: Session, clinic: Clinic, user: User, first_day: date, last_day: date) -> list[Span]:
    known = rota.read(db, clinic, first_day, last_day)
    weekly = [row for row in known.weekly if row.user_id == user.id]
    differing = [row for row in known.exceptions if row.user_id == user.id]
    return [duty.span for duty in duties(first_day, last_day, weekly, differing, clinic.zone)]


def _neighbours(here: Iterable[Span], there: list[Span]) -> Iterable[tuple[Span, Span]]:
    """Pair each stretch with those of the other site that end after its start and begin before its end."""
    for one in here:
        for two in there:
            if two.starts_at >= one.ends_at:
                break
            yield one, two
