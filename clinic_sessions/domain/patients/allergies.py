"""Allergies as they stand in a file: nothing written means not asked, and a plain none is no alert."""

from clinic_sessions.domain import names

NONE_KNOWN = "None known"

_NONE = frozenset({
    "none", "none known", "no", "no allergies", "no known allergies", "no known drug allergies", "nka", "nkda",
})  # fmt: skip


def has_none(written: str | None) -> bool:
    """Say whether somebody asked and wrote down that there is no allergy.

    >>> has_none("None known."), has_none("Penicillin: hives"), has_none(None)
    (True, False, False)
    """
    return names.folded(written or "") in _NONE
