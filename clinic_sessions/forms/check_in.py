"""The screens of a check-in: one question each, in the patient's language, and how its answer is read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict
from wtforms import Form, RadioField, SelectMultipleField

from clinic_sessions.domain.messages.check_ins import LASTING, MOODS, Question, is_danger, item_step
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.phq9 import FUNCTION_ITEM, ITEMS
from clinic_sessions.domain.session.side_effects import SideEffectCatalogue, SideEffectWords, common_for
from clinic_sessions.translations import text

NONE = "none"


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One question: its words, what can be chosen (value -> words), and how the answer is kept."""

    step: str
    question: str
    options: Mapping[str, str]
    values: Mapping[str, object] = field(default_factory=dict)
    """What each choice is kept as; empty where several can be chosen."""
    hint: str | None = None
    shown_first: int | None = None
    """How many of many choices stand open; the others are folded away."""

    @property
    def is_many(self) -> bool:
        """Whether several can be chosen."""
        return not self.values

    @property
    def danger(self) -> list[str]:
        """The choices that mean danger."""
        return [chosen for chosen, value in self.values.items() if is_danger(self.step, value)]


class OneForm(Form):
    """One choice."""

    answer = RadioField(validate_choice=False)


class ManyForm(Form):
    """Several choices, or none of them."""

    answer = SelectMultipleField(validate_choice=False)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What the screens are made from."""

    language: str
    scale: Scale
    effects: SideEffectCatalogue
    route: Route | None
    lasting: Mapping[str, str]
    """Side effects that were there at leaving: their id -> their kind."""

    def screen(self, step: str) -> Screen:
        """Make the screen of a step; raises KeyError when there is none of that name."""
        makers = {
            Question.MOOD.value: self._mood,
            Question.SAFETY.value: self._safety,
            Question.SIDE_EFFECTS.value: self._side_effects,
            LASTING: self._lasting,
        }
        if step in makers:
            return makers[step]()
        items = {item_step(item): item for item in (*ITEMS, FUNCTION_ITEM)}
        return self._item(step, items[step])

    def _said(self, key: str) -> str:
        return text(self.language, f"pages.check_in.{key}")

    def _mood(self) -> Screen:
        options = {str(mood): str(mood) for mood in MOODS}
        values = {str(mood): mood for mood in MOODS}
        return Screen(step=Question.MOOD, question=self._said("mood"), options=options, values=values)

    def _safety(self) -> Screen:
        options = {"yes": self._said("yes"), "no": self._said("no")}
        values = {"yes": True, "no": False}
        return Screen(step=Question.SAFETY, question=self._said("safety"), options=options, values=values)

    def _item(self, step: str, item: int) -> Screen:
        words = self.scale.text(self.language)
        is_function = item == FUNCTION_ITEM
        answers = words.function_answers if is_function else words.answers
        return Screen(
            step=step,
            question=words.function if is_function else words.items[item - 1],
            hint=None if is_function else words.instruction,
            options={str(value): answer for value, answer in enumerate(answers)},
            values={str(value): value for value in range(len(answers))},
        )

    def _side_effects(self) -> Screen:
        common = common_for(self.route) if self.route else ()
        order = {kind: place for place, kind in enumerate(common)}
        effects = sorted(self.effects.kinds, key=lambda one: order.get(one.kind, len(order)))
        options = {one.kind.value: self._words(one) for one in effects}
        return Screen(
            step=Question.SIDE_EFFECTS,
            question=self._said("side_effects"),
            hint=self._said("emergency"),
            options={NONE: self._said("none"), **options},
            shown_first=len(common) + 1,
        )

    def _lasting(self) -> Screen:
        words = {one.kind.value: self._words(one) for one in self.effects.kinds}
        options = {effect: words[kind] for effect, kind in self.lasting.items()}
        return Screen(step=LASTING, question=self._said("lasting"), options={NONE: self._said("none"), **options})

    def _words(self, effect: SideEffectWords) -> str:
        return effect.patient_es if self.language == "es" else effect.patient_en


def form_of(screen: Screen, kept: object = None, typed: MultiDict[str, str] | None = None) -> OneForm | ManyForm:
    """Make the form of a screen, showing what is `kept` in the draft or what was `typed`."""
    form = (ManyForm if screen.is_many else OneForm)(typed, data={"answer": shown(screen, kept)})
    form.answer.label.text = screen.question
    form.answer.choices = list(screen.options.items())
    return form


def shown(screen: Screen, kept: object) -> str | list[str] | None:
    """Turn a kept answer back into the choices that made it."""
    if kept is None:
        return [] if screen.is_many else None
    if not screen.is_many:
        return next((chosen for chosen, value in screen.values.items() if value == kept), None)
    chosen = [one for one, still in kept.items() if still] if isinstance(kept, dict) else list(map(str, _listed(kept)))
    return chosen or [NONE]


def _listed(kept: object) -> list[object]:
    return kept if isinstance(kept, list) else []


def fault(screen: Screen, form: OneForm | ManyForm) -> str | None:
    """Name the text that says what is wrong with an answer; None when it can be kept."""
    chosen = form.answer.data if screen.is_many else [form.answer.data]
    if not chosen or any(one not in screen.options for one in chosen):
        return "choose"
    if screen.is_many and NONE in chosen and len(set(chosen)) > 1:
        return "none_or_some"
    return None


def read(screen: Screen, form: OneForm | ManyForm) -> object:
    """Give the answer as the draft keeps it."""
    if not screen.is_many:
        return screen.values[str(form.answer.data)]
    typed = set(form.answer.data or ())
    chosen = [one for one in screen.options if one in typed and one != NONE]
    if screen.step == LASTING:
        return {effect: effect in chosen for effect in screen.options if effect != NONE}
    return chosen


def in_words(screen: Screen, kept: object) -> str:
    """Say a kept answer in the words of its choices."""
    chosen = shown(screen, kept)
    return ", ".join(screen.options[one] for one in (chosen if isinstance(chosen, list) else [chosen]) if one)
