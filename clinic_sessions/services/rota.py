"""Who is on shift at a clinic: the weekly hours and the days that differ, read as the rules take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import shifts
from clinic_sessions.domain.shifts import DayException, Duty, WeeklyShift
from clinic_sessions.models import Clinic, Shift, ShiftBreak, ShiftException, User, UserClinic


@dataclass(frozen=True, kw_only=True)
class Rota:
    """The shifts of a stretch of days at a clinic."""

    weekly: Sequence[WeeklyShift]
    exceptions: Sequence[DayException]
    zone: ZoneInfo

    def duties(self, first_day: date, last_day: date) -> list[Duty]:
        """Give who is on shift on some of the days that were read."""
        return shifts.duties(first_day, last_day, self.weekly, self.exceptions, self.zone)


def read(db: Session, clinic: Clinic, first_day: date, last_day: date) -> Rota:
    """Read the shifts of a clinic from `first_day` to `last_day`, in two range queries.

    Someone who was disabled, or no longer works at the clinic, is on shift no more.
    """
    return Rota(
        weekly=_weekly(db, clinic.id, first_day, last_day),
        exceptions=_exceptions(db, clinic.id, first_day, last_day),
        zone=clinic.zone,
    )


def _working(clinic_id: int) -> sa.Select[int]:
    return (
        sa.select(UserClinic.user_id)
        .join(User, User.id == UserClinic.user_id)
        .where(UserClinic.clinic_id == clinic_id, User.disabled_at.is_(None))
    )


def _weekly(db: Session, clinic_id: int, first_day: date, last_day: date) -> list[WeeklyShift]:
    rows = db.execute(
        sa.select(
            Shift.id,
            Shift.user_id,
            Shift.role,
            Shift.weekday,
            Shift.starts_minute,
            Shift.ends_minute,
            Shift.first_day,
            Shift.last_day,
            ShiftBreak.starts_minute.label("break_starts"),
            ShiftBreak.ends_minute.label("break_ends"),
        )
        .outerjoin(ShiftBreak, ShiftBreak.shift_id == Shift.id)
        .where(
            Shift.clinic_id == clinic_id,
            Shift.first_day <= last_day,
            sa.or_(Shift.last_day.is_(None), Shift.last_day >= first_day),
            Shift.user_id.in_(_working(clinic_id)),
        )
        .order_by(Shift.id, ShiftBreak.starts_minute)
    ).mappings()
    found: dict[int, WeeklyShift] = {}
    for row in rows:
        known = found.get(row["id"])
        own = ((row["break_starts"], row["break_ends"]),) if row["break_starts"] is not None else ()
        found[row["id"]] = WeeklyShift(
            user_id=row["user_id"],
            role=row["role"],
            weekday=row["weekday"],
            starts_minute=row["starts_minute"],
            ends_minute=row["ends_minute"],
            first_day=row["first_day"],
            last_day=row["last_day"],
            breaks=(*(known.breaks if known else ()), *own),
        )
    return list(found.values())


def _exceptions(db: Session, clinic_id: int, first_day: date, last_day: date) -> list[DayException]:
    rows = db.scalars(
        sa.select(ShiftException).where(
            ShiftException.clinic_id == clinic_id,
            ShiftException.day >= first_day,
            ShiftException.day <= last_day,
            ShiftException.removed_at.is_(None),
            ShiftException.user_id.in_(_working(clinic_id)),
        )
    )
    return [
        DayException(
            user_id=row.user_id,
            day=row.day,
            kind=row.kind,
            role=row.role,
            starts_minute=row.starts_minute,
            ends_minute=row.ends_minute,
        )
        for row in rows
    ]
