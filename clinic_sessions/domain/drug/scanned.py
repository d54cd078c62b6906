"""What a barcode on a drug says: a GS1 code with product number, lot, expiry; or a bare product number.

The strength of the drug is in no barcode: a person reads it. The year of an expiry is of this century.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date

SEPARATOR = "\x1d"
"""FNC1 between elements of variable length, as scanners send it."""

_FIXED = {"01": 14, "11": 6, "17": 6}
_VARIABLE = frozenset({"10", "21"})
_WRITTEN = re.compile(r"\(([0-9]{2})\)([^()]*)")
_SYMBOLOGY = re.compile(r"^\][A-Za-z][0-9]")
_LOT = re.compile(r"[!-z]{1,20}", re.ASCII)
_IN_GTIN = "03"
"""A product number of the United States begins so within a global one, after its first digit."""


class BarcodeUnreadable(ValueError):
    """Not a barcode of a drug, or not read whole; its text says what to do."""


@dataclass(frozen=True, kw_only=True)
class Scanned:
    """What a barcode says; None for what is not in it. `ndc`: ten digits without hyphens."""

    ndc: str | None = None
    lot: str | None = None
    expires_on: date | None = None


def read_barcode(text: str) -> Scanned:
    """Read what a scanner sent, or the line that is printed under the code; raises BarcodeUnreadable.

    >>> read_barcode("(01)00350458028003(17)271100(10)KT4471").expires_on
    datetime.date(2027, 11, 30)
    >>> read_barcode("010035045802800317271130" + "10KT4471").lot
    'KT4471'
    """
    typed = _SYMBOLOGY.sub("", text.strip(" \t\r\n")).lstrip(SEPARATOR)
    found = _elements(typed)
    if not found:
        return Scanned(ndc=_bare(typed))
    if "01" in found and not _checks(found["01"]):
        raise BarcodeUnreadable("The barcode was not read whole. Scan it again, or type the label.")
    lot = found.get("10")
    if lot is not None and not _LOT.fullmatch(lot):
        raise BarcodeUnreadable("The lot was not read whole. Scan it again, or type the label.")
    return Scanned(
        ndc=_ndc(found.get("01")), lot=lot, expires_on=_expiry(found["17"]) if "17" in found else None
    )  # fmt: skip


def _elements(typed: str) -> dict[str, str]:
    if typed.startswith("("):
        pairs = _WRITTEN.findall(typed)
        if "".join(f"({key}){value}" for key, value in pairs) != typed:
            raise BarcodeUnreadable("The line under the barcode was not read whole. Type the label instead.")
        return {key: value.strip() for key, value in pairs}
    return _sent(typed) if typed.startswith("01") and len(typed) > 16 else {}


def _sent(typed: str) -> dict[str, str]:
    """Take apart what a scanner sends: each element begins with its two digits; variable ones end at a separator."""
    found: dict[str, str] = {}
    rest = typed
    while rest:
        key, rest = rest[:2], rest[2:]
        if key in _FIXED:
            value, rest = rest[: _FIXED[key]], rest[_FIXED[key] :].removeprefix(SEPARATOR)
            if len(value) != _FIXED[key] or not value.isdecimal():
                raise BarcodeUnreadable("The barcode was not read whole. Scan it again, or type the label.")
        elif key in _VARIABLE:
            value, _, rest = rest.partition(SEPARATOR)
        else:
            raise BarcodeUnreadable("This barcode has parts that are not known here. Type the label instead.")
        found[key] = value
    return found


def _bare(typed: str) -> str | None:
    """Read the twelve digits of a linear code, or a product number as it is printed: 50458-028-03."""
    digits = typed.replace("-", "")
    if not (digits.isascii() and digits.isdecimal()):
        raise BarcodeUnreadable("This is not a barcode of a drug. Scan it again, or type the label.")
    if len(digits) == 14 or (len(digits) == 16 and digits.startswith("01")):
        whole = digits[-14:]
        if not _checks(whole):
            raise BarcodeUnreadable("The barcode was not read whole. Scan it again, or type the label.")
        return _ndc(whole)
    if len(digits) == 12 and digits.startswith("3") and _checks(digits.zfill(14)):
        return digits[1:11]
    if "-" in typed and len(digits) == 10:
        return digits
    raise BarcodeUnreadable("This is not a barcode of a drug. Scan it again, or type the label.")


def _ndc(gtin: str | None) -> str | None:
    return gtin[3:13] if gtin is not None and gtin[1:3] == _IN_GTIN else None


def _checks(gtin: str) -> bool:
    """Whether the last of fourteen digits fits the others: weights 3 and 1 in turn, the sum a multiple of ten."""
    if len(gtin) != 14 or not (gtin.isascii() and gtin.isdecimal()):
        return False
    return sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(gtin)) % 10 == 0


def _expiry(digits: str) -> date:
    """Read YYMMDD; day 00 means the last of the month."""
    if len(digits) != 6 or not (digits.isascii() and digits.isdecimal()):
        raise BarcodeUnreadable("The expiry was not read whole. Scan it again, or type the label.")
    year, month, day = 2000 + int(digits[:2]), int(digits[2:4]), int(digits[4:])
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        raise BarcodeUnreadable("The expiry was not read whole. Scan it again, or type the label.") from None
