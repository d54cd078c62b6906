"""Side effects: the whole list in both languages, and what keeps a patient here."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import clinic_sessions.protocols
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.session.side_effects import (
    Grade,
    SideEffectGroup,
    SideEffectKind,
    blocks_leaving,
    common_for,
    in_sight,
    parse_side_effects,
)
from clinic_sessions.domain.sourced import FaultyData

TEXT = (Path(clinic_sessions.protocols.__file__).parent / "side-effects.toml").read_text(encoding="utf-8")
ALWAYS = {
    SideEffectKind.SEDATION,
    SideEffectKind.DISSOCIATION,
    SideEffectKind.RESPIRATORY_DEPRESSION,
    SideEffectKind.CHEST_PAIN,
}


def test_the_shipped_list_has_every_kind_with_words_in_both_languages() -> None:
    kinds = parse_side_effects(TEXT).kinds

    assert [one.kind for one in kinds] == list(SideEffectKind)
    assert len({one.patient_en for one in kinds}) == len({one.patient_es for one in kinds}) == len(kinds)


def test_the_list_begins_with_what_was_reported_most_often() -> None:
    trial = [one for one in parse_side_effects(TEXT).kinds if one.group is SideEffectGroup.ESKETAMINE_TRIAL]
    shares = [one.incidence.value for one in trial if one.incidence]

    assert len(shares) == len(trial) == 28
    assert shares == sorted(shares, reverse=True)


def test_what_a_patient_reads_names_no_drug_and_no_route() -> None:
    for one in parse_side_effects(TEXT).kinds:
        assert not re.search(r"ketamin|infus|inject|inyec|spray", f"{one.patient_en} {one.patient_es}", re.IGNORECASE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "nausea"', 'kind = "dizziness"'),
        ('patient_es = "Tuve náuseas"\n', ""),
        ("grade = 5", "grade = 4"),
        ("CTCAE v5 general, studylib [S]", "somebody"),
        ('value = "41", unit = "%"', 'value = "141", unit = "%"'),
    ],
)
def test_a_list_with_something_wrong_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(FaultyData):
        parse_side_effects(TEXT.replace(old, new, 1))


@pytest.mark.parametrize("route", list(Route))
def test_six_different_kinds_are_offered_first_for_each_route(route: Route) -> None:
    offered = common_for(route)

    assert len(set(offered)) == 6
    assert {SideEffectKind.NAUSEA, SideEffectKind.DIZZINESS, SideEffectKind.DISSOCIATION} <= set(offered)


@pytest.mark.parametrize("route", list(Route))
def test_in_sight_are_the_six_most_frequent_what_is_acted_on_at_once_and_three_that_the_patient_had(
    route: Route,
) -> None:
    kinds = parse_side_effects(TEXT).kinds
    had = [SideEffectKind.TREMOR, SideEffectKind.NAUSEA, *list(SideEffectKind)[-5:]]

    shown = [one.kind for one in in_sight(kinds, route, had)]

    assert shown[:6] == list(SideEffectKind)[:6]
    at_once = {SideEffectKind.VOMITING, SideEffectKind.CHEST_PAIN, SideEffectKind.RESPIRATORY_DEPRESSION}
    assert at_once <= set(shown)
    assert (SideEffectKind.INFUSION_SITE_PAIN in shown) is (route is Route.IV)
    assert shown[-3:] == [SideEffectKind.TREMOR, *had[2:4]]
    assert len(shown) == len(set(shown))


@given(st.sampled_from(SideEffectKind), st.sampled_from(Grade))
def test_what_is_resolved_never_keeps_a_patient_here(kind: SideEffectKind, grade: Grade) -> None:
    assert blocks_leaving(kind, grade, True) is False


@given(st.sampled_from(SideEffectKind), st.sampled_from(Grade))
def test_unresolved_only_a_mild_other_kind_lets_a_patient_leave(kind: SideEffectKind, grade: Grade) -> None:
    assert blocks_leaving(kind, grade, False) is not (kind not in ALWAYS and grade is Grade.MILD)
