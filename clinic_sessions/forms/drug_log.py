"""For which days the log of controlled doses is asked."""

from datetime import MAXYEAR
from typing import Any

from wtforms import Form

from clinic_sessions.forms.fields import DayField


class LogForm(Form):
    """The first and the last day; blank means today."""

    first = DayField("From", name="from")
    last = DayField("To", name="to")

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the days; one in the last year of the calendar has no day after it."""
        good = super().validate(extra_validators)
        fields: tuple[Any, ...] = (self.first, self.last)
        for field in fields:
            if field.data is not None and field.data.year == MAXYEAR:
                field.errors = ["Enter a date that exists, like 11/24/2026."]
                good = False
        return good
