"""Who is on shift when: hours, breaks, absences and extra hours, minute by minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import (
    MIDNIGHT,
    DayException,
    Duty,
    ExceptionKind,
    Stretch,
    WeeklyShift,
    duties,
)
from clinic_sessions.domain.wall_time import Span, day_span

ZONE = ZoneInfo("America/Los_Angeles")
MONDAY = date(2026, 11, 23)
SPRING_FORWARD, FALL_BACK = date(2027, 3, 14), date(2026, 11, 1)
ROLES = list(SiteRole)
TWO_O_CLOCK = 120


def _shift(
    starts: int = 480,
    ends: int = 960,
    *,
    user: int = 1,
    role: SiteRole = SiteRole.NURSE,
    weekday: int = 0,
    first: date = MONDAY,
    last: date | None = None,
    breaks: tuple[Stretch, ...] = (),
) -> WeeklyShift:
    return WeeklyShift(
        user_id=user,
        role=role,
        weekday=weekday,
        starts_minute=starts,
        ends_minute=ends,
        first_day=first,
        last_day=last,
        breaks=breaks,
    )


def _off(starts: int = 0, ends: int = MIDNIGHT, *, user: int = 1) -> DayException:
    return DayException(
        user_id=user, day=MONDAY, kind=ExceptionKind.OFF, role=None, starts_minute=starts, ends_minute=ends
    )


def _extra(starts: int, ends: int, *, role: SiteRole = SiteRole.NURSE) -> DayException:
    return DayException(
        user_id=1, day=MONDAY, kind=ExceptionKind.EXTRA, role=role, starts_minute=starts, ends_minute=ends
    )


def _monday(shifts: list[WeeklyShift], exceptions: list[DayException]) -> list[str]:
    return [_said(duty) for duty in duties(MONDAY, MONDAY, shifts, exceptions, ZONE)]


def _said(duty: Duty) -> str:
    starts, ends = (moment.astimezone(ZONE) for moment in (duty.span.starts_at, duty.span.ends_at))
    return f"{duty.user_id} {duty.role} {starts:%H:%M}-{ends:%H:%M}"


def test_a_break_splits_a_shift() -> None:
    assert _monday([_shift(breaks=((720, 750),))], []) == ["1 nurse 08:00-12:00", "1 nurse 12:30-16:00"]


def test_a_break_is_not_filled_by_another_row_of_the_same_person() -> None:
    both = [_shift(breaks=((720, 750),)), _shift(600, 900), _shift(role=SiteRole.PROVIDER)]
    assert _monday(both, []) == [
        "1 nurse 08:00-12:00",
        "1 provider 08:00-12:00",
        "1 nurse 12:30-16:00",
        "1 provider 12:30-16:00",
    ]


def test_someone_away_is_away_in_every_role_and_nobody_else_is() -> None:
    shifts = [_shift(), _shift(role=SiteRole.PROVIDER), _shift(user=2)]
    assert _monday(shifts, [_off()]) == ["2 nurse 08:00-16:00"]


def test_extra_hours_stand_even_on_a_day_off_and_join_the_shift_they_touch() -> None:
    assert _monday([_shift()], [_off(), _extra(600, 660)]) == ["1 nurse 10:00-11:00"]
    assert _monday([_shift()], [_extra(960, 1020), _extra(540, 600)]) == ["1 nurse 08:00-17:00"]


@pytest.mark.parametrize(
    ("first", "last", "on"),
    [
        (MONDAY, MONDAY, True),
        (MONDAY + timedelta(days=1), None, False),
        (MONDAY - timedelta(days=7), MONDAY - timedelta(days=1), False),
    ],
)
def test_a_shift_holds_from_its_first_to_its_last_day(first: date, last: date | None, on: bool) -> None:
    assert bool(_monday([_shift(first=first, last=last)], [])) is on


def test_two_whole_days_in_a_row_are_one_stretch() -> None:
    tuesday = MONDAY + timedelta(days=1)
    rows = [_shift(0, MIDNIGHT), _shift(0, MIDNIGHT, weekday=1)]
    [duty] = duties(MONDAY, tuesday, rows, [], ZONE)
    assert duty.span == Span(starts_at=day_span(MONDAY, ZONE).starts_at, ends_at=day_span(tuesday, ZONE).ends_at)


@pytest.mark.parametrize(("day", "hours"), [(SPRING_FORWARD, 23), (FALL_BACK, 25)])
def test_a_whole_day_is_as_long_as_the_clocks_make_it(day: date, hours: int) -> None:
    [duty] = duties(day, day, [_shift(0, MIDNIGHT, weekday=6, first=day)], [], ZONE)
    assert duty.span.ends_at - duty.span.starts_at == timedelta(hours=hours)


def test_hours_that_the_clocks_skip_are_worked_by_nobody() -> None:
    rows = [_shift(120, 180, weekday=6, first=SPRING_FORWARD), _shift(150, 195, weekday=6, first=SPRING_FORWARD)]
    [duty] = duties(SPRING_FORWARD, SPRING_FORWARD, rows, [], ZONE)
    assert duty.span == Span(
        starts_at=datetime(2027, 3, 14, 10, tzinfo=UTC), ends_at=datetime(2027, 3, 14, 10, 15, tzinfo=UTC)
    )


def _stretches(draw: st.DrawFn, most: int = MIDNIGHT) -> Stretch:
    starts = draw(st.integers(0, most - 1))
    return starts, draw(st.integers(starts + 1, most))


@st.composite
def _shifts(draw: st.DrawFn, around: date) -> WeeklyShift:
    starts, ends = _stretches(draw)
    first = around + timedelta(days=draw(st.integers(-3, 3)))
    return _shift(
        starts,
        ends,
        user=draw(st.integers(1, 3)),
        role=draw(st.sampled_from(ROLES)),
        weekday=draw(st.integers(0, 6)),
        first=first,
        last=draw(st.none() | st.integers(0, 5).map(lambda days: first + timedelta(days=days))),
        breaks=tuple(_stretches(draw) for _ in range(draw(st.integers(0, 2)))),
    )


@st.composite
def _exceptions(draw: st.DrawFn, around: date) -> DayException:
    starts, ends = _stretches(draw)
    kind = draw(st.sampled_from(ExceptionKind))
    return DayException(
        user_id=draw(st.integers(1, 3)),
        day=around + timedelta(days=draw(st.integers(-1, 1))),
        kind=kind,
        role=draw(st.sampled_from(ROLES)) if kind is ExceptionKind.EXTRA else None,
        starts_minute=starts,
        ends_minute=ends,
    )


def _worked(moment: datetime, shifts: list[WeeklyShift], exceptions: list[DayException]) -> set[tuple[int, SiteRole]]:
    """Ask every row about one moment; of a wall time that comes twice (from 1 to 2 o'clock) a boundary is the first."""
    wall = moment.astimezone(ZONE)
    day, minute = wall.date(), wall.hour * 60 + wall.minute

    def within(starts: int, ends: int) -> bool:
        return starts < TWO_O_CLOCK <= ends if wall.fold else starts <= minute < ends

    rows = [row for row in shifts if row.holds_on(day)]
    of_day = [one for one in exceptions if one.day == day]
    away = {row.user_id for row in rows for one in row.breaks if within(*one)}
    away |= {
        one.user_id for one in of_day if one.kind is ExceptionKind.OFF and within(one.starts_minute, one.ends_minute)
    }
    extra = {(one.user_id, one.role) for one in of_day if one.role and within(one.starts_minute, one.ends_minute)}
    usual = {(row.user_id, row.role) for row in rows if within(row.starts_minute, row.ends_minute)}
    return extra | {who for who in usual if who[0] not in away}


@given(data=st.data(), around=st.sampled_from([MONDAY, SPRING_FORWARD, FALL_BACK]))
def test_every_minute_has_those_on_shift_whom_the_rows_name_and_nobody_twice(data: st.DataObject, around: date) -> None:
    shifts = data.draw(st.lists(_shifts(around), max_size=6))
    exceptions = data.draw(st.lists(_exceptions(around), max_size=4))
    first, last = around - timedelta(days=1), around + timedelta(days=1)
    found = duties(first, last, shifts, exceptions, ZONE)
    moment, end = day_span(first, ZONE).starts_at, day_span(last, ZONE).ends_at
    assert all(moment <= duty.span.starts_at < duty.span.ends_at <= end for duty in found)
    while moment < end:
        on = [(one.user_id, one.role) for one in found if one.span.starts_at <= moment < one.span.ends_at]
        assert len(on) == len(set(on))
        assert set(on) == _worked(moment, shifts, exceptions)
        moment += timedelta(minutes=1)


@given(data=st.data())
def test_stretches_of_one_person_in_one_role_never_touch(data: st.DataObject) -> None:
    shifts = data.draw(st.lists(_shifts(MONDAY), max_size=8))
    found = duties(MONDAY, MONDAY + timedelta(days=6), shifts, [], ZONE)
    assert found == sorted(found, key=lambda duty: duty.span.starts_at)
    by_person = sorted(found, key=lambda duty: (duty.user_id, duty.role, duty.span.starts_at))
    for _, own in groupby(by_person, key=lambda duty: (duty.user_id, duty.role)):
        assert all(before.span.ends_at < after.span.starts_at for before, after in pairwise(own))
