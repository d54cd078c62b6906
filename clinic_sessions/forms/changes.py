"""Moving a session, cancelling it, and noting that the patient did not come."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from wtforms import BooleanField, Form, HiddenField, SelectMultipleField
from wtforms.validators import ValidationError

from clinic_sessions.domain import words
from clinic_sessions.domain.scheduling.reasons import CancelReason, MoveReason
from clinic_sessions.forms.booking import PlaceForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LineField


class ReasonsField(SelectMultipleField):
    """One or more reasons, as chips."""

    def __init__(self, label: str, members: Sequence[StrEnum], **kwargs: Any) -> None:
        super().__init__(
            label, choices=options((one.value, words.say(one)) for one in members), validate_choice=False, **kwargs
        )
        self.type = "SelectMultipleField"
        self.members = {one.value: one for one in members}

    @property
    def reasons(self) -> list[Any]:
        """The reasons that were chosen."""
        return [self.members[value] for value in self.data or [] if value in self.members]

    def pre_validate(self, form: Any) -> None:
        """Ask for at least one of the reasons."""
        if not self.reasons:
            raise ValidationError("Choose at least one reason.")


class MoveForm(PlaceForm):
    """A move to another time or chair."""

    version = HiddenField()
    reasons = ReasonsField("Why", list(MoveReason))


class CancelForm(Form):
    """A cancellation."""

    version = HiddenField()
    reasons = ReasonsField("Why", [reason for reason in CancelReason if reason is not CancelReason.BY_LINK])
    note = LineField("Anything to add")
    tell = BooleanField("Tell the patient", default=True)


class AbsenceForm(Form):
    """The patient did not come."""

    version = HiddenField()
    note = LineField("Anything to add")
    tell = BooleanField("Send \u201cWe missed you\u201d", default=True)
