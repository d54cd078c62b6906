"""The logic of the suicide-risk screen, and the check for mania."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.results import Band, Flag, ItemImpossible, Scored
from clinic_sessions.domain.scales.screens import score_mania, score_risk
from tests.domain.scales.shipped import numbered, shipped

RISK, MANIA = shipped(ScaleKey.RISK_SCREEN), shipped(ScaleKey.MANIA_CHECK)
YES_NO = st.sampled_from([0, 1])


def risk(*given: int | None) -> Scored:
    """The level of answers in order."""
    return score_risk(RISK, numbered(*given))


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ((0, 0, None, None, None, 0, None), Band.NONE),
        ((1, 0, None, None, None, 0, None), Band.LOW),
        ((1, 1, 0, 0, 0, 0, None), Band.LOW),
        ((0, 1, 1, 0, 0, 0, None), Band.MODERATE),
        ((0, 0, None, None, None, 1, 0), Band.MODERATE),
        ((1, 1, 0, 1, 0, 0, None), Band.HIGH),
        ((1, 1, 0, 0, 1, 0, None), Band.HIGH),
        ((0, 0, None, None, None, 1, 1), Band.HIGH),
    ],
)
def test_each_path_ends_in_its_level(given: tuple[int | None, ...], level: Band) -> None:
    result = risk(*given)

    assert (result.total, result.band, result.missing) == (None, level, ())
    assert result.in_danger is (level in {Band.MODERATE, Band.HIGH})


@given(st.tuples(YES_NO, YES_NO, YES_NO, YES_NO, YES_NO, YES_NO, YES_NO))
def test_the_level_agrees_with_the_rule_as_published(given: tuple[int, ...]) -> None:
    one, two, three, four, five, six, recent = given
    asked = numbered(one, two, *((three, four, five) if two else (None,) * 3), six, recent if six else None)
    result = score_risk(RISK, asked)
    if (two and (four or five)) or (six and recent):
        expected = Band.HIGH
    elif (two and three) or six:
        expected = Band.MODERATE
    else:
        expected = Band.LOW if one or two else Band.NONE

    assert (result.band, result.missing) == (expected, ())


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ((None, 0, None, None, None, 0, None), (1,)),
        ((0, 0, None, None, None, None, None), (6, 7)),
        ((0, 1, None, 0, 0, 0, None), (3,)),
        ((0, 0, None, None, None, 1, None), (7,)),
        ((), (1, 2, 3, 4, 5, 6, 7)),
    ],
)
def test_an_unanswered_question_leaves_the_level_unknown(
    given: tuple[int | None, ...], missing: tuple[int, ...]
) -> None:
    assert (risk(*given).band, risk(*given).missing) == (None, missing)


def test_a_danger_that_is_certain_is_told_however_much_is_unanswered() -> None:
    assert risk(None, None, None, 1).band is Band.HIGH
    assert risk(None, None, None, 1).flags == (Flag.RISK_HIGH,)
    assert risk(0, 0, None, None, None, 1).flags == (Flag.RISK_MODERATE,)


@pytest.mark.parametrize("given", [(0, 0, 1), (0, 0, None, 1), (0, 0, None, None, 1), (0, 0, None, None, None, 0, 1)])
def test_a_yes_to_a_question_that_was_not_to_be_asked_is_impossible(given: tuple[int | None, ...]) -> None:
    with pytest.raises(ItemImpossible):
        risk(*given)


@given(st.tuples(*[st.none() | YES_NO] * 3))
def test_any_yes_to_the_mania_check_calls_for_a_look(given: tuple[int | None, ...]) -> None:
    result = score_mania(MANIA, numbered(*given))

    assert (result.flags == (Flag.MANIA,)) is (1 in given)
    assert (result.total, result.band) == (None, None)
    assert result.missing == tuple(item for item, answer in enumerate(given, start=1) if answer is None)
