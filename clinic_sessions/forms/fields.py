"""The fields that forms share: each reads what people type, and says what to do when it cannot.

A field without `ask` may stay blank and is then None; with `ask`, those are the words that ask for it.
Whatever was typed is shown again, exactly, while it cannot be read.
"""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from wtforms import Field
from wtforms.validators import ValidationError
from wtforms.widgets import EmailInput, HiddenInput, TelInput, TextArea, TextInput

from clinic_sessions.domain import names, typed_days
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.choosing import OneOfField as OneOfField
from clinic_sessions.forms.choosing import PickField as PickField
from clinic_sessions.services.patients.phone_numbers import phone_text as phone_text

LINE = 300
BODY = 4000
OLDEST_YEARS = 125

_STACKED = 8
_DIRECTION = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)


def meta(now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Give what a form must know of the moment and the clinic: `SomeForm(request.form, meta=meta(g.now, zone))`."""
    return {"now": now, "zone": zone, "today": local_day(now, zone)}


def cleaned(text: str, *, lines: bool = False) -> str:
    """Give free text in composed form, trimmed; `lines` keeps its line breaks.

    Marks that only turn the writing direction are dropped. Raises ValueError, in people's words, for control
    characters and for heaps of marks.
    """
    kept = unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_DIRECTION)).strip()
    allowed = "\n\t" if lines else "\t"
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in allowed for c in kept):
        raise ValueError("This has a character that cannot be printed. Type the text again instead of pasting it.")
    if _is_heaped(kept):
        raise ValueError("This has too many marks on one letter. Type the text again without them.")
    return kept if lines else " ".join(kept.split())


def _is_heaped(text: str) -> bool:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > _STACKED:
            return True
    return False


class Typed(Field):
    """What a person types: `read` turns it into a value, or raises ValueError saying what to do."""

    widget: Any = TextInput()

    def __init__(self, label: str, *, ask: str | None = None, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.ask = ask

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read what was typed; blank is None, or the words that ask for it."""
        typed = str(valuelist[0]) if valuelist else ""
        self.data = None
        if typed.strip():
            self.data = self.read(typed)
        elif self.ask:
            raise ValueError(self.ask)

    def read(self, typed: str) -> Any:
        """Give the value of what was typed; raises ValueError in people's words."""
        raise NotImplementedError

    def write(self, value: Any) -> str:
        """Give the text of a value as a person would type it."""
        return str(value)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return self.write(self.data) if self.data is not None else ""


class LineField(Typed):
    """One line of free text."""

    def __init__(self, label: str, *, longest: int = LINE, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.longest = longest

    def read(self, typed: str) -> str:
        """Clean it; too long and control characters are refused."""
        return _fitting(cleaned(typed), self.longest)


class BodyField(Typed):
    """Free text of several lines."""

    widget: Any = TextArea()

    def __init__(self, label: str, *, longest: int = BODY, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.longest = longest

    def read(self, typed: str) -> str:
        """Clean it, keeping its lines; too long and control characters are refused."""
        return _fitting(cleaned(typed, lines=True), self.longest)


def _fitting(text: str, longest: int) -> str:
    if len(text) > longest:
        raise ValueError(f"This is {len(text)} characters long. Shorten it to {longest}.")
    return text


class NameField(Typed):
    """A person's name: any script, one word or many, up to 200 characters."""

    def read(self, typed: str) -> str:
        """Clean it; something without a letter is refused."""
        try:
            return names.clean(typed)
        except names.UnusableName:
            raise ValueError(f"Enter a name with at least one letter, up to {names.MAX_LENGTH} characters.") from None


class PhoneField(Typed):
    """A phone number, American unless it begins with +; its value is E.164."""

    widget: Any = TelInput()

    def read(self, typed: str) -> str:
        """Normalize it; extensions are refused."""
        return read_phone(typed)

    def write(self, value: Any) -> str:
        """Write it as it is dialed here."""
        return phone_text(str(value))


_PHONE = "Enter a phone number with its area code, like (310) 555-0100. Begin one from abroad with +."


def read_phone(typed: str) -> str:
    """Give the E.164 of a typed number; extensions are refused, for no one can be called or sent a text there by us.

    Raises ValueError in people's words.
    """
    try:
        number = phonenumbers.parse(typed.translate(_DIRECTION), "US")
    except phonenumbers.NumberParseException:
        raise ValueError(_PHONE) from None
    if number.extension:
        raise ValueError("Leave out the extension. Note it under contact wishes.")
    if not phonenumbers.is_valid_number(number):
        raise ValueError(_PHONE)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class EmailAddressField(Typed):
    """Exactly one address that mail can be sent to."""

    widget: Any = EmailInput()

    def read(self, typed: str) -> str:
        """Normalize it; names, comments, lists and line breaks are refused."""
        try:
            found = validate_email(
                typed.strip(" \t\u00a0"), check_deliverability=False, allow_smtputf8=False, strict=True
            )
        except EmailNotValidError:
            raise ValueError("Enter one email address, like ana@example.com, and nothing else.") from None
        return str(found.ascii_email)


class DayField(Typed):
    """A date of this century, as people here write it."""

    def read(self, typed: str) -> date:
        """Read it; the year is written, with two digits or four."""
        try:
            return typed_days.read_day(typed, century=2000)
        except typed_days.Unreadable:
            raise ValueError("Enter a date that exists, with its year, like 11/24/2026.") from None

    def write(self, value: Any) -> str:
        """Write month/day/year."""
        return f"{value.month}/{value.day}/{value.year}"


class PastDateField(DayField):
    """A date up to today and within a lifetime; the form needs `meta`."""

    def read(self, typed: str) -> date:
        """Read it; the future and the far past are refused."""
        try:
            day = typed_days.read_day(typed)
        except typed_days.Unreadable:
            raise ValueError("Enter a date that exists, with a year of four digits, like 4/12/1985.") from None
        today: date = self.meta.today
        if day > today:
            raise ValueError("This date is in the future. Check the year.")
        if day.year < today.year - OLDEST_YEARS:
            raise ValueError(f"This is more than {OLDEST_YEARS} years ago. Check the year.")
        return day


class ClockField(Typed):
    """A time of day on the clinic's wall clock."""

    def read(self, typed: str) -> time:
        """Read it, with am and pm or in 24 hours."""
        try:
            return typed_days.read_clock(typed)
        except typed_days.Unreadable:
            raise ValueError("Enter a time, like 10:40 am or 14:05.") from None

    def write(self, value: Any) -> str:
        """Write it as the clinic says it: 10:40 am."""
        return f"{value.hour % 12 or 12}:{value.minute:02d} {'am' if value.hour < 12 else 'pm'}"


class WholeNumberField(Typed):
    """A whole number between two bounds, in plain digits."""

    def __init__(self, label: str, *, low: int, high: int, **kwargs: Any) -> None:
        super().__init__(label, **kwargs)
        self.low, self.high = low, high
        # The templates ask by this name for the number pad of a phone.
        self.type = "IntegerField"

    def read(self, typed: str) -> int:
        """Read it; signs, exponents, underscores and digits of other scripts are refused."""
        found = _WHOLE.fullmatch(typed.strip(" \t"))
        if found is None or not self.low <= int(typed) <= self.high:
            raise ValueError(f"Enter a whole number from {self.low} to {self.high}.")
        return int(typed)


class VersionField(WholeNumberField):
    """Which version of a row the form was filled from, hidden; an older one is refused when it is saved."""

    widget: Any = HiddenInput()

    def __init__(self, label: str = "Version", **kwargs: Any) -> None:
        super().__init__(label, low=1, high=999_999_999, ask="Open this form again from the page before.", **kwargs)

    def stands(self, version: int) -> None:
        """Take the version that stands now, whatever was sent."""
        self.data, self.raw_data = version, None


def not_later(moment: datetime, now: datetime, *, slack: timedelta = timedelta(minutes=1)) -> None:
    """Raise ValidationError when `moment` has not come yet; `slack` forgives a clock that is a little ahead."""
    if moment > now + slack:
        raise ValidationError("This time has not come yet. Check the date and the time.")
