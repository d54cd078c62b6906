"""Finds room for words beside the marks of a picture: a label that has none is left out, its row says it."""

from dataclasses import dataclass, field

_LETTER = 6.3
"""The width of a letter at twelve pixels, rather too much than too little."""

_APART = 4


@dataclass(frozen=True, kw_only=True)
class Label:
    """Words at a place of a lane. `row`: 0 is the first; `anchor`: which end of the words stands at `x`."""

    text: str
    x: float
    row: int
    anchor: str


@dataclass(kw_only=True)
class Lane:
    """Rows of room between two edges, filled label by label; no two labels of a row ever overlap."""

    left: float
    right: float
    rows: int
    taken: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def used(self) -> int:
        """How many rows hold a label."""
        return 1 + max((row for row, _, _ in self.taken), default=-1)

    def place(self, after: float, text: str, *, before: float) -> Label | None:
        """Put words after a place, or before another where they would leave the edge; None without room."""
        width = len(text) * _LETTER
        for row in range(self.rows):
            if self._take(row, after, after + width):
                return Label(text=text, x=after, row=row, anchor="start")
            if self._take(row, before - width, before):
                return Label(text=text, x=before, row=row, anchor="end")
        return None

    def centre(self, x: float, text: str, *, least: float = 0, rows: int | None = None) -> Label | None:
        """Put words around a place, pushed inside the edges, in one of the first `rows`; None without room.

        They take up at least the width `least`.
        """
        half = max(len(text) * _LETTER, least) / 2
        middle = min(max(x, self.left + half), self.right - half)
        for row in range(self.rows if rows is None else rows):
            if self._take(row, middle - half, middle + half):
                return Label(text=text, x=round(middle, 1), row=row, anchor="middle")
        return None

    def _take(self, row: int, start: float, end: float) -> bool:
        if start < self.left or end > self.right:
            return False
        if any(
            one == row and start < other_end + _APART and other < end + _APART for one, other, other_end in self.taken
        ):
            return False
        self.taken.append((row, start, end))
        return True
