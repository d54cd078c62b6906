"""Postal addresses of the United States, written one way; addresses elsewhere stay as they are."""

import re
from collections.abc import Mapping
from types import MappingProxyType

_CODES = (
    "AL Alabama,AK Alaska,AZ Arizona,AR Arkansas,CA California,CO Colorado,CT Connecticut,DE Delaware,"
    "DC District of Columbia,FL Florida,GA Georgia,HI Hawaii,ID Idaho,IL Illinois,IN Indiana,IA Iowa,KS Kansas,"
    "KY Kentucky,LA Louisiana,ME Maine,MD Maryland,MA Massachusetts,MI Michigan,MN Minnesota,MS Mississippi,"
    "MO Missouri,MT Montana,NE Nebraska,NV Nevada,NH New Hampshire,NJ New Jersey,NM New Mexico,NY New York,"
    "NC North Carolina,ND North Dakota,OH Ohio,OK Oklahoma,OR Oregon,PA Pennsylvania,RI Rhode Island,"
    "SC South Carolina,SD South Dakota,TN Tennessee,TX Texas,UT Utah,VT Vermont,VA Virginia,WA Washington,"
    "WV West Virginia,WI Wisconsin,WY Wyoming,PR Puerto Rico,GU Guam,VI Virgin Islands,AS American Samoa,"
    "MP Northern Mariana Islands"
)
STATES: Mapping[str, str] = MappingProxyType(
    {name.lower(): code for code, name in (pair.split(" ", 1) for pair in _CODES.split(","))}
)
"""The Postal Service's two letters, by the name of the state (USPS Publication 28, appendix B [M])."""

_ZIP = re.compile(r"([0-9]{5})(?:[- ]?([0-9]{4}))?", re.ASCII)
_ONLY_DIGITS = re.compile(r"[0-9 -]+", re.ASCII)


class NotAZip(ValueError):
    """Digits alone that are neither five nor nine."""


def state(text: str) -> str:
    """Give the two letters of a state of the United States; any other region as it was typed.

    >>> state("california"), state("ca"), state("Jalisco")
    ('CA', 'CA', 'Jalisco')
    """
    folded = text.lower().replace(".", "")
    if folded.upper() in STATES.values():
        return folded.upper()
    return STATES.get(folded, text)


def zip_code(text: str) -> str:
    """Give a ZIP code as 90012 or 90012-1234, and a code from abroad in capitals; raises NotAZip.

    >>> zip_code("900121234"), zip_code("sw1a 1aa")
    ('90012-1234', 'SW1A 1AA')
    """
    if found := _ZIP.fullmatch(text):
        return f"{found[1]}-{found[2]}" if found[2] else found[1]
    if _ONLY_DIGITS.fullmatch(text):
        raise NotAZip
    return text.upper()
