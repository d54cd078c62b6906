"""Dates for the places of a series: the whole stretch is read once, searched together, and each date explained."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain import pattern, series_solver, timetable
from clinic_sessions.domain.cover import Profile
from clinic_sessions.domain.series_solver import WINDOW_DAYS, Found, Wanted, Wish
from clinic_sessions.domain.timetable import DayRoom, FreeTime, Objection
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import Chair, Clinic, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue, day_rooms, free_times, series

MOST_DATES = 20
"""As many dates as one act books or changes."""

FURTHEST = timedelta(days=400)
"""How far after the first date of a series the others are looked for."""


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
class Dated:
    """A time to choose, in a chair."""

    chair_id: int
    chair: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Row:
    """A place of the preview: the best date for it, what stands against the wish, and the nearest other dates."""

    place: int
    wished_day: date
    time: Dated | None
    as_wished: bool
    against: Sequence[Objection]
    others: Sequence[Dated]


@dataclass(frozen=True, kw_only=True)
class _Picture:
    """A stretch of days as the rules see them, for one patient's treatment."""

    clinic: Clinic
    profile: Profile
    rooms: Mapping[date, DayRoom]
    busy: Sequence[Span]
    doses: Collection[date]
    now: datetime

    def block(self, starts_at: datetime) -> Span:
        return Span(starts_at=starts_at, ends_at=starts_at + timedelta(minutes=self.profile.minutes))

    def against(self, day: date, starts_at: datetime, chair_id: int | None) -> list[Objection]:
        return timetable.objections(
            self.block(starts_at), self.rooms[day], self.profile,
            now=self.now, chair_id=chair_id, patient_busy=self.busy,
        )  # fmt: skip


def spacing_of(plan: Plan) -> int:
    """Give the fewest days between two sessions of a plan: its protocol's spacing, unless the pattern asks for less."""
    return max(1, min(catalogue.protocol_of(plan.protocol_version).spacing.whole, series.pattern_of(plan).closest))


def for_booking(db: Session, plan: Plan, wish: Wish, *, first: date, most: int) -> Ask:
    """Ask for dates of the next open places of a plan: the first from the day `first` on, each other when it is due.

    None comes before the sessions that hold the places before it.
    """
    one, held = series.pattern_of(plan), dict(series.held_days(series.placed(db, plan)))
    free, spacing = series.open_places(plan, held, min(most, MOST_DATES)), timedelta(days=spacing_of(plan))
    first = max([first, *(day + spacing for place, day in held.items() if free and place < free[0])])
    places = list[Wanted]()
    for place in free:
        day = (pattern.due(one, held, place) if places else None) or first
        if day > first + FURTHEST:
            break
        places.append(Wanted(place=place, day=day))
        held[place] = day
    return Ask(wish=wish, places=places, first=first, spacing=spacing_of(plan))


def for_moving(plan: Plan, moving: Sequence[TreatmentSession], wish: Wish, *, shift_days: int, first: date) -> Ask:
    """Ask for other dates of sessions that keep their places: each `shift_days` from its day, then as wished."""
    return Ask(
        wish=wish,
        places=[
            Wanted(place=place, day=day + timedelta(days=shift_days))
            for place, day in sorted(series.held_days(moving).items(), key=lambda pair: pair[1])
        ],
        first=first,
        spacing=spacing_of(plan),
        chairs={one.chair_id for one in moving if one.chair_id},
        moving={one.place_in_plan: one for one in moving if one.place_in_plan},
    )


