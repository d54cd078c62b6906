"""What may be typed about checks, enrollment, authorizations and products."""

from enum import StrEnum
from typing import Any

from clinic_sessions.domain.papers.findings import FindingKind, FindingResult
from clinic_sessions.domain.scheduling.plans import ProductSource
from clinic_sessions.forms.choosing import OneOfField, PickField
from clinic_sessions.forms.fields import (
    DayField,
    LineField,
    PastDateField,
    VersionField,
    WholeNumberField,
)
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.moments import MomentForm

NAME = 200
MOST_ALLOWED = 200


class Seen(StrEnum):
    """What a look into prescription monitoring came to."""

    NOTHING_UNEXPECTED = "nothing_unexpected"
    SOMETHING = "something"


class EnrolmentForm(KeyedForm):
    """An enrollment in the program; needs `meta`."""

    day = PastDateField("Enrolled on", ask="Enter the day of enrollment, like 11/24/2026.")
    number = LineField("Number", longest=NAME)


class MonitoringForm(KeyedForm, MomentForm):
    """A look into prescription monitoring; needs `meta`."""

    seen = OneOfField(
        "What was seen", Seen, ask="Say what was seen.",
        said={Seen.NOTHING_UNEXPECTED: "Nothing unexpected", Seen.SOMETHING: "Something to note"},
    )  # fmt: skip
    words = LineField("In words")

    needs_moment = True

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for words about something to note."""
        good = super().validate(extra_validators)
        if self.seen.data is Seen.SOMETHING and not self.words.data and not self.words.errors:
            self.words.errors = ["Say in words what is to note."]
            return False
        return good


class FindingForm(KeyedForm):
    """A finding of long-term safety; needs `meta`."""

    kind = PickField("What was looked at", FindingKind, ask="Choose what was looked at.", blank="Choose")
    result = OneOfField("Result", FindingResult, ask="Choose the result.")
    words = LineField("In words")
    day = PastDateField("On", ask="Enter the day, like 11/24/2026.")

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for what was looked at, and for words about what is abnormal."""
        good = super().validate(extra_validators)
        if self.kind.data is None and not self.kind.errors:
            self.kind.errors = [self.kind.ask]
            good = False
        if self.result.data is FindingResult.ABNORMAL and not self.words.data and not self.words.errors:
            self.words.errors = ["Say in words what was not normal."]
            good = False
        return good


class AuthorisationForm(KeyedForm):
    """What a payer has allowed."""

    payer = LineField("Payer", longest=NAME, ask="Enter the payer.")
    number = LineField("Number", longest=NAME, ask="Enter the number of the authorization.")
    valid_from = DayField("From", ask="Enter the first day, like 11/24/2026.")
    valid_until = DayField("Until", ask="Enter the last day, like 11/24/2026.")
    sessions_allowed = WholeNumberField(
        "Sessions allowed", low=1, high=MOST_ALLOWED, ask="Enter how many sessions it allows."
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a last day that is not before the first."""
        good = super().validate(extra_validators)
        first, last = self.valid_from.data, self.valid_until.data
        if first and last and last < first:
            self.valid_until.errors = ["The last day is before the first."]
            return False
        return good


class ProductForm(KeyedForm):
    """Where what is given comes from; needs `meta`."""

    version = VersionField()
    source = OneOfField("Where it comes from", ProductSource, ask="Choose where it comes from.")
    words = LineField("What was assigned")
    arrived_on = PastDateField("Arrived on")

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the name of what is assigned; clinic stock has none."""
        good = super().validate(extra_validators)
        assigned = self.source.data is ProductSource.ASSIGNED
        if assigned and not self.words.data and not self.words.errors:
            self.words.errors = ["Say what was assigned, with its number or label."]
            return False
        for field in (self.words, self.arrived_on):
            if self.source.data is ProductSource.CLINIC_STOCK and field.data:
                field.errors = ["Leave this blank for clinic stock."]
                good = False
        return good
