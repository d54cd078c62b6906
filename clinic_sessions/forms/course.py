"""What may be asked of a patient's course: its parts, a span of days, one session, and from where it goes on."""

from collections.abc import Collection
from datetime import MAXYEAR, UTC, datetime
from typing import Any

from wtforms import Form, SelectMultipleField

from clinic_sessions.domain.session.course_kinds import OF_THE_DESK, CourseKind
from clinic_sessions.domain.words import say
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import DayField


class CourseForm(Form):
    """The filters of a course; the form needs `meta`. What is not a filter at all asks for nothing."""

    kinds = SelectMultipleField("Show", validate_choice=False)
    first = DayField("From")
    last = DayField("To")

    def __init__(self, *args: Any, clinical: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = [one for one in CourseKind if clinical or one in OF_THE_DESK]
        self.kinds.choices = options((one.value, say(one)) for one in self.offered)

    @property
    def chosen(self) -> Collection[CourseKind]:
        """The parts that were ticked; all but the views when none was."""
        ticked = [one for one in self.offered if one.value in (self.kinds.data or ())]
        return ticked or [one for one in self.offered if one is not CourseKind.VIEWS]

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the days; the last must not come before the first."""
        good = super().validate(extra_validators)
        fields: tuple[Any, ...] = (self.first, self.last)
        for field in fields:
            if field.data is not None and field.data.year == MAXYEAR:
                # The last year of the calendar has a day without a day after it.
                field.errors, good = ["Enter a date that exists, like 11/24/2026."], False
        if self.first.data and self.last.data and self.last.data < self.first.data:
            self.last.errors = ["This day comes before the first one."]
            return False
        return good


def read_moment(text: str) -> datetime | None:
    """Read the moment from which a page goes on, as its link wrote it (aware UTC); None for anything else."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
