"""Days that differ from the weekly shifts: someone is away, or works extra hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import ExceptionKind, ShiftReason, Stretch, without
from clinic_sessions.models import AuditAction, Clinic, ShiftException
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.shifts import kept_cover, shift_rules
from clinic_sessions.services.shifts.kept_cover import Keeping, Touched


@dataclass(frozen=True, kw_only=True)
class Leave:
    """Days on which a person is away, for the same minutes of the wall clock on each."""

    user_id: int
    first_day: date
    last_day: date
    hours: Stretch
    words: str | None = None


@dataclass(frozen=True, kw_only=True)
class Extra:
    """Minutes of one day's wall clock that a person works besides their shifts."""

    user_id: int
    role: SiteRole
    day: date
    hours: Stretch
    words: str | None = None


def find(db: Session, clinic: Clinic, exception_id: int, *, lock: bool = False) -> ShiftException:
    """Give a day that differs, if it stands; raises Absent."""
    query = sa.select(ShiftException).where(
        ShiftException.id == exception_id, ShiftException.clinic_id == clinic.id, ShiftException.removed_at.is_(None)
    )
    locked = query.with_for_update().execution_options(populate_existing=True)
    row = db.scalar(locked if lock else query)
    if row is None:
        raise Absent
    return row


def take_leave(
    db: Session, clinic: Clinic, leave: Leave, *, now: datetime, by: Actor, keeping: Keeping | None = None
) -> list[ShiftException]:
    """Note that a person is away in every role, on the days for which that is not noted yet; extra hours give way.

    It is a fact: once `keeping` names all the sessions that it hits, it is kept, and what they lack stands open until
    each is moved, cancelled or covered by someone else. Refuses with ShiftReason, and with kept_cover.CoverShort until
    then.
    """
    touched = Touched(first_day=leave.first_day, last_day=leave.last_day)
    with kept_cover.kept(db, clinic, touched, keeping=keeping, now=now, by=by, is_fact=True):
        shift_rules.not_past(clinic, leave.first_day, now)
        user = shift_rules.person(db, clinic, leave.user_id)
        known = _standing(db, clinic, user.id, ExceptionKind.OFF, leave.first_day, leave.last_day)
        days = (leave.first_day + timedelta(days=n) for n in range((leave.last_day - leave.first_day).days + 1))
        rows = [
            _row(clinic, day, ExceptionKind.OFF, leave, now, by)
            for day in days
            if without([leave.hours], [shift_rules.hours_of(one) for one in known if one.day == day])
        ]
        if not _cut_extras(db, clinic, leave, now=now, by=by) and not rows:
            raise Refusal(ShiftReason.AWAY_ALREADY)
        _write(db, rows, now, by)
    return rows


def _cut_extras(db: Session, clinic: Clinic, leave: Leave, *, now: datetime, by: Actor) -> bool:
    """Take the leave out of extra hours that were noted before; says whether there were any."""
    found = [
        one
        for one in _standing(db, clinic, leave.user_id, ExceptionKind.EXTRA, leave.first_day, leave.last_day)
        if shift_rules.meet(shift_rules.hours_of(one), leave.hours)
    ]
    for row in found:
        _take_back(db, row, now=now, by=by)
        if row.role is not None:
            left = without([shift_rules.hours_of(row)], [leave.hours])
            same = [
                Extra(user_id=row.user_id, role=row.role, day=row.day, hours=hours, words=row.words) for hours in left
            ]
            _write(db, [_row(clinic, row.day, ExceptionKind.EXTRA, one, now, by) for one in same], now, by)
    return bool(found)


def add_extra(db: Session, clinic: Clinic, extra: Extra, *, now: datetime, by: Actor) -> ShiftException:
    """Note that a person works extra hours on a day; refuses with ShiftReason."""
    touched = Touched(first_day=extra.day, last_day=extra.day)
    with kept_cover.kept(db, clinic, touched, keeping=None, now=now, by=by):
        shift_rules.not_past(clinic, extra.day, now)
        user = shift_rules.person(db, clinic, extra.user_id, extra.role)
        known = _standing(db, clinic, user.id, ExceptionKind.EXTRA, extra.day, extra.day)
        if any(one.role is extra.role and shift_rules.meet(shift_rules.hours_of(one), extra.hours) for one in known):
            raise Refusal(ShiftReason.HAS_THESE_HOURS)
        row = _row(clinic, extra.day, ExceptionKind.EXTRA, extra, now, by)
        _write(db, [row], now, by)
        shift_rules.at_one_site(db, clinic, user, extra.day, extra.day)
    return row


def remove(
    db: Session, clinic: Clinic, exception_id: int, *, now: datetime, by: Actor, keeping: Keeping | None = None
) -> None:
    """Take back a day away or extra hours, from today on.

    Refuses with ShiftReason, and with kept_cover.CoverShort.
    """
    row = find(db, clinic, exception_id, lock=True)
    touched = Touched(first_day=row.day, last_day=row.day)
    with kept_cover.kept(db, clinic, touched, keeping=keeping, now=now, by=by):
        shift_rules.not_past(clinic, row.day, now)
        user = shift_rules.person(db, clinic, row.user_id)
        _take_back(db, row, now=now, by=by)
        db.flush()
        shift_rules.at_one_site(db, clinic, user, row.day, row.day)


def _take_back(db: Session, row: ShiftException, *, now: datetime, by: Actor) -> None:
    row.removed_at = now
    audit.note(db, AuditAction.CHANGE, "shift_exception", row.id, now=now, by=by, changes={"removed_at": [None, now]})


def _standing(
    db: Session, clinic: Clinic, user_id: int, kind: ExceptionKind, first_day: date, last_day: date
) -> Sequence[ShiftException]:
    query = sa.select(ShiftException).where(
        ShiftException.clinic_id == clinic.id,
        ShiftException.day.between(first_day, last_day),
        ShiftException.user_id == user_id,
        ShiftException.kind == kind,
        ShiftException.removed_at.is_(None),
    )
    return db.scalars(query).all()


def _row(
    clinic: Clinic, day: date, kind: ExceptionKind, asked: Leave | Extra, now: datetime, by: Actor
) -> ShiftException:
    return ShiftException(
        clinic_id=clinic.id,
        user_id=asked.user_id,
        day=day,
        kind=kind,
        role=asked.role if isinstance(asked, Extra) else None,
        starts_minute=asked.hours[0],
        ends_minute=asked.hours[1],
        words=asked.words,
        made_at=now,
        by_id=by.user_id,
    )


def _write(db: Session, rows: Sequence[ShiftException], now: datetime, by: Actor) -> None:
    db.add_all(rows)
    db.flush()
    fields = ("user_id", "kind", "role", "day", "starts_minute", "ends_minute", "words")
    for row in rows:
        changes = {field: [None, getattr(row, field)] for field in fields}
        audit.note(db, AuditAction.CREATE, "shift_exception", row.id, now=now, by=by, changes=changes)
