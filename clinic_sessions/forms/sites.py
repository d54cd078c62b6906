"""The forms of the settings: a site's facts, its hours, its chairs, its closures."""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import available_timezones

from wtforms import BooleanField, Form, HiddenField, SelectField, SelectMultipleField
from wtforms.validators import ValidationError

from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.timetable import Opening
from clinic_sessions.domain.scheduling.typed_clinic import ClinicUnreadable, day_text, read_day_hours
from clinic_sessions.domain.wall_time import Hour, Span, day_span
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import (
    ClockField,
    DayField,
    LineField,
    OneOfField,
    PhoneField,
    Typed,
    VersionField,
    WholeNumberField,
)
from clinic_sessions.forms.moments import HOURS, moment_of, refuse
from clinic_sessions.forms.weekdays import WEEKDAYS

ZONES = (
    "America/New_York", "America/Detroit", "America/Chicago", "America/Denver", "America/Phoenix",
    "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu", "America/Puerto_Rico",
)  # fmt: skip
"""Offered as one types; every other zone that there is can be typed too."""

EQUIPPED = ((Route.IV.value, "IV"), (Route.IN_.value, "Nasal"), (Route.IM.value, "Injection (IM)"))
NOON = time(12)
_NOT_COLUMNS = frozenset({"quiet_from", "quiet_until", "version"})
FURTHEST = timedelta(days=3 * 366)


class ZoneField(Typed):
    """A time zone by its name."""

    def read(self, typed: str) -> str:
        """Read it; only a zone that there is passes."""
        if typed.strip() not in available_timezones():
            raise ValueError("There is no such time zone. Name one as America/Los_Angeles.")
        return typed.strip()


class SiteForm(Form):
    """What a site is: its name, where it is, and how it deals with its patients."""

    name = LineField("Name", longest=200, ask="Enter the name of the site.")
    name_in_messages = LineField("Name in messages", longest=200, ask="Enter the name that patients read.")
    zone_name = ZoneField("Time zone", ask="Name the time zone, like America/Los_Angeles.")
    phone = PhoneField("Phone", ask="Enter the phone number that patients call.")
    address = LineField("Address", ask="Enter the address that patients come to.")

    @property
    def facts(self) -> dict[str, Any]:
        """Give the columns of a site that this form is about."""
        return dict(self.data)


class DetailsForm(SiteForm):
    """A site that stands: also when its messages rest, and when the desk is asked."""

    transport_phone = PhoneField("Medical transport")
    quiet_from = ClockField("Quiet from", ask="Enter when messages stop in the evening, like 9:00 pm.")
    quiet_until = ClockField("Quiet until", ask="Enter when messages may leave again, like 8:00 am.")
    propose_absence_minutes = WholeNumberField(
        "Ask whether a patient came", low=5, high=240, ask="Enter after how many minutes the desk is asked."
    )
    late_cancel_hours = WholeNumberField(
        "A late cancellation", low=0, high=168, ask="Enter how many hours before its start a visit is cancelled late."
    )

    version = VersionField()

    def validate_quiet_from(self, field: Any) -> None:
        """Quiet begins in the afternoon or the evening."""
        if field.data is not None and field.data < NOON:
            raise ValidationError("Quiet hours begin in the afternoon or evening. Enter a time like 9:00 pm.")

    def validate_quiet_until(self, field: Any) -> None:
        """Quiet ends in the morning."""
        if field.data is not None and field.data >= NOON:
            raise ValidationError("Quiet hours end in the morning. Enter a time like 8:00 am.")

    @property
    def facts(self) -> dict[str, Any]:
        """Give the columns of a site that this form is about."""
        values = {name: value for name, value in super().facts.items() if name not in _NOT_COLUMNS}
        return {
            **values,
            "quiet_from_minute": _minute(self.quiet_from.data),
            "quiet_until_minute": _minute(self.quiet_until.data),
        }


def _minute(wall: time) -> int:
    return wall.hour * 60 + wall.minute


