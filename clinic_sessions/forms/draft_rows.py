"""What may be typed to add a row to a draft of a protocol: an alert limit, or a phase of the series."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from wtforms import Form, HiddenField, SelectMultipleField

from clinic_sessions.domain.protocols import edits
from clinic_sessions.domain.protocols.edits import FaultyEdits
from clinic_sessions.domain.protocols.leaf_words import say
from clinic_sessions.domain.protocols.protocol_checks import UNIT_OF
from clinic_sessions.domain.protocols.protocol_kinds import AlertLevel, Compare, Measure, PhaseKind, SeriesKind
from clinic_sessions.domain.protocols.protocol_parts import LimitRule, SeriesPhase
from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.forms.choosing import OneOfField, PickField, options
from clinic_sessions.forms.fields import LineField, WholeNumberField
from clinic_sessions.forms.versions import fault_words

ASK = "Say why, in 8 to 300 characters."
WORKING = [one for one in PhaseKind if one is not PhaseKind.TURNAROUND]


class RowForm(Form):
    """What every new row asks; `shown` is the state of the draft that the page showed."""

    shown = HiddenField()
    words: LineField

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the fields; the reason is long enough to be one."""
        good = super().validate(extra_validators)
        if self.words.data and len(self.words.data) < edits.SHORTEST_REASON:
            self.words.errors = [ASK]
            good = False
        return good

    def tell(self, faulty: FaultyEdits) -> None:
        """Say above the form why the protocol cannot have such a row."""
        self.form_errors = [fault_words(words) for words in faulty.faults.values()]


class LimitForm(RowForm):
    """An alert limit."""

    measure = PickField(
        "What is measured", Measure, ask="Choose what is measured.",
        said={one: f"{say(one)} ({UNIT_OF[one]})" for one in Measure}, blank="Choose",
    )  # fmt: skip
    compare = PickField(
        "A reading alerts when", Compare, ask="Choose when a reading alerts.",
        said={one: say(one).lower() for one in Compare}, blank="Choose",
    )  # fmt: skip
    limit = WholeNumberField("Limit", low=0, high=300, ask="Enter the limit.")
    level = OneOfField(
        "Level", AlertLevel, ask="Choose the level.", said={one: say(one).capitalize() for one in AlertLevel}
    )
    phases = SelectMultipleField(
        "While", choices=options((one.value, say(one)) for one in WORKING), default=[one.value for one in WORKING]
    )
    from_minute = WholeNumberField("From minute", low=0, high=600)
    until_minute = WholeNumberField("Until minute", low=1, high=600)
    words = LineField("Why", longest=edits.LONGEST_REASON, ask=ASK)

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for what is chosen from lists besides."""
        good = super().validate(extra_validators)
        for field in (self.measure, self.compare, self.level):
            if field.data is None:
                field.errors, good = [field.ask], False
        if not self.phases.data:
            self.phases.errors, good = ["Choose at least one."], False
        return good

    def row(self, source: str) -> LimitRule:
        """Give the limit that was typed, for a form that is valid."""
        return LimitRule(
            measure=self.measure.data,
            compare=self.compare.data,
            level=self.level.data,
            phases=tuple(PhaseKind(one) for one in self.phases.data or []),
            limit=_number(self.limit.data, UNIT_OF[self.measure.data], source),
            from_minute=_perhaps(self.from_minute.data, "min", source),
            until_minute=_perhaps(self.until_minute.data, "min", source),
        )


class SeriesForm(RowForm):
    """A phase of the series; needs `offer`."""

    kind = PickField("Phase", SeriesKind, ask="Choose the phase.", said={one: say(one) for one in SeriesKind})
    sessions = WholeNumberField("How many sessions", low=1, high=14, ask="Enter how many sessions.")
    every = WholeNumberField("In so many days", low=1, high=365, ask="Enter in how many days.")
    count = WholeNumberField("Sessions in all", low=1, high=60)
    words = LineField("Why", longest=edits.LONGEST_REASON, ask=ASK)

    def offer(self, kinds: Collection[SeriesKind]) -> None:
        """Set which phases the protocol does not have yet."""
        self.kind.choices = options((one.value, say(one)) for one in kinds)

    def tell(self, faulty: FaultyEdits) -> None:
        """Ask beside its field for the count that only a last phase may lack; say the rest above the form."""
        super().tell(faulty)
        if self.count.data is None and self.kind.data is not list(SeriesKind)[-1]:
            self.count.errors = ["Enter how many sessions in all. Only the last phase may be without."]

    def row(self, source: str) -> SeriesPhase:
        """Give the phase that was typed, for a form that is valid."""
        return SeriesPhase(
            kind=self.kind.data,
            sessions=_number(self.sessions.data, "sessions", source),
            every=_number(self.every.data, "days", source),
            count=_perhaps(self.count.data, "sessions", source),
        )


def _number(value: int, unit: str, source: str) -> Sourced:
    return Sourced(value=Decimal(value), unit=unit, source=source)


def _perhaps(value: int | None, unit: str, source: str) -> Sourced | None:
    return None if value is None else _number(value, unit, source)
