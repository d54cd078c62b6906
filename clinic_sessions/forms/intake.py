"""The screens of the questions before a visit: one question each, or a text of the patient's own."""

from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import MultiDict
from wtforms import Form, RadioField, StringField, TextAreaField

from clinic_sessions.domain.papers.intake import (
    LONGEST_MEDICINE,
    LONGEST_TEXT,
    MOST_MEDICINES,
    FreeText,
    medicine_lines,
)
from clinic_sessions.domain.papers.screening import ScreeningItem
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LINE, cleaned
from clinic_sessions.translations import text

DANGER = (ItemAnswer.YES.value, ItemAnswer.NOT_SURE.value)
_ANSWERS = {
    ItemAnswer.YES: "check_in.yes",
    ItemAnswer.NO: "check_in.no",
    ItemAnswer.NOT_SURE: "intake.not_sure",
}
_KEYS = {FreeText.MEDICINES: "medicines", FreeText.ALLERGIES: "allergies", FreeText.TREATMENTS: "treatments"}


class AnswerForm(Form):
    """One question with yes, no and not sure, and a line of words beside it."""

    answer = RadioField(validate_choice=False)
    words = StringField()


class TextForm(Form):
    """Free text of several lines."""

    words = TextAreaField()


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One screen in a language: a question of the questionnaire (`item`), or a free text."""

    step: str
    language: str
    item: ScreeningItem | None = None

    @property
    def question(self) -> str:
        """What is asked."""
        if self.item is None:
            return self._said(f"intake.{_KEYS[FreeText(self.step)]}")
        return self.item.es if self.language == "es" else self.item.en

    @property
    def hint(self) -> str | None:
        """What helps to write a free text."""
        return self._said(f"intake.{_KEYS[FreeText(self.step)]}_hint") if self.item is None else None

    @property
    def danger(self) -> Sequence[str]:
        """The choices that open the crisis card."""
        return DANGER if self.item is not None and self.item.danger else ()

    def answered(self, answer: ItemAnswer | None) -> str:
        """Say an answer in the patient's language."""
        return self._said(_ANSWERS[answer]) if answer else self._said("check_in.not_answered")

    def answer_form(
        self, typed: MultiDict[str, str] | None = None, *, answer: str | None = None, words: str | None = None
    ) -> AnswerForm:
        """Make the form of a question, showing what was kept or typed."""
        form = AnswerForm(typed, data={"answer": answer, "words": words})
        form.answer.label.text = self.question
        form.answer.choices = options((one.value, self._said(key)) for one, key in _ANSWERS.items())
        form.words.label.text = self._said("intake.words")
        return form

    def text_form(self, typed: MultiDict[str, str] | None = None, *, words: str | None = None) -> TextForm:
        """Make the form of a free text, showing what was kept or typed."""
        form = TextForm(typed, data={"words": words})
        form.words.label.text = self.question
        return form

    def fault(self, form: AnswerForm | TextForm) -> str | None:
        """Say what is wrong with what was typed, beside its field; None when it can be kept."""
        if isinstance(form, AnswerForm) and form.answer.data not in {one.value for one in ItemAnswer}:
            form.answer.errors = [self._said("check_in.choose")]
            return "answer"
        try:
            kept = cleaned(form.words.data or "", lines=self.item is None)
        except ValueError:
            form.words.errors = [self._said("intake.unreadable")]
            return "words"
        if said := self._unfit(kept):
            form.words.errors = [said]
            return "words"
        return None

    def _unfit(self, kept: str) -> str | None:
        if len(kept) > (LONGEST_TEXT if self.item is None else LINE):
            return self._said("intake.too_long")
        if self.step != FreeText.MEDICINES:
            return None
        lines = medicine_lines(kept)
        if len(lines) > MOST_MEDICINES:
            return self._said("intake.too_many", most=MOST_MEDICINES)
        return self._said("intake.too_long") if any(len(one) > LONGEST_MEDICINE for one in lines) else None

    def words(self, form: AnswerForm | TextForm) -> str:
        """Give what was written, cleaned; call it once `fault` has found nothing."""
        return cleaned(form.words.data or "", lines=self.item is None)

    def _said(self, key: str, **values: object) -> str:
        return text(self.language, f"pages.{key}", **values)
