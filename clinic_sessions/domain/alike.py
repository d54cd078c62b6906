"""Which names on one page could be taken for each other."""

from collections.abc import Iterable

from clinic_sessions.domain.names import folded, similar


def alike(named: Iterable[tuple[int, str]]) -> frozenset[int]:
    """Give the ids of those whose name is the same as, or similar to, that of another on the page.

    >>> sorted(alike([(1, "Maria Lopez"), (2, "Mar\u00eda L\u00f3pez"), (3, "Ann Lee"), (3, "Ann Lee")]))
    [1, 2]
    """
    people = [(one, name, _letters(name), len(name.split())) for one, name in dict(named).items()]
    found: set[int] = set()
    for at, (one, name, letters, count) in enumerate(people):
        for other, its_name, its_letters, _ in people[at + 1 :]:
            # One letter apart in each word changes at most two letters a word: most pairs are done with here.
            if (letters ^ its_letters).bit_count() <= 2 * count and similar(name, its_name):
                found |= {one, other}
    return frozenset(found)


def _letters(name: str) -> int:
    mask = 0
    for letter in folded(name).replace(" ", ""):
        mask |= 1 << (ord(letter) % 64)
    return mask
