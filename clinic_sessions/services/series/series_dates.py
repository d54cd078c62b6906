"""Dates for the places of a series: the whole stretch is read once, searched together, and each date explained."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import pattern, series_solver, timetable
from clinic_sessions.domain.scheduling.series_solver import Found, Wanted, Wish
from clinic_sessions.domain.scheduling.timetable import LIFTED_BY, FreeTime, Objection, OverrideKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.series import series, series_picture
from clinic_sessions.services.series.series_picture import Ask, Picture

MOST_DATES = 20
"""As many dates as one act books or changes."""

FURTHEST = timedelta(days=400)
"""How far after the first date of a series the others are looked for."""


@dataclass(frozen=True, kw_only=True)
class Dated:
    """A time to choose, in a chair."""

    chair_id: int
    chair: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class Despite:
    """A time that can be had by lifting rules: all that stands against it can be lifted by name."""

    time: Dated
    kinds: frozenset[OverrideKind]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A place of the preview: the best date for it, what stands against the wish, and the nearest other dates.

    `despite`: the wished time itself, when it can be had by lifting rules.
    """

    place: int
    wished_day: date
    time: Dated | None
    as_wished: bool
    against: Sequence[Objection]
    others: Sequence[Dated]
    despite: Despite | None = None


@dataclass(frozen=True, kw_only=True)
class _Around:
    """The days of the patient's other doses, and those found for the places before and after one."""

    doses: Collection[date]
    before: Sequence[date]
    after: Sequence[date]

    def in_order(self, day: date) -> bool:
        return all(one < day for one in self.before) and all(one > day for one in self.after)


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
    picture = series_picture.read(db, clinic, patient_id, version, ask, places, now=now)
    found = series_solver.search(
        places, ask.wish, series_picture.free(picture, ask),
        spacing=ask.spacing, first=ask.first, fixed=picture.doses, zone=clinic.zone,
    )  # fmt: skip
    chairs = {chair.id: chair.name for chair in clinic.chairs}
    days = [local_day(one.time.span.starts_at, clinic.zone) if one.time else None for one in found]
    return [_row(one, picture, ask, chairs, _around(n, days, picture)) for n, one in enumerate(found)]


def _around(n: int, days: Sequence[date | None], picture: Picture) -> _Around:
    before, after = [day for day in days[:n] if day], [day for day in days[n + 1 :] if day]
    return _Around(doses=picture.doses, before=before, after=after)


def _row(found: Found, picture: Picture, ask: Ask, chairs: Mapping[int, str], around: _Around) -> Row:
    time_ = found.time
    own = ask.own_chair(found.place, time_.span.starts_at) if time_ else None
    if time_ is not None and own is not None:
        time_ = replace(time_, chair_id=own)
    row = Row(
        place=found.place,
        wished_day=found.wished_day,
        time=_dated(time_, chairs) if time_ else None,
        as_wished=found.as_wished,
        against=[],
        others=[_dated(one, chairs) for one in found.alternatives],
    )
    return row if found.as_wished else _explained(row, picture, ask, chairs, around)


def _explained(row: Row, picture: Picture, ask: Ask, chairs: Mapping[int, str], around: _Around) -> Row:
    """Say what stands against the wished day and hour, in the chair against which the least stands."""
    starts_at = series_solver.wished_start(row.wished_day, ask.wish, picture.clinic.zone)
    if starts_at is None:
        return row
    chair_id, against = picture.fewest_against(row.wished_day, starts_at)
    near = timetable.spacing_objection(row.wished_day, around.doses, ask.spacing)
    row = replace(row, against=[*against, near] if near else against)
    if chair_id is None or not around.in_order(row.wished_day):
        return row
    close = timetable.spacing_objection(row.wished_day, [*around.doses, *around.before, *around.after], ask.spacing)
    kinds = _liftable([*against, close] if close else against)
    time_ = FreeTime(chair_id=chair_id, span=picture.block(starts_at))
    return replace(row, despite=Despite(time=_dated(time_, chairs), kinds=kinds)) if kinds else row


def _liftable(stands: Sequence[Objection]) -> frozenset[OverrideKind]:
    """Give the rules to be lifted for a time; none when something stands against it that nobody may lift."""
    if any(one.reason not in LIFTED_BY for one in stands):
        return frozenset()
    return frozenset(LIFTED_BY[one.reason] for one in stands)


def _dated(time_: FreeTime, chairs: Mapping[int, str]) -> Dated:
    span = time_.span
    return Dated(chair_id=time_.chair_id, chair=chairs[time_.chair_id], starts_at=span.starts_at, ends_at=span.ends_at)
