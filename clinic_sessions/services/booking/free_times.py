"""The free times of a clinic: read week by week, in order, until enough are found."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Route, SiteRole
from clinic_sessions.domain.scheduling import timetable
from clinic_sessions.domain.scheduling.cover import Profile
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.scheduling.timetable import DayRoom, FreeTime
from clinic_sessions.domain.session.lifecycle import OCCUPYING, SessionKind
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.models import Chair, Clinic, ProtocolVersion
from clinic_sessions.services import catalogue
from clinic_sessions.services.booking import day_rooms
from clinic_sessions.services.booking.day_rooms import Standing

WINDOW_DAYS = 7
FURTHEST_DAYS = 60
"""How far ahead a search goes."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a time is looked for: a block by `route` for a patient, not before `earliest`, on weekdays that suit.

    `without`: sessions that are being moved; their own present times count as free. No `weekdays`: any. `nurse_id`: the
    nurse who is named already, and stays so where they are on shift.
    """

    route: Route
    profile: Profile
    spacing_days: int
    patient_id: int
    earliest: datetime
    without: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    nurse_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class OpenDay:
    """A day of a search: its free starts, what stands on it, and the patient's own sessions near it."""

    day: date
    times: Sequence[FreeTime]
    room: DayRoom
    own: Sequence[Standing]


def wanted(
    version: ProtocolVersion,
    patient_id: int,
    earliest: datetime,
    *,
    without: Collection[int] = (),
    weekdays: Iterable[int] = (),
    nurse_id: int | None = None,
) -> Wanted:
    """Give what a search for a session under a protocol version looks for."""
    protocol = catalogue.protocol_of(version)
    return Wanted(
        route=version.route,
        profile=day_rooms.profile_of(version),
        spacing_days=protocol.spacing.whole,
        patient_id=patient_id,
        earliest=earliest,
        without=frozenset(without),
        weekdays=frozenset(weekdays),
        nurse_id=nurse_id,
    )


def open_days(db: Session, clinic: Clinic, want: Wanted, *, last_day: date | None = None) -> Iterator[OpenDay]:
    """Give the days that have a free start, in order, within 60 days; one bounded query a week, as long as it is asked.

    Hours, shifts and closures are read once. Days too near another dose of the patient are passed over.
    """
    zone, first = clinic.zone, local_day(want.earliest, clinic.zone)
    last = last_day or first + timedelta(days=FURTHEST_DAYS - 1)
    chairs = suitable(clinic, want.route)
    frame = day_rooms.frame_of(db, clinic, first, last)
    for days in weeks(first, last):
        stretch, own = day_rooms.read(db, frame, days[0], days[-1], without=want.without, patient_id=want.patient_id)
        doses, elsewhere = dose_days(own, zone), busy(own)
        fit = [day for day in days if _suits(day, want, doses)]
        for day, room in stretch.rooms(fit, chairs):
            times = timetable.free_starts(room, want.profile, earliest=want.earliest, busy=elsewhere)
            if times:
                yield OpenDay(day=day, times=times, room=room, own=own)


def next_three(db: Session, clinic: Clinic, want: Wanted) -> list[FreeTime]:
    """Give the next three free times."""
    found = list[FreeTime]()
    for open_day in open_days(db, clinic, want):
        found += open_day.times[: 3 - len(found)]
        if len(found) == 3:
            break
    return found


def starts_by_day(db: Session, clinic: Clinic, want: Wanted, last_day: date) -> Mapping[date, Sequence[FreeTime]]:
    """Give every free start of the days from `want.earliest` to `last_day`, by day; a day without one is left out."""
    return {one.day: one.times for one in open_days(db, clinic, want, last_day=last_day)}


def suitable(clinic: Clinic, route: Route) -> list[Chair]:
    """List the chairs in use that are equipped for a route: those that can do the least else come first."""
    fit = [chair for chair in clinic.chairs if chair.in_use and chair.allows(route)]
    return sorted(fit, key=lambda chair: (sum(chair.allows(other) for other in Route), chair.position))


def busy(own: Iterable[Standing]) -> list[Span]:
    """Give when the patient is somewhere already."""
    return [one.block for one in own if one.status in OCCUPYING]


def dose_days(own: Iterable[Standing], zone: ZoneInfo) -> frozenset[date]:
    """Give the days on which the patient has, or had, a treatment."""
    return frozenset(local_day(one.starts_at, zone) for one in own if one.kind is SessionKind.TREATMENT)


def usual_nurse(own: Iterable[Standing], duties: Iterable[Duty], block: Span) -> int | None:
    """Give the nurse who treats the patient most, the latest of equals, when they are on shift around a block."""
    named = [one.nurse_id for one in own if one.nurse_id is not None]
    usual = max(reversed(named), key=named.count, default=None)
    return usual if usual is not None and is_there(usual, duties, block) else None


def is_there(nurse_id: int, duties: Iterable[Duty], block: Span) -> bool:
    """Say whether a nurse is on shift from the start of a block to its end, breaks between aside."""
    spans = [duty.span for duty in duties if duty.user_id == nurse_id and duty.role is SiteRole.NURSE]
    around = bool(spans) and min(span.starts_at for span in spans) <= block.starts_at
    return around and max(span.ends_at for span in spans) >= block.ends_at


def _suits(day: date, want: Wanted, doses: Collection[date]) -> bool:
    if want.weekdays and day.weekday() not in want.weekdays:
        return False
    return timetable.spacing_objection(day, doses, want.spacing_days) is None


def weeks(first: date, last: date) -> Iterator[Sequence[date]]:
    """Give the days from `first` to `last`, a week at a time: the steps in which a search reads."""
    for start in range(0, (last - first).days + 1, WINDOW_DAYS):
        length = min(WINDOW_DAYS, (last - first).days + 1 - start)
        yield [first + timedelta(days=start + n) for n in range(length)]
