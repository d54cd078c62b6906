"""As-needed orders: what their words say of a dose and of the most, and what they leave to people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.session.as_needed import (
    DRUGS,
    Limit,
    amount_of,
    kind_of,
    limit_of,
    named_in,
    other_dose,
    passes,
    same_drug,
)
from clinic_sessions.domain.session.side_effects import InterventionKind


@pytest.mark.parametrize(
    ("words", "micrograms"),
    [
        ("4 mg IV", 4_000), ("4mg", 4_000), ("0.1 mg by mouth", 100), ("100 mcg IV", 100), ("100 µg", 100),
        ("1 g", 10**6),
        ("10 mg IV over 2 min", 10_000), ("4 mg, dissolving tablet", 4_000), ("4 MG", 4_000),
        ("4-8 mg", None), ("4 to 8 mg", None), ("4 or 8 mg", None), ("0.1 mg/kg", None), ("half a tablet", None),
        ("4 mg, then 8 mg", None), ("1,000 mg", None), ("", None), ("-4 mg", None),
    ],
)  # fmt: skip
def test_one_plain_amount_is_read_and_anything_else_is_left_to_people(words: str, micrograms: int | None) -> None:
    assert amount_of(words) == micrograms


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("8 mg a session", Limit(micrograms=8_000)), ("0.2 mg", Limit(micrograms=200)), ("2 doses", Limit(doses=2)),
        ("twice", Limit(doses=2)), ("once", Limit(doses=1)), ("3 times, 12 mg", Limit(micrograms=12_000, doses=3)),
        ("8 mg in 24 hours", Limit()), ("4 mg every 6 h", Limit()), ("as the provider says", Limit()),
    ],
)  # fmt: skip
def test_a_limit_is_an_amount_or_a_number_of_doses_on_one_day(words: str, limit: Limit) -> None:
    assert limit_of(words) == limit


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 12))
def test_the_limit_is_passed_exactly_when_the_sum_is_more(most: int, each: int, before: int) -> None:
    assert passes(f"{most} mg a session", [f"{each} mg IV"] * before, f"{each} mg IV") is (each * (before + 1) > most)
    assert passes(f"{most} doses", ["a tablet"] * before, "a tablet") is (before + 1 > most)


@given(st.integers(1, 900))
def test_a_tenfold_dose_and_one_in_the_wrong_unit_are_another_dose(amount: int) -> None:
    ordered = f"{amount} mg IV"
    assert other_dose(ordered, f"{amount * 10} mg IV") is True
    assert other_dose(ordered, f"{amount} mcg IV") is True
    assert other_dose(ordered, f"{amount}.0 mg") is False
    assert other_dose(ordered, f"{amount * 1000} mcg") is False


def test_what_the_words_do_not_tell_is_neither_within_nor_beyond() -> None:
    assert passes("8 mg in 24 hours", ["4 mg"], "4 mg") is None
    assert passes("8 mg", ["some"], "4 mg") is None
    assert passes("8 mg, 2 doses", ["some", "some"], "4 mg") is True
    assert other_dose("1 tablet", "2 tablets") is None
    assert other_dose("1 tablet", "1  TABLET") is False


@given(st.text(max_size=60))
def test_no_words_break_the_reading(words: str) -> None:
    amount_of(words)
    limit_of(words)
    passes(words, [words], words)
    kind_of(words or "x")
    named_in(words or "x", words)


def test_a_drug_is_known_by_its_first_word() -> None:
    assert {kind_of(one.value.upper()) for one in DRUGS} == DRUGS
    assert kind_of("Ketorolac") is InterventionKind.OTHER
    assert kind_of("Oxygen") is InterventionKind.OTHER
    assert same_drug("Ondansetron ODT", "ondansetron")
    assert not same_drug("Ondansetron", "Clonidine")
    assert named_in("Ondansetron ODT", "Penicillin, ONDANSETRON")
    assert not named_in("Ondansetron", "No known allergies")
