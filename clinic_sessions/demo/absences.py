"""Days of the demo on which someone is away, or works longer than usual."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import MIDNIGHT
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import ActorKind, Clinic, User
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.shifts import shift_days
from clinic_sessions.services.shifts.shift_days import Extra, Leave

OWNER, PROVIDER, NURSE = "owner@demo.example", "provider2@demo.example", "nurse2@demo.example"
AWAY_AFTER, LONGER_AFTER = timedelta(days=12), timedelta(days=2)
EVENING = (18 * 60, 20 * 60)


def note_days(db: Session, clinic: Clinic, now: datetime) -> None:
    """Let one of the two providers be away for two days, and a nurse stay longer on one."""
    people = {one.email: one for one in db.scalars(sa.select(User).where(User.email.in_((OWNER, PROVIDER, NURSE))))}
    owner = Actor(kind=ActorKind.USER, user=people[OWNER], role=Role.OWNER)
    today = local_day(now, clinic.zone)
    away = Leave(
        user_id=people[PROVIDER].id,
        first_day=today + AWAY_AFTER,
        last_day=today + AWAY_AFTER + timedelta(days=1),
        hours=(0, MIDNIGHT),
        words="Conference",
    )
    shift_days.take_leave(db, clinic, away, now=now, by=owner)
    longer = Extra(
        user_id=people[NURSE].id,
        role=SiteRole.NURSE,
        day=today + LONGER_AFTER,
        hours=EVENING,
        words="Stays for the late sessions",
    )
    shift_days.add_extra(db, clinic, longer, now=now, by=owner)
