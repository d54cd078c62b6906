"""A protocol, or any tree of sourced numbers, as a list of its leaves; and two versions of one, row by row."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from clinic_sessions.domain.papers.screening import ScreeningItem
from clinic_sessions.domain.protocols.leaf_words import field_words, group_words, part_words, say
from clinic_sessions.domain.protocols.protocol_parts import (
    Advice,
    LimitRule,
    Phase,
    PhaseMeasures,
    SeriesPhase,
    VitalsInterval,
)
from clinic_sessions.domain.sourced import Allowed, Sourced

NAMED_BY: Mapping[type, frozenset[str]] = {
    Phase: frozenset({"kind"}),
    SeriesPhase: frozenset({"kind"}),
    VitalsInterval: frozenset({"phase"}),
    PhaseMeasures: frozenset({"phase"}),
    Advice: frozenset({"measures", "high", "level", "phases"}),
    LimitRule: frozenset({"measure", "compare", "level", "phases"}),
    ScreeningItem: frozenset({"key", "label"}),
}
"""The fields that name a part: they stand in the labels of the others, and are no leaves of their own."""


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One number, or one text, of a document: where it stands, its name in words, and what it may be.

    `path` is the place as faults of reading name it, such as `phases[1].minutes`.
    """

    path: str
    group: str
    label: str
    value: object
    allowed: Allowed | None = None

    @property
    def number(self) -> Sourced | None:
        """The number with its unit and source; None for a text."""
        return self.value if isinstance(self.value, Sourced) else None

    @property
    def words(self) -> str:
        """The value as people read it."""
        number = self.number
        return number.words if number else say(self.value)


class Mark(StrEnum):
    """What became of a leaf between two versions."""

    SAME = "same"
    CHANGED = "changed"
    SOURCE_CHANGED = "source_changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A leaf in two versions; None where a version has none."""

    before: Leaf | None
    after: Leaf | None

    @property
    def leaf(self) -> Leaf:
        """The leaf by which the row is named."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a row has a leaf on at least one side")
        return found

    @property
    def mark(self) -> Mark:
        """What became of it."""
        if self.before is None or self.after is None:
            return Mark.ADDED if self.before is None else Mark.REMOVED
        if self.before.words != self.after.words:
            return Mark.CHANGED
        return Mark.SAME if self.before.value == self.after.value else Mark.SOURCE_CHANGED


def leaves(document: object) -> tuple[Leaf, ...]:
    """List every number and text of a document of dataclasses, in the order of its fields; sources are no leaves."""
    return tuple(_of_part(document, "", (), None))


def grouped(found: Sequence[Leaf]) -> Mapping[str, Sequence[Leaf]]:
    """Give leaves under the words of their groups."""
    groups: dict[str, list[Leaf]] = {}
    for leaf in found:
        groups.setdefault(leaf.group, []).append(leaf)
    return groups


def by_name(found: Sequence[Leaf]) -> Mapping[tuple[str, str, int], Leaf]:
    """Give leaves by group, label and occurrence: a place in a list may move between versions, its name stays."""
    seen: Counter[tuple[str, str]] = Counter()
    named = {}
    for leaf in found:
        seen[leaf.group, leaf.label] += 1
        named[leaf.group, leaf.label, seen[leaf.group, leaf.label]] = leaf
    return named


def compare(before: object, after: object) -> Mapping[str, Sequence[Row]]:
    """Lay two documents side by side: every leaf of either, under its group."""
    old, new = by_name(leaves(before)), by_name(leaves(after))
    groups: dict[str, list[Row]] = {}
    for name in dict.fromkeys((*new, *old)):
        groups.setdefault(name[0], []).append(Row(before=old.get(name), after=new.get(name)))
    return groups


def changes(before: object, after: object) -> dict[str, list[object]]:
    """Give what differs between two documents as an audit tells it: place -> [before, after]."""
    rows = [row for group in compare(before, after).values() for row in group if row.mark is not Mark.SAME]
    return {_told_place(row): [_told(row.before), _told(row.after)] for row in rows}


def _told_place(row: Row) -> str:
    """Name a row by its place; one that went by its name too, as another may stand at its place now."""
    return row.leaf.path if row.after else f"{row.leaf.path}, {row.leaf.label}"


def _told(leaf: Leaf | None) -> str | None:
    if leaf is None:
        return None
    return f"{leaf.words} ({leaf.number.source})" if leaf.number else leaf.words


def _of_part(part: Any, path: str, parts: tuple[str, ...], group: str | None) -> Iterator[Leaf]:
    hints = get_type_hints(type(part), include_extras=True)
    for one in fields(part):
        value = getattr(part, one.name)
        if value is None or "source" in one.name or one.name in NAMED_BY.get(type(part), {"key"}):
            continue
        place = f"{path}.{one.name}" if path else one.name
        yield from _of_field(hints[one.name], value, place, parts, group or group_words(one.name))


def _of_field(kind: Any, value: Any, path: str, parts: tuple[str, ...], group: str) -> Iterator[Leaf]:
    if get_origin(kind) in (UnionType, Union):
        kind = next(one for one in get_args(kind) if one is not type(None))
    if isinstance(value, tuple) and any(isinstance(one, Sourced) or is_dataclass(one) for one in value):
        for place, one in enumerate(value):
            yield from _of_field(get_args(kind)[0], one, f"{path}[{place}]", parts, group)
    elif is_dataclass(value) and not isinstance(value, Sourced):
        yield from _of_part(value, path, (*parts, *filter(None, [part_words(value)])), group)
    elif value != ():
        allowed = get_args(kind)[1] if get_origin(kind) is Annotated else None
        label = ": ".join(filter(None, (*parts, field_words(path))))
        yield Leaf(path=path, group=group, label=label, value=value, allowed=allowed)
