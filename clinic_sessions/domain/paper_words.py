"""How staff read what stands against a start, an order or a dose."""

from enum import StrEnum

PAPER_WORDS: tuple[tuple[StrEnum, str], ...] = ()
