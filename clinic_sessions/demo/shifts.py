"""Who is on shift in the demo clinic: four nurses with their breaks in turn, and two providers."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import CLOSES, OPENS, ZONE, Staffing
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling import shifts
from clinic_sessions.domain.scheduling.shifts import Duty, WeeklyShift
from clinic_sessions.models import Clinic, Shift, ShiftBreak

EARLY, LATE = OPENS - 30, CLOSES + 30
FIRST_BREAK, BREAK = 12 * 60, 30
LONG_AGO = timedelta(days=120)


def usual(staff: Staffing, weekday: int, starts: int = EARLY, ends: int = LATE) -> Iterator[WeeklyShift]:
    """Give the shifts of a weekday; the nurses take their breaks one after the other."""
    for number, nurse in enumerate(staff.nurses):
        begins = FIRST_BREAK + number * BREAK
        yield _shift(nurse.user_id or 0, SiteRole.NURSE, weekday, starts, ends, ((begins, begins + BREAK),))
    for provider in staff.providers:
        yield _shift(provider.user_id or 0, SiteRole.PROVIDER, weekday, starts, ends)


def _shift(
    user_id: int, role: SiteRole, weekday: int, starts: int, ends: int, breaks: tuple[tuple[int, int], ...] = ()
) -> WeeklyShift:
    return WeeklyShift(
        user_id=user_id, role=role, weekday=weekday, starts_minute=starts, ends_minute=ends,
        first_day=date.min, last_day=None, breaks=breaks,
    )  # fmt: skip


def duties(staff: Staffing, day: date) -> Sequence[Duty]:
    """Give who is on shift on a day as usual; on the demo's today and tomorrow the clinic may be open for longer."""
    return shifts.duties(day, day, usual(staff, day.weekday()), [], ZONE)


def put_on(db: Session, clinic: Clinic, staff: Staffing, today: date) -> None:
    """Put everyone on shift for as long as the clinic is open, and half an hour around it."""
    for hours in clinic.opening_hours:
        starts, ends = min(EARLY, hours.opens_minute), max(LATE, hours.closes_minute)
        for one in usual(staff, hours.weekday, starts, ends):
            row = Shift(
                clinic_id=clinic.id, user_id=one.user_id, role=one.role, weekday=one.weekday,
                starts_minute=one.starts_minute, ends_minute=one.ends_minute, first_day=today - LONG_AGO,
            )  # fmt: skip
            row.breaks = [ShiftBreak(starts_minute=begins, ends_minute=ends) for begins, ends in one.breaks]
            db.add(row)
    db.flush()
