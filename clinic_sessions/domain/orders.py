"""What a provider orders: how the dose is said, and what becomes of an order."""

from enum import StrEnum


class DoseBasis(StrEnum):
    """How an order says its dose."""

    PER_KG = "per_kg"
    FIXED = "fixed"
    DEVICES = "devices"


class OrderEventKind(StrEnum):
    """What became of an order after it was written."""

    SIGNED = "signed"
    ENDED = "ended"
    REPLACED = "replaced"
