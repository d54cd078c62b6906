"""Why a second person's signature on another's tablet was not taken."""

from enum import StrEnum


class CountersignReason(StrEnum):
    """What stood against a signature."""

    NOT_TOGETHER = "not_together"
    SAME_PERSON = "same_person"
    MAY_NOT_SIGN = "may_not_sign"
    TOO_MANY_TRIES = "too_many_tries"
