"""Naming the nurse of a session."""

from collections.abc import Iterable

from wtforms import Form, HiddenField, RadioField

from clinic_sessions.forms.choosing import options

NOBODY = "none"


class NurseForm(Form):
    """Which nurse is to treat; nobody need be named."""

    version = HiddenField()
    nurse = RadioField("Nurse", choices=[], validate_choice=False)

    def offer(self, nurses: Iterable[tuple[int, str]], chosen: int | None) -> None:
        """Set who can be named, and who is."""
        self.nurse.choices = options([*((str(one), text) for one, text in nurses), (NOBODY, "Nobody by name")])
        if self.nurse.data is None:
            self.nurse.data = NOBODY if chosen is None else str(chosen)
