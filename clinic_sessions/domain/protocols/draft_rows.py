"""Rows of a protocol that a draft may gain or lose: alert limits, and phases of the series."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from clinic_sessions.domain.protocols.protocol_kinds import SeriesKind
from clinic_sessions.domain.protocols.protocol_parts import LimitRule, Protocol, SeriesPhase

LISTS = ("limits", "series")
_ROW = re.compile(rf"({'|'.join(LISTS)})\[([0-9]+)\]")


def row_of(path: str) -> str | None:
    """Give the row that a place stands in; None outside such rows.

    >>> row_of("limits[3].limit"), row_of("phases[0].minutes")
    ('limits[3]', None)
    """
    found = _ROW.match(path)
    return found[0] if found else None


@dataclass(frozen=True, kw_only=True)
class Removal:
    """Rows that go, by place; the places after them move up."""

    rows: Collection[str]

    def takes(self, path: str) -> bool:
        """Say whether a place stands in a row that goes."""
        return row_of(path) in self.rows

    def after(self, path: str) -> str:
        """Give where a place that stays stands once the rows have gone."""
        found = _ROW.match(path)
        if not found:
            return path
        gone = sum(place < int(found[2]) for place in self._places(found[1]))
        return f"{found[1]}[{int(found[2]) - gone}]{path[found.end() :]}"

    def before(self, path: str) -> str:
        """Give where a place stood before the rows went: the reverse of `after`."""
        found = _ROW.match(path)
        if not found:
            return path
        place = int(found[2])
        for gone in sorted(self._places(found[1])):
            place += gone <= place
        return f"{found[1]}[{place}]{path[found.end() :]}"

    def drop(self, table: Any) -> None:
        """Take the rows out of a document as plain tables."""
        for name in LISTS:
            gone = self._places(name)
            if gone:
                table[name] = [row for place, row in enumerate(table[name]) if place not in gone]

    def _places(self, name: str) -> Collection[int]:
        return {int(found[2]) for row in self.rows if (found := _ROW.fullmatch(row)) and found[1] == name}


def place_for(protocol: Protocol, part: LimitRule | SeriesPhase) -> str:
    """Give the place of a new row: a limit after the last of its measure, a phase in the order of the kinds."""
    if isinstance(part, SeriesPhase):
        kinds = list(SeriesKind)
        return f"series[{sum(kinds.index(one.kind) < kinds.index(part.kind) for one in protocol.series)}]"
    same = [place for place, one in enumerate(protocol.limits) if one.measure is part.measure]
    return f"limits[{max(same) + 1 if same else len(protocol.limits)}]"


def carried(reasons: Mapping[str, str], row: str) -> dict[str, str]:
    """Give reasons by place once a row has come in at `row`: those from there on move down."""
    name, _, place = row.removesuffix("]").partition("[")
    moved = {}
    for path, words in reasons.items():
        found = _ROW.match(path)
        if found and found[1] == name and int(found[2]) >= int(place):
            path = f"{name}[{int(found[2]) + 1}]{path[found.end() :]}"
        moved[path] = words
    return moved
