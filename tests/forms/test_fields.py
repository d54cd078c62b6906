"""What the shared fields take, what they refuse, and that they say what to do."""

from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Form

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.wall_time import Hour
from clinic_sessions.forms.choosing import OneOfField
from clinic_sessions.forms.fields import (
    BodyField,
    ClockField,
    DayField,
    EmailAddressField,
    LineField,
    NameField,
    PastDateField,
    PhoneField,
    WholeNumberField,
    meta,
)
from clinic_sessions.forms.moments import MomentForm

NOW = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")


class EveryForm(Form):
    """One field of each kind."""

    name = NameField("Name", ask="Enter the name.")
    line = LineField("Line")
    body = BodyField("Body")
    phone = PhoneField("Phone")
    email = EmailAddressField("Email")
    born = PastDateField("Born")
    day = DayField("Day")
    wall = ClockField("Time")
    number = WholeNumberField("Number", low=30, high=180)
    language = OneOfField("Language", Language, ask="Choose the language.")


def filled(**typed: str) -> EveryForm:
    """The form as sent, with the two things that it must have."""
    form = EveryForm(MultiDict({"name": "Ana", "language": "en", **typed}), meta=meta(NOW, ZONE))
    form.validate()
    return form


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("(310) 555-0100", "+13105550100"),
        ("310.555.0100", "+13105550100"),
        ("1 310 555 0100", "+13105550100"),
        ("+34 612 34 56 78", "+34612345678"),
        ("\u202d(310) 555-0100\u202c", "+13105550100"),
    ],
)
def test_phone_numbers_are_kept_one_way_however_they_are_typed(typed: str, value: str) -> None:
    form = filled(phone=typed)
    assert (form.phone.data, form.errors) == (value, {})


@pytest.mark.parametrize(
    "typed", ["555-0100", "12", "call me", "+1310555010012345", "(310) 555-0100 x12", "\0", "1" * 300]
)
def test_what_cannot_be_called_is_refused_as_a_phone(typed: str) -> None:
    form = filled(phone=typed)
    assert form.phone.errors
    assert form.phone._value() == typed


@pytest.mark.parametrize(
    "typed",
    [
        "a@b.com\r\nBcc: x@y.com",
        "a@b.com,c@d.com",
        "a@b.com; c@d.com",
        "a(comment)@b.com",
        "Ana <a@b.com>",
        '"a b"@c.com',
        "a@" + "b" * 250 + ".com",
        "a" * 65 + "@b.com",
        "a@b.com.",
        "a@[127.0.0.1]",
        "a@localhost",
        "ñ@b.com",
        "a b@c.com",
        "a@b",
        "@",
        "a@b..com",
        "a\0@b.com",
    ],
)
def test_anything_but_one_plain_address_is_refused(typed: str) -> None:
    form = filled(email=typed)
    assert form.email.errors == ["Enter one email address, like ana@example.com, and nothing else."]
    assert form.email._value() == typed


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (" ana@Example.ORG ", "ana@example.org"),
        ("a@m\u00fcnchen.de", "a@xn--mnchen-3ya.de"),
        ("a+b@c.com", "a+b@c.com"),
    ],
)
def test_an_address_is_kept_in_the_form_in_which_it_is_sent(typed: str, value: str) -> None:
    assert filled(email=typed).email.data == value


@pytest.mark.parametrize(
    "typed",
    [
        "2026-02-30",
        "2/29/2027",
        "0/1/2000",
        "1/1/0000",
        "1/1/10000",
        "13/1/2000",
        "٤/١٢/١٩٨٥",
        "4/12/85",
        "tomorrow",
        "1/1/1850",
        "11/24/2026",
        "2026-11-23T10:00",
        "-1",
        "\0",
    ],
)
def test_a_birth_date_that_cannot_be_is_refused(typed: str) -> None:
    form = filled(born=typed)
    assert form.born.errors
    assert form.born._value() == typed


@pytest.mark.parametrize(
    "typed", ["4/12/1985", "04-12-1985", "1985-04-12", "Apr 12, 1985", "April 12 1985", "12 apr 1985"]
)
def test_a_birth_date_is_read_in_the_forms_people_write(typed: str) -> None:
    assert filled(born=typed).born.data == date(1985, 4, 12)


def test_someone_born_today_at_the_clinic_is_not_from_the_future() -> None:
    late = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    form = EveryForm(MultiDict({"born": "11/24/2026"}), meta=meta(late, ZONE))
    form.validate()
    assert "future" in form.born.errors[0]


