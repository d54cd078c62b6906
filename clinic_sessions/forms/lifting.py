"""Lifting a rule of booking by name."""

from collections.abc import Collection, Iterable
from typing import Any

from wtforms import Form, SelectMultipleField

from clinic_sessions.domain import words
from clinic_sessions.domain.scheduling.timetable import LiftingReason, OverrideKind
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.fields import LineField

SIGN = "+"
"""Between the value of a chip and each of the rules that choosing it lifts."""

_KINDS = {kind.value: kind for kind in OverrideKind}
_WITH_REASON = frozenset({OverrideKind.COVER, OverrideKind.SECOND_DOSE})


def needs_reason(kinds: Collection[OverrideKind]) -> bool:
    """Say whether a reason is kept with one of these."""
    return not _WITH_REASON.isdisjoint(kinds)


def lifting_value(value: str, kinds: Iterable[OverrideKind]) -> str:
    """Write the value of a chip that lifts rules.

    >>> lifting_value("3@2026-12-01T18:00Z", [OverrideKind.SPACING])
    '3@2026-12-01T18:00Z+spacing'
    """
    return SIGN.join([value, *sorted(kind.value for kind in kinds)])


def read_lifting(text: str | None) -> tuple[str, frozenset[OverrideKind]]:
    """Read the value of a chip apart; one that names a rule which nobody lifts is no value at all."""
    value, *names = (text or "").split(SIGN, len(_KINDS) + 1)
    kinds = frozenset(_KINDS[name] for name in names if name in _KINDS)
    return (value, kinds) if len(kinds) == len(names) else ("", frozenset())


class LiftingForm(Form):
    """Which rules the person who books lifts, and why; the screen shows it once a refusal named them."""

    lift = SelectMultipleField(
        "Book all the same", choices=options((kind.value, words.say(kind)) for kind in OverrideKind),
        validate_choice=False,
    )  # fmt: skip
    lift_words = LineField("Reason, kept with your name")

    @property
    def lifted(self) -> frozenset[OverrideKind]:
        """The rules that were ticked."""
        return frozenset(_KINDS[value] for value in self.lift.data or [] if value in _KINDS)

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a reason where one is kept."""
        good = super().validate(extra_validators)
        if needs_reason(self.lifted) and not self.lift_words.data:
            self.lift_words.errors = [words.say(LiftingReason.REASON_NEEDED)]
            return False
        return good
