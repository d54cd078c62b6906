"""What a patient who waits for a time wishes."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from wtforms import Form, HiddenField, SelectField

from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import ClockField, LineField, WholeNumberField
from clinic_sessions.forms.weekdays import WeekdaysField

MOST_NOTICE_HOURS = 14 * 24
DAY = 24 * 60
"""Minutes of a day."""


class WishForm(Form):
    """Which treatment, on which days and hours, and how long before they must know."""

    patient = HiddenField()
    what = SelectField("What", choices=[], coerce=str, validate_choice=False)
    days = WeekdaysField("Days that suit")
    from_time = ClockField("Not before")
    until_time = ClockField("Over by")
    notice = WholeNumberField("Hours they must know before", low=0, high=MOST_NOTICE_HOURS)
    words = LineField("Anything to add")

    @staticmethod
    def as_typed(days: Sequence[int], from_minute: int, until_minute: int, notice_hours: int) -> dict[str, Any]:
        """Give a wish that stands as the form shows it; what it leaves open stays blank."""
        return {
            "days": days,
            "from_time": _wall(from_minute) if from_minute else None,
            "until_time": _wall(until_minute) if until_minute < DAY else None,
            "notice": notice_hours or None,
        }

    def offer(self, whats: Sequence[tuple[str, str]]) -> None:
        """Set what can be wished for: values and words."""
        self.what.choices = options(whats)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the hours together."""
        good = super().validate(extra_validators)
        if not good or self.from_minute < self.until_minute:
            return good
        self.until_time.errors = ["This is not later than the other time. Change one of the two."]
        return False

    @property
    def from_minute(self) -> int:
        """From when on they can be here, in minutes after midnight."""
        return _minute(self.from_time.data, 0)

    @property
    def until_minute(self) -> int:
        """When the visit must be over, in minutes after midnight; midnight ends a day."""
        return _minute(self.until_time.data, DAY) or DAY


def _wall(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _minute(wall: time | None, otherwise: int) -> int:
    return otherwise if wall is None else wall.hour * 60 + wall.minute
