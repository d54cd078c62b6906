"""Dates of a whole series: the search against every possible set, and what it says where there is none."""

from datetime import date, time, timedelta
from itertools import pairwise, product
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.series_solver import WINDOW_DAYS, Found, Wanted, Wish, chain, search, wished
from clinic_sessions.domain.scheduling.timetable import FreeTime
from clinic_sessions.domain.wall_time import Span, instant

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 30)
TUE_THU_AT_TEN = Wish(weekdays=frozenset({1, 3}), wall=time(10))

costs = st.lists(st.dictionaries(st.integers(1, 12), st.integers(0, 9), max_size=5), max_size=4)


def score(chosen: tuple[int | None, ...], given_costs: list[dict[int, int]], spacing: int) -> tuple[int, int] | None:
    """The places left open and the total cost, or None when the days are too close."""
    days = [day for day in chosen if day is not None]
    if any(after - before < spacing for before, after in pairwise(days)):
        return None
    return chosen.count(None), sum(one[day] for one, day in zip(given_costs, chosen, strict=True) if day is not None)


@given(costs, st.integers(1, 4))
def test_no_set_of_days_is_better_than_the_one_that_is_found(given_costs: list[dict[int, int]], spacing: int) -> None:
    found = score(tuple(chain(given_costs, spacing)), given_costs, spacing)
    every = (score(one, given_costs, spacing) for one in product(*([None, *days] for days in given_costs)))
    assert found is not None
    assert found == min(one for one in every if one is not None)


def free_at(day: date, *hours: int, chair: int = 1) -> list[FreeTime]:
    """Free starts of a day at these full hours, an hour long."""
    starts = [instant(day, time(hour), ZONE) for hour in hours]
    return [FreeTime(chair_id=chair, span=Span(starts_at=at, ends_at=at + timedelta(hours=1))) for at in starts]


def wanted(words: str, first: date, count: int) -> list[Wanted]:
    one = pattern.read(words)
    days = [one.day(place) for place in range(1, count + 1)]
    return [Wanted(place=n, day=first + timedelta(days=day)) for n, day in enumerate(days, 1)]


def searched_for(
    ideal: list[Wanted], wish: Wish, free: dict[date, list[FreeTime]], *, spacing: int = 2, first: date = MONDAY,
    fixed: tuple[date, ...] = (),
) -> list[Found]:  # fmt: skip
    places = wished(ideal, wish, spacing=spacing, first=first)
    return search(places, wish, free, spacing=spacing, first=first, fixed=fixed, zone=ZONE)


def searched(free: dict[date, list[FreeTime]], count: int = 6, *, fixed: tuple[date, ...] = ()) -> list[Found]:
    return searched_for(wanted("6 over 3 weeks", MONDAY + timedelta(days=1), count), TUE_THU_AT_TEN, free, fixed=fixed)


def open_days(weeks: int, *hours: int) -> dict[date, list[FreeTime]]:
    days = (MONDAY + timedelta(days=n) for n in range(7 * weeks))
    return {day: free_at(day, *hours) for day in days if day.weekday() < 5}


def walls(found: list[Found]) -> list[str | None]:
    return [f"{one.time.span.starts_at.astimezone(ZONE):%a %d %H}" if one.time else None for one in found]


def test_on_an_empty_schedule_every_date_is_as_wished() -> None:
    found = searched(open_days(4, *range(8, 17)))
    assert walls(found) == ["Tue 01 10", "Thu 03 10", "Tue 08 10", "Thu 10 10", "Tue 15 10", "Thu 17 10"]
    assert all(one.as_wished for one in found)


def test_a_day_that_is_taken_at_the_hour_has_the_nearest_hour_and_others_beside_it() -> None:
    free = open_days(4, *range(8, 17))
    free[date(2026, 12, 3)] = free_at(date(2026, 12, 3), 14, 15)
    found = searched(free)
    assert walls(found)[1] == "Thu 03 14"
    assert [one.as_wished for one in found] == [True, False, True, True, True, True]
    assert all(date(2026, 12, 3) <= one.span.starts_at.date() <= date(2026, 12, 6) for one in found[1].alternatives)


