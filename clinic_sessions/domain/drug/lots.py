"""Lots as people type them from a label: upper or lower case, spaces and dashes do not tell two lots apart."""

SHORTEST = 3
"""Fewer signs than this are no lot, but a lot that was not typed whole [P]."""

LEFT_OUT = (" ", "-", "\N{HYPHEN}", "\N{NON-BREAKING HYPHEN}", "\N{EN DASH}", "\N{EM DASH}")


def folded(lot: str) -> str:
    """Give a lot without what does not count in it.

    >>> folded("kt-2231 a") == folded("KT2231A")
    True
    """
    for sign in LEFT_OUT:
        lot = lot.replace(sign, "")
    return lot.upper()
