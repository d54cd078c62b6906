"""Weekdays, as people tick them: Monday is 0."""

from collections.abc import Sequence
from typing import Any

from wtforms import SelectMultipleField

from clinic_sessions.forms.choosing import options

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NUMBERS = {str(number): number for number in range(len(WEEKDAYS))}


class WeekdaysField(SelectMultipleField):
    """Weekdays that were ticked, in order; what is no weekday is passed over."""

    def __init__(self, label: str, *, short: bool = False, **kwargs: Any) -> None:
        names = [name[:3] if short else name for name in WEEKDAYS]
        super().__init__(
            label, choices=options(zip(_NUMBERS, names, strict=True)), coerce=str, validate_choice=False, **kwargs
        )
        # The templates show rows to a field of this name.
        self.type = "SelectMultipleField"

    @property
    def days(self) -> list[int]:
        """The weekdays that were ticked."""
        return sorted({_NUMBERS[value] for value in self.data or [] if value in _NUMBERS})

    def process_data(self, value: Sequence[int] | None) -> None:
        """Show the weekdays that stand."""
        self.data = [str(day) for day in value or []]

    def write(self, value: Sequence[str]) -> str:
        """Say the weekdays."""
        return ", ".join(WEEKDAYS[_NUMBERS[one]] for one in value if one in _NUMBERS) or "Any"
