"""The stretch of days in which a series is to have its dates, as the rules see it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import series_solver, timetable
from clinic_sessions.domain.scheduling.cover import Profile
from clinic_sessions.domain.scheduling.series_solver import WINDOW_DAYS, Wanted, Wish
from clinic_sessions.domain.scheduling.timetable import LIFTED_BY, DayRoom, FreeTime, Objection
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import Chair, Clinic, ProtocolVersion, TreatmentSession
from clinic_sessions.services.booking import day_rooms, free_times


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What dates are looked for: the wish, each place's day by the pattern, and the day before which none may be.

    `chairs`: those to keep to while they are free. `moving`: the sessions that are being moved, by place.
    """

    wish: Wish
    places: Sequence[Wanted]
    first: date
    spacing: int
    chairs: Collection[int] = ()
    moving: Mapping[int, TreatmentSession] = field(default_factory=dict)

    @property
    def without(self) -> frozenset[int]:
        """The sessions whose present times count as free."""
        return frozenset(one.id for one in self.moving.values())

    def own_chair(self, place: int, starts_at: datetime) -> int | None:
        """Give the chair of a session that would stay at its present time: it stays there too."""
        own = self.moving.get(place)
        return own.chair_id if own is not None and own.starts_at == starts_at else None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A stretch of days as the rules see them, for one patient's treatment."""

    clinic: Clinic
    profile: Profile
    rooms: Mapping[date, DayRoom]
    busy: Sequence[Span]
    doses: Collection[date]
    now: datetime

    def block(self, starts_at: datetime) -> Span:
        """Give the whole time that a session from this start takes."""
        return Span(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=self.profile.minutes))

    def fewest_against(self, day: date, starts_at: datetime) -> tuple[int | None, list[Objection]]:
        """Give the chair against which the least stands, and what does; what can be lifted weighs less."""
        chairs: list[int | None] = [*self.rooms[day].taken] or [None]
        found = [(chair_id, self.against(day, starts_at, chair_id)) for chair_id in chairs]
        return min(found, key=lambda one: (sum(each.reason not in LIFTED_BY for each in one[1]), len(one[1])))

    def against(self, day: date, starts_at: datetime, chair_id: int | None) -> list[Objection]:
        """List what stands against a start in a chair, spacing aside."""
        return timetable.objections(
            self.block(starts_at), self.rooms[day], self.profile,
            now=self.now, chair_id=chair_id, patient_busy=self.busy,
        )  # fmt: skip


def read(
    db: Session, clinic: Clinic, patient_id: int, version: ProtocolVersion, ask: Ask, places: Sequence[Wanted], *,
    now: datetime,
) -> Picture:  # fmt: skip
    """Read the days on which the places of a series may have their dates: a handful of queries."""
    days_ = [one.day for one in places]
    first, last = max(ask.first, min(days_) - timedelta(days=WINDOW_DAYS)), max(days_) + timedelta(days=WINDOW_DAYS)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    frame = day_rooms.frame_of(db, clinic, first, last)
    stretch, own = day_rooms.read(db, frame, first, last, without=ask.without, patient_id=patient_id)
    return Picture(
        clinic=clinic,
        profile=day_rooms.profile_of(version),
        rooms=dict(stretch.rooms(days, _chairs(clinic, version, ask))),
        busy=free_times.busy(own),
        doses=free_times.dose_days(own, clinic.zone),
        now=now,
    )


def _chairs(clinic: Clinic, version: ProtocolVersion, ask: Ask) -> list[Chair]:
    return sorted(free_times.suitable(clinic, version.route), key=lambda chair: chair.id not in ask.chairs)


def free(picture: Picture, ask: Ask) -> dict[date, list[FreeTime]]:
    """Give the free starts of each day, one chair each; the wished one is among them off the quarter hour too."""
    found = {}
    for day, room in picture.rooms.items():
        times = timetable.free_starts(room, picture.profile, earliest=picture.now, busy=picture.busy)
        found[day] = [*times, *_between_quarters(day, picture, ask)]
    return found


def _between_quarters(day: date, picture: Picture, ask: Ask) -> list[FreeTime]:
    """Give the wished start itself when it lies between the quarter hours on which free times are offered."""
    starts_at = series_solver.wished_start(day, ask.wish, picture.clinic.zone)
    if starts_at is None or ask.wish.wall.minute % timetable.GRID_MINUTES == 0:
        return []
    for chair_id in picture.rooms[day].taken:
        if not picture.against(day, starts_at, chair_id):
            return [FreeTime(chair_id=chair_id, span=picture.block(starts_at))]
    return []
