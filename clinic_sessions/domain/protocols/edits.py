"""What a provider types into a draft becomes a new document; every fault is named at its place."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Generic, TypeVar, cast

from clinic_sessions.domain.protocols import draft_rows
from clinic_sessions.domain.protocols.draft_rows import Removal
from clinic_sessions.domain.protocols.leaves import Leaf, by_name, leaves
from clinic_sessions.domain.protocols.protocol_parts import LimitRule, Protocol, SeriesPhase
from clinic_sessions.domain.sourced import FaultyData, Sourced, exact, write_table

T = TypeVar("T")

TEXTS = frozenset({"name", "preparation.en", "preparation.es", "escort.accepted", "advice.do"})
"""The texts of a protocol that a provider may change; numbers may all be changed."""
LONGEST = {"name": 120}
LINE = 600
SHORTEST_REASON, LONGEST_REASON = 8, 300
_STEP = re.compile(r"([a-z_0-9]+)|\[([0-9]+)\]")
_PLACE = re.compile(r"\[[0-9]+\]")
_CLINIC, _BEFORE = "Clinic setting, ", "; before: "


class FaultyEdits(ValueError):
    """Edits that cannot be kept. `faults`: place -> what is wrong there; `unexplained`: places that need a reason."""

    def __init__(self, faults: Mapping[str, str], unexplained: frozenset[str] = frozenset()) -> None:
        """Keep both."""
        super().__init__("; ".join((*faults, *sorted(unexplained))))
        self.faults, self.unexplained = faults, unexplained


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What was typed: place -> value or lines as text, and place -> reason; and the rows that are to go."""

    values: Mapping[str, str]
    reasons: Mapping[str, str]
    removed: Collection[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Edited(Generic[T]):
    """A document after its edits, and why values lie outside what is published: place -> words."""

    document: T
    reasons: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Base(Generic[T]):
    """The version that a draft is a copy of, with the reasons that it carries."""

    document: T
    reasons: Mapping[str, str]


def editable(leaf: Leaf) -> bool:
    """Say whether a provider may change a leaf."""
    return leaf.number is not None or _PLACE.sub("", leaf.path) in TEXTS


def text_of(leaf: Leaf) -> str:
    """Write a leaf as it is typed: a number without its unit, lines one under the other."""
    if leaf.number:
        return format(leaf.number.value, "f")
    return "\n".join(leaf.value) if isinstance(leaf.value, tuple) else str(leaf.value)


def apply(document: T, base: Base[T], typed: Typed, signed: str, read: Callable[[object], T]) -> Edited[T]:
    """Make the document that the edits ask for; `signed` says who sets a number, and on which day.

    `read` checks the whole and may raise FaultyData. Raises FaultyEdits with everything that is wrong, by the places
    that were typed into.
    """
    faults: dict[str, str] = {}
    removal = Removal(rows=typed.removed)
    table: Any = write_table(document)
    origin = _origins(document, base.document)
    for leaf in leaves(document):
        text = typed.values.get(leaf.path)
        if text is not None and editable(leaf) and not removal.takes(leaf.path):
            _set(table, leaf.path, _part(leaf, origin.get(leaf.path), text, signed, faults))
    if faults:
        raise FaultyEdits(faults)
    removal.drop(table)
    reasons = {removal.after(path): words for path, words in typed.reasons.items() if not removal.takes(path)}
    try:
        return _whole(table, base, reasons, read)
    except FaultyEdits as faulty:
        raise FaultyEdits(
            {removal.before(path): words for path, words in faulty.faults.items()},
            frozenset(removal.before(path) for path in faulty.unexplained),
        ) from None


def add(
    document: Protocol, base: Base[Protocol], part: LimitRule | SeriesPhase, reasons: Mapping[str, str], words: str,
    read: Callable[[object], Protocol],
) -> Edited[Protocol]:  # fmt: skip
    """Make the document with one row more; `reasons` are those that it has, `words` why the row is added.

    Raises FaultyEdits with everything that is wrong.
    """
    row, table = draft_rows.place_for(document, part), cast(dict[str, list[object]], write_table(document))
    name, _, place = row.removesuffix("]").partition("[")
    table[name].insert(int(place), write_table(part))
    new = {f"{row}.{one.name}": words for one in fields(part)}
    return _whole(table, base, {**draft_rows.carried(reasons, row), **new}, read)


def new_source(signed: str) -> str:
    """Give the source of a number that a clinic adds; `signed` says who, and on which day."""
    return f"{_CLINIC}{signed}; new in this protocol [P]"


def _whole(table: object, base: Base[T], reasons: Mapping[str, str], read: Callable[[object], T]) -> Edited[T]:
    """Read and check a document, and see that every value that needs a reason has one."""
    try:
        made = read(table)
    except FaultyData as faulty:
        raise FaultyEdits(_by_place(faulty)) from None
    return Edited(document=made, reasons=_reasons(made, base, reasons))


def _by_place(faulty: FaultyData) -> Mapping[str, str]:
    """Give faults by place; those that share one are told together."""
    found: dict[str, list[str]] = {}
    for place, _, words in (one.partition(": ") for one in faulty.faults):
        found.setdefault(place, []).append(words)
    return {place: "; ".join(words) for place, words in found.items()}


def asks_reason(number: Sourced, published: Sourced | None) -> bool:
    """Say whether a value needs a reason: it was changed, and lies outside the range that is published.

    Where no publication states a range, the value of the version that was copied is the range.

    >>> from clinic_sessions.domain.sourced import Usual
    >>> usual = Usual(low=Decimal(40), high=Decimal(60), source="[S]")
    >>> shipped = Sourced(value=Decimal(40), unit="min", source="[S]", usual=usual)
    >>> [asks_reason(Sourced(value=Decimal(n), unit="min", source="", usual=usual), shipped) for n in (40, 50, 70)]
    [False, False, True]
    """
    if published is not None and number.value == published.value:
        return False
    return number.usual is None or not number.usual.low <= number.value <= number.usual.high


def _origins(document: object, base: object) -> Mapping[str, Leaf]:
    old = by_name(leaves(base))
    return {leaf.path: old[name] for name, leaf in by_name(leaves(document)).items() if name in old}


def _part(leaf: Leaf, origin: Leaf | None, text: str, signed: str, faults: dict[str, str]) -> object:
    """Give what is to stand at a leaf, as plain tables; adds to `faults` what cannot."""
    if leaf.number is None or leaf.allowed is None:
        return _lines(leaf, text, faults)
    value = exact(text.strip())
    if value is None or not leaf.allowed.takes(value):
        faults[leaf.path] = f"Enter a number {leaf.allowed.in_words}."
        return None
    before = origin.number if origin and origin.number else leaf.number
    for kept in (leaf.number, before):
        if value == kept.value:
            return write_table(kept)
    return write_table(_clinic_number(before, value, signed))


def _clinic_number(before: Sourced, value: Decimal, signed: str) -> Sourced:
    """Give a number that the clinic sets: its source names who set it, then the source that stood there first."""
    first = before.source.partition(_BEFORE)[2] if before.source.startswith(_CLINIC) else ""
    source = f"{_CLINIC}{signed}{_BEFORE}{first or f'{before.words}, {before.source}'}"
    return Sourced(value=value, unit=before.unit, source=source, usual=before.usual)


def _lines(leaf: Leaf, text: str, faults: dict[str, str]) -> object:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    longest = LONGEST.get(leaf.path, LINE)
    if not lines:
        faults[leaf.path] = "Choose at least one." if leaf.path == "escort.accepted" else "Enter a text."
    elif any(len(line) > longest for line in lines):
        faults[leaf.path] = f"A line may have at most {longest} characters."
    return lines if isinstance(leaf.value, tuple) else " ".join(lines)


def _set(table: Any, path: str, value: object) -> None:
    steps: list[Any] = [int(place) if place else name for name, place in _STEP.findall(path)]
    for step in steps[:-1]:
        table = table[step]
    table[steps[-1]] = value


def _reasons(made: object, base: Base[Any], typed: Mapping[str, str]) -> Mapping[str, str]:
    origin, kept, missing = _origins(made, base.document), {}, set()
    for leaf in leaves(made):
        before = origin.get(leaf.path)
        if leaf.number is None:
            continue
        if not asks_reason(leaf.number, before.number if before else None):
            carried = base.reasons.get(before.path) if before and before.value == leaf.value else None
            kept.update({leaf.path: carried} if carried else {})
            continue
        words = " ".join(typed.get(leaf.path, "").split())
        if SHORTEST_REASON <= len(words) <= LONGEST_REASON:
            kept[leaf.path] = words
        else:
            missing.add(leaf.path)
    if missing:
        raise FaultyEdits({}, frozenset(missing))
    return kept
