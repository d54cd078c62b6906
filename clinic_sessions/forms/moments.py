"""A moment on the clinic's wall clock, typed as a date and a time."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from wtforms import Form

from clinic_sessions.domain.wall_time import Hour, RepeatedHour, SkippedHour, instant, real_times_around
from clinic_sessions.forms.fields import ClockField, DayField, OneOfField

SKIPPED = "The clocks go forward over this time: it does not exist that day. Enter {before}, or {after}."
REPEATED = "The clocks go back that night, so this time comes twice. Choose which one."
HOURS = {Hour.FIRST: "The first, before the clocks go back", Hour.SECOND: "The second, after the clocks went back"}


class MomentForm(Form):
    """Fields of a form that asks when: `moment` is aware UTC after a good `validate`, None when all was left blank.

    The form needs `meta`. Show `which` when `asks_which` is set.
    """

    day = DayField("Date")
    wall = ClockField("Time")
    which = OneOfField("Which of the two?", Hour, ask="Choose one of the two.", said=HOURS, blank="Not needed")

    moment: datetime | None = None
    asks_which = False
    needs_moment = False

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the moment that they name; a skipped hour is refused, a repeated one asked about."""
        good = super().validate(extra_validators)
        if self.day.errors or self.wall.errors:
            return False
        return self._read_moment() and good

    def _read_moment(self) -> bool:
        if self.day.data is None and self.wall.data is None and not self.needs_moment:
            return True
        if self.day.data is None:
            return refuse(self.day, "Enter the date, like 11/24/2026.")
        if self.wall.data is None:
            return refuse(self.wall, "Enter the time, like 10:40 am.")
        self.moment = moment_of(self.day, self.wall, self.which, self.meta.zone)
        self.asks_which = bool(self.which.errors)
        return self.moment is not None


def moment_of(day: Any, wall: Any, which: Any, zone: ZoneInfo) -> datetime | None:
    """Give the instant (aware UTC) that filled fields name; None when one of them now says what is wrong with it."""
    try:
        return instant(day.data, wall.data, zone, which.data)
    except SkippedHour:
        before, after = real_times_around(day.data, wall.data, zone)
        refuse(wall, SKIPPED.format(before=wall.write(before), after=wall.write(after)))
    except RepeatedHour:
        refuse(which, REPEATED)
    except OverflowError:
        refuse(day, "Enter a date that exists, like 11/24/2026.")
    return None


def refuse(field: Any, text: str) -> bool:
    """Say at a field what is wrong with it; False."""
    field.errors = [text]
    return False
