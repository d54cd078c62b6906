"""Which names on one page could be taken for each other."""

from collections.abc import Iterable

from clinic_sessions.domain.names import near, words_of


def alike(named: Iterable[tuple[int, str]]) -> frozenset[int]:
    """Give the ids of those whose name is the same as, or similar to, that of another on the page.

    >>> sorted(alike([(1, "Maria Lopez"), (2, "Mar\u00eda L\u00f3pez"), (3, "Ann Lee"), (3, "Ann Lee")]))
    [1, 2]
    """
    people = [(one, words, _letters(words)) for one, words in ((i, words_of(name)) for i, name in dict(named).items())]
    found: set[int] = set()
    for at, (one, words, letters) in enumerate(people):
        for other, its_words, its_letters in people[at + 1 :]:
            # One letter apart in each word changes at most two letters a word: most pairs are done with here.
            if (letters ^ its_letters).bit_count() <= 2 * len(words) and near(words, its_words):
                found |= {one, other}
    return frozenset(found)


def _letters(words: Iterable[str]) -> int:
    mask = 0
    for letter in "".join(words):
        mask |= 1 << (ord(letter) % 64)
    return mask
