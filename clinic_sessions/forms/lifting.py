"""Lifting a rule of booking by name."""

from typing import Any

from wtforms import Form, SelectMultipleField

from clinic_sessions.domain import words
from clinic_sessions.domain.timetable import LiftingReason, OverrideKind
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LineField

_KINDS = {kind.value: kind for kind in OverrideKind}
_WITH_REASON = frozenset({OverrideKind.COVER, OverrideKind.SECOND_DOSE})


class LiftingForm(Form):
    """Which rules the person who books lifts, and why; the screen shows it once a refusal named them."""

    lift = SelectMultipleField(
        "Book all the same", choices=options((kind.value, words.say(kind)) for kind in OverrideKind),
        validate_choice=False,
    )  # fmt: skip
    lift_words = LineField("Reason, kept with your name")

    @property
    def lifted(self) -> frozenset[OverrideKind]:
        """The rules that were ticked."""
        return frozenset(_KINDS[value] for value in self.lift.data or [] if value in _KINDS)

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a reason where one is kept."""
        good = super().validate(extra_validators)
        if self.lifted & _WITH_REASON and not self.lift_words.data:
            self.lift_words.errors = [words.say(LiftingReason.REASON_NEEDED)]
            return False
        return good
