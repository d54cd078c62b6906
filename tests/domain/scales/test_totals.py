"""MADRS, QIDS-SR16 and CADSS: totals in their range, with the published bands."""

from collections.abc import Sequence

import pytest

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.results import Band, ItemImpossible
from clinic_sessions.domain.scales.scoring import Answers, score
from tests.domain.scales.shipped import shipped

BANDS: dict[ScaleKey, Sequence[Band | None]] = {
    ScaleKey.MADRS: [Band.NONE] * 7 + [Band.MILD] * 13 + [Band.MODERATE] * 15 + [Band.SEVERE] * 26,
    ScaleKey.QIDS_SR16: [Band.NONE] * 6
    + [Band.MILD] * 5
    + [Band.MODERATE] * 5
    + [Band.SEVERE] * 5
    + [Band.VERY_SEVERE] * 7,
    ScaleKey.CADSS: [None] * 93,
}


@pytest.mark.parametrize("key", BANDS)
def test_every_total_has_its_published_band_and_no_other_total_is_taken(key: ScaleKey) -> None:
    scale, bands = shipped(key), BANDS[key]
    for total, band in enumerate(bands):
        result = score(scale, Answers(total=total))
        assert (result.total, result.band, result.flags, result.missing) == (total, band, (), ())
    for impossible in (-1, len(bands), None, True, 1.0):
        with pytest.raises(ItemImpossible):
            score(scale, Answers(total=impossible))  # type: ignore[arg-type]


@pytest.mark.parametrize("key", BANDS)
def test_a_scale_whose_words_are_licensed_takes_no_items(key: ScaleKey) -> None:
    with pytest.raises(ItemImpossible):
        score(shipped(key), Answers(items={1: 1}, total=1))
