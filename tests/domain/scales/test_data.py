"""The data files of the scales: whole, sourced, and without words that may not be shipped."""

from datetime import date

import pytest

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.scales.data import parse_scale
from clinic_sessions.domain.scales.scoring import first_day, may_ask
from clinic_sessions.domain.sourced import FaultyData
from tests.domain.scales.shipped import KEYS, shipped, text

WITH_PUBLISHED_WORDS = {ScaleKey.PHQ_9, ScaleKey.GAD_7, ScaleKey.PCL_5, ScaleKey.PEG}


@pytest.mark.parametrize("key", KEYS)
def test_each_scale_is_whole(key: ScaleKey) -> None:
    scale = shipped(key)

    assert scale.key is key
    assert len(scale.en.items) == scale.items
    assert scale.text("es") is (scale.es or scale.en)


def test_both_languages_are_shipped_where_a_free_version_is_known() -> None:
    assert [key for key in WITH_PUBLISHED_WORDS if shipped(key).es] == [
        key for key in WITH_PUBLISHED_WORDS if key in {ScaleKey.PHQ_9, ScaleKey.GAD_7}
    ]


@pytest.mark.parametrize("key", [ScaleKey.MADRS, ScaleKey.QIDS_SR16, ScaleKey.CADSS])
def test_no_item_of_a_licensed_scale_is_shipped(key: ScaleKey) -> None:
    assert (shipped(key).total_only, shipped(key).en.items) == (True, ())


def test_the_risk_screen_carries_labels_of_our_own() -> None:
    words = " ".join(shipped(ScaleKey.RISK_SCREEN).en.items).lower()

    assert not [word for word in ("dead", "kill", "wish", "sleep", "intention", "suicid", "plan") if word in words]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    "Feeling tired or having little energy",\n', ""),
        ("news-medical 2010 (Pfizer) [S]", "somewhere"),
        ('source = "PHQ-9, Spanish (USA), Pfizer [M]"', 'source = "unknown"'),
        ("[es]", "[fr]"),
        ("most = 3", "most = 4"),
        ("value = 20, unit", "value = 14, unit"),
        ('"Not difficult at all", ', ""),
    ],
)
def test_a_scale_with_something_missing_is_refused(old: str, new: str) -> None:
    assert old in text(ScaleKey.PHQ_9)
    with pytest.raises(FaultyData):
        parse_scale(text(ScaleKey.PHQ_9).replace(old, new, 1))


def test_a_scale_whose_ends_are_not_those_of_its_items_is_refused() -> None:
    with pytest.raises(FaultyData):
        parse_scale(text(ScaleKey.PEG).replace('"No pain", ', "", 1))


@pytest.mark.parametrize(
    ("last", "allowed"), [(None, True), (date(2026, 3, 4), False), (date(2026, 3, 3), True), (date(2026, 3, 10), False)]
)
def test_it_is_asked_again_only_after_its_recall(last: date | None, allowed: bool) -> None:
    assert may_ask(shipped(ScaleKey.PHQ_9), last, date(2026, 3, 10)) is allowed


def test_what_is_seen_now_may_be_scored_at_any_time() -> None:
    assert may_ask(shipped(ScaleKey.MOAA_S), date(2026, 3, 10), date(2026, 3, 10)) is True
    assert first_day(shipped(ScaleKey.PCL_5), date(2026, 3, 1)) == date(2026, 3, 15)
