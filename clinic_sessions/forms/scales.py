"""The form of a scale: its items or its total, in which language and how it was asked, and when."""

from enum import StrEnum
from typing import Any, cast

from wtforms import BooleanField, RadioField
from wtforms.validators import ValidationError

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleMode
from clinic_sessions.domain.scales import scoring
from clinic_sessions.domain.scales.data import Scale, ScaleText
from clinic_sessions.domain.scales.phq9 import FUNCTION_ITEM
from clinic_sessions.domain.scales.results import ItemImpossible
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.forms.choosing import OneOfField, options
from clinic_sessions.forms.fields import WholeNumberField, not_later
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.moments import MomentForm, refuse

UNANSWERED = 'Question {}: choose an answer, or tick "Some questions were left blank" below.'


class EntryMode(StrEnum):
    """How staff came by the answers; a patient's own come by link."""

    PAPER = ScaleMode.PAPER.value
    PHONE = ScaleMode.PHONE.value
    CLINICIAN = ScaleMode.CLINICIAN.value


_MODES = {
    EntryMode.PAPER: "On paper, by the patient",
    EntryMode.PHONE: "Read out by phone",
    EntryMode.CLINICIAN: "By a clinician, face to face",
}


class ScaleForm(KeyedForm, MomentForm):
    """What every scale's form has; without date and time it was answered now. Needs `meta`."""

    language = OneOfField("Asked in", Language, ask="Choose the language in which it was asked.")
    mode = OneOfField("How", EntryMode, ask="Choose how it was asked.", said=_MODES)
    blanks = BooleanField("Some questions were left blank")

    scale: Scale
    answers = Answers()

    @property
    def items(self) -> list[Any]:
        """The fields of the items, the function item last."""
        return [self[name] for name in self._fields if name.startswith("item_")]

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, refuse a time that has not come, then ask the scale itself."""
        good = super().validate(extra_validators)
        if self.moment is not None:
            try:
                not_later(self.moment, self.meta.now)
            except ValidationError as error:
                good = refuse(self.day, str(error))
        if self.scale.total_only:
            self.answers = Answers(total=self["total"].data)
            return good
        return self._read_items() and good

    def _read_items(self) -> bool:
        given = {_number(field): field for field in self.items}
        for field in given.values():
            if field.data is not None and field.data not in map(str, self.scale.answers):
                return refuse(field, "Choose one of the answers.")
        self.answers = Answers(items={item: None if f.data is None else int(f.data) for item, f in given.items()})
        try:
            missing = scoring.score(self.scale, self.answers).missing
        except ItemImpossible as impossible:
            self.form_errors = [f"{impossible}. Check both answers."]
            return False
        if all(answer is None for answer in self.answers.items.values()):
            self.form_errors = ["No question is answered yet."]
            return False
        if not self.blanks.data:
            for item in missing:
                refuse(given[item], UNANSWERED.format(item))
        return self.blanks.data or not missing


def _number(field: Any) -> int:
    return int(field.name.removeprefix("item_"))


def form_for(scale: Scale, words: ScaleText) -> type[ScaleForm]:
    """Make the form of a scale with its words in one language."""
    fields: dict[str, Any] = {"scale": scale}
    if scale.total_only:
        fields["total"] = WholeNumberField(
            "Total", low=scale.least, high=scale.most, ask=f"Enter the total, {scale.least} to {scale.most}."
        )
    for item, question in zip(scale.numbers, words.items, strict=True):
        ends = (words.low_ends[item - 1], words.high_ends[item - 1]) if words.low_ends else ("", "")
        label = question if scale.by_clinician else f"{item}. {question}"
        fields[f"item_{item}"] = _radio(label, scale, words.answers, ends)
    if words.function:
        fields[f"item_{FUNCTION_ITEM}"] = _radio(words.function, scale, words.function_answers, ("", ""))
    return cast(type[ScaleForm], type("FormOfScale", (ScaleForm,), fields))


def _radio(question: str, scale: Scale, answers: tuple[str, ...], ends: tuple[str, str]) -> RadioField:
    shown = _numbered(scale, answers) if answers else [str(value) for value in scale.answers]
    choices = options((str(value), text) for value, text in zip(scale.answers, shown, strict=True))
    return RadioField(question, choices=choices, validate_choice=False, render_kw={"low": ends[0], "high": ends[1]})


def _numbered(scale: Scale, answers: tuple[str, ...]) -> list[str]:
    """Show the number beside each answer, as a paper form does; yes and no need none, and some begin with theirs."""
    if scale.most == 1 or answers[0].startswith(str(scale.least)):
        return list(answers)
    return [f"{text} ({value})" for value, text in zip(scale.answers, answers, strict=True)]
