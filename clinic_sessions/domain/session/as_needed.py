"""Drugs that may be given when their reason arises: what an order's words say of one dose, and of the most."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from clinic_sessions.domain.session.side_effects import InterventionKind

DRUGS = frozenset(
    {
        InterventionKind.ONDANSETRON,
        InterventionKind.LABETALOL,
        InterventionKind.HYDRALAZINE,
        InterventionKind.CLONIDINE,
        InterventionKind.MIDAZOLAM,
    }
)
"""What is given only under an order; oxygen, fluids and a kind word need none."""

_THOUSANDTHS = {"mcg": 1, "ug": 1, "µg": 1, "mg": 1_000, "g": 1_000_000}
_AMOUNT = re.compile(r"(?<![\d.,/-])(\d+(?:\.\d+)?)\s*(mcg|ug|µg|mg|g)\b(?!\s*/)")
_RANGE = re.compile(r"\d\s*(?:-|–|to|or)\s*\d")
_COUNT = re.compile(r"(?<![\d.,])(\d{1,2})\s*(?:doses?|times)\b")
_ONCE = {"once": 1, "one dose": 1, "twice": 2, "two doses": 2, "three times": 3, "three doses": 3}
_BY_THE_HOUR = re.compile(r"\bhours?\b|\d\s*h\b|\bweek")


@dataclass(frozen=True, kw_only=True)
class Limit:
    """The most that an order allows on one day: in micrograms, in doses, or both None when its words say neither."""

    micrograms: int | None = None
    doses: int | None = None


def amount_of(words: str) -> int | None:
    """Give the micrograms of one dose; None when the words name no amount, more than one, or one for each kg.

    >>> amount_of("4 mg IV"), amount_of("0.1 mg by mouth"), amount_of("4-8 mg"), amount_of("0.1 mg/kg")
    (4000, 100, None, None)
    """
    said = words.casefold().replace("μ", "µ")
    found = _AMOUNT.findall(said)
    if len(found) != 1 or _RANGE.search(said):
        return None
    number, unit = found[0]
    micrograms = Decimal(number) * _THOUSANDTHS[unit]
    return int(micrograms) if micrograms == int(micrograms) else None


def limit_of(words: str) -> Limit:
    """Read the most that an order allows on one day; one that counts by the hour is left to people.

    >>> limit_of("8 mg a session"), limit_of("2 doses"), limit_of("8 mg in 24 hours")
    (Limit(micrograms=8000, doses=None), Limit(micrograms=None, doses=2), Limit(micrograms=None, doses=None))
    """
    said = words.casefold()
    if _BY_THE_HOUR.search(said):
        return Limit()
    counted = _COUNT.search(said)
    doses = int(counted.group(1)) if counted else next((n for text, n in _ONCE.items() if text in said), None)
    return Limit(micrograms=amount_of(words), doses=doses)


def passes(limit: str, given: Sequence[str], dose: str) -> bool | None:
    """Say whether one more `dose` goes past `limit` after those `given`; None when the words do not tell.

    >>> passes("8 mg a session", ["4 mg IV"], "4 mg IV"), passes("8 mg a session", ["4 mg IV", "4 mg IV"], "4 mg IV")
    (False, True)
    """
    most = limit_of(limit)
    told: list[bool | None] = [] if most.doses is None else [len(given) + 1 > most.doses]
    if most.micrograms is not None:
        amounts = [amount_of(words) for words in (*given, dose)]
        told.append(None if None in amounts else sum(filter(None, amounts)) > most.micrograms)
    if True in told:
        return True
    return None if not told or None in told else False


def other_dose(ordered: str, dose: str) -> bool | None:
    """Say whether a dose is another than the ordered one; None when the words do not tell.

    >>> other_dose("4 mg IV", "4 mg"), other_dose("4 mg IV", "8 mg IV"), other_dose("1 tablet", "half a tablet")
    (False, True, None)
    """
    if _plain(ordered) == _plain(dose):
        return False
    amounts = amount_of(ordered), amount_of(dose)
    return None if None in amounts else amounts[0] != amounts[1]


def kind_of(drug: str) -> InterventionKind:
    """Give the kind under which an ordered drug is recorded, by its first word; one that is not listed is other.

    >>> kind_of("Ondansetron ODT").value, kind_of("Ketorolac").value
    ('ondansetron', 'other')
    """
    first = _plain(drug).split(" ")[0]
    return InterventionKind(first) if first in {one.value for one in DRUGS} else InterventionKind.OTHER


def same_drug(one: str, other: str) -> bool:
    """Say whether two names begin with the same word: brand and form behind it do not matter here."""
    return _plain(one).split(" ")[0] == _plain(other).split(" ")[0]


def named_in(drug: str, text: str) -> bool:
    """Say whether a text, such as the allergies on file, names a drug.

    >>> named_in("Ondansetron ODT", "Penicillin; ondansetron (rash)"), named_in("Ondansetron", "none known")
    (True, False)
    """
    first = _plain(drug).split(" ")[0]
    return bool(first) and first in _plain(text)


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())
