"""Changing who works when, week by week. Days before today never change: a row is ended, and another begun."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import ShiftReason, Stretch
from clinic_sessions.models import AuditAction, Clinic, Shift, ShiftBreak
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.shifts import kept_cover, shift_rules
from clinic_sessions.services.shifts.kept_cover import Keeping, Touched

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Hours:
    """Hours of a day in minutes of the wall clock, and the breaks within them."""

    starts_minute: int
    ends_minute: int
    breaks: tuple[Stretch, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NewShift:
    """Hours that a person is to work on some weekdays (Monday is 0); `last_day` None: until they are ended."""

    user_id: int
    role: SiteRole
    weekdays: Collection[int]
    hours: Hours
    first_day: date
    last_day: date | None = None


def load(db: Session, clinic: Clinic, shift_ids: Collection[int]) -> list[Shift]:
    """Load shifts of a clinic that belong to one person in one role; raises Absent."""
    query = sa.select(Shift).where(Shift.id.in_(shift_ids), Shift.clinic_id == clinic.id).order_by(Shift.id)
    rows = list(db.scalars(query.with_for_update().execution_options(populate_existing=True)))
    if len(rows) != len(set(shift_ids)) or len({(row.user_id, row.role) for row in rows}) != 1:
        raise Absent
    return rows


def alike(db: Session, clinic: Clinic, shift_id: int, today: date) -> list[Shift]:
    """Give a shift with those of the same person that have the same role, hours and breaks and have not ended.

    The shift itself comes first, the others by weekday. Raises Absent.
    """
    row = db.get(Shift, shift_id)
    if row is None or row.clinic_id != clinic.id:
        raise Absent
    query = sa.select(Shift).where(
        Shift.clinic_id == clinic.id,
        Shift.user_id == row.user_id,
        Shift.role == row.role,
        Shift.starts_minute == row.starts_minute,
        Shift.ends_minute == row.ends_minute,
        Shift.id != row.id,
    )
    others = db.scalars(query.options(selectinload(Shift.breaks)).order_by(Shift.weekday, Shift.first_day)).all()
    return [row, *(one for one in others if breaks_of(one) == breaks_of(row) and _is_to_come(one, today))]


def breaks_of(row: Shift) -> list[Stretch]:
    """Give the breaks of a shift in minutes of the wall clock, in order."""
    return [(one.starts_minute, one.ends_minute) for one in row.breaks]


def add(
    db: Session, clinic: Clinic, new: NewShift, *, now: datetime, by: Actor, keeping: Keeping | None = None
) -> list[Shift]:
    """Add a shift on each of the weekdays.

    Refuses with ShiftReason; with kept_cover.CoverShort when a break in it would take a nurse from sessions.
    """
    touched = Touched(first_day=new.first_day, last_day=new.last_day, weekdays=new.weekdays)
    with kept_cover.kept(db, clinic, touched, keeping=keeping, now=now, by=by):
        shift_rules.not_past(clinic, new.first_day, now)
        return _begin(db, clinic, [new], now=now, by=by)


def change(
    db: Session,
    clinic: Clinic,
    shift_ids: Collection[int],
    hours: Hours,
    first_day: date,
    *,
    now: datetime,
    by: Actor,
    keeping: Keeping | None = None,
) -> list[Shift]:
    """Give shifts of one person other hours from `first_day` on, for as long as they were to go on.

    Refuses as `add` does.
    """
    old = load(db, clinic, shift_ids)
    with kept_cover.kept(db, clinic, _touched(old, first_day), keeping=keeping, now=now, by=by):
        following = [_following(row, hours, first_day) for row in old]
        _end(db, clinic, old, first_day, now=now, by=by)
        return _begin(db, clinic, following, now=now, by=by)


def end(
    db: Session,
    clinic: Clinic,
    shift_ids: Collection[int],
    first_day: date,
    *,
    now: datetime,
    by: Actor,
    keeping: Keeping | None = None,
) -> None:
    """End shifts of one person: `first_day` is the first on which they are not worked.

    Refuses with ShiftReason, and with kept_cover.CoverShort.
    """
    rows = load(db, clinic, shift_ids)
    with kept_cover.kept(db, clinic, _touched(rows, first_day), keeping=keeping, now=now, by=by):
        _end(db, clinic, rows, first_day, now=now, by=by)


def _is_to_come(row: Shift, today: date) -> bool:
    first = max(row.first_day, today)
    next_day = first + timedelta(days=(row.weekday - first.weekday()) % 7)
    return row.last_day is None or next_day <= row.last_day


def _touched(rows: Sequence[Shift], first_day: date) -> Touched:
    ends = [row.last_day for row in rows if row.last_day is not None]
    last_day = max(ends) if len(ends) == len(rows) else None
    return Touched(first_day=first_day, last_day=last_day, weekdays={row.weekday for row in rows})


def _following(row: Shift, hours: Hours, first_day: date) -> NewShift:
    return NewShift(
        user_id=row.user_id,
        role=row.role,
        weekdays=[row.weekday],
        hours=hours,
        first_day=max(first_day, row.first_day),
        last_day=row.last_day,
    )


def _begin(db: Session, clinic: Clinic, wanted: Sequence[NewShift], *, now: datetime, by: Actor) -> list[Shift]:
    user = shift_rules.person(db, clinic, wanted[0].user_id, wanted[0].role)
    for one in wanted:
        _not_twice(db, clinic, one)
    rows = [_row(clinic, one, weekday) for one in wanted for weekday in sorted(one.weekdays)]
    db.add_all(rows)
    db.flush()
    for row in rows:
        audit.note(db, AuditAction.CREATE, "shift", row.id, now=now, by=by, changes=_as_changes(row))
    for one in wanted:
        shift_rules.at_one_site(db, clinic, user, one.first_day, one.last_day)
    return rows


def _end(db: Session, clinic: Clinic, rows: Sequence[Shift], first_day: date, *, now: datetime, by: Actor) -> None:
    """Let rows hold until the day before; one that would never have held is taken away."""
    shift_rules.not_past(clinic, first_day, now)
    for row in rows:
        if row.last_day is not None and row.last_day < first_day:
            raise Refusal(ShiftReason.ENDED_ALREADY)
        changes = {"last_day": [row.last_day, first_day - DAY]}
        audit.note(db, AuditAction.CHANGE, "shift", row.id, now=now, by=by, changes=changes)
        if first_day <= row.first_day:
            db.delete(row)
        else:
            row.last_day = first_day - DAY
    db.flush()


def _not_twice(db: Session, clinic: Clinic, new: NewShift) -> None:
    query = sa.select(Shift).where(
        Shift.clinic_id == clinic.id,
        Shift.user_id == new.user_id,
        Shift.role == new.role,
        Shift.weekday.in_(new.weekdays),
        sa.or_(Shift.last_day.is_(None), Shift.last_day >= new.first_day),
        Shift.first_day <= (new.last_day or date.max),
    )
    wanted = (new.hours.starts_minute, new.hours.ends_minute)
    if any(shift_rules.meet(shift_rules.hours_of(row), wanted) for row in db.scalars(query)):
        raise Refusal(ShiftReason.HAS_THESE_HOURS)


def _row(clinic: Clinic, new: NewShift, weekday: int) -> Shift:
    row = Shift(
        clinic_id=clinic.id,
        user_id=new.user_id,
        role=new.role,
        weekday=weekday,
        starts_minute=new.hours.starts_minute,
        ends_minute=new.hours.ends_minute,
        first_day=new.first_day,
        last_day=new.last_day,
    )
    row.breaks = [ShiftBreak(starts_minute=starts, ends_minute=ends) for starts, ends in new.hours.breaks]
    return row


def _as_changes(row: Shift) -> dict[str, list[object]]:
    fields = ("user_id", "role", "weekday", "starts_minute", "ends_minute", "first_day", "last_day")
    return {**{field: [None, getattr(row, field)] for field in fields}, "breaks": [None, breaks_of(row)]}
