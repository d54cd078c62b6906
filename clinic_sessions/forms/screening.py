"""What may be typed in a questionnaire, and in a provider's decision."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from wtforms import BooleanField, Field, HiddenField, SelectMultipleField
from wtforms.widgets import HiddenInput

from clinic_sessions.domain import words
from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.papers.screening import ScreeningItem, ScreeningPart
from clinic_sessions.domain.papers.screening_kinds import DecisionChip, ItemAnswer
from clinic_sessions.domain.session.record import STORABLE
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import BodyField, DayField, LineField, OneOfField, WholeNumberField
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.vitals import PressureField

ANSWER, WORDS, CONFIRMED = "answer_", "words_", "confirmed_"
NEWEST = 999_999_999
FURTHEST = timedelta(days=730)


class AnswerField(OneOfField):
    """An answer to a question; it may stay open."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Read the answer; none leaves the question open."""
        self.data = None
        if valuelist and valuelist[0]:
            super().process_formdata(valuelist)


class ScreeningForm(KeyedForm):
    """The blood pressure beside a questionnaire; its questions are fields of a form that `form_for` makes."""

    version = WholeNumberField("Version", low=0, high=NEWEST, widget=HiddenInput())
    systolic = PressureField("Systolic")
    diastolic = WholeNumberField("Diastolic", low=STORABLE["diastolic"][0], high=STORABLE["diastolic"][1])
    confirmed_all = BooleanField("I went through all of these with the patient")

    questions: tuple[ScreeningItem, ...] = ()

    @property
    def pressure(self) -> tuple[int | None, int | None]:
        """The blood pressure that was typed, in mmHg, in one field or two."""
        systolic, beside = self.systolic.data or (None, None)
        return systolic, self.diastolic.data if self.diastolic.data is not None else beside

    @property
    def answers(self) -> Mapping[str, ItemAnswer]:
        """The answers given so far, by question."""
        found = {one.key: self[ANSWER + one.key].data for one in self.questions}
        return {key: answer for key, answer in found.items() if answer is not None}

    @property
    def words(self) -> Mapping[str, str]:
        """The words typed beside answers, by question."""
        found = {one.key: self[WORDS + one.key].data for one in self.questions}
        return {key: text for key, text in found.items() if text}

    @property
    def confirmed(self) -> frozenset[str]:
        """The questions that were gone through with the patient."""
        every = self.confirmed_all.data
        return frozenset(one.key for one in self.questions if every or self[CONFIRMED + one.key].data)

    def mark_open(self, items: Sequence[ScreeningItem], text: str, prefix: str = ANSWER) -> None:
        """Say beside each of these questions what is still to be done."""
        for item in items:
            if prefix + item.key in self:
                self[prefix + item.key].errors = [f"{item.label}: {text}"]

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; a blood pressure is two numbers, the first the higher."""
        good = super().validate(extra_validators)
        systolic, diastolic = self.pressure
        if good and (systolic is None) != (diastolic is None):
            self.diastolic.errors = ["Enter both numbers of the blood pressure, or none."]
            return False
        if good and systolic is not None and diastolic is not None and systolic <= diastolic:
            self.systolic.errors = ["Systolic must be higher than diastolic. Check the two numbers."]
            return False
        return good


@lru_cache(maxsize=32)
def form_for(parts: tuple[ScreeningPart, ...]) -> type[ScreeningForm]:
    """Make the form of these questions: for each an answer, words, and whether it was gone through with the patient."""
    questions = tuple(item for part in parts for item in part.items)
    fields: dict[str, Any] = {"questions": questions}
    for item in questions:
        fields[ANSWER + item.key] = AnswerField(item.label, ItemAnswer, ask="Choose yes, no or not sure.")
        fields[WORDS + item.key] = LineField(f"Words about: {item.label}")
        fields[CONFIRMED + item.key] = BooleanField("Gone through with the patient")
    return type("QuestionsForm", (ScreeningForm,), fields)


class DecisionForm(KeyedForm):
    """A provider's decision."""

    seen = HiddenField()
    decision = OneOfField("Decision", Clearance, ask="Choose a decision.")
    cleared_until = DayField("Cleared until")
    deferred_until = DayField("Deferred until")
    chips = SelectMultipleField("Reasons", choices=[], coerce=str, validate_choice=False)
    words = BodyField("In words")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.chips.choices = options((chip.value, words.say(chip)) for chip in DecisionChip)

    @property
    def chosen(self) -> tuple[DecisionChip, ...]:
        """The reasons that were ticked: none for a clearance, whose form does not ask for them."""
        ticked = set() if self.decision.data is Clearance.CLEARED else set(self.chips.data or ())
        return tuple(chip for chip in DecisionChip if chip.value in ticked)

    @property
    def until(self) -> Field | None:
        """The day that belongs to the decision; None for one without an end."""
        days: dict[Clearance | None, Field] = {
            Clearance.CLEARED: self.cleared_until, Clearance.DEFERRED: self.deferred_until,
        }  # fmt: skip
        return days.get(self.decision.data)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields that belong to the decision; needs `meta`. A day years away is a slip of the finger."""
        super().validate(extra_validators)
        beside = self.until
        for other in (self.cleared_until, self.deferred_until):
            other.errors = other.errors if other is beside else ()
        good = not self.errors
        if beside is not None and beside.data is not None and beside.data > self.meta.today + FURTHEST:
            beside.errors = ["Choose a day within two years."]
            return False
        return good