def wall_of(minute: int) -> time:
    """Give the wall time of a minute after midnight."""
    return time(minute // 60, minute % 60)


class DayHoursField(Typed):
    """The openings of one weekday; blank when closed."""

    def read(self, typed: str) -> list[tuple[int, int]]:
        """Read them; what is no opening is refused with how to type one."""
        try:
            return read_day_hours(typed)
        except ClinicUnreadable as wrong:
            raise ValueError(str(wrong)) from None

    def write(self, value: Any) -> str:
        """Write them as they are typed."""
        return day_text(value)


class HoursForm(Form):
    """When a site is open, a line a weekday."""

    mon, tue, wed, thu, fri, sat, sun = (DayHoursField(day) for day in WEEKDAYS)
    version = VersionField()
    kept = HiddenField("Kept")

    @property
    def days(self) -> list[Any]:
        """Give the fields of the seven weekdays, Monday first."""
        return [self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun]

    @property
    def week(self) -> list[Opening]:
        """Give the openings that were typed."""
        return [
            Opening(weekday=weekday, opens_minute=opens, closes_minute=closes)
            for weekday, field in enumerate(self.days)
            for opens, closes in field.data or ()
        ]

    def show(self, week: Iterable[Opening]) -> None:
        """Fill the lines with the hours that stand."""
        for one in week:
            field = self.days[one.weekday]
            field.data = [*(field.data or ()), (one.opens_minute, one.closes_minute)]


class ChairForm(Form):
    """A chair, and what it is equipped for."""

    name = LineField("Name", longest=60, ask="Enter the name of the chair, like Chair 4.")
    routes = SelectMultipleField("Equipped for", choices=options(EQUIPPED))
    in_use = BooleanField("In use", default=True)
    version = VersionField()
    kept = HiddenField("Kept")

    @property
    def chosen(self) -> frozenset[Route]:
        """Give the routes that were ticked."""
        return frozenset(Route(value) for value in self.routes.data or ())


class ClosureForm(Form):
    """When a site or a chair takes nobody: whole days, or between two wall times. `span` after a good `validate`.

    The form needs `meta`.
    """

    place = SelectField("What is closed")
    reason = LineField("Why", ask="Say why, like Thanksgiving or a repair.")
    first_day = DayField("From", ask="Enter the first day, like 11/26/2026.")
    starts = ClockField("Time")
    starts_which = OneOfField("Which of the two?", Hour, ask="Choose one of the two.", said=HOURS, blank="Not needed")
    last_day = DayField("Until")
    ends = ClockField("Time")
    ends_which = OneOfField("Which of the two?", Hour, ask="Choose one of the two.", said=HOURS, blank="Not needed")
    version = VersionField()
    kept = HiddenField("Kept")

    span: Span | None = None

    def offer_chairs(self, chairs: Sequence[tuple[int, str]]) -> None:
        """Set what can be closed: the whole site, or one of its chairs."""
        self.place.choices = options([("", "The whole site"), *((str(one), name) for one, name in chairs)])

    @property
    def chair_id(self) -> int | None:
        """Give the chair that is closed; None for the whole site."""
        return int(self.place.data) if self.place.data else None

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the stretch of time that they name."""
        good = super().validate(extra_validators)
        if self.first_day.errors or self.last_day.errors or self.starts.errors or self.ends.errors:
            return False
        return self._read_span() and good

    def _read_span(self) -> bool:
        if self.last_day.data is None:
            self.last_day.data = self.first_day.data
        latest = self.meta.today + FURTHEST
        for field in (self.first_day, self.last_day):
            if not self.meta.today - FURTHEST <= field.data <= latest:
                return refuse(field, "Enter a day within the next three years.")
        starts, ends = self._start(), self._end()
        if starts is None or ends is None:
            return False
        if ends <= starts:
            return refuse(self.ends if self.ends.data else self.last_day, "This is not after the beginning.")
        if ends <= self.meta.now:
            return refuse(self.last_day, "This is over already. Enter a day or a time to come.")
        self.span = Span(starts_at=starts, ends_at=ends)
        return True

    def _start(self) -> datetime | None:
        if self.starts.data is None:
            return day_span(self.first_day.data, self.meta.zone).starts_at
        return moment_of(self.first_day, self.starts, self.starts_which, self.meta.zone)

    def _end(self) -> datetime | None:
        if self.ends.data is None:
            return day_span(self.last_day.data, self.meta.zone).ends_at
        return moment_of(self.last_day, self.ends, self.ends_which, self.meta.zone)


class RemovalForm(Form):
    """A button that acts on the version of the site that it stands on."""

    version = VersionField()
