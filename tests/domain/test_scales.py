"""PHQ-9: scored as published, and never from answers that were not given."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic_sessions.protocols
from clinic_sessions.domain.scales import (
    ItemImpossible,
    Phq9Algorithm,
    Phq9Band,
    band,
    may_ask,
    parse_questionnaire,
    score,
)
from clinic_sessions.domain.sourced import FaultyData

TEXT = (Path(clinic_sessions.protocols.__file__).parent / "phq-9.toml").read_text(encoding="utf-8")
ALL_ANSWERS = st.fixed_dictionaries({item: st.integers(min_value=0, max_value=3) for item in range(1, 10)})


def answers(*given_answers: int) -> dict[int, int | None]:
    return dict(enumerate(given_answers, start=1))


def test_the_shipped_questionnaire_is_whole_in_both_languages() -> None:
    scale = parse_questionnaire(TEXT)

    assert scale.recall.whole == 14
    assert scale.ask_again.whole == 7
    assert (len(scale.en.items), len(scale.es.items)) == (9, 9)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    "Feeling tired or having little energy",\n', ""),
        ("news-medical 2010 (Pfizer) [S]", "somewhere"),
        ('source = "PHQ-9, Spanish (USA), Pfizer [M]"', 'source = "unknown"'),
        ("[es]", "[fr]"),
    ],
)
def test_a_questionnaire_with_something_missing_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(FaultyData):
        parse_questionnaire(TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("total", "expected"),
    [
        (0, Phq9Band.MINIMAL),
        (4, Phq9Band.MINIMAL),
        (5, Phq9Band.MILD),
        (9, Phq9Band.MILD),
        (10, Phq9Band.MODERATE),
        (14, Phq9Band.MODERATE),
        (15, Phq9Band.MODERATELY_SEVERE),
        (19, Phq9Band.MODERATELY_SEVERE),
        (20, Phq9Band.SEVERE),
        (27, Phq9Band.SEVERE),
    ],
)
def test_every_band_begins_and_ends_where_published(total: int, expected: Phq9Band) -> None:
    assert band(total) is expected


@pytest.mark.parametrize("total", [-1, 28])
def test_no_band_exists_for_an_impossible_total(total: int) -> None:
    with pytest.raises(ItemImpossible):
        band(total)


@given(ALL_ANSWERS, st.none() | st.integers(min_value=0, max_value=3))
def test_a_total_is_the_sum_of_nine_items_and_never_of_the_tenth(items: dict[int, int], function: int | None) -> None:
    result = score({**items, 10: function})

    assert result.total == sum(items.values())
    assert result.item9 == items[9]
    assert result.function == function
    assert result.in_danger is (items[9] > 0)


@given(ALL_ANSWERS, st.sets(st.integers(min_value=1, max_value=9), min_size=1), st.booleans())
def test_an_unanswered_item_never_counts_as_zero(items: dict[int, int], gone: set[int], absent: bool) -> None:
    left: dict[int, int | None] = {item: answer for item, answer in items.items() if item not in gone or not absent}
    left.update({item: None for item in gone if not absent})
    result = score(left)

    assert (result.total, result.band, result.algorithm) == (None, None, None)
    assert result.missing == tuple(sorted(gone))
    assert result.item9 == (None if 9 in gone else items[9])


def test_danger_is_seen_in_an_unfinished_questionnaire() -> None:
    assert score({9: 1}).in_danger is True
    assert score({1: 3}).in_danger is False
    assert score({1: 3}).item9 is None


@pytest.mark.parametrize("items", [{1: 4}, {1: -1}, {0: 1}, {11: 1}, {1: True}, {1: 1.0}, {1: "1"}, {"1": 1}])
def test_answers_that_the_questionnaire_does_not_have_are_refused(items: dict[int, int | None]) -> None:
    with pytest.raises(ItemImpossible):
        score(items)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (answers(2, 2, 2, 2, 2, 0, 0, 0, 0), Phq9Algorithm.MAJOR),
        (answers(2, 2, 2, 2, 0, 0, 0, 0, 1), Phq9Algorithm.MAJOR),
        (answers(2, 2, 2, 2, 0, 0, 0, 1, 0), Phq9Algorithm.OTHER),
        (answers(2, 0, 0, 0, 0, 0, 0, 0, 1), Phq9Algorithm.OTHER),
        (answers(2, 0, 0, 0, 0, 0, 0, 0, 0), Phq9Algorithm.NONE),
        (answers(1, 1, 3, 3, 3, 3, 3, 3, 3), Phq9Algorithm.NONE),
    ],
)
def test_the_algorithm_counts_item_nine_from_one_and_asks_for_a_core_symptom(
    items: dict[int, int | None], expected: Phq9Algorithm
) -> None:
    assert score(items).algorithm is expected


@pytest.mark.parametrize(("function", "impaired"), [(0, False), (1, False), (2, True), (3, True), (None, None)])
def test_function_counts_as_impaired_from_two(function: int | None, impaired: bool | None) -> None:
    assert score({10: function}).impaired is impaired


@pytest.mark.parametrize(
    ("last", "allowed"), [(None, True), (date(2026, 3, 4), False), (date(2026, 3, 3), True), (date(2026, 3, 10), False)]
)
def test_it_is_asked_again_only_after_seven_days(last: date | None, allowed: bool) -> None:
    assert may_ask(last, date(2026, 3, 10)) is allowed
