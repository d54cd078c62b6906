"""Who of a clinic can act now: the people on shift, and who comes next, by what they may do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, User
from clinic_sessions.services.shifts import rota

AHEAD = timedelta(days=14)
"""How far ahead the next shift is looked for."""


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Who may do a thing at a clinic: those on shift now, by name; when nobody is, who comes first, and when."""

    clinic: Clinic
    now: Sequence[User]
    first: User | None = None
    first_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class OnShift:
    """The shifts of a clinic from a moment on, with the people who have them."""

    clinic: Clinic
    at: datetime
    duties: Sequence[Duty]
    people: Mapping[int, User]

    def who_may(self, permission: Permission) -> Hands:
        """Give who may do a thing here, now or first."""
        fitting = [duty for duty in self.duties if self.people[duty.user_id].may(permission)]
        here = {duty.user_id: self.people[duty.user_id] for duty in fitting if duty.span.starts_at <= self.at}
        if here:
            return Hands(clinic=self.clinic, now=sorted(here.values(), key=lambda user: (user.name, user.id)))
        soonest = min(fitting, key=lambda duty: (duty.span.starts_at, duty.user_id), default=None)
        if soonest is None:
            return Hands(clinic=self.clinic, now=())
        first_at = soonest.span.starts_at
        return Hands(clinic=self.clinic, now=(), first=self.people[soonest.user_id], first_at=first_at)


def read(db: Session, clinic: Clinic, *, now: datetime) -> OnShift:
    """Read who is on shift at a clinic from `now` until two weeks later; three queries."""
    first, last = local_day(now, clinic.zone), local_day(now + AHEAD, clinic.zone)
    duties = [duty for duty in rota.read(db, clinic, first, last).duties(first, last) if now < duty.span.ends_at]
    people = db.scalars(sa.select(User).where(User.id.in_({duty.user_id for duty in duties})))
    return OnShift(clinic=clinic, at=now, duties=duties, people={user.id: user for user in people})
