"""When an act truly was: typed during a visit, after midnight, the day after, and in the nights the clocks change."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.wall_time import Hour, local_day
from clinic_sessions.forms.acts import ActForm, act_meta

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
NIGHTS = [
    (LOS_ANGELES, date(2027, 3, 14)),
    (LOS_ANGELES, date(2026, 11, 1)),
    (ZoneInfo("Australia/Lord_Howe"), date(2030, 10, 6)),
    (ZoneInfo("Australia/Lord_Howe"), date(2031, 4, 6)),
]


def _form(
    typed: dict[str, str], now: datetime, arrived: datetime, zone: ZoneInfo = LOS_ANGELES, kept: datetime | None = None
) -> ActForm:
    form = ActForm(MultiDict(typed), meta=act_meta(now, zone, arrived, asks_before=arrived, kept=kept))
    form.validate()
    return form


def _local(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=LOS_ANGELES).astimezone(UTC)


EVENING, MORNING = _local(22, 20, 35), _local(21, 10)


@pytest.mark.parametrize(
    ("typed", "now", "arrived", "meant"),
    [
        ("00:40", _local(23, 1, 1), EVENING, _local(23, 0, 40)),
        ("20:50", _local(23, 1, 1), EVENING, _local(22, 20, 50)),
        ("08:00", _local(22, 21, 12), MORNING, _local(22, 8)),
        ("17:38", _local(22, 9), MORNING, _local(21, 17, 38)),
        ("10:10", _local(21, 10, 30), MORNING, _local(21, 10, 10)),
    ],
)
def test_a_time_is_of_the_one_day_on_which_it_has_been_since_the_patient_came(
    typed: str, now: datetime, arrived: datetime, meant: datetime
) -> None:
    form = _form({"at": typed}, now, arrived)
    assert (form.moment, form.errors) == (meant, {})


def test_a_time_that_has_been_on_two_days_is_asked_for_its_date() -> None:
    form = _form({"at": "11:00"}, _local(22, 21, 12), MORNING)
    assert form.moment is None
    assert form.at_day.errors
    assert _form({"at": "11:00", "at_day": "2026-11-21"}, _local(22, 21, 12), MORNING).moment == _local(21, 11)
    assert _form({"at": "11:00", "at_day": "2026-11-22"}, _local(22, 21, 12), MORNING).moment == _local(22, 11)


def test_a_time_before_the_patient_came_is_asked_about_and_then_of_that_day() -> None:
    form = _form({"at": "09:30"}, _local(22, 9), MORNING)
    assert (form.moment, form.asks_time) == (_local(21, 9, 30), True)
    assert form.at.errors
    assert not _form({"at": "09:30", "sure_time": "y"}, _local(22, 9), MORNING).errors


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"at": "11:00"}, "at"),
        ({"at": "10:10", "at_day": "11/20/2026"}, "at_day"),
        ({"at": "10:10", "at_day": "11/22/2026"}, "at"),
        ({"at": "10:10", "at_day": "sometime"}, "at_day"),
        ({"at_day": "11/21/2026"}, "at"),
    ],
)
def test_a_time_to_come_a_day_before_the_visit_and_a_date_alone_are_refused(typed: dict[str, str], wrong: str) -> None:
    form = _form(typed, _local(21, 10, 30), MORNING)
    assert set(form.errors) == {wrong}
    assert form.time_wrong


def test_a_date_is_asked_for_only_when_the_visit_is_not_of_today() -> None:
    assert not _form({}, _local(21, 23, 59), MORNING).asks_day
    assert _form({}, _local(22, 0, 1), MORNING).asks_day


def test_a_time_that_the_clocks_skip_is_refused_with_those_beside_it() -> None:
    arrived = datetime(2027, 3, 14, 9, 0, tzinfo=UTC)
    form = _form({"at": "02:30"}, arrived + timedelta(hours=3), arrived)
    assert "Enter 1:59 am, or 3:00 am." in form.at.errors[0]


@st.composite
def nights(draw: st.DrawFn) -> tuple[ZoneInfo, datetime, datetime, datetime]:
    """A visit around a night of change: its zone, when it began, when an act was, and the moment of writing."""
    zone, day = draw(st.sampled_from(NIGHTS))
    minutes = st.integers(0, 36 * 60).map(lambda n: timedelta(minutes=n))
    arrived = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) - timedelta(hours=20) + draw(minutes)
    act = arrived + draw(minutes)
    return zone, arrived, act, act + draw(minutes)


@given(nights())
def test_what_is_typed_is_the_act_or_is_asked_about_and_is_the_act_once_the_answers_are_given(
    night: tuple[ZoneInfo, datetime, datetime, datetime],
) -> None:
    zone, arrived, act, now = night
    local = act.astimezone(zone)
    typed = {"at": f"{local:%H:%M}"}
    first = _form(typed, now, arrived, zone)
    assert first.moment == act if not first.errors else first.moment is None
    if first.at_day.errors:
        typed["at_day"] = local.date().isoformat()
    again = _form(typed, now, arrived, zone)
    if again.asks_which:
        typed["at_which"] = Hour.SECOND if local.fold else Hour.FIRST
    assert _form(typed, now, arrived, zone).moment == act


@given(nights(), st.booleans(), st.booleans(), st.integers(0, 59))
def test_a_correction_keeps_its_moment_unless_another_is_typed(
    night: tuple[ZoneInfo, datetime, datetime, datetime], with_day: bool, blank: bool, second: int
) -> None:
    zone, arrived, act, now = night
    kept = act + timedelta(seconds=second)
    local = kept.astimezone(zone)
    typed = {} if blank else {"at": f"{local:%H:%M}", **({"at_day": local.date().isoformat()} if with_day else {})}
    form = _form(typed, now, arrived, zone, kept)
    assert (form.moment, form.errors) == (kept, {})
    other = kept - timedelta(days=1)
    if local_day(other, zone) >= local_day(arrived, zone) and other >= arrived:
        moved = _form(
            {"at": f"{local:%H:%M}", "at_day": other.astimezone(zone).date().isoformat()}, now, arrived, zone, kept
        )
        assert moved.moment != kept
