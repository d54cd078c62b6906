"""Two texts are compared word by word, however long they are."""

import random

import pytest

from clinic_sessions.domain.two_versions import COMPARED, compared, merged


def _text(words: int, seed: int) -> str:
    chosen = random.Random(seed)
    return " ".join(chosen.choice(["calm", "slept", "the", f"w{chosen.randrange(900)}"]) for _ in range(words))


@pytest.mark.parametrize("words", [COMPARED // 3, COMPARED * 2])
def test_long_texts_keep_every_word_of_both(words: int) -> None:
    one, other = _text(words, 1), _text(words, 2)
    assert ["".join(piece.text for piece in side) for side in compared(one, other)] == [one, other]
    whole = iter(merged(one, other).split())
    assert all(word in whole for word in one.split())


def test_one_changed_word_in_a_long_text_is_the_only_one_marked() -> None:
    one = _text(COMPARED, 1)
    left, right = compared(f"{one} sang {one}", f"{one} slept {one}")
    assert [[piece.text.strip() for piece in side if piece.own] for side in (left, right)] == [["sang"], ["slept"]]
