"""Record numbers: six digits by chance and a seventh that catches a slip of the finger."""

import re

SERIALS = range(100_000, 1_000_000)

_TYPED = re.compile(r"[rR]?[- ]?([0-9]{7})", re.ASCII)


def make(serial: int) -> str:
    """Give the record number of a serial number of SERIALS, with its check digit (ISO 7064, MOD 11,10).

    >>> make(482_913)
    'R-4829131'
    """
    return f"R-{serial}{_check_digit(str(serial))}"


def read(text: str) -> str | None:
    """Give the record number that was typed or read out, with or without its R; None when it cannot be one.

    >>> read("r 4829131"), read("4829132")
    ('R-4829131', None)
    """
    found = _TYPED.fullmatch(text.strip())
    if found is None or _check_digit(found[1][:6]) != int(found[1][6]):
        return None
    return f"R-{found[1]}"


def _check_digit(digits: str) -> int:
    product = 10
    for digit in digits:
        total = (product + int(digit)) % 10 or 10
        product = total * 2 % 11
    return (11 - product) % 10
