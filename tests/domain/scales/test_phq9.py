"""PHQ-9: scored as published, and never from answers that were not given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.phq9 import Algorithm, score
from clinic_sessions.domain.scales.results import Band, Flag, ItemImpossible
from tests.domain.scales.shipped import answers, numbered, shipped, summing

PHQ_9 = shipped(ScaleKey.PHQ_9)
BANDS = [Band.MINIMAL] * 5 + [Band.MILD] * 5 + [Band.MODERATE] * 5 + [Band.MODERATELY_SEVERE] * 5 + [Band.SEVERE] * 8


@pytest.mark.parametrize(("total", "band"), list(enumerate(BANDS)))
def test_every_total_has_its_published_band(total: int, band: Band) -> None:
    result = score(PHQ_9, summing(total, 9, 3))

    assert (result.total, result.band, result.missing) == (total, band, ())


@given(answers(9, 3), st.none() | st.integers(0, 3))
def test_it_agrees_with_the_rule_as_published(items: dict[int, int], function: int | None) -> None:
    result = score(PHQ_9, {**items, 10: function})
    symptoms = [item for item in range(1, 10) if items[item] >= 2 or (item == 9 and items[9] == 1)]
    suggested = 1 in symptoms or 2 in symptoms

    assert result.total == sum(items.values())
    assert result.item9 == items[9]
    assert result.function == function
    assert result.impaired is (None if function is None else function >= 2)
    assert result.in_danger is (items[9] > 0)
    assert (result.algorithm is Algorithm.MAJOR) is (suggested and len(symptoms) >= 5)
    assert (result.algorithm is Algorithm.OTHER) is (suggested and 2 <= len(symptoms) <= 4)
    assert (Flag.ALGORITHM_MAJOR in result.flags) is (result.algorithm is Algorithm.MAJOR)
    assert (Flag.IMPAIRED in result.flags) is (function is not None and function >= 2)


@given(answers(9, 3), st.sets(st.integers(1, 9), min_size=1), st.booleans())
def test_an_unanswered_item_never_counts_as_zero(items: dict[int, int], gone: set[int], absent: bool) -> None:
    left: dict[int, int | None] = {item: answer for item, answer in items.items() if item not in gone or not absent}
    left.update({item: None for item in gone if not absent})
    result = score(PHQ_9, left)

    assert (result.total, result.band, result.algorithm) == (None, None, None)
    assert result.missing == tuple(sorted(gone))
    assert result.item9 == (None if 9 in gone else items[9])
    assert result.in_danger is (9 not in gone and items[9] > 0)


@pytest.mark.parametrize("items", [{1: 4}, {1: -1}, {0: 1}, {11: 1}, {1: True}, {1: 1.0}, {1: "1"}, {"1": 1}, {10: 4}])
def test_answers_that_the_questionnaire_does_not_have_are_refused(items: dict[int, int | None]) -> None:
    with pytest.raises(ItemImpossible):
        score(PHQ_9, items)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (numbered(2, 2, 2, 2, 2, 0, 0, 0, 0), Algorithm.MAJOR),
        (numbered(2, 2, 2, 2, 0, 0, 0, 0, 1), Algorithm.MAJOR),
        (numbered(2, 2, 2, 2, 0, 0, 0, 1, 0), Algorithm.OTHER),
        (numbered(2, 0, 0, 0, 0, 0, 0, 0, 1), Algorithm.OTHER),
        (numbered(2, 0, 0, 0, 0, 0, 0, 0, 0), Algorithm.NONE),
        (numbered(1, 1, 3, 3, 3, 3, 3, 3, 3), Algorithm.NONE),
    ],
)
def test_the_algorithm_counts_item_nine_from_one_and_asks_for_a_core_symptom(
    items: dict[int, int | None], expected: Algorithm
) -> None:
    assert score(PHQ_9, items).algorithm is expected
