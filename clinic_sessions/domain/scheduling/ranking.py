"""Which of the free times to offer first: soonest, at the usual hour, with the usual nurse, and not all at once."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from clinic_sessions.domain.scheduling.timetable import FreeTime
from clinic_sessions.domain.wall_time import local_day

ENOUGH, ON_DAYS, A_DAY = 6, 3, 3
"""So many times, on at least so many days; at most so many are kept of one day."""

APART = timedelta(minutes=60)
BUNCHED = timedelta(minutes=10)
"""Starts nearer than this to each other need the same hands at once."""

USUAL_WITHIN = 30
"""Minutes from the usual hour that still count as usual."""


class Why(StrEnum):
    """What speaks for a time, as it is said beside it."""

    SOONEST = "soonest"
    ON_RHYTHM = "on_rhythm"
    USUAL_DAY = "usual_day"
    USUAL_HOUR = "usual_hour"
    USUAL_NURSE = "usual_nurse"
    QUIET_START = "quiet_start"


@dataclass(frozen=True, kw_only=True)
class Habit:
    """What is usual for a patient: minute after midnight, weekdays, nurse; and when the next session is due."""

    minute: int | None = None
    weekdays: frozenset[int] = frozenset()
    due: date | None = None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A free time with what the ranking asks: other starts of its day, and whether the usual nurse is there."""

    time: FreeTime
    others: Sequence[datetime]
    usual_nurse: bool


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A time to offer, with what speaks for it, the weightiest first; the lower the cost, the better."""

    time: FreeTime
    whys: tuple[Why, ...]
    cost: int


DAY_COST, DUE_COST, NURSE_COST, BUNCH_COST, WEEKDAY_COST = 10, 10, 6, 5, 6
HOUR_COST_PER = 30
MOST_HOUR_COST = 12


def rank(candidates: Iterable[Candidate], habit: Habit, first_day: date, zone: ZoneInfo) -> list[Ranked]:
    """Put free times in the order in which they are offered: the cheapest first, sooner before later.

    A day of waiting costs as much as five hours away from the usual one; when the series says which day is due, the
    distance from that day counts instead of the waiting.
    """
    ranked = [_ranked(one, habit, first_day, zone) for one in candidates]
    return sorted(ranked, key=lambda one: (one.cost, one.time.span.starts_at))


def _ranked(one: Candidate, habit: Habit, first_day: date, zone: ZoneInfo) -> Ranked:
    starts_at = one.time.span.starts_at
    day, wall = local_day(starts_at, zone), starts_at.astimezone(zone)
    bunched = sum(abs(starts_at - other) < BUNCHED for other in one.others)
    away = None if habit.minute is None else abs(wall.hour * 60 + wall.minute - habit.minute)
    usual_day = day.weekday() in habit.weekdays
    whys = {
        Why.ON_RHYTHM: habit.due == day,
        Why.SOONEST: day == first_day,
        Why.USUAL_NURSE: one.usual_nurse,
        Why.USUAL_HOUR: away is not None and away <= USUAL_WITHIN,
        Why.USUAL_DAY: usual_day,
        Why.QUIET_START: bunched == 0,
    }
    cost = (
        (DAY_COST * (day - first_day).days if habit.due is None else DUE_COST * abs((day - habit.due).days))
        + (0 if away is None else min(away // HOUR_COST_PER, MOST_HOUR_COST))
        + (0 if one.usual_nurse else NURSE_COST)
        + (WEEKDAY_COST if habit.weekdays and not usual_day else 0)
        + BUNCH_COST * bunched
    )
    return Ranked(time=one.time, whys=tuple(why for why, holds in whys.items() if holds), cost=cost)


def best_of_day(ranked: Sequence[Ranked]) -> list[Ranked]:
    """Keep the best times of one day, at least an hour apart, at most three."""
    kept = list[Ranked]()
    for one in ranked:
        if all(abs(one.time.span.starts_at - other.time.span.starts_at) >= APART for other in kept):
            kept.append(one)
        if len(kept) == A_DAY:
            break
    return kept


def enough(days: Sequence[Sequence[Ranked]]) -> bool:
    """Say whether the days read so far hold six times on at least three days."""
    return len(days) >= ON_DAYS and sum(len(day) for day in days) >= ENOUGH


def best(days: Sequence[Sequence[Ranked]]) -> list[Ranked]:
    """Choose six of the times kept, best first: the best of each of the three best days, then the best of the rest."""
    firsts = sorted((day[0] for day in days if day), key=_order)[:ON_DAYS]
    rest = sorted((one for day in days for one in day if one not in firsts), key=_order)
    return sorted([*firsts, *rest[: ENOUGH - len(firsts)]], key=_order)


def _order(one: Ranked) -> tuple[int, datetime]:
    return one.cost, one.time.span.starts_at


def habit_of(starts: Collection[datetime], zone: ZoneInfo, due: date | None) -> Habit:
    """Read a patient's habit out of the sessions they had or have: the middle hour, and weekdays that came twice."""
    walls = sorted(start.astimezone(zone) for start in starts)
    minutes = sorted(wall.hour * 60 + wall.minute for wall in walls)
    weekdays = [wall.weekday() for wall in walls]
    return Habit(
        minute=minutes[len(minutes) // 2] if minutes else None,
        weekdays=frozenset(day for day in weekdays if weekdays.count(day) > 1),
        due=due,
    )
