"""GAD-7, PCL-5, PEG, pain, MOAA/S and Aldrete: scored as published, and never from answers that were not given."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales import gad7, pain, pcl5, watching
from clinic_sessions.domain.scales.results import Band, Flag, ItemImpossible, thousandths
from clinic_sessions.domain.scales.scoring import BY_ITEMS, Answers, exact, score
from tests.domain.scales.shipped import answers, numbered, shipped, summing

GAD_7, PCL_5, PEG = shipped(ScaleKey.GAD_7), shipped(ScaleKey.PCL_5), shipped(ScaleKey.PEG)
ALDRETE = shipped(ScaleKey.ALDRETE)
GAD_BANDS = [Band.MINIMAL] * 5 + [Band.MILD] * 5 + [Band.MODERATE] * 5 + [Band.SEVERE] * 7
SUMMED = [ScaleKey.PHQ_9, ScaleKey.GAD_7, ScaleKey.PCL_5, ScaleKey.PEG, ScaleKey.ALDRETE]


@pytest.mark.parametrize(("total", "band"), list(enumerate(GAD_BANDS)))
def test_every_total_of_gad_7_has_its_band_and_the_screen_begins_at_ten(total: int, band: Band) -> None:
    result = gad7.score(GAD_7, summing(total, 7, 3))

    assert (result.total, result.band) == (total, band)
    assert result.flags == ((Flag.SCREEN,) if total >= 10 else ())


@given(answers(7, 3))
def test_gad_7_is_the_sum_of_its_seven_items(items: dict[int, int]) -> None:
    assert gad7.score(GAD_7, items).total == sum(items[item] for item in range(1, 8))


@pytest.mark.parametrize("total", range(81))
def test_no_total_of_pcl_5_has_a_band_and_the_cut_is_a_range(total: int) -> None:
    result = pcl5.score(PCL_5, summing(total, 20, 4))

    assert (result.total, result.band) == (total, None)
    assert (Flag.CUT in result.flags, Flag.CUT_UPPER in result.flags) == (total >= 31, total >= 33)


@given(answers(20, 4))
def test_pcl_5_agrees_with_its_clusters_and_its_provisional_rule(items: dict[int, int]) -> None:
    result = pcl5.score(PCL_5, items)
    rated = [items[item] for item in range(1, 21)]
    b, c, d, e = rated[:5], rated[5:7], rated[7:14], rated[14:]
    met = [sum(one >= 2 for one in cluster) for cluster in (b, c, d, e)]

    assert result.total == sum(rated)
    assert result.clusters == {"B": sum(b), "C": sum(c), "D": sum(d), "E": sum(e)}
    assert result.provisional is (met[0] >= 1 and met[1] >= 1 and met[2] >= 2 and met[3] >= 2)
    assert (Flag.PROVISIONAL in result.flags) is result.provisional


@pytest.mark.parametrize(
    ("present", "met"),
    [
        ({1, 6, 8, 9, 15, 16}, True),
        ({6, 7, 8, 9, 15, 16}, False),
        ({1, 2, 8, 9, 15, 16}, False),
        ({1, 6, 8, 15, 16}, False),
        ({1, 6, 8, 9, 15}, False),
        ({5, 7, 13, 14, 19, 20}, True),
    ],
)
def test_the_provisional_rule_of_pcl_5_needs_each_cluster(present: set[int], met: bool) -> None:
    assert pcl5.score(PCL_5, {item: 2 if item in present else 1 for item in range(1, 21)}).provisional is met


def test_a_cluster_of_pcl_5_is_known_while_another_is_not() -> None:
    result = pcl5.score(PCL_5, dict.fromkeys(range(1, 20), 4))

    assert (result.clusters["B"], result.clusters["E"], result.provisional) == (20, None, None)
    assert (result.missing, result.flags) == ((20,), ())


@given(answers(3, 10))
def test_peg_is_the_exact_mean_of_its_three_items(items: dict[int, int]) -> None:
    result = pain.score_peg(PEG, items)

    assert result.total is not None
    assert result.total * 3 == sum(items.values())
    assert exact(PEG, items, thousandths(result.total)) == result.total


def test_a_total_without_items_is_read_from_its_thousandths() -> None:
    assert exact(shipped(ScaleKey.MADRS), {}, 35_000) == 35
    assert exact(PEG, {1: 3}, None) is None
    assert thousandths(Fraction(17, 3)) == 5667


@pytest.mark.parametrize(("key", "most"), [(ScaleKey.NRS_PAIN, 10), (ScaleKey.MOAA_S, 5)])
def test_one_number_is_its_own_total(key: ScaleKey, most: int) -> None:
    scale = shipped(key)
    for answer in range(most + 1):
        result = score(scale, Answers(items={1: answer}))
        assert (result.total, result.band, result.missing) == (answer, None, ())
    for impossible in (-1, most + 1):
        with pytest.raises(ItemImpossible):
            score(scale, Answers(items={1: impossible}))
    assert score(scale, Answers(items={1: None})).missing == (1,)


@pytest.mark.parametrize("total", range(11))
def test_aldrete_lets_leave_from_nine(total: int) -> None:
    result = watching.score_aldrete(ALDRETE, summing(total, 5, 2))

    assert result.total == total
    assert (Flag.MAY_LEAVE in result.flags) is (total >= 9)


@pytest.mark.parametrize("key", SUMMED)
@given(data=st.data())
def test_a_total_needs_every_item(key: ScaleKey, data: st.DataObject) -> None:
    scale = shipped(key)
    gone = data.draw(st.sets(st.sampled_from(scale.numbers), min_size=1))
    items = data.draw(answers(scale.items, scale.most))
    left = {item: None if item in gone else answer for item, answer in items.items()}
    result = score(scale, Answers(items=left))

    assert (result.total, result.band, result.missing) == (None, None, tuple(sorted(gone)))


@pytest.mark.parametrize("key", list(BY_ITEMS))
def test_items_and_answers_that_a_scale_does_not_have_are_refused(key: ScaleKey) -> None:
    scale = shipped(key)
    wrong: list[dict[int, Any]] = [{1: scale.most + 1}, {1: -1}, {0: 0}, {12 + scale.items: 0}, {1: True}, {1: 1.0}]
    for items in wrong:
        with pytest.raises(ItemImpossible):
            score(scale, Answers(items=items))
    with pytest.raises(ItemImpossible):
        score(scale, Answers(items=numbered(0), total=0))
