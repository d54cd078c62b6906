"""Names as people write them: how they are found, and when two could be taken for each other."""

import unicodedata

MAX_LENGTH = 200
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}


class UnusableName(Exception):
    """Nothing that could be a name is left of what was typed."""


def clean(text: str) -> str:
    """Give a name without control and invisible characters, with single spaces, in composed form.

    Joiners inside a script that needs them stay. Raises UnusableName when no letter is left or it is too long.

    >>> clean("  O\u2019Brien\\t ")
    'O\u2019Brien'
    """
    kept = "".join(c if c in "\u200c\u200d" or unicodedata.category(c) not in _INVISIBLE else " " for c in text)
    name = unicodedata.normalize("NFC", " ".join(kept.split()))
    if not any(c.isalpha() for c in name) or len(name) > MAX_LENGTH or _stacked(name):
        raise UnusableName
    return name


def _stacked(name: str) -> bool:
    run = 0
    for character in name:
        run = run + 1 if unicodedata.combining(character) else 0
        if run > 4:
            return True
    return False


def folded(name: str) -> str:
    """Give the form under which a name is searched: no accents, no marks, no case.

    >>> folded("\u00c1ngel O\u2019Brien-Mu\u00f1oz")
    'angel obrien munoz'
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else "" if c in "'\u2019\u02bc" else " " for c in bare).split())


def similar(one: str, other: str) -> bool:
    """Say whether two names could be taken for each other: the same words in any order, or one letter apart in each.

    >>> similar("Maria Lopez", "L\u00f3pez, Mar\u00eda"), similar("Jon Smith", "John Smith")
    (True, True)
    >>> similar("Ann Lee", "Bob Lee")
    False
    """
    return near(words_of(one), words_of(other))


def words_of(name: str) -> tuple[str, ...]:
    """Give the words of a name in the form and order in which names are compared."""
    return tuple(sorted(folded(name).split()))


def near(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    """Say whether two names, given by `words_of`, could be taken for each other."""
    if first == second:
        return True
    return len(first) == len(second) and all(_near(a, b) for a, b in zip(first, second, strict=True))


def _near(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < 3 or abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    at = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    rest = longer[at + 1 :]
    return rest in (shorter[at:], shorter[at + 1 :])


def initials(name: str) -> str:
    """Give the one or two letters that stand for a name."""
    words = [word for word in name.split() if word[0].isalpha()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()
