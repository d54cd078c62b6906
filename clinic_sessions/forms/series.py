"""What may be typed about dates of a series: the wish, and what is to become of each date."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from wtforms import BooleanField, Form, HiddenField, RadioField, SelectField
from wtforms.validators import ValidationError

from clinic_sessions.domain import words
from clinic_sessions.domain.scheduling.reasons import CancelReason, MoveReason
from clinic_sessions.domain.scheduling.series import Scope
from clinic_sessions.domain.scheduling.timetable import LiftingReason, OverrideKind
from clinic_sessions.forms.booking import FURTHEST, Chosen, in_years, number, read_slot
from clinic_sessions.forms.changes import ReasonsField
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import ClockField, DayField, LineField, WholeNumberField
from clinic_sessions.forms.keys import STALE_FORM, is_key
from clinic_sessions.forms.lifting import needs_reason, read_lifting
from clinic_sessions.forms.weekdays import WeekdaysField

MOST_DATES = 20
MOST_SHIFT = 90
LAST_DATE = 2 * FURTHEST
"""How far ahead the last date of a series may be."""

SCOPES = {
    Scope.THIS: "Only this session",
    Scope.FOLLOWING: "This and the following ones",
    Scope.ALL: "All that are still to come",
}


class Way(StrEnum):
    """Which way the dates are shifted."""

    LATER = "later"
    EARLIER = "earlier"


class WishForm(Form):
    """When the patient would like to come; needs `meta`."""

    weekdays = WeekdaysField("Days that suit", short=True)
    wall = ClockField("Time", ask="Enter the time, like 10:00 am.")
    start = DayField("From", ask="Enter the first day, like 11/24/2026.")
    count = WholeNumberField("How many sessions", low=1, high=MOST_DATES, ask="Say how many sessions to book.")

    def validate_start(self, field: Any) -> None:
        """Refuse days that have passed and those out of reach."""
        today: date = self.meta.today
        if field.data and not (in_years(field.data) and today <= field.data <= today + FURTHEST):
            raise ValidationError("Choose a day from today to a year ahead.")


class ChangeForm(Form):
    """What is to change in a series that is booked: days, time, or all dates by some days; needs `meta`."""

    scope = RadioField("Which sessions", choices=options((one.value, text) for one, text in SCOPES.items()))
    weekdays = WeekdaysField("New days", short=True)
    wall = ClockField("Time", ask="Enter the time, like 10:00 am.")
    shift = WholeNumberField("Shift by", low=0, high=MOST_SHIFT)
    way = SelectField("Earlier or later", choices=options((one.value, f"days {one.value}") for one in Way))

    @property
    def shift_days(self) -> int:
        """Days to shift by; earlier is negative."""
        days: int = self.shift.data or 0
        return -days if self.way.data == Way.EARLIER else days


class DatesForm(Form):
    """The dates that were chosen, or dropped, in a preview, for the places that it showed; needs `read_dates`."""

    form_key = HiddenField()
    tell = BooleanField("Tell the patient", default=True)
    lift_words = LineField("Reason, kept with your name")

    chosen: Mapping[int, Chosen] = {}
    lifted: Mapping[int, frozenset[OverrideKind]] = {}
    dropped: frozenset[int] = frozenset()
    versions: Mapping[int, int] = {}
    unchosen: Sequence[int] = ()

    def read_dates(self, typed: Any, today: date) -> bool:
        """Read a date or a drop for each place that was shown; says whether every one of them has either."""
        places = [place for text in typed.getlist("place")[:MOST_DATES] if (place := number(text))]
        good = bool(places) and is_key(self.form_key.data)
        self.dropped = frozenset(place for place in places if typed.get(f"drop-{place}"))
        parts = {place: read_lifting(typed.get(f"slot-{place}")) for place in places}
        self.lifted = {place: kinds for place, (_, kinds) in parts.items() if kinds}
        slots = {place: read_slot(value) for place, (value, _) in parts.items()}
        self.chosen = {
            place: Chosen(chair_id=slot[0], starts_at=slot[1])
            for place, slot in slots.items()
            if slot is not None and slot[1].date() <= today + LAST_DATE
        }
        self.versions = {place: number(typed.get(f"version-{place}")) or 0 for place in places}
        self.unchosen = [place for place in places if place not in self.chosen and place not in self.dropped]
        if not good:
            self.form_errors = [STALE_FORM]
        return good and not self.unchosen

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a reason where one is kept."""
        good = super().validate(extra_validators)
        if any(needs_reason(self.lifted.get(place, ())) for place in self.wanted) and not self.lift_words.data:
            self.lift_words.errors = [words.say(LiftingReason.REASON_NEEDED)]
            return False
        return good

    @property
    def wanted(self) -> dict[int, Chosen]:
        """The dates that are to be saved, by place."""
        return {place: one for place, one in self.chosen.items() if place not in self.dropped}


class MovesForm(DatesForm):
    """Dates that sessions are moved to, and why."""

    reasons = ReasonsField("Why", list(MoveReason))


class CancelSeriesForm(Form):
    """Cancelling several sessions of a series."""

    form_key = HiddenField()
    reasons = ReasonsField("Why", [reason for reason in CancelReason if reason is not CancelReason.BY_LINK])
    note = LineField("Anything to add")
    tell = BooleanField("Tell the patient", default=True)
