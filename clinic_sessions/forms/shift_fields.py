"""The fields of forms about shifts: people and rows to choose from, and what two times of a day make."""

import calendar
from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

from wtforms import Form, SelectField, SelectMultipleField
from wtforms.validators import ValidationError

from clinic_sessions.domain.scheduling.shifts import MIDNIGHT, Stretch
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import DayField

FURTHEST = timedelta(days=731)


class RowsField(SelectMultipleField):
    """One or more of the rows offered; `numbers` are their ids."""

    def __init__(self, label: str, *, ask: str, **kwargs: Any) -> None:
        super().__init__(label, choices=[], validate_choice=False, **kwargs)
        # The templates show boxes to a field of this name.
        self.type = "SelectMultipleField"
        self.ask = ask
        self.offered = frozenset[str]()

    def offer(self, rows: Sequence[tuple[int, str]]) -> None:
        """Set what can be chosen."""
        self.choices = options((str(number), text) for number, text in rows)
        self.offered = frozenset(str(number) for number, _ in rows)

    @property
    def numbers(self) -> list[int]:
        """The ids that were chosen among those offered."""
        return [int(value) for value in self.data or [] if value in self.offered]

    def pre_validate(self, form: Any) -> None:
        """Ask for at least one, and for none that is not offered."""
        if not self.numbers or len(self.numbers) != len(self.data or []):
            raise ValidationError(self.ask)


class PersonField(SelectField):
    """One of the people offered; `number` is their id."""

    def __init__(self, label: str = "Who", **kwargs: Any) -> None:
        super().__init__(label, choices=[], coerce=str, validate_choice=False, **kwargs)

    offered: frozenset[str] = frozenset()

    def offer(self, people: Sequence[tuple[int, str]]) -> None:
        """Set who can be chosen."""
        self.choices = options([("", "Choose a person"), *((str(number), name) for number, name in people)])
        self.offered = frozenset(str(number) for number, _ in people)

    @property
    def number(self) -> int:
        """The id of the person who was chosen."""
        return int(self.data or 0)

    def pre_validate(self, form: Any) -> None:
        """Ask for one of those offered."""
        if self.data not in self.offered:
            raise ValidationError("Choose a person.")


def weekday_names() -> list[tuple[int, str]]:
    """Give the days of the week, Monday first."""
    return list(enumerate(calendar.day_name))


def as_clock(minute: int) -> time:
    """Give a minute after midnight as the wall clock shows it."""
    return time(minute % MIDNIGHT // 60, minute % 60)


def stretch(starts: time | None, ends: time | None) -> Stretch | None:
    """Give the minutes between two times of one day; an end at 12 am is midnight. None when there are none."""
    if starts is None or ends is None:
        return None
    first, last = starts.hour * 60 + starts.minute, (ends.hour * 60 + ends.minute) or MIDNIGHT
    return (first, last) if first < last else None


def in_reach(form: Form, field: DayField) -> bool:
    """Refuse a day before today or more than two years ahead; the form needs `meta`."""
    today: date = form.meta.today
    if field.data is None:
        return False
    if field.data < today:
        return refuse(field, "This day has passed. Choose today or a later one.")
    if field.data > today + FURTHEST:
        return refuse(field, "Choose a day within two years.")
    return True


def after(first: DayField, last: DayField, longest: timedelta = FURTHEST) -> bool:
    """Refuse a last day before the first, or too long after it; a blank one is good."""
    if first.data is None or last.data is None:
        return not last.errors
    if last.data < first.data:
        return refuse(last, "The last day comes before the first.")
    if last.data - first.data > longest:
        return refuse(last, f"Choose a last day at most {longest.days} days after the first.")
    return True


def refuse(field: Any, text: str) -> bool:
    """Put an error on a field; gives False, for the caller to give on."""
    field.errors = [text]
    return False
