"""Two people wrote the same text: what each has that the other has not, and one text that holds every word of both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\S+|\s+")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A stretch of a text; `own`: the other text has it not."""

    text: str
    own: bool


def compared(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Split two texts into what they share and what only each of them has; the pieces of each are its whole text.

    >>> [piece.text for piece in compared("calm, slept", "calm, sang")[0] if piece.own]
    ['slept']
    """
    left, right = _WORD.findall(one), _WORD.findall(other)
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        for side, words in zip(pieces, (left[a:b], right[c:d]), strict=True):
            if words:
                side.append(Piece(text="".join(words), own=tag != "equal"))
    return pieces


def merged(one: str, other: str) -> str:
    """Give one text with every line of both: what they share stands once, where they differ both stand.

    >>> merged("Calm.\\nSlept.", "Calm.\\nSang.")
    'Calm.\\nSlept.\\nSang.'
    """
    left, right = one.splitlines(), other.splitlines()
    found: list[str] = []
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        found += left[a:b] if tag == "equal" else _either(left[a:b], right[c:d])
    return "\n".join(found)


def _either(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """Give the lines of both; where one line goes on from the other, the longer has every word already."""
    if len(lines) == len(others) == 1:
        shorter, longer = sorted((lines[0], others[0]), key=len)
        if longer.startswith(f"{shorter} "):
            return [longer]
    return [*lines, *others]
