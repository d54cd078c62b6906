"""Amounts of a drug as people type them: mg as whole micrograms, mL as whole microlitres, never a float."""

import re
from decimal import Decimal

LARGEST = 10_000_000
"""10 g, or 10 L, is a slip of digits in any syringe or vial [P]."""

_PLAIN = re.compile(r"[0-9]{1,5}(?:[.,][0-9]{1,3})?|[.,][0-9]{1,3}", re.ASCII)
_THOUSANDS = re.compile(r"[0-9]{1,3},[0-9]{3}", re.ASCII)


class AmountUnreadable(ValueError):
    """An amount that cannot be read; its text says what to type."""


def read_thousandths(text: str, unit: str, example: str) -> int:
    """Read an amount in `unit` as whole thousandths of it; raises AmountUnreadable.

    A decimal comma is taken, but never where it could also be a comma between thousands.

    >>> read_thousandths("0.82", "mL", "0.8"), read_thousandths("500 mg", "mg", "40")
    (820, 500000)
    """
    typed = text.strip().lower().removesuffix(unit.lower()).strip()
    if _THOUSANDS.fullmatch(typed):
        raise AmountUnreadable("Write the decimals with a point, like 1.5, so that nobody reads thousands.")
    if not _PLAIN.fullmatch(typed):
        raise AmountUnreadable(f"Enter {unit} as a number, like {example}.")
    found = int(Decimal(typed.replace(",", ".")) * 1000)
    if not 0 < found <= LARGEST:
        raise AmountUnreadable(f"Check the number: {unit} must be above 0 and not above {LARGEST // 1000}.")
    return found


def plain_text(thousandths: int) -> str:
    """Write thousandths as a number without trailing zeros.

    >>> plain_text(820), plain_text(40_000)
    ('0.82', '40')
    """
    return format((Decimal(thousandths) / 1000).normalize(), "f")


def ml_text(microlitres: int) -> str:
    """Say a volume in mL, exactly.

    >>> ml_text(820)
    '0.82 mL'
    """
    return f"{plain_text(microlitres)} mL"


def strength_text(micrograms_per_ml: int) -> str:
    """Say a concentration as a label does.

    >>> strength_text(50_000)
    '50 mg/mL'
    """
    return f"{plain_text(micrograms_per_ml)} mg/mL"
