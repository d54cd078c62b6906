"""What a change from baseline means, from unrounded values, at each published edge."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.changes import Change, change
from clinic_sessions.domain.scales.results import Total
from clinic_sessions.domain.sourced import Sourced
from tests.domain.scales.shipped import shipped

HALF = Sourced(value=Decimal(50), unit="%", source="A fall of at least 50 % [M]")


def changed(key: ScaleKey, baseline: Total, latest: Total) -> Change:
    """The change of a scale that has a rule."""
    found = change(shipped(key), baseline, latest, clinic_response=HALF)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("baseline", "latest", "response", "remission", "reliable"),
    [(20, 10, True, False, True), (20, 11, False, False, True), (9, 4, True, True, True), (9, 5, False, False, False),
     (19, 14, False, False, True), (19, 15, False, False, False), (4, 4, False, True, False)],
)  # fmt: skip
def test_phq_9_responds_at_half_remits_below_five_and_changes_by_five(
    baseline: int, latest: int, response: bool, remission: bool, reliable: bool
) -> None:
    found = changed(ScaleKey.PHQ_9, baseline, latest)

    assert (found.response, found.remission, found.reliable) == (response, remission, reliable)


@given(st.integers(1, 27), st.integers(0, 27))
def test_response_is_a_fall_of_half_without_rounding(baseline: int, latest: int) -> None:
    found = changed(ScaleKey.PHQ_9, baseline, latest)

    assert found.response is (2 * latest <= baseline)
    assert found.points == latest - baseline
    assert found.percent == Fraction(100 * (baseline - latest), baseline)
    assert found.reliable is (baseline - latest >= 5)
    assert found.worse is (latest - baseline >= 5)


@given(st.integers(1, 30), st.integers(0, 30))
def test_peg_is_better_from_thirty_percent_of_the_exact_mean(before: int, after: int) -> None:
    found = changed(ScaleKey.PEG, Fraction(before, 3), Fraction(after, 3))

    assert found.response is (10 * (before - after) >= 3 * before)
    assert (found.remission, found.reliable) == (None, None)


def test_nothing_is_a_percentage_of_a_baseline_of_zero() -> None:
    assert (changed(ScaleKey.PHQ_9, 0, 3).percent, changed(ScaleKey.PHQ_9, 0, 3).response) == (None, None)


@pytest.mark.parametrize(
    ("latest", "reliable", "strict", "endpoint"),
    [(46, False, False, False), (45, True, False, False), (43, True, False, False), (42, True, True, False),
     (29, True, True, False), (28, True, True, True)],
)  # fmt: skip
def test_pcl_5_changes_by_fifteen_or_eighteen_and_ends_at_twenty_eight(
    latest: int, reliable: bool, strict: bool, endpoint: bool
) -> None:
    found = changed(ScaleKey.PCL_5, 60, latest)

    assert (found.reliable, found.reliable_strict, found.remission) == (reliable, strict, endpoint)
    assert found.response is None


def test_gad_7_changes_by_four_and_madrs_remits_at_ten() -> None:
    assert changed(ScaleKey.GAD_7, 14, 10).reliable is True
    assert changed(ScaleKey.GAD_7, 14, 11).reliable is False
    assert [changed(ScaleKey.MADRS, 40, latest).remission for latest in (10, 11)] == [True, False]
    assert [changed(ScaleKey.MADRS, 40, latest).response for latest in (20, 21)] == [True, False]
    assert [changed(ScaleKey.QIDS_SR16, 20, latest).response for latest in (10, 11)] == [True, False]


@pytest.mark.parametrize("key", [ScaleKey.ALDRETE, ScaleKey.MOAA_S, ScaleKey.RISK_SCREEN, ScaleKey.CADSS])
def test_a_scale_without_a_published_change_has_none(key: ScaleKey) -> None:
    assert change(shipped(key), 5, 1, clinic_response=HALF) is None
