"""Who is on shift at a clinic: the weekly hours and the days that differ, read as the rules take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import shifts
from clinic_sessions.domain.scheduling.shifts import DayException, Duty, WeeklyShift
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


_SHIFT, _BREAK, _OTHER = Shift.__table__.c, ShiftBreak.__table__.c, ShiftException.__table__.c
_AT, _USER = UserClinic.__table__.c, User.__table__.c

_WORKING = (
    sa.select(_AT.user_id)
    .select_from(UserClinic.__table__)
    .join(User.__table__, _USER.id == _AT.user_id)
    .where(_AT.clinic_id == sa.bindparam("clinic"), _USER.disabled_at.is_(None))
)
_WEEKLY = (
    sa.select(
        _SHIFT.id, _SHIFT.user_id, _SHIFT.role, _SHIFT.weekday, _SHIFT.starts_minute, _SHIFT.ends_minute,
        _SHIFT.first_day, _SHIFT.last_day,
        _BREAK.starts_minute.label("break_starts"), _BREAK.ends_minute.label("break_ends"),
    )
    .select_from(Shift.__table__)
    .outerjoin(ShiftBreak.__table__, _BREAK.shift_id == _SHIFT.id)
    .where(
        _SHIFT.clinic_id == sa.bindparam("clinic"),
        _SHIFT.first_day <= sa.bindparam("last"),
        sa.or_(_SHIFT.last_day.is_(None), _SHIFT.last_day >= sa.bindparam("first")),
        _SHIFT.user_id.in_(_WORKING),
        _SHIFT.weekday.in_(sa.bindparam("weekdays", expanding=True)),
    )
    .order_by(_SHIFT.id, _BREAK.starts_minute)
)  # fmt: skip
_EXCEPTIONS = sa.select(
    _OTHER.user_id, _OTHER.day, _OTHER.kind, _OTHER.role, _OTHER.starts_minute, _OTHER.ends_minute
).where(
    _OTHER.clinic_id == sa.bindparam("clinic"),
    _OTHER.day >= sa.bindparam("first"),
    _OTHER.day <= sa.bindparam("last"),
    _OTHER.removed_at.is_(None),
    _OTHER.user_id.in_(_WORKING),
)


def _weekly(db: Session, clinic_id: int, first_day: date, last_day: date) -> list[WeeklyShift]:
    days = range(min((last_day - first_day).days + 1, 7))
    weekdays = sorted({(first_day + timedelta(days=n)).weekday() for n in days})
    wanted = {"clinic": clinic_id, "first": first_day, "last": last_day, "weekdays": weekdays}
    found: dict[int, WeeklyShift] = {}
    for row in db.execute(_WEEKLY, wanted):
        known = found.get(row.id)
        own = ((row.break_starts, row.break_ends),) if row.break_starts is not None else ()
        found[row.id] = WeeklyShift(
            user_id=row.user_id,
            role=row.role,
            weekday=row.weekday,
            starts_minute=row.starts_minute,
            ends_minute=row.ends_minute,
            first_day=row.first_day,
            last_day=row.last_day,
            breaks=(*(known.breaks if known else ()), *own),
        )
    return list(found.values())


def _exceptions(db: Session, clinic_id: int, first_day: date, last_day: date) -> list[DayException]:
    rows = db.execute(_EXCEPTIONS, {"clinic": clinic_id, "first": first_day, "last": last_day})
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
