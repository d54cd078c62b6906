"""Two people wrote the same text: what each has that the other has not, and one text that holds every word of both."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

COMPARED = 3000
"""How many words, or lines, are compared one by one: the time grows with their square, and a person waits for it."""

_WORD = re.compile(r"\S+\s*|\s+")


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
    pieces: tuple[list[Piece], list[Piece]] = ([], [])
    for same, *both in _stretches(_WORD.findall(one), _WORD.findall(other)):
        for side, words in zip(pieces, both, strict=True):
            if words:
                side.append(Piece(text="".join(words), own=not same))
    return pieces


def merged(one: str, other: str) -> str:
    """Give one text with every line of both: what they share stands once, where they differ both stand.

    >>> merged("Calm.\\nSlept.", "Calm.\\nSang.")
    'Calm.\\nSlept.\\nSang.'
    """
    found: list[str] = []
    for same, lines, others in _stretches(one.splitlines(), other.splitlines()):
        found += lines if same else _either(lines, others)
    return "\n".join(found)


_Stretch = tuple[bool, Sequence[str], Sequence[str]]


def _stretches(left: Sequence[str], right: Sequence[str]) -> list[_Stretch]:
    """Pair what is the same and what differs, in order; what is too long to compare differs as a whole."""
    shorter = min(len(left), len(right))
    head = next((k for k in range(shorter) if left[k] != right[k]), shorter)
    tail = next((k for k in range(shorter - head) if left[-1 - k] != right[-1 - k]), shorter - head)
    inner, others = left[head : len(left) - tail], right[head : len(right) - tail]
    within: list[_Stretch] = [(False, inner, others)]
    if len(inner) + len(others) <= COMPARED:
        codes = SequenceMatcher(None, inner, others).get_opcodes()
        within = [(tag == "equal", inner[a:b], others[c:d]) for tag, a, b, c, d in codes]
    return [(True, left[:head], right[:head]), *within, (True, left[len(left) - tail :], right[len(right) - tail :])]


def _either(lines: Sequence[str], others: Sequence[str]) -> list[str]:
    """Give the lines of both; where one line goes on from the other, the longer has every word already."""
    if len(lines) == len(others) == 1:
        shorter, longer = sorted((lines[0], others[0]), key=len)
        if longer.startswith(f"{shorter} "):
            return [longer]
    return [*lines, *others]
