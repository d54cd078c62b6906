"""What is typed when a provider is asked before a gate, and what they answer."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

from wtforms import HiddenField, RadioField, SelectMultipleField

from clinic_sessions.domain import words
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.countersign import CountersignForm
from clinic_sessions.forms.fields import LINE, BodyField, OneOfField
from clinic_sessions.forms.keys import KeyedForm


class AskForm(KeyedForm):
    """A question to the provider: about which reasons, and in words."""

    reasons = SelectMultipleField("About", validate_choice=False)
    words = BodyField("In words", longest=LINE)

    def offer(self, reasons: Iterable[StrEnum]) -> None:
        """Offer the reasons that a provider may weigh."""
        self.reasons.choices = options((one.value, words.say(one)) for one in reasons)

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for something to be asked."""
        good = super().validate(extra_validators)
        if not self.reasons.data and not self.words.data and not self.words.errors:
            self.words.errors = ["Choose what it is about, or say it in words."]
            return False
        return good


class AnswerForm(KeyedForm):
    """A provider's answer. `seen`: the mark of what stood before them; `minutes`: how long to wait."""

    answer = OneOfField("Your answer", Answer, ask="Choose an answer.")
    reasons = SelectMultipleField("You have weighed", validate_choice=False)
    minutes = RadioField("If they wait, how long", validate_choice=False)
    words = BodyField("Why, and what is to be done", longest=LINE, ask="Say why, in a few words.")
    seen = HiddenField()

    offered: Sequence[StrEnum] = ()
    waits: Sequence[str] = ()

    def offer(self, answers: Iterable[Answer], reasons: Iterable[StrEnum], waits: Iterable[tuple[str, str]]) -> None:
        """Offer what may be answered, what may be weighed, and how long a wait may be."""
        self.answer.only = list(answers)
        self.answer.choices = options((one.value, words.say(one)) for one in self.answer.only)
        self.offered = list(reasons)
        self.reasons.choices = options((one.value, words.say(one)) for one in self.offered)
        self.minutes.choices = options(waits)
        self.waits = [choice.value for choice in self.minutes.choices]

    @property
    def weighed(self) -> Sequence[StrEnum]:
        """The reasons that were ticked, of those offered."""
        return [one for one in self.offered if one.value in (self.reasons.data or [])]

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for what belongs to the answer besides."""
        super().validate(extra_validators)
        for field, text in self._against():
            field.errors = [*field.errors, text]
        return not self.errors

    def _against(self) -> Iterator[tuple[Any, str]]:
        if self.answer.data not in self.answer.only and not self.answer.errors:
            yield self.answer, "Choose an answer."
        if self.answer.data is Answer.GO_AHEAD and self.offered and not self.weighed:
            yield self.reasons, "Tick what you have weighed: the rest still stands against it."
        if self.answer.data is Answer.WAIT and self.minutes.data not in self.waits:
            yield self.minutes, "Choose how long to wait."


class SignedAnswerForm(AnswerForm, CountersignForm):
    """The same on another's tablet, with the provider's signature."""
