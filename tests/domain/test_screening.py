"""Screening: what answers say of treating with a drug, and data that may not be used."""

from importlib import resources
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.papers.screening import (
    Assessment,
    Questionnaire,
    assess,
    parse_questionnaire,
    read_questionnaire,
)
from clinic_sessions.domain.papers.screening_kinds import AskedOf, ItemAnswer, ItemKind
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.sourced import FaultyData, write_table

FILES = {
    route: resources.files("clinic_sessions.protocols").joinpath(f"screening-{route}.toml").read_text()
    for route in ("iv", "in", "im")
}
NASAL = parse_questionnaire(FILES["in"])
KEYS = [item.key for item in NASAL.items]


def _parts(found: Assessment) -> list[str]:
    sorted_out = (found.contraindications, found.hard_stops, found.cautions, found.to_clarify, found.unanswered)
    return [item.key for item in chain(*sorted_out)]


@pytest.mark.parametrize("route", FILES)
def test_a_shipped_questionnaire_says_of_which_route_it_is_and_reads_back_the_same(route: str) -> None:
    found = parse_questionnaire(FILES[route])
    assert found.route == route
    assert read_questionnaire(write_table(found)) == found


@pytest.mark.parametrize("route", FILES)
def test_no_question_that_leaves_the_clinic_names_the_drug(route: str) -> None:
    asked = " ".join(f"{item.en} {item.es}" for item in parse_questionnaire(FILES[route]).items).lower()
    assert "ketamin" not in asked
    assert "ketamina" not in asked


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from(ItemAnswer)), st.sampled_from(Drug))
def test_every_question_is_a_no_or_stands_in_exactly_one_part(answers: dict[str, ItemAnswer], drug: Drug) -> None:
    found = _parts(assess(NASAL, answers, drug))
    noes = [key for key, answer in answers.items() if answer is ItemAnswer.NO]
    assert sorted(found + noes) == sorted(KEYS)


@given(st.dictionaries(st.sampled_from(KEYS), st.sampled_from([ItemAnswer.NO, ItemAnswer.NOT_SURE])))
def test_not_sure_is_never_a_no(answers: dict[str, ItemAnswer]) -> None:
    found = assess(NASAL, answers, Drug.ESKETAMINE)
    unsure = {key for key, answer in answers.items() if answer is ItemAnswer.NOT_SURE}
    assert {item.key for item in found.to_clarify} == unsure
    assert {item.key for item in found.unanswered} == set(KEYS) - set(answers)


def test_a_contraindication_of_one_label_is_a_hard_stop_for_the_other_drug() -> None:
    answers = {"aneurysm": ItemAnswer.YES}
    assert [one.key for one in assess(NASAL, answers, Drug.ESKETAMINE).contraindications] == ["aneurysm"]
    racemic = assess(NASAL, answers, Drug.KETAMINE)
    assert (racemic.contraindications, [one.key for one in racemic.hard_stops]) == ((), ["aneurysm"])


def test_the_shipped_kinds_are_those_of_the_labels_and_the_societies() -> None:
    kinds = {item.key: item.kind for item in NASAL.items}
    labelled = {key for key, kind in kinds.items() if kind is ItemKind.CONTRAINDICATION}
    assert labelled == {"aneurysm", "avm", "brain_bleed", "pressure_hazard", "hypersensitivity"}
    assert kinds["psychosis"] is ItemKind.HARD_STOP
    assert kinds["glaucoma"] is ItemKind.CAUTION


def test_nobody_who_cannot_be_pregnant_is_asked_about_it() -> None:
    def asked(pregnancy: PregnancyPossible) -> set[str]:
        return {item.key for part in NASAL.asked(pregnancy) for item in part.items}

    assert set(KEYS) - asked(PregnancyPossible.NO) == {"pregnancy", "breastfeeding"}
    assert asked(PregnancyPossible.NOT_ASKED) == asked(PregnancyPossible.YES) == set(KEYS)
    answers = {"pregnancy": ItemAnswer.YES}
    assert "pregnancy" not in _parts(assess(NASAL, answers, Drug.KETAMINE, PregnancyPossible.NO))


def test_every_fault_of_a_questionnaire_is_named() -> None:
    faulty = FILES["iv"].replace('key = "avm"', 'key = "aneurysm"').replace("labelled_for = [", "labelled = [")
    with pytest.raises(FaultyData) as raised:
        parse_questionnaire(faulty)
    assert any("labelled: not known" in fault for fault in raised.value.faults)
    with pytest.raises(FaultyData) as raised:
        parse_questionnaire(FILES["iv"].replace('key = "avm"', 'key = "aneurysm"'))
    assert raised.value.faults == ("aneurysm: asked twice",)


def test_a_contraindication_without_its_label_is_refused() -> None:
    table = write_table(Questionnaire(route=NASAL.route, parts=NASAL.parts))
    assert isinstance(table, dict)
    table["parts"][0]["items"][0]["labelled_for"] = []
    table["parts"][0]["items"][0]["source"] = "somewhere"
    with pytest.raises(FaultyData) as raised:
        read_questionnaire(table)
    assert len(raised.value.faults) == 2


def test_only_pregnancy_depends_on_whom_is_asked() -> None:
    assert {item.key for item in NASAL.items if item.asked_of is AskedOf.CAN_BE_PREGNANT} == {
        "pregnancy",
        "breastfeeding",
    }