def preview(
    db: Session, clinic: Clinic, patient_id: int, version: ProtocolVersion, ask: Ask, *, now: datetime
) -> list[Row]:
    """Search dates for all places together: a handful of queries, however many days it takes.

    When any complete set of dates exists within the rules, each at most WINDOW_DAYS from its wished day, one is found.
    """
    if not ask.places:
        return []
    places = series_solver.wished(ask.places, ask.wish, spacing=ask.spacing, first=ask.first)
    picture = _read(db, clinic, patient_id, version, ask, places, now=now)
    found = series_solver.search(
        places, ask.wish, _free(picture, ask),
        spacing=ask.spacing, first=ask.first, fixed=picture.doses, zone=clinic.zone,
    )  # fmt: skip
    chairs = {chair.id: chair.name for chair in clinic.chairs}
    return [_row(one, picture, ask, chairs) for one in found]


def _read(
    db: Session, clinic: Clinic, patient_id: int, version: ProtocolVersion, ask: Ask, places: Sequence[Wanted], *,
    now: datetime,
) -> _Picture:  # fmt: skip
    days_ = [one.day for one in places]
    first, last = max(ask.first, min(days_) - timedelta(days=WINDOW_DAYS)), max(days_) + timedelta(days=WINDOW_DAYS)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    frame = day_rooms.frame_of(db, clinic, first, last)
    stretch, own = day_rooms.read(db, frame, first, last, without=ask.without, patient_id=patient_id)
    return _Picture(
        clinic=clinic,
        profile=day_rooms.profile_of(version),
        rooms=dict(stretch.rooms(days, _chairs(clinic, version, ask))),
        busy=free_times.busy(own),
        doses=free_times.dose_days(own, clinic.zone),
        now=now,
    )


def _chairs(clinic: Clinic, version: ProtocolVersion, ask: Ask) -> list[Chair]:
    return sorted(free_times.suitable(clinic, version.route), key=lambda chair: chair.id not in ask.chairs)


def _free(picture: _Picture, ask: Ask) -> dict[date, list[FreeTime]]:
    free = {}
    for day, room in picture.rooms.items():
        times = timetable.free_starts(room, picture.profile, earliest=picture.now, busy=picture.busy)
        free[day] = [*times, *_between_quarters(day, picture, ask)]
    return free


def _between_quarters(day: date, picture: _Picture, ask: Ask) -> list[FreeTime]:
    """Give the wished start itself when it lies between the quarter hours on which free times are offered."""
    starts_at = series_solver.wished_start(day, ask.wish, picture.clinic.zone)
    if starts_at is None or ask.wish.wall.minute % timetable.GRID_MINUTES == 0:
        return []
    for chair_id in picture.rooms[day].taken:
        if not picture.against(day, starts_at, chair_id):
            return [FreeTime(chair_id=chair_id, span=picture.block(starts_at))]
    return []


def _row(found: Found, picture: _Picture, ask: Ask, chairs: Mapping[int, str]) -> Row:
    time_ = found.time
    own = ask.own_chair(found.place, time_.span.starts_at) if time_ else None
    if time_ is not None and own is not None:
        time_ = replace(time_, chair_id=own)
    return Row(
        place=found.place,
        wished_day=found.wished_day,
        time=_dated(time_, chairs) if time_ else None,
        as_wished=found.as_wished,
        against=[] if found.as_wished else _against(found.wished_day, picture, ask),
        others=[_dated(one, chairs) for one in found.alternatives],
    )


def _against(day: date, picture: _Picture, ask: Ask) -> list[Objection]:
    """Say what stands against the wished day and hour, in the chair against which the least stands."""
    starts_at = series_solver.wished_start(day, ask.wish, picture.clinic.zone)
    if starts_at is None:
        return []
    chairs: list[int | None] = [*picture.rooms[day].taken] or [None]
    least = min((picture.against(day, starts_at, chair_id) for chair_id in chairs), key=len)
    near = timetable.spacing_objection(day, picture.doses, ask.spacing)
    return [*least, near] if near else least


def _dated(time_: FreeTime, chairs: Mapping[int, str]) -> Dated:
    span = time_.span
    return Dated(chair_id=time_.chair_id, chair=chairs[time_.chair_id], starts_at=span.starts_at, ends_at=span.ends_at)
