"""The demo clinic itself: its place, chairs, hours and accounts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinic_sessions.demo.people import STAFF
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.wall_time import Span, first_instant, local_day
from clinic_sessions.models import ActorKind, AuditAction, Chair, Clinic, OpeningHours, User, UserRole
from clinic_sessions.services import audit
from clinic_sessions.services.actor import SYSTEM, Actor

ZONE = ZoneInfo("America/Los_Angeles")
OPENS, CLOSES = 8 * 60, 18 * 60
SUNDAY = 6
WHOLE_DAY = 24 * 60

_CHAIRS = (
    ("Chair 1", True, False, False),
    ("Chair 2", True, False, False),
    ("Room 3", True, False, False),
    ("Chair 4", False, True, True),
    ("Chair 5", False, True, True),
    ("Room 6", True, True, True),
)
"""Name, and whether it is equipped for IV, nasal and IM."""


@dataclass(frozen=True, kw_only=True)
class Staffing:
    """Who acts in the demo clinic's history; nurses and providers take turns."""

    desk: Actor
    nurses: tuple[Actor, ...]
    providers: tuple[Actor, ...]


def open_clinic(db: Session, now: datetime) -> Clinic:
    """Add the clinic with six chairs; its hours come when its days are known."""
    clinic = Clinic(
        name="Harbor Street Clinic",
        name_in_messages="Harbor Street Clinic",
        zone_name=ZONE.key,
        phone="+13105550100",
        transport_phone="+13105550188",
        address="12 Harbor Street, Los Angeles, CA 90012",
    )
    clinic.chairs = [
        Chair(name=name, position=position, allows_iv=iv, allows_in=nasal, allows_im=im)
        for position, (name, iv, nasal, im) in enumerate(_CHAIRS, 1)
    ]
    db.add(clinic)
    db.flush()
    audit.note(db, AuditAction.CREATE, "clinic", clinic.id, now=now, by=SYSTEM)
    return clinic


def set_hours(clinic: Clinic, now: datetime, around_now: Iterable[Span]) -> None:
    """Open Monday to Saturday from 8 to 18, and also today and tomorrow, wide enough for what goes on around `now`."""
    hours = dict.fromkeys(range(SUNDAY), (OPENS, CLOSES))
    today = local_day(now, ZONE).weekday()
    hours.setdefault(today, (OPENS, CLOSES))
    hours.setdefault((today + 1) % 7, (OPENS, CLOSES))
    for block in around_now:
        day = local_day(block.starts_at, ZONE)
        opens, closes = hours.get(day.weekday(), (OPENS, CLOSES))
        first, last = _wall_hours(day, block)
        hours[day.weekday()] = (min(opens, first), max(closes, last))
    clinic.opening_hours = [
        OpeningHours(weekday=weekday, opens_minute=opens, closes_minute=closes)
        for weekday, (opens, closes) in sorted(hours.items())
    ]


def _wall_hours(day: date, block: Span) -> tuple[int, int]:
    """Give the whole hours of the wall clock around a block; the whole day when the clocks change on it."""
    starts, ends = block.starts_at.astimezone(ZONE), block.ends_at.astimezone(ZONE)
    if starts.utcoffset() != ends.utcoffset() or starts.fold:
        return 0, WHOLE_DAY
    if ends.date() > day:
        return starts.hour * 60, WHOLE_DAY
    return starts.hour * 60, min(WHOLE_DAY, (ends.hour + (ends.minute > 0)) * 60)


def office_hour(moment: datetime, now: datetime) -> datetime:
    """Move a moment into office hours of its clinic day, or of the day before when that would be after `now`."""
    minute = OPENS + 30 + (moment.minute * 7 + moment.hour * 13) % (CLOSES - OPENS - 60)
    day = local_day(moment, ZONE)
    found = first_instant(day, time(minute // 60, minute % 60), ZONE)
    if found > min(now, moment):
        found = first_instant(day - timedelta(days=1), time(minute // 60, minute % 60), ZONE)
    return found


def hire(db: Session, clinic: Clinic, password_hash: str, now: datetime) -> Staffing:
    """Add the accounts, which never work outside a demo database, all with one password."""
    actors: dict[Role, list[Actor]] = {role: [] for role in Role}
    for one in STAFF:
        user = User(
            email=one.address,
            name=one.name,
            password_hash=password_hash,
            is_demo=True,
            is_charge_nurse=one.is_charge_nurse,
        )
        user.role_rows = [UserRole(role=one.role)]
        user.clinics = [clinic]
        db.add(user)
        db.flush()
        changes = {"roles": [None, one.role.value]}
        audit.note(db, AuditAction.CREATE, "user", user.id, now=now, by=SYSTEM, changes=changes)
        actors[one.role].append(Actor(kind=ActorKind.USER, user=user, role=one.role))
    return Staffing(
        desk=actors[Role.FRONT_DESK][0],
        nurses=tuple(actors[Role.NURSE]),
        providers=tuple(actors[Role.PROVIDER]),
    )
