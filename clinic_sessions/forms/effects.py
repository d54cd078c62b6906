"""Side effects and what is done about them: noticed in three taps, followed to their end, drugs under an order."""

from collections.abc import Iterator
from typing import Any

from wtforms import BooleanField, Form, HiddenField, RadioField, SelectField

from clinic_sessions.domain.session import as_needed
from clinic_sessions.domain.session.side_effects import (
    Grade,
    InterventionKind,
    Outcome,
    Seriousness,
    SideEffectEventKind,
    SideEffectKind,
)
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LineField, OneOfField, PickField, WholeNumberField

NO_EFFECT = ("", "Nothing in particular")
DEATH = "This says that the patient has died. Tick that it is so and tap again, or choose another."
AGO = ("0", "5", "10", "15", "30")


class GradedForm(ActForm):
    """A form with a grade on buttons that save at once: the one that says death is asked about, never refused."""

    sure_death = BooleanField("Yes, the patient has died")
    asks_death = False

    def death_doubt(self, said: bool) -> bool:
        """Whether death was said without its tick."""
        self.asks_death = said and not self.sure_death.data
        return self.asks_death


class SideEffectForm(GradedForm):
    """A side effect: what, how strong, since when."""

    kind = OneOfField("What", SideEffectKind, ask="Choose the side effect.")
    term = LineField("What is it, in a word or two", longest=200)
    grade = WholeNumberField("How strong", low=1, high=5, ask="Choose how strong it is.")
    ago = RadioField(
        "Began",
        choices=options((n, "Now" if n == "0" else f"{n} min ago") for n in AGO),
        default="0",
        validate_choice=False,
    )
    seriousness = PickField("Serious because", Seriousness, ask="Choose one of these.", blank="Not serious")
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the word of what is not on the list."""
        if self.kind.data is SideEffectKind.OTHER and not self.term.data and not self.term.errors:
            yield self.term, "Say what it is, in a word or two."
        if self.ago.data not in AGO:
            yield self.ago, "Choose when it began, or enter the time."
        if self.death_doubt(self.grade.data == Grade.DEATH):
            yield self.grade, DEATH


class FollowForm(GradedForm):
    """What became of a side effect; `meta.asks_before` is its onset."""

    kind = OneOfField("What happened", SideEffectEventKind, ask="Choose what happened.")
    grade = WholeNumberField("How strong it is now", low=1, high=5)
    outcome = PickField("How it stands", Outcome, ask="Choose one of these.", blank="Not said")
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for what the event needs."""
        if self.asks_time:
            self.at.errors = ["This is before it began. Check the time, or tick that it is true."]
        if self.kind.data is SideEffectEventKind.GRADED and self.grade.data is None and not self.grade.errors:
            yield self.grade, "Choose how strong it is now."
        if self.kind.data is SideEffectEventKind.OUTCOME and self.outcome.data is None and not self.outcome.errors:
            yield self.outcome, "Choose how it stands."
        if self.kind.data is SideEffectEventKind.ACTED_ON and not self.words.data and not self.words.errors:
            yield self.words, "Say what was done."
        fatal = self.outcome.data is Outcome.FATAL
        if self.death_doubt(fatal or self.grade.data == Grade.DEATH):
            yield self.outcome if fatal else self.grade, DEATH


class SeriousForm(Form):
    """Whether a side effect is serious, and by which criterion."""

    seriousness = PickField("Serious because", Seriousness, ask="Choose one of these.", blank="Not serious")
    form_key = HiddenField()


class NoneForm(Form):
    """The tap that says that there are none."""

    form_key = HiddenField()


class InterventionForm(ActForm):
    """Something done for the patient."""

    kind = OneOfField("What was done", InterventionKind, ask="Choose what was done.")
    term = LineField("What is it, in a word or two", longest=200)
    dose_words = LineField("Dose, as given", longest=200)
    side_effect = SelectField("Because of", choices=options([NO_EFFECT]), validate_choice=False)
    words = LineField("In words")

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask for the word of what is not on the list, and for a side effect of this session."""
        if self.kind.data is InterventionKind.OTHER and not self.term.data and not self.term.errors:
            yield self.term, "Say what it is, in a word or two."
        if self.side_effect.data not in {choice[0] for choice in map(tuple, self.side_effect.choices or [])}:
            yield self.side_effect, "Choose one of these."


class GiveForm(ActForm):
    """A drug given under an as-needed order; what is not as ordered is asked about, never refused.

    `meta.offered`: the order's line with what was given today; `meta.allergies`: what is on file.
    """

    dose = LineField("Dose, as given", longest=200, ask="Enter the dose as it was given, like 4 mg IV.")
    side_effect = SelectField("Because of", choices=options([NO_EFFECT]), validate_choice=False)
    words = LineField("In words")
    sure = BooleanField("Yes, it was given like this")

    asks_sure = False

    def against(self) -> Iterator[tuple[Any, str]]:
        """Ask about another dose, about the limit, and about an allergy; all at once, with one tick."""
        if self.side_effect.data not in {choice[0] for choice in map(tuple, self.side_effect.choices or [])}:
            yield self.side_effect, "Choose one of these."
        if self.dose.errors or self.sure.data:
            return
        for text in self._doubts():
            self.asks_sure = True
            yield self.dose, f"{text} Check it, or tick that it was given like this."

    def _doubts(self) -> Iterator[str]:
        offered = self.meta.offered
        row = offered.row
        if not offered.holds:
            yield "This order no longer holds."
        if as_needed.other_dose(row.dose_words, self.dose.data) is not False:
            yield f"The order says {row.dose_words}."
        given = [one.dose_words or "" for one in offered.given]
        passes = as_needed.passes(row.limit_words, given, self.dose.data)
        if passes:
            yield f"With this one it is more than the order allows: {row.limit_words}."
        elif passes is None and given:
            times = "once" if len(given) == 1 else f"{len(given)} times"
            yield f"It was given {times} today, and the limit is {row.limit_words}."
        if as_needed.named_in(row.drug, self.meta.allergies or ""):
            yield f"The allergies on file name it: {self.meta.allergies}."
