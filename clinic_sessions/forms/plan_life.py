"""What may be typed when a plan is paused, resumed, reviewed or ended."""

from typing import Any

from clinic_sessions.domain.scheduling.plans import PlanOutcome, ReviewDecision
from clinic_sessions.forms.choosing import OneOfField, PickField
from clinic_sessions.forms.fields import LINE, BodyField, DayField, VersionField
from clinic_sessions.forms.keys import KeyedForm

ASK_OUTCOME = "Choose how the plan ends."


class PauseForm(KeyedForm):
    """A pause, and why."""

    version = VersionField()
    words = BodyField("Why it pauses", longest=LINE, ask="Say why the plan pauses.")


class ResumeForm(KeyedForm):
    """The end of a pause."""

    version = VersionField()
    words = BodyField("What has changed", longest=LINE)


class EndForm(KeyedForm):
    """The end of a plan, with its outcome."""

    version = VersionField()
    outcome = PickField("Outcome", PlanOutcome, ask=ASK_OUTCOME, blank="Choose")
    words = BodyField("In words", longest=LINE, ask="Say in a few words how it went and what follows.")

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the outcome besides."""
        good = super().validate(extra_validators)
        return good if self.outcome.data or self.outcome.errors else _asked(self.outcome, ASK_OUTCOME)


class ReviewForm(KeyedForm):
    """A review: what was found, and what follows."""

    version = VersionField()
    words = BodyField("What was found", ask="Say what you found.")
    decision = OneOfField("What follows", ReviewDecision, ask="Choose what follows.")
    next_on = DayField("Next review")
    outcome = PickField("Outcome", PlanOutcome, ask=ASK_OUTCOME, blank="Choose")

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the next review of a plan that goes on, and for the outcome of one that ends."""
        good = super().validate(extra_validators)
        if self.decision.data is ReviewDecision.END:
            return good if self.outcome.data or self.outcome.errors else _asked(self.outcome, ASK_OUTCOME)
        if self.decision.data and not self.next_on.data and not self.next_on.errors:
            return _asked(self.next_on, "Enter the day of the next review, like 11/24/2026.")
        return good


def _asked(field: Any, text: str) -> bool:
    field.errors = [text]
    return False
