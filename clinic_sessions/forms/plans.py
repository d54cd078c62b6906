"""What may be typed about a plan: what it treats, under which pattern, and who leads it."""

from collections.abc import Sequence
from typing import Any

from wtforms import FieldList, Form, FormField, HiddenField, RadioField, SelectField

from clinic_sessions.domain import words
from clinic_sessions.domain.patients.conditions import CONDITIONS, Condition
from clinic_sessions.domain.scheduling.pattern import (
    MOST_DAYS,
    MOST_PHASES,
    MOST_SESSIONS,
    WEEK,
    FaultyPattern,
    Pattern,
    PatternPhase,
)
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.choosing import PickField, options
from clinic_sessions.forms.fields import LINE, BodyField, VersionField, WholeNumberField
from clinic_sessions.forms.keys import STALE_FORM, is_key

UNITS = {"days": 1, "weeks": WEEK}


class PhaseForm(Form):
    """One phase: so many sessions in so many days or weeks, and how many in all."""

    count = WholeNumberField("Sessions in all", low=1, high=MOST_SESSIONS)
    sessions = WholeNumberField("How many", low=1, high=14)
    every = WholeNumberField("Every", low=1, high=MOST_DAYS)
    unit = SelectField("Days or weeks", choices=options((unit, unit) for unit in UNITS), default="weeks")

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed here."""
        typed = (self.count, self.sessions, self.every)
        return not any(field.data or field.errors for field in typed)

    @property
    def phase(self) -> PatternPhase:
        """The phase that was typed; for a form that is valid and not blank."""
        return PatternPhase(
            sessions=self.sessions.data, days=self.every.data * UNITS[self.unit.data], count=self.count.data
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; a row in which something is typed says how often, unless it is blank."""
        good = super().validate(extra_validators)
        if self.is_blank or not good:
            return good
        for field in (self.sessions, self.every):
            if field.data is None:
                field.errors = ["Say how many sessions, and every how many days or weeks."]
                return False
        return True


def rows_of(pattern: Pattern) -> list[dict[str, Any]]:
    """Give a pattern as the rows of the form."""
    rows = []
    for phase in pattern.phases:
        weeks = phase.days % WEEK == 0
        every, unit = (phase.days // WEEK, "weeks") if weeks else (phase.days, "days")
        rows.append({"count": phase.count, "sessions": phase.sessions, "every": every, "unit": unit})
    return rows + [{"unit": "weeks"}] * (MOST_PHASES - len(rows))


class PhasesForm(Form):
    """The phases of a plan and its provider; needs `offer`."""

    phases = FieldList(FormField(PhaseForm), min_entries=MOST_PHASES, max_entries=MOST_PHASES)
    provider = SelectField("Provider who leads it", choices=[], coerce=str, validate_choice=False)

    pattern: Pattern | None = None
    provider_id: int | None = None
    offered: frozenset[int] = frozenset()

    def offer(self, providers: Sequence[tuple[int, str]]) -> None:
        """Set who can be chosen to lead the plan."""
        self.provider.choices = options((str(user_id), name) for user_id, name in providers)
        self.offered = frozenset(user_id for user_id, _ in providers)

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields, then the pattern that the rows make."""
        good = super().validate(extra_validators)
        self.provider_id = number(self.provider.data)
        if self.provider_id not in self.offered:
            self.provider.errors = ["Choose the provider who leads the plan."]
            good = False
        return self._read_pattern() and good

    def _read_pattern(self) -> bool:
        if any(row.form.errors for row in self.phases):
            return False
        try:
            self.pattern = Pattern(tuple(row.form.phase for row in self.phases if not row.form.is_blank))
        except FaultyPattern as faulty:
            self.form_errors = [words.say(fault) for fault in faulty.faults]
            return False
        return True


class PatternForm(PhasesForm):
    """Another pattern for a plan, and why."""

    version = VersionField()
    protocol = RadioField("Protocol version", choices=[], validate_choice=False)
    words = BodyField("Why it changes", longest=LINE, ask="Say why the plan changes.")

    def offer_versions(self, versions: Sequence[tuple[int, str]]) -> None:
        """Set which versions of its protocol the plan can have: its own first, then the one in use."""
        self.protocol.choices = options((str(version_id), said) for version_id, said in versions)
        if number(self.protocol.data) not in dict(versions):
            self.protocol.data = str(versions[0][0])

    @property
    def protocol_version_id(self) -> int | None:
        """The version that was chosen; None when none was offered."""
        return number(self.protocol.data)


class PlanForm(PhasesForm):
    """A new plan."""

    form_key = HiddenField()
    protocol = HiddenField()
    condition = PickField(
        "What it treats",
        Condition,
        ask="Choose what the plan treats.",
        said={one: facts.label for one, facts in CONDITIONS.items()},
        blank="Choose",
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the condition, the protocol and the one-use key besides."""
        good = super().validate(extra_validators)
        if self.condition.data is None:
            self.condition.errors = [self.condition.ask]
            good = False
        if number(self.protocol.data) is None or not is_key(self.form_key.data):
            self.form_errors = [STALE_FORM]
            good = False
        return good
