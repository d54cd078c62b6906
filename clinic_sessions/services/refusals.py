"""Named refusals: why an act was not done, in values that a screen can put into words."""

from collections.abc import Sequence
from enum import StrEnum


class Refusal(Exception):
    """An act that the rules, or another person's act, stand against. Nothing was changed."""

    def __init__(self, *reasons: StrEnum) -> None:
        super().__init__(", ".join(reason.value for reason in reasons))
        self.reasons: Sequence[StrEnum] = reasons


class Absent(Exception):
    """There is no such thing, or it belongs to a clinic of others: the two look the same."""


class ChangedMeanwhile(Refusal):
    """Someone else changed the same thing after it was read."""


class NotAllowed(Refusal):
    """None of the person's roles grants this."""
