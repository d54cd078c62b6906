"""Calls that are owed to a patient after a visit."""

from enum import StrEnum


class FollowUpKind(StrEnum):
    SERIOUS_SIDE_EFFECT = "serious_side_effect"
