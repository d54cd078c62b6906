"""Shifts: weekly hours with breaks, days away, extra hours, and the word of whoever leaves sessions short of nurses."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from wtforms import Form, HiddenField

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import MIDNIGHT, Stretch
from clinic_sessions.forms.fields import ClockField, DayField, LineField, OneOfField
from clinic_sessions.forms.shift_fields import PersonField, RowsField, after, as_clock, in_reach, refuse, stretch

LONGEST_LEAVE = timedelta(days=366)
MOST_KEPT = 5000
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
NO_HOURS = "Enter an end that comes after the start. Hours past midnight belong to the next day."
_DAY = "Enter a day, like 11/24/2026."


class KeepingForm(Form):
    """A change that may leave sessions without nurses enough: a reason lets those that were shown stand."""

    keeping = LineField("Why these sessions are to stand with fewer nurses")
    kept = HiddenField()

    @property
    def kept_ids(self) -> list[int]:
        """The sessions that were shown when the reason was typed."""
        return [int(one) for one in (self.kept.data or "").split(",")[:MOST_KEPT] if _NUMBER.fullmatch(one)]

    def show_hits(self, session_ids: Iterable[int]) -> None:
        """Name the sessions that the page now shows."""
        self.kept.data = ",".join(map(str, sorted(set(session_ids))))


class HoursForm(KeepingForm):
    """Hours of a day with up to two breaks; `hours` and `breaks` hold after a good `validate`."""

    starts = ClockField("Starts", ask="Enter when the hours start, like 8:00 am.")
    ends = ClockField("Ends", ask="Enter when the hours end, like 4:30 pm.")
    break_from = ClockField("Break from")
    break_to = ClockField("Break to")
    second_from = ClockField("Second break from")
    second_to = ClockField("Second break to")

    hours: Stretch = (0, MIDNIGHT)
    breaks: tuple[Stretch, ...] = ()

    def fill(self, hours: Stretch, breaks: Sequence[Stretch]) -> None:
        """Show hours as they stand."""
        self.starts.data, self.ends.data = as_clock(hours[0]), as_clock(hours[1])
        for (one, two), given in zip(self._break_fields(), breaks, strict=False):
            one.data, two.data = as_clock(given[0]), as_clock(given[1])

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the hours and the breaks that they name."""
        good = super().validate(extra_validators)
        if self.starts.errors or self.ends.errors:
            return False
        found = stretch(self.starts.data, self.ends.data)
        if found is None:
            return refuse(self.ends, NO_HOURS)
        self.hours = found
        return self._read_breaks() and good

    def _read_breaks(self) -> bool:
        read = [self._read_break(one, two) for one, two in self._break_fields()]
        self.breaks = tuple(found for found in read if found)
        return None not in read

    def _read_break(self, one: ClockField, two: ClockField) -> Stretch | tuple[()] | None:
        if one.errors or two.errors:
            return None
        if one.data is None and two.data is None:
            return ()
        if one.data is None or two.data is None:
            refuse(two if two.data is None else one, "Enter both ends of the break, or neither.")
            return None
        found = stretch(one.data, two.data)
        if found is None or not (self.hours[0] <= found[0] and found[1] <= self.hours[1]):
            refuse(one, "Enter a break that lies within the hours.")
            return None
        return found

    def _break_fields(self) -> list[tuple[ClockField, ClockField]]:
        return [(self.break_from, self.break_to), (self.second_from, self.second_to)]


class AddForm(HoursForm):
    """A shift on some weekdays."""

    person = PersonField()
    role = OneOfField("As", SiteRole, ask="Choose a role.")
    weekdays = RowsField("On", ask="Choose at least one day of the week.")
    first_day = DayField("First day", ask=_DAY)
    last_day = DayField("Last day")

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the days."""
        good = super().validate(extra_validators)
        return all([in_reach(self, self.first_day), after(self.first_day, self.last_day), good])


class ChangeForm(HoursForm):
    """Other hours for some shifts of a person, or their end, from a day on."""

    shifts = RowsField("Which days", ask="Choose at least one of the days.")
    first_day = DayField("From which day", ask=_DAY)

    ending = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; the hours do not matter to shifts that end."""
        good = super().validate(extra_validators)
        if self.ending:
            for name in ("starts", "ends", "break_from", "break_to", "second_from", "second_to"):
                self[name].errors = []
            good = not any(field.errors for field in self)
        return in_reach(self, self.first_day) and good


class LeaveForm(KeepingForm):
    """Days away, or the same hours of each; `hours` holds after a good `validate`."""

    person = PersonField()
    first_day = DayField("First day", ask=_DAY)
    last_day = DayField("Last day")
    starts = ClockField("Away from")
    ends = ClockField("Away until")
    words = LineField("Reason")

    hours: Stretch = (0, MIDNIGHT)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then days and hours; without hours it is the whole day, without a last day one day."""
        good = super().validate(extra_validators)
        days = in_reach(self, self.first_day) and after(self.first_day, self.last_day, LONGEST_LEAVE)
        return all([days, self._read_hours(), good])

    def _read_hours(self) -> bool:
        if self.starts.errors or self.ends.errors or (self.starts.data is None and self.ends.data is None):
            return True
        found = stretch(self.starts.data, self.ends.data)
        if found is None:
            return refuse(self.ends, "Enter both times, the end after the start, or neither for the whole day.")
        self.hours = found
        return True


class ExtraForm(Form):
    """Extra hours on one day; `hours` holds after a good `validate`."""

    person = PersonField()
    role = OneOfField("As", SiteRole, ask="Choose a role.")
    day = DayField("Day", ask=_DAY)
    starts = ClockField("Starts", ask="Enter when the hours start, like 8:00 am.")
    ends = ClockField("Ends", ask="Enter when the hours end, like 4:30 pm.")
    words = LineField("Reason")

    hours: Stretch = (0, MIDNIGHT)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the hours."""
        good = super().validate(extra_validators) and in_reach(self, self.day)
        if self.starts.errors or self.ends.errors:
            return False
        found = stretch(self.starts.data, self.ends.data)
        if found is None:
            return refuse(self.ends, NO_HOURS)
        self.hours = found
        return good
