"""What the forms about shifts take, and what they say of the rest."""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.scheduling.shifts import MIDNIGHT
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.shift_fields import as_clock, weekday_names
from clinic_sessions.forms.shifts import AddForm, ChangeForm, ExtraForm, KeepingForm, LeaveForm

NOW = meta(datetime(2026, 11, 23, 18, 0, tzinfo=UTC), ZoneInfo("America/Los_Angeles"))
SHIFT = {"person": "7", "role": "nurse", "weekdays": ["0", "1"], "starts": "8 am", "ends": "4:30 pm",
         "break_from": "12 pm", "break_to": "12:30 pm", "first_day": "11/23/2026"}  # fmt: skip
LEAVE = {"person": "7", "first_day": "11/24/2026"}


def _add(**given: Any) -> AddForm:
    form = AddForm(MultiDict({**SHIFT, **given}), meta=NOW)
    form.person.offer([(7, "Dana Lee")])
    form.weekdays.offer(weekday_names())
    return form


def _leave(**given: Any) -> LeaveForm:
    form = LeaveForm(MultiDict({**LEAVE, **given}), meta=NOW)
    form.person.offer([(7, "Dana Lee")])
    return form


def test_a_shift_is_read_as_minutes_of_the_wall_clock() -> None:
    form = _add(ends="12 am", second_from="3 pm", second_to="3:15 pm")
    assert form.validate(), form.errors
    assert (form.person.number, form.weekdays.numbers) == (7, [0, 1])
    assert (form.hours, form.breaks) == ((480, MIDNIGHT), ((720, 750), (900, 915)))
    assert [as_clock(minute).hour for minute in form.hours] == [8, 0]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("person", "", "Choose a person."),
        ("person", "9999", "Choose a person."),
        ("role", "owner", "Choose a role."),
        ("weekdays", [], "Choose at least one day of the week."),
        ("weekdays", ["0", "7"], "Choose at least one day of the week."),
        ("ends", "8 am", "Enter an end that comes after the start."),
        ("ends", "", "Enter when the hours end"),
        ("break_to", "", "Enter both ends of the break, or neither."),
        ("break_from", "", "Enter both ends of the break, or neither."),
        ("break_from", "7 am", "Enter a break that lies within the hours."),
        ("break_from", "noon", "Enter a time"),
        ("first_day", "11/22/2026", "This day has passed."),
        ("first_day", "1/1/2031", "Choose a day within two years."),
        ("first_day", "soon", "Enter a date that exists"),
        ("last_day", "11/22/2026", "The last day comes before the first."),
        ("last_day", "never", "Enter a date that exists"),
    ],
)
def test_what_a_shift_cannot_be_is_said_at_its_field(field: str, typed: Any, said: str) -> None:
    form = _add(**{field: typed})
    assert not form.validate()
    errors = [error for one in form.errors.values() for error in one]
    assert len(errors) == 1
    assert errors[0].startswith(said)


def test_shifts_that_end_need_no_hours() -> None:
    form = ChangeForm(MultiDict({"shifts": "3", "first_day": "11/24/2026", "ends": "soon"}), meta=NOW)
    form.shifts.offer([(3, "Monday")])
    assert not form.validate()
    form.ending = True
    assert form.validate(), form.errors
    assert form.first_day.data == date(2026, 11, 24)


def test_leave_is_for_whole_days_unless_both_times_are_given() -> None:
    whole, part = _leave(), _leave(starts="9 am", ends="11 am", last_day="12/24/2026")
    assert whole.validate()
    assert part.validate()
    assert (whole.hours, part.hours) == ((0, MIDNIGHT), (540, 660))


@pytest.mark.parametrize(
    ("given", "field"),
    [({"starts": "9 am"}, "ends"), ({"starts": "x"}, "starts"), ({"last_day": "12/24/2027"}, "last_day")],
)
def test_leave_that_makes_no_sense_is_asked_about(given: dict[str, str], field: str) -> None:
    form = _leave(**given)
    assert not form.validate()
    assert list(form.errors) == [field]


@pytest.mark.parametrize(
    ("given", "field"), [({"ends": "9 am"}, "ends"), ({"starts": "soon"}, "starts"), ({"day": "11/1/2026"}, "day")]
)
def test_extra_hours_that_make_no_sense_are_asked_about(given: dict[str, str], field: str) -> None:
    typed = {"person": "7", "role": "nurse", "day": "11/24/2026", "starts": "9 am", "ends": "12 am"}
    form = ExtraForm(MultiDict({**typed, **given}), meta=NOW)
    form.person.offer([(7, "Dana Lee")])
    assert not form.validate()
    assert list(form.errors) == [field]


def test_hours_are_shown_as_they_stand() -> None:
    form = ChangeForm(meta=NOW)
    form.fill((480, MIDNIGHT), [(720, 750)])
    assert [form.starts._value(), form.ends._value(), form.break_to._value()] == ["8:00 am", "12:00 am", "12:30 pm"]


def test_only_numbers_are_read_as_sessions_that_are_to_stand() -> None:
    assert KeepingForm(MultiDict({"kept": "12,,x,-1,7"})).kept_ids == [12, 7]
