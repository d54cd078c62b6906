"""Names as people have them: kept, found, and told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.names import MAX_LENGTH, UnusableName, clean, folded, initials, similar


@pytest.mark.parametrize(
    "name",
    [
        "Ng",
        "O'Brien",
        "D\u2019Arcy",
        "Anne-Marie",
        "李小龍",
        "محمد علي",
        "Мария",
        "สมชาย",
        "A" * MAX_LENGTH,
        "<zxq>",
        "{{7*7}}a",
    ],
)
def test_a_real_name_stays_as_it_was_written(name: str) -> None:
    assert clean(name) == name


@pytest.mark.parametrize(
    "typed", ["", "  ", "123", "'", "\0", "\u200b", "\u202e", "A" * (MAX_LENGTH + 1), "a" + "\u0301" * 1000]
)
def test_what_holds_no_usable_name_is_refused(typed: str) -> None:
    with pytest.raises(UnusableName):
        clean(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("  Ana\tRuiz ", "Ana Ruiz"), ("Ana\u202eRuiz", "Ana Ruiz"), ("Jose\u0301", "José"), ("Ana\0Ruiz", "Ana Ruiz")],
)
def test_invisible_characters_are_dropped(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria Lopez", "López, María"),
        ("Jon Smith", "John Smith"),
        ("Ana Ruiz", "Anna Ruis"),
        ("O'Brien", "OBrien"),
        ("STRASSE Max", "Straße Max"),
        ("Ng", "NG"),
    ],
)
def test_names_that_could_be_taken_for_each_other_are_similar(one: str, other: str) -> None:
    assert similar(one, other)
    assert similar(other, one)


@pytest.mark.parametrize(("one", "other"), [("Ann Lee", "Bob Lee"), ("Li", "Lo"), ("Ana Ruiz", "Ana"), ("Mia", "Zoe")])
def test_names_that_are_plainly_different_are_not(one: str, other: str) -> None:
    assert not similar(one, other)


@given(st.text(max_size=80))
def test_whatever_is_kept_stays_the_same_when_cleaned_again_and_can_be_searched(typed: str) -> None:
    try:
        name = clean(typed)
    except UnusableName:
        return
    assert clean(name) == name
    assert not set(folded(name)) & set("%_\\'\0")
    assert similar(name, name)
    assert len(initials(name)) <= 4
