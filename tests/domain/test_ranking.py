"""Which free times are offered first, and what is said for each."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.scheduling.ranking import (
    A_DAY,
    APART,
    ENOUGH,
    ON_DAYS,
    Candidate,
    Habit,
    Ranked,
    Why,
    best,
    best_of_day,
    enough,
    habit_of,
    rank,
)
from clinic_sessions.domain.scheduling.timetable import FreeTime
from clinic_sessions.domain.wall_time import Span, local_day

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 23)


def _at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(MONDAY + timedelta(days=day), time(hour, minute), ZONE)


def _free(at: datetime, *, others: tuple[datetime, ...] = (), nurse: bool = False) -> Candidate:
    time = FreeTime(chair_id=1, span=Span(starts_at=at, ends_at=at + timedelta(hours=2)))
    return Candidate(time=time, others=others, usual_nurse=nurse)


def _starts(ranked: list[Ranked]) -> list[datetime]:
    return [one.time.span.starts_at for one in ranked]


def test_sooner_comes_first_when_nothing_else_is_known() -> None:
    assert _starts(rank([_free(_at(1, 9)), _free(_at(0, 15))], Habit(), MONDAY, ZONE)) == [_at(0, 15), _at(1, 9)]


def test_the_day_that_is_due_comes_before_a_sooner_one() -> None:
    due = MONDAY + timedelta(days=3)
    ranked = rank([_free(_at(n, 9)) for n in range(5)], Habit(due=due), MONDAY, ZONE)
    assert _starts(ranked)[0] == _at(3, 9)
    assert Why.ON_RHYTHM in ranked[0].whys


def test_the_usual_hour_comes_first_on_the_same_day_and_says_so() -> None:
    ranked = rank([_free(_at(0, 8)), _free(_at(0, 13, 30))], Habit(minute=13 * 60 + 15), MONDAY, ZONE)
    assert _starts(ranked) == [_at(0, 13, 30), _at(0, 8)]
    assert Why.USUAL_HOUR in ranked[0].whys
    assert Why.USUAL_HOUR not in ranked[1].whys


def test_a_start_on_top_of_others_gives_way_to_a_quiet_one() -> None:
    crowd = (_at(0, 9), _at(0, 9, 5))
    ranked = rank([_free(_at(0, 9), others=crowd), _free(_at(0, 10), others=crowd)], Habit(), MONDAY, ZONE)
    assert _starts(ranked) == [_at(0, 10), _at(0, 9)]
    assert [Why.QUIET_START in one.whys for one in ranked] == [True, False]


def test_the_usual_nurse_counts_and_is_said() -> None:
    ranked = rank([_free(_at(0, 9)), _free(_at(0, 10), nurse=True)], Habit(), MONDAY, ZONE)
    assert Why.USUAL_NURSE in ranked[0].whys
    assert _starts(ranked)[0] == _at(0, 10)


def test_a_habit_is_the_middle_hour_and_the_weekdays_that_came_twice() -> None:
    had = [_at(0, 9), _at(3, 10), _at(7, 10), _at(10, 16), _at(15, 11)]
    assert habit_of(had, ZONE, None) == Habit(minute=10 * 60, weekdays=frozenset({0, 3}))
    assert habit_of([], ZONE, None) == Habit()


_quarters = st.lists(st.integers(min_value=0, max_value=7 * 96 - 1), max_size=60, unique=True)


@given(quarters=_quarters, due=st.none() | st.integers(min_value=0, max_value=10), minute=st.none() | st.just(600))
def test_six_are_offered_on_three_days_when_there_are_so_many(
    quarters: list[int], due: int | None, minute: int | None
) -> None:
    habit = Habit(minute=minute, due=None if due is None else MONDAY + timedelta(days=due))
    by_day: dict[date, list[Candidate]] = {}
    for quarter in sorted(quarters):
        at = _at(0, 0) + timedelta(minutes=15 * quarter)
        by_day.setdefault(local_day(at, ZONE), []).append(_free(at))
    days = [best_of_day(rank(found, habit, MONDAY, ZONE)) for _, found in sorted(by_day.items())]
    offered = best(days)
    assert len(offered) == min(ENOUGH, sum(len(day) for day in days))
    assert len({local_day(at, ZONE) for at in _starts(offered)}) >= min(ON_DAYS, len(days))
    assert [one.cost for one in offered] == sorted(one.cost for one in offered)
    for day in days:
        starts = sorted(_starts(day))
        assert len(starts) <= A_DAY
        assert all(later - sooner >= APART for sooner, later in pairwise(starts))
    assert enough(days) == (len(days) >= ON_DAYS and sum(len(day) for day in days) >= ENOUGH)
