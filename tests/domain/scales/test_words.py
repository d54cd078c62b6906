"""How results and changes are read by staff."""

from decimal import Decimal
from fractions import Fraction

import pytest

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.outcomes.scale_words import change_words, result_words
from clinic_sessions.domain.scales.changes import change
from clinic_sessions.domain.scales.results import Total
from clinic_sessions.domain.sourced import Sourced
from tests.domain.scales.shipped import shipped

HALF = Sourced(value=Decimal(50), unit="%", source="A fall of at least 50 % [M]")


@pytest.mark.parametrize(
    ("key", "total", "band", "flags", "said"),
    [
        (ScaleKey.PHQ_9, 16, "moderately_severe", [], "16 of 27, moderately severe"),
        (ScaleKey.MADRS, 6, "none", [], "6 of 60, normal range"),
        (ScaleKey.PEG, Fraction(17, 3), None, [], "5.7 of 10"),
        (ScaleKey.PHQ_9, None, None, ["self_harm"], "No total"),
        (ScaleKey.RISK_SCREEN, None, "low", [], "Level: low"),
        (ScaleKey.RISK_SCREEN, None, None, ["risk_moderate"], "Level not known"),
        (ScaleKey.MANIA_CHECK, None, None, ["mania"], "At least one yes"),
        (ScaleKey.MANIA_CHECK, None, None, [], "No yes"),
    ],
)
def test_a_result_is_said_as_far_as_it_is_known(
    key: ScaleKey, total: Total | None, band: str | None, flags: list[str], said: str
) -> None:
    assert result_words(shipped(key), total, band, flags) == said


@pytest.mark.parametrize(
    ("key", "baseline", "latest", "said"),
    [
        (ScaleKey.PHQ_9, 20, 20, "No change"),
        (ScaleKey.PHQ_9, 20, 21, "1 point worse (5%)"),
        (ScaleKey.PHQ_9, 10, 15, "5 points worse (50%), clearly worse"),
        (ScaleKey.PHQ_9, 20, 12, "8 points better (40%), reliable change"),
        (ScaleKey.PHQ_9, 27, 14, "13 points better (48%), reliable change"),
        (ScaleKey.PHQ_9, 20, 4, "16 points better (80%), response, remission"),
        (ScaleKey.PHQ_9, 0, 3, "3 points worse"),
        (ScaleKey.PCL_5, 60, 45, "15 points better (25%), reliable change"),
        (
            ScaleKey.PCL_5,
            60,
            28,
            "32 points better (53%), reliable change, stricter rule too, at the published endpoint",
        ),
        (ScaleKey.PHQ_9, 24, 8, "16 points better (67%), response"),
        (ScaleKey.PCL_5, 75, 37, "38 points better (51%), reliable change, stricter rule too"),
        (ScaleKey.PEG, Fraction(20, 3), Fraction(14, 3), "2 points better (30%), response"),
        (ScaleKey.PEG, Fraction(20, 3), Fraction(15, 3), "1.7 points better (25%)"),
        (ScaleKey.CADSS, 20, 4, ""),
    ],
)
def test_a_change_is_said_with_what_it_counts_as(key: ScaleKey, baseline: Total, latest: Total, said: str) -> None:
    scale = shipped(key)

    assert change_words(scale, change(scale, baseline, latest, clinic_response=HALF)) == said
