"""The two nights on which the clocks change, typed minute by minute into the forms that ask when."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.wall_time import Hour, day_span
from clinic_sessions.forms.booking import OTHER, PlaceForm
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.moments import MomentForm

NIGHTS = [
    ("America/Los_Angeles", date(2027, 3, 14)),
    ("America/New_York", date(2026, 11, 1)),
    ("Europe/Berlin", date(2036, 10, 26)),
    ("Australia/Lord_Howe", date(2030, 10, 6)),
    ("Australia/Lord_Howe", date(2031, 4, 6)),
]
MINUTES = [time(minute // 60, minute % 60) for minute in range(5 * 60)]
"""The clocks of all these zones change before five in the morning."""

Fill = Callable[[ZoneInfo, dict[str, str]], tuple[Any, datetime | None]]


def _moment(zone: ZoneInfo, typed: dict[str, str]) -> tuple[Any, datetime | None]:
    form = MomentForm(MultiDict(typed), meta=meta(_noon_before(typed), zone))
    good = form.validate()
    assert good is (form.moment is not None)
    return form, form.moment


def _place(zone: ZoneInfo, typed: dict[str, str]) -> tuple[Any, datetime | None]:
    form = PlaceForm(MultiDict({"slot": OTHER, "chair": "7", **typed}), meta=meta(_noon_before(typed), zone))
    form.offer_chairs([(7, "Chair 7")])
    good = form.validate()
    assert good is (form.chosen is not None)
    return form, form.chosen.starts_at if form.chosen else None


def _noon_before(typed: dict[str, str]) -> datetime:
    return datetime.combine(date.fromisoformat(typed["day"]) - timedelta(days=1), time(12), UTC)


def _real(day: date, zone: ZoneInfo) -> dict[time, list[datetime]]:
    """What a clock on the wall shows in the first hours of a day, minute by minute."""
    begins, found = day_span(day, zone).starts_at, dict[time, list[datetime]]()
    for minute in range(7 * 60):
        moment = begins + timedelta(minutes=minute)
        found.setdefault(moment.astimezone(zone).time(), []).append(moment)
    return found


@pytest.mark.parametrize("fill", [_moment, _place])
@pytest.mark.parametrize(("name", "day"), NIGHTS)
def test_every_minute_typed_in_a_night_of_change_is_refused_asked_about_or_right(
    name: str, day: date, fill: Fill
) -> None:
    zone = ZoneInfo(name)
    real, seen = _real(day, zone), set()
    for wall in MINUTES:
        instants = real.get(wall, [])
        seen.add(len(instants))
        typed = {"day": day.isoformat(), "wall": f"{wall:%H:%M}"}
        form, moment = fill(zone, typed)
        if len(instants) == 1:
            assert moment == instants[0]
        elif not instants:
            assert moment is None
            assert "does not exist that day" in form.errors["wall"][0]
        else:
            assert moment is None
            assert form.asks_which
            assert [fill(zone, {**typed, "which": which.value})[1] for which in Hour] == instants
    assert len(seen) == 2