def test_a_place_gives_way_so_that_its_neighbour_has_a_date_at_all() -> None:
    free = open_days(4, 10)
    for day in (date(2026, 12, 3), date(2026, 12, 4)):
        del free[day]
    found = searched(free)
    assert walls(found)[:2] == ["Mon 30 10", "Wed 02 10"]


def test_a_week_that_is_closed_is_made_room_for_by_places_on_both_sides_of_it() -> None:
    free = {day: times for day, times in open_days(6, 10).items() if not date(2026, 12, 7) <= day <= date(2026, 12, 13)}
    found = searched(free)
    assert walls(found) == ["Mon 30 10", "Wed 02 10", "Fri 04 10", "Mon 14 10", "Wed 16 10", "Fri 18 10"]


def test_where_no_complete_set_exists_the_others_stand_and_the_open_one_has_what_fits_between() -> None:
    free = {date(2026, 12, n): free_at(date(2026, 12, n), 10) for n in (1, 2, 8, 10)}
    found = searched(free, count=5)
    assert walls(found) == ["Tue 01 10", None, "Tue 08 10", "Thu 10 10", None]
    free[date(2026, 12, 31)] = free_at(date(2026, 12, 31), 9, 15)
    last = searched(free, count=5)[-1]
    assert last.time is None
    assert [one.span.starts_at.astimezone(ZONE).hour for one in last.alternatives] == [9, 15]


def test_other_sessions_of_the_patient_keep_their_distance() -> None:
    found = searched(open_days(4, 10), fixed=(date(2026, 12, 8),))
    days = [one.time.span.starts_at.astimezone(ZONE).date() for one in found if one.time]
    assert len(days) == 6
    assert all(abs((day - date(2026, 12, 8)).days) >= 2 for day in days)


def test_one_wished_weekday_for_a_pattern_of_two_a_week_goes_on_week_by_week() -> None:
    wish = Wish(weekdays=frozenset({1}), wall=time(10))
    places = wished(wanted("6 over 3 weeks", date(2026, 12, 1), 3), wish, spacing=2, first=MONDAY)
    days = [one.day for one in places]
    assert [day.weekday() for day in days] == [1, 1, 1]
    assert days == sorted(set(days))


def test_both_clock_changes_leave_the_hour_on_the_wall() -> None:
    for first in (date(2026, 10, 27), date(2027, 3, 9)):
        days = [first + timedelta(days=n) for n in range(14)]
        free = {day: free_at(day, 9, 10, 11) for day in days if day.weekday() < 5}
        found = searched_for(wanted("4 over 2 weeks", first, 4), TUE_THU_AT_TEN, free, first=first)
        assert [one.as_wished for one in found] == [True] * 4
        instants = [one.time.span.starts_at for one in found if one.time]
        assert {moment.astimezone(ZONE).hour for moment in instants} == {10}
        assert len({moment.hour for moment in instants}) == 2


busy_days = st.lists(st.booleans(), min_size=21, max_size=21)


@given(busy_days, st.integers(1, 3), st.integers(1, 4))
def test_a_complete_set_is_found_whenever_there_is_one(open_: list[bool], spacing: int, count: int) -> None:
    days = [MONDAY + timedelta(days=n) for n, is_open in enumerate(open_) if is_open]
    places = wanted("6 over 3 weeks", MONDAY + timedelta(days=3), count)
    wish = Wish(weekdays=frozenset(), wall=time(10))
    found = searched_for(places, wish, {day: free_at(day, 10) for day in days}, spacing=spacing)
    choices = [[day for day in days if abs((day - one.wished_day).days) <= WINDOW_DAYS] for one in found]
    possible = any(all((b - a).days >= spacing for a, b in pairwise(one)) for one in product(*choices))
    assert all(one.time for one in found) is possible
