"""Medicines by name, their sum in diazepam, and what there is to read before treatment."""

from decimal import Decimal
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.papers.screening_kinds import MedicineClass
from clinic_sessions.domain.patients.medicines import (
    Taken,
    diazepam_like,
    parse_medicines,
    recognise,
    spelled_like,
    warnings,
)
from clinic_sessions.domain.protocols.protocol_kinds import Drug
from clinic_sessions.domain.sourced import FaultyData, Sourced

TEXT = resources.files("clinic_sessions.protocols").joinpath("medicines.toml").read_text(encoding="utf-8")
SHIPPED = parse_medicines(TEXT)
LIMIT = Sourced(value=Decimal(8), unit="mg", source="Frontiers 2020.00844 [S]")
BENZODIAZEPINE = MedicineClass.BENZODIAZEPINE


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("lorazepam", BENZODIAZEPINE),
        ("XANAX XR 0.5 mg, twice a day", BENZODIAZEPINE),
        ("Fenitoína 100", MedicineClass.CYP_INDUCER),
        ("st john's wort", MedicineClass.CYP_INDUCER),
        ("St John\u2019s Wort tea", MedicineClass.CYP_INDUCER),
        ("lamotrigina", MedicineClass.LAMOTRIGINE),
        ("Lamictal", MedicineClass.LAMOTRIGINE),
        ("Emsam patch", MedicineClass.MAOI),
        ("Adderall", MedicineClass.STIMULANT),
        ("oxycodone/acetaminophen", MedicineClass.OPIOID),
        ("Ambien", MedicineClass.OTHER_DEPRESSANT),
        ("Paxlovid", MedicineClass.CYP_INHIBITOR),
    ],
)
def test_a_medicine_is_known_by_any_of_its_names_whatever_its_case_and_accents(typed: str, kind: MedicineClass) -> None:
    found = recognise(SHIPPED, typed)
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize("typed", ["", "sertraline 50 mg", "lithium", "norcoat", "a valiumlike tea"])
def test_what_is_no_known_name_is_not_guessed(typed: str) -> None:
    assert recognise(SHIPPED, typed) is None


@given(st.text(max_size=60))
def test_any_text_can_be_looked_up(typed: str) -> None:
    recognise(SHIPPED, typed)
    spelled_like(SHIPPED, typed)


@pytest.mark.parametrize(
    ("typed", "name"),
    [("Lorazapam 1 mg", "lorazepam"), ("xanex", "alprazolam"), ("St Johns wart", "St. John's wort"),
     ("old klonipin", "clonazepam"), ("gabapentine", "gabapentin")],
)  # fmt: skip
def test_a_name_one_letter_astray_is_doubted(typed: str, name: str) -> None:
    found = spelled_like(SHIPPED, typed)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize("typed", [
    "sertraline 100 mg", "Zoloft", "fluoxetine", "escitalopram", "venlafaxine", "duloxetine", "bupropion", "Wellbutrin",
    "mirtazapine", "trazodone", "vortioxetine", "nortriptyline", "lithium", "aripiprazole", "buspirone", "propranolol",
    "levothyroxine", "metformin", "lisinopril", "atorvastatin", "loratadine", "prednisone", "omeprazole", "sertralina",
    "nothing", "sodium", "",
])  # fmt: skip
def test_an_ordinary_name_is_taken_as_it_is(typed: str) -> None:
    assert spelled_like(SHIPPED, typed) is None


MEMBERS = [(group.kind, member, name) for group in SHIPPED.classes for member in group.members for name in member.names]


@pytest.mark.parametrize(("kind", "member", "name"), MEMBERS, ids=lambda value: str(value)[:20])
def test_every_shipped_name_leads_to_its_own_class(kind: MedicineClass, member: object, name: str) -> None:
    found = recognise(SHIPPED, name.upper())
    assert found is not None
    assert (found.kind, found.medicine) == (kind, member)


def _micrograms(name: str, daily: int) -> int | None:
    found = recognise(SHIPPED, name)
    assert found is not None
    return diazepam_like(found.medicine, daily)


@pytest.mark.parametrize(
    ("name", "daily", "like"),
    [
        ("diazepam", 10_000, 10_000),
        ("alprazolam", 500, 10_000),
        ("lorazepam", 800, 8_000),
        ("temazepam", 30_000, 15_000),
        ("chlordiazepoxide", 1, 1),
    ],
)
def test_a_days_dose_is_likened_to_diazepam_exactly_and_rounded_up(name: str, daily: int, like: int) -> None:
    assert _micrograms(name, daily) == like


def test_without_an_equivalent_the_dose_is_not_known() -> None:
    assert _micrograms("midazolam", 7_500) is None


@given(daily=st.integers(1, 1_000_000), more=st.integers(0, 1_000_000))
def test_more_is_never_likened_to_less(daily: int, more: int) -> None:
    less, rest = _micrograms("clonazepam", daily), _micrograms("clonazepam", daily + more)
    assert less
    assert rest
    assert 0 < less <= rest


def _words(*taken: Taken, drug: Drug = Drug.KETAMINE) -> list[str]:
    return [one.words for one in warnings(SHIPPED, taken, drug, LIMIT)]


def _benzodiazepine(number: int, diazepam: int | None) -> Taken:
    return Taken(id=number, name="lorazepam", kind=BENZODIAZEPINE, diazepam=diazepam)


def test_the_sum_warns_above_the_limit_and_not_at_it() -> None:
    assert not [words for words in _words(_benzodiazepine(1, 8_000)) if "come to" in words]
    assert not [words for words in _words(_benzodiazepine(1, 4_000), _benzodiazepine(2, 4_000)) if "come to" in words]
    over = _words(_benzodiazepine(1, 4_000), _benzodiazepine(2, 4_001))
    assert "Benzodiazepines come to 8.001 mg of diazepam a day, above 8 mg: the response is worse." in over


def test_the_sum_stands_beside_the_newest_and_its_words_change_with_it() -> None:
    found = warnings(SHIPPED, [_benzodiazepine(4, 9_000), _benzodiazepine(7, 5_000)], Drug.ESKETAMINE, LIMIT)
    (total,) = [one for one in found if "come to" in one.words]
    assert (total.medicine_id, total.source) == (7, LIMIT.source)
    assert "14 mg" in total.words


def test_a_dose_that_is_not_known_is_said_and_is_no_nothing() -> None:
    words = _words(_benzodiazepine(1, None))
    assert "The daily dose is not known in diazepam, so it cannot be held against 8 mg." in words


@pytest.mark.parametrize("drug", list(Drug))
@pytest.mark.parametrize("kind", [kind for kind in MedicineClass if kind is not BENZODIAZEPINE])
def test_every_class_calls_for_its_warning(kind: MedicineClass, drug: Drug) -> None:
    assert _words(Taken(id=1, name="x", kind=kind), drug=drug) == [SHIPPED.of(kind).warning]


def test_a_medicine_without_a_class_calls_for_none() -> None:
    assert _words(Taken(id=1, name="sertraline", kind=None)) == []


def test_a_faulty_file_lists_every_fault() -> None:
    faulty = TEXT.replace('also = ["Ambien"', 'also = ["Xanax"').replace('value = "0.5"', "value = 0", 1)
    with pytest.raises(FaultyData) as raised:
        parse_medicines(faulty)
    assert "xanax: named twice" in raised.value.faults
    assert any("alprazolam" in fault for fault in raised.value.faults)
