"""Dates for a whole series, searched together.

Two places of a series are at least one day apart, and a block lies within one opening of one clinic day. So chairs and
cover of different places never meet: a free start of one day says all there is to know of that day, and the only rule
between places is that each stands far enough after the one before. The places are therefore a chain, and the best
set of dates is found exactly by dynamic programming over days: after each place, for each day that could be the
latest one used, the fewest places left open and then the least deviation from the wish. A running minimum over the days
far enough back makes it O(places x days); whenever a complete set exists within the rules, one is found.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic_sessions.domain.scheduling.timetable import FreeTime
from clinic_sessions.domain.wall_time import RepeatedHour, SkippedHour, instant

DAY_OFF = 240
"""A day away from the wished one weighs as much as so many minutes [P]."""

OTHER_WEEKDAY = 240
"""A weekday that was not wished weighs as much as so many minutes [P]."""

WINDOW_DAYS = 14
"""How many days from its wished day a place may be put, so that the whole set is complete [P]."""

REACH_DAYS = 2 * WINDOW_DAYS
"""How many days from its wished day other dates are offered for a place [P]."""

ALTERNATIVES = 4
APART = timedelta(minutes=60)

Score = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """When the patient would like to come: weekdays (Monday is 0; none: any) and the time on the wall."""

    weekdays: frozenset[int]
    wall: time

    def suits(self, day: date) -> bool:
        """Say whether a day is one of the wished weekdays."""
        return not self.weekdays or day.weekday() in self.weekdays


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A place that wants a date, and the day on which it should be: by the pattern, or as wished."""

    place: int
    day: date


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found for a place: the wished day, the time (None: none within the rules), and what else would fit."""

    place: int
    wished_day: date
    time: FreeTime | None
    as_wished: bool
    alternatives: Sequence[FreeTime]


@dataclass(frozen=True, kw_only=True)
class _Option:
    day: date
    cost: int
    time: FreeTime


def chain(costs: Sequence[Mapping[int, int]], spacing: int) -> list[int | None]:
    """Choose a day for each place, at least `spacing` days after the one before; None where there is none.

    `costs`: for each place, in order, the cost of each day it may have. As few places as possible are left open, and
    then the total cost is the least.
    """
    days = sorted({day for one in costs for day in one})
    best: list[Score | None] = [(0, 0), *([None] * len(days))]
    steps: list[list[tuple[int, int | None]]] = []
    for one in costs:
        best, taken = _extend(best, days, one, spacing)
        steps.append(taken)
    return _walk_back(best, steps)


def _extend(
    best: Sequence[Score | None], days: Sequence[int], costs: Mapping[int, int], spacing: int
) -> tuple[list[Score | None], list[tuple[int, int | None]]]:
    """Add one place. State 0: no day used yet; state n: the latest day used is `days[n - 1]`."""
    scores: list[Score | None] = [_left_open(one) for one in best]
    steps: list[tuple[int, int | None]] = [(state, None) for state in range(len(best))]
    nearest, before = 0, 1
    for state, day in enumerate(days, 1):
        while before < state and days[before - 1] <= day - spacing:
            nearest = _better(best, before, nearest)
            before += 1
        came_from = best[nearest]
        if day not in costs or came_from is None:
            continue
        score, present = (came_from[0], came_from[1] + costs[day]), scores[state]
        if present is None or score < present:
            scores[state], steps[state] = score, (nearest, day)
    return scores, steps


def _left_open(score: Score | None) -> Score | None:
    return None if score is None else (score[0] + 1, score[1])


def _better(best: Sequence[Score | None], one: int, other: int) -> int:
    score, present = best[one], best[other]
    return one if score is not None and (present is None or score < present) else other


def _walk_back(best: Sequence[Score | None], steps: Sequence[Sequence[tuple[int, int | None]]]) -> list[int | None]:
    state = min((score, state) for state, score in enumerate(best) if score is not None)[1]
    chosen: list[int | None] = []
    for taken in reversed(steps):
        state, day = taken[state]
        chosen.append(day)
    return chosen[::-1]


def wished(ideal: Sequence[Wanted], wish: Wish, *, spacing: int, first: date) -> list[Wanted]:
    """Give each place the day that it would have if every day were free: the wished weekday nearest to the pattern's.

    With fewer wished weekdays than the pattern needs, the places move on to the weeks after. None is before `first`.
    """
    reach = 7 * (len(ideal) + 1) + max((first - ideal[0].day).days, 0) if ideal else 0
    costs = []
    for one in ideal:
        days = (one.day + timedelta(days=shift) for shift in range(-reach, reach + 1))
        costs.append({day.toordinal(): abs((day - one.day).days) for day in days if day >= first and wish.suits(day)})
    days_ = chain(costs, spacing)
    return [Wanted(place=one.place, day=date.fromordinal(day)) for one, day in zip(ideal, days_, strict=True) if day]


def search(
    wanted: Sequence[Wanted],
    wish: Wish,
    free: Mapping[date, Sequence[FreeTime]],
    *,
    spacing: int,
    first: date,
    fixed: Collection[date],
    zone: ZoneInfo,
) -> list[Found]:
    """Search dates for all places together, `spacing` days apart and as far from every day in `fixed`.

    `free`: the starts that each day has, one chair each. A place without a date has the alternatives that fit between
    its neighbours, nearest to the wish first.
    """
    kept = {day: times for day, times in free.items() if day >= first and _is_spaced(day, fixed, spacing)}
    options = [_options(one.day, wish, kept, zone) for one in wanted]
    near = [_best_by_day(_within(every, one.day)) for every, one in zip(options, wanted, strict=True)]
    costs = [{day.toordinal(): option.cost for day, option in best.items()} for best in near]
    chosen = [date.fromordinal(day) if day else None for day in chain(costs, spacing)]
    found = []
    for n, (one, day) in enumerate(zip(wanted, chosen, strict=True)):
        time_ = near[n][day].time if day else None
        others = [option.time for option in _between(n, chosen, options[n], spacing)]
        found.append(_found(one, time_, wish, zone, alternatives(others, time_)))
    return found


def alternatives(options: Sequence[FreeTime], but: FreeTime | None) -> list[FreeTime]:
    """Keep the best few of times in order of merit, none close to another or to the one that is taken already."""
    kept: list[FreeTime] = []
    for time_ in options:
        others = [*kept, but] if but else kept
        if all(abs(time_.span.starts_at - other.span.starts_at) >= APART for other in others):
            kept.append(time_)
        if len(kept) == ALTERNATIVES:
            break
    return kept


def wished_start(day: date, wish: Wish, zone: ZoneInfo) -> datetime | None:
    """Give the wished instant of a day; None when the clocks skip it, or it comes twice."""
    try:
        return instant(day, wish.wall, zone)
    except (SkippedHour, RepeatedHour):
        return None


def _is_spaced(day: date, fixed: Collection[date], spacing: int) -> bool:
    return all(abs((day - other).days) >= spacing for other in fixed)


def _options(nominal: date, wish: Wish, free: Mapping[date, Sequence[FreeTime]], zone: ZoneInfo) -> list[_Option]:
    found = []
    for day, times in free.items():
        if abs((day - nominal).days) > REACH_DAYS:
            continue
        away = abs((day - nominal).days) * DAY_OFF + (0 if wish.suits(day) else OTHER_WEEKDAY)
        found += [_Option(day=day, cost=away + _minutes_off(one, wish, zone), time=one) for one in times]
    return sorted(found, key=lambda option: option.cost)


def _minutes_off(free: FreeTime, wish: Wish, zone: ZoneInfo) -> int:
    wall = free.span.starts_at.astimezone(zone)
    return abs(wall.hour * 60 + wall.minute - wish.wall.hour * 60 - wish.wall.minute)


def _within(options: Iterable[_Option], nominal: date) -> list[_Option]:
    return [option for option in options if abs((option.day - nominal).days) <= WINDOW_DAYS]


def _best_by_day(options: Iterable[_Option]) -> dict[date, _Option]:
    best: dict[date, _Option] = {}
    for option in options:
        best.setdefault(option.day, option)
    return best


def _between(place: int, chosen: Sequence[date | None], options: Sequence[_Option], spacing: int) -> list[_Option]:
    before = [day for day in chosen[:place] if day]
    after = [day for day in chosen[place + 1 :] if day]
    return [
        option
        for option in options
        if (not before or (option.day - before[-1]).days >= spacing)
        and (not after or (after[0] - option.day).days >= spacing)
    ]


def _found(wanted: Wanted, time_: FreeTime | None, wish: Wish, zone: ZoneInfo, others: Sequence[FreeTime]) -> Found:
    start = wished_start(wanted.day, wish, zone)
    as_wished = time_ is not None and time_.span.starts_at == start
    return Found(place=wanted.place, wished_day=wanted.day, time=time_, as_wished=as_wished, alternatives=others)
