"""Small closed answers about a patient that forms and tables share."""

from enum import StrEnum


class PregnancyPossible(StrEnum):
    """Whether a patient can become pregnant: its own field, never read from a sex."""

    NOT_ASKED = "not_asked"
    YES = "yes"
    NO = "no"


class ToldThrough(StrEnum):
    """How a patient said whether we may write to them."""

    PHONE = "phone"
    IN_PERSON = "in_person"
    SIGNED_FORM = "signed_form"
    LINK = "link"
    EARLIER = "earlier"
    """Not known: said before this was noted."""
