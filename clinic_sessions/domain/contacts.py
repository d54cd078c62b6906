"""Small closed answers about a patient that forms and tables share."""

from enum import StrEnum


class PregnancyPossible(StrEnum):
    """Whether a patient can become pregnant: its own field, never read from a sex."""

    NOT_ASKED = "not_asked"
    YES = "yes"
    NO = "no"
