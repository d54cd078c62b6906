"""For which days the log of controlled doses is asked, and for which lot a recall."""

from datetime import MAXYEAR
from typing import Any

from wtforms import Form, SelectField

from clinic_sessions.domain.drug import lots
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.words import say
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.drug import LOT
from clinic_sessions.forms.fields import DayField, LineField


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


class RecallForm(Form):
    """Which lot is looked for, and of which drug, if it is named. Its values name no drug: they stand in an address."""

    lot = LineField("Lot", longest=LOT)
    drug = SelectField("Drug", validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.drug.choices = options([("", "Any"), *((str(n), say(one)) for n, one in enumerate(Drug, 1))])

    @property
    def chosen(self) -> Drug | None:
        """The drug that was chosen; None for any."""
        return {str(n): one for n, one in enumerate(Drug, 1)}.get(self.drug.data or "")

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the lot; without a whole one nothing is looked for."""
        super().validate(extra_validators)
        if not self.lot.errors and len(lots.folded(self.lot.data or "")) < lots.SHORTEST:
            self.lot.errors = [f"Enter the whole lot, as the label says: at least {lots.SHORTEST} letters or digits."]
        if self.drug.data and self.chosen is None:
            self.drug.errors = ["Choose one of these."]
        return not self.errors
