"""The small form of one step in a session's life."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

from wtforms import BooleanField, Form, HiddenField, SelectMultipleField

from clinic_sessions.domain import words
from clinic_sessions.domain.drug import doses
from clinic_sessions.domain.papers.orders import is_as_ordered
from clinic_sessions.domain.scheduling.reasons import CallOffReason, StopReason
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.readiness import DoseToGive
from clinic_sessions.forms.acts import DosedForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import BodyField, OneOfField, WholeNumberField

REASONS: dict[Action, type[StrEnum]] = {Action.CALL_OFF: CallOffReason, Action.STOP_EARLY: StopReason}
"""Steps that say why, and the chips that they offer."""

HAPPENED = {
    Action.START: "Say what happened: who started it, and why before all was there.",
    Action.LEAVE: "Say what happened: how they left, and with whom.",
}
"""What is asked about a step that is stored as a fact, whatever its gate says."""

ELSEWHERE = frozenset(
    {Action.BOOK, Action.HOLD, Action.ACCEPT, Action.LAPSE, Action.MOVE, Action.CANCEL, Action.NOTE_ABSENCE}
)
"""Changes of the booking have forms of their own."""


class UndoForm(Form):
    """Which version of a session somebody looked at when they unsaid its last step."""

    version = WholeNumberField("Version", low=1, high=999_999_999, ask="Reload the page and look again.")


class StepForm(DosedForm):
    """A step, its true time, and what belongs to it."""

    action = OneOfField("Step", Action, ask="Choose a step.")
    version = WholeNumberField("Version", low=1, high=999_999_999, ask="Reload the page and look again.")
    reasons = SelectMultipleField("Why", validate_choice=False)
    words = BodyField("In words", longest=1000)
    identity = BooleanField("The patient said their name and birth date")
    happened = BooleanField("It has already happened")
    back = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind = REASONS.get(self.action.data) if isinstance(self.action.data, Action) else None
        self.reasons.choices = options((one.value, words.say(one)) for one in kind) if kind else []

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; of what is no step of this form only that is said."""
        if self.action.data is None or self.action.data in ELSEWHERE:
            self.action.errors = ["Choose a step."]
            return False
        return super().validate(extra_validators)

    @property
    def chosen(self) -> tuple[StrEnum, ...]:
        """The reasons that were tapped."""
        kind = REASONS.get(self.action.data)
        return tuple(kind(value) for value in self.reasons.data or ()) if kind else ()

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for what the step needs."""
        action = self.action.data
        if action in REASONS:
            yield from self._reason_doubts(REASONS[action])
        if self.happened.data and action in HAPPENED and not self.words.data and not self.words.errors:
            yield self.words, HAPPENED[action]
        if action is Action.START:
            yield from self._start_doubts()
        if action in {Action.START, Action.FINISH_DOSE, Action.STOP_EARLY}:
            yield from self.dose_doubts()

    def _reason_doubts(self, kind: type[StrEnum]) -> Iterator[tuple[Any, str]]:
        known = {one.value for one in kind}
        if not self.reasons.data or not set(self.reasons.data) <= known:
            yield self.reasons, "Choose at least one reason."

    def _start_doubts(self) -> Iterator[tuple[Any, str]]:
        if not self.identity.data:
            yield self.identity, "Ask the patient for their name and birth date, then tick this."
        if self.mg.data is None and self._drawn is None and not self.mg.errors and not self.meta.devices:
            yield self.mg, "Enter the dose in mg, like 40 or 40.25."
        yield from self._order_doubts()

    @property
    def _drawn(self) -> int | None:
        """What was drawn for this start, in micrograms; it is started unless another dose is typed."""
        found: int | None = getattr(self.meta, "drawn", None)
        return found

    def _order_doubts(self) -> Iterator[tuple[Any, str]]:
        """Ask about a dose that is not the ordered one; a slip of a digit or of a unit is caught here."""
        ordered: DoseToGive | None = self.meta.ordered
        begun = self._drawn if self.mg.data is None else self.mg.data
        if ordered is None or begun is None or self.sure_dose.data:
            return
        if not is_as_ordered(begun, ordered.micrograms, ordered.round_down):
            self.asks_dose = True
            text = f"The order comes to {doses.mg_text(ordered.micrograms)}, not {doses.mg_text(begun)}."
            yield self.mg, f"{text} Check the number, or tick that it is right."
