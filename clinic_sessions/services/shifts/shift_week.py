"""Some days of a clinic as people read them: who works when, who is away, and whether the nurses suffice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import MINUTE, DayCover
from clinic_sessions.domain.scheduling.shifts import DayException, Stretch, WeeklyShift, day_hours
from clinic_sessions.domain.wall_time import day_span
from clinic_sessions.models import Clinic, Shift, ShiftException, User
from clinic_sessions.services.booking import day_rooms
from clinic_sessions.services.shifts import shift_rules, shifts

HOUR = 60


@dataclass(frozen=True, kw_only=True)
class OnDay:
    """One person's day: the weekly rows that hold, how it differs, and the hours that come of both."""

    day: date
    shifts: Sequence[Shift]
    differing: Sequence[ShiftException]
    hours: Sequence[tuple[SiteRole, Sequence[Stretch]]]

    @property
    def breaks(self) -> list[Stretch]:
        """The breaks of the day, in order."""
        return sorted({one for row in self.shifts for one in shifts.breaks_of(row)})


@dataclass(frozen=True, kw_only=True)
class PersonDays:
    user: User
    roles: Sequence[SiteRole]
    days: Sequence[OnDay]


@dataclass(frozen=True, kw_only=True)
class HourLoad:
    """One hour at the tightest of its minutes with nurses on shift or asked for, in thousandths of a nurse."""

    starts_at: datetime
    on_milli: int
    needed_milli: int
    short_at: datetime | None
    """The first minute of the hour at which the nurses on shift do not suffice."""


@dataclass(frozen=True, kw_only=True)
class DayLoad:
    day: date
    hours: Sequence[HourLoad]


def days_from(first_day: date, count: int) -> list[date]:
    """Give `count` days in a row."""
    return [first_day + timedelta(days=n) for n in range(count)]


def people_on(db: Session, clinic: Clinic, days: Sequence[date]) -> list[PersonDays]:
    """Give everyone who can be on shift at a clinic, by name, with each of some days in a row."""
    rows = db.scalars(_holding(clinic, days[0], days[-1])).all()
    differing = db.scalars(_differing(clinic, days[0], days[-1])).all()
    return [
        PersonDays(
            user=user,
            roles=shift_rules.roles_of(user),
            days=[
                _on_day(
                    day,
                    [row for row in rows if row.user_id == user.id],
                    [row for row in differing if row.user_id == user.id and row.day == day],
                )
                for day in days
            ],
        )
        for user in shift_rules.people_of(db, clinic)
    ]


def loads(db: Session, clinic: Clinic, days: Sequence[date]) -> list[DayLoad]:
    """Give the nurses on shift and asked for, hour by hour, from the first to the last hour that has either."""
    frame = day_rooms.frame_of(db, clinic, days[0], days[-1])
    stretch = day_rooms.read(db, frame, days[0], days[-1])[0]
    demands = stretch.demands(stretch.standing)
    covers = ((day, DayCover(day_span(day, clinic.zone), frame.rota.duties(day, day), demands)) for day in days)
    return [DayLoad(day=day, hours=_hours(cover)) for day, cover in covers]


def _holding(clinic: Clinic, first_day: date, last_day: date) -> sa.Select[Shift]:
    return (
        sa.select(Shift)
        .where(
            Shift.clinic_id == clinic.id,
            Shift.first_day <= last_day,
            sa.or_(Shift.last_day.is_(None), Shift.last_day >= first_day),
        )
        .options(selectinload(Shift.breaks))
        .order_by(Shift.starts_minute, Shift.id)
    )


def _differing(clinic: Clinic, first_day: date, last_day: date) -> sa.Select[ShiftException]:
    return (
        sa.select(ShiftException)
        .where(
            ShiftException.clinic_id == clinic.id,
            ShiftException.day.between(first_day, last_day),
            ShiftException.removed_at.is_(None),
        )
        .order_by(ShiftException.starts_minute, ShiftException.id)
    )


def _on_day(day: date, rows: Sequence[Shift], differing: Sequence[ShiftException]) -> OnDay:
    known = [(row, _weekly(row)) for row in rows]
    holding = [(row, weekly) for row, weekly in known if weekly.holds_on(day)]
    hours = day_hours([weekly for _, weekly in holding], [_exception(row) for row in differing])
    return OnDay(
        day=day,
        shifts=[row for row, _ in holding],
        differing=differing,
        hours=sorted((role, stretches) for (_, role), stretches in hours.items() if stretches),
    )


def _weekly(row: Shift) -> WeeklyShift:
    return WeeklyShift(
        user_id=row.user_id,
        role=row.role,
        weekday=row.weekday,
        starts_minute=row.starts_minute,
        ends_minute=row.ends_minute,
        first_day=row.first_day,
        last_day=row.last_day,
        breaks=tuple(shifts.breaks_of(row)),
    )


def _exception(row: ShiftException) -> DayException:
    return DayException(
        user_id=row.user_id,
        day=row.day,
        kind=row.kind,
        role=row.role,
        starts_minute=row.starts_minute,
        ends_minute=row.ends_minute,
    )


def _hours(cover: DayCover) -> list[HourLoad]:
    every = [range(start, min(start + HOUR, cover.length)) for start in range(0, cover.length, HOUR)]
    busy = [n for n, minutes in enumerate(every) if any(_asked_and_on(cover, one) != (0, 0) for one in minutes)]
    return [_hour(cover, minutes) for minutes in every[busy[0] : busy[-1] + 1]] if busy else []


def _hour(cover: DayCover, minutes: range) -> HourLoad:
    busy = [minute for minute in minutes if _asked_and_on(cover, minute) != (0, 0)]
    tightest = min(busy or minutes, key=lambda minute: (cover.spare[minute], -cover.nurses[minute]))
    short = next((minute for minute in minutes if cover.spare[minute] < 0), None)
    needed, on = _asked_and_on(cover, tightest)
    return HourLoad(
        starts_at=cover.window.starts_at + minutes.start * MINUTE,
        on_milli=on,
        needed_milli=needed,
        short_at=None if short is None else cover.window.starts_at + short * MINUTE,
    )


def _asked_and_on(cover: DayCover, minute: int) -> tuple[int, int]:
    return cover.nurses[minute] - cover.spare[minute], cover.nurses[minute]