@pytest.mark.parametrize(
    "typed",
    [
        "NaN",
        "inf",
        "-1",
        "1e309",
        "0x10",
        "1_000",
        "1,5",
        str(2**63),
        "١٢٠",
        "-0",
        "0.30000000000000004",
        "29",
        "181",
        "12 0",
        "²",
    ],
)
def test_a_number_that_is_not_plain_digits_within_bounds_is_refused(typed: str) -> None:
    form = filled(number=typed)
    assert form.number.errors == ["Enter a whole number from 30 to 180."]
    assert form.number._value() == typed


@pytest.mark.parametrize(
    "typed", ["24:00", "25:61", "7:60 pm", "13:00 pm", "0 am", "noon", "٠١:٣٠", "10", ":30", "+25:00"]
)
def test_a_time_that_is_none_is_refused(typed: str) -> None:
    assert filled(wall=typed).wall.errors == ["Enter a time, like 10:40 am or 14:05."]


@pytest.mark.parametrize(
    ("typed", "value"), [("1040", time(10, 40)), ("930", time(9, 30)), ("230pm", time(14, 30)), ("2p", time(14))]
)
def test_a_time_typed_in_a_hurry_is_understood(typed: str, value: time) -> None:
    form = filled(wall=typed)
    assert (form.wall.data, form.errors) == (value, {})


def test_a_day_ahead_may_have_a_year_of_two_digits_and_must_have_one() -> None:
    assert filled(day="3/14/27").day.data == date(2027, 3, 14)
    assert filled(day="3/14").day.errors == ["Enter a date that exists, with its year, like 11/24/2026."]


@pytest.mark.parametrize("typed", ["a\0b", "a\x1bb", "a\x7fb", "a" + "\u0301" * 1000, "x" * 301])
def test_text_that_cannot_be_kept_is_refused_and_shown_again(typed: str) -> None:
    form = filled(line=typed)
    assert form.line.errors
    assert form.line._value() == typed


@pytest.mark.parametrize(
    "typed", ["O'Brien", "=1+1", "{{7*7}}", "%n", "<zxq>", "👩\u200d👩\u200d👧", "السلام", "ไทย", "\t"]
)
def test_harmless_text_passes_as_it_is(typed: str) -> None:
    form = filled(line=typed)
    assert form.errors == {}
    assert form.line.data == (typed if typed.strip() else None)


def test_text_of_several_lines_keeps_them_and_loses_marks_that_turn_its_direction() -> None:
    assert filled(body="one\r\ntwo\u202e ").body.data == "one\ntwo"
    assert filled(line="one\ttwo").line.data == "one two"


@pytest.mark.parametrize("typed", ["", "   ", "\u00a0"])
def test_blank_fields_are_nothing_unless_they_are_asked_for(typed: str) -> None:
    form = filled(phone=typed, email=typed, line=typed, number=typed, born=typed, name=typed)
    assert form.errors == {"name": ["Enter the name."]}
    assert form.phone.data is form.email.data is form.line.data is form.number.data is form.born.data is None


def test_a_choice_that_is_not_offered_is_asked_for_again() -> None:
    assert filled(language="fr").errors == {"language": ["Choose the language."]}
    assert filled(language="es").language.data is Language.ES


@given(st.dictionaries(st.sampled_from(list(EveryForm()._fields)), st.text(max_size=400)))
def test_no_text_whatever_breaks_a_field_or_is_lost_from_it(typed: dict[str, str]) -> None:
    form = filled(**typed)
    for name, text in typed.items():
        assert all(error and "nvalid" not in error for error in form[name].errors)
        if name != "language" and form[name].errors:
            assert form[name]._value() == text  # type: ignore[attr-defined]
        if not form[name].errors and isinstance(form[name].data, str):
            assert "\0" not in str(form[name].data)


def moment_of(**typed: str) -> Any:
    """The moment form as sent."""
    form = MomentForm(MultiDict(typed), meta=meta(NOW, ZONE))
    form.validate()
    return form


def test_a_moment_is_the_wall_time_at_the_clinic() -> None:
    assert moment_of(day="11/24/2026", wall="10:00 am").moment == datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    assert moment_of().moment is None


def test_a_time_the_clocks_skip_is_refused() -> None:
    form = moment_of(day="3/14/2027", wall="2:30 am")
    assert form.moment is None
    assert "does not exist" in form.errors["wall"][0]


def test_a_time_that_comes_twice_is_asked_about_and_then_known() -> None:
    asked = moment_of(day="11/1/2026", wall="1:30 am")
    assert asked.asks_which
    assert asked.errors["which"]
    told = moment_of(day="11/1/2026", wall="1:30 am", which=Hour.SECOND.value)
    assert told.moment == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def test_half_a_moment_asks_for_the_other_half() -> None:
    assert moment_of(day="11/24/2026").errors == {"wall": ["Enter the time, like 10:40 am."]}
    assert moment_of(wall="10:40").errors == {"day": ["Enter the date, like 11/24/2026."]}
