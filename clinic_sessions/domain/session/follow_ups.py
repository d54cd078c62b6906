"""Calls that are owed to a patient after a visit."""

from enum import StrEnum


class FollowUpKind(StrEnum):
    SERIOUS_SIDE_EFFECT = "serious_side_effect"


class FollowUpReason(StrEnum):
    """Why a call is not taken off the list."""

    DONE_ALREADY = "done_already"
    WORDS_NEEDED = "words_needed"
