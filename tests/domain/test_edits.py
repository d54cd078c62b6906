"""A provider's edits: every number is a leaf, what cannot be is named at its place, and what is unusual asks why."""

import json
from decimal import Decimal
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic_sessions.domain.protocols import edits, leaves, protocols
from clinic_sessions.domain.protocols.edits import Base, Edited, FaultyEdits, Typed
from clinic_sessions.domain.protocols.leaves import Mark
from clinic_sessions.domain.protocols.protocols import Protocol
from clinic_sessions.domain.sourced import write_table
from clinic_sessions.domain.thresholds import parse_thresholds, read_thresholds
from clinic_sessions.services.catalogue import SHIPPED


def _text(name: str) -> str:
    return resources.files("clinic_sessions.protocols").joinpath(f"{name}.toml").read_text()


IV = protocols.parse(_text("iv-mood"))
WHY = "Our patients tire after an hour"
SIGNED = "Dr. Kim, 2026-11-23"


def _edit(
    values: dict[str, str], reasons: dict[str, str] | None = None, protocol: Protocol = IV, base: Protocol = IV
) -> Edited[Protocol]:
    typed = Typed(values=values, reasons=reasons or {})
    return edits.apply(protocol, Base(document=base, reasons={}), typed, SIGNED, protocols.read)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_number_of_a_shipped_protocol_is_a_leaf_with_its_bounds(name: str) -> None:
    protocol = protocols.parse(_text(name))
    numbers = [leaf for leaf in leaves.leaves(protocol) if leaf.number]
    assert len(numbers) == json.dumps(write_table(protocol)).count('"value"')
    assert all(leaf.allowed and leaf.allowed.takes(leaf.number.value) for leaf in numbers if leaf.number)
    assert len(leaves.by_name(numbers)) == len(numbers)


@pytest.mark.parametrize("name", SHIPPED)
def test_typing_what_stands_there_already_changes_nothing(name: str) -> None:
    protocol = protocols.parse(_text(name))
    found = [leaf for leaf in leaves.leaves(protocol) if edits.editable(leaf)]
    made = _edit({leaf.path: edits.text_of(leaf) for leaf in found}, protocol=protocol, base=protocol)
    assert made.document == protocol
    assert made.reasons == {}


def test_a_value_within_the_published_range_needs_no_reason_and_names_who_set_it() -> None:
    number = _edit({"phases[1].minutes": "55"}).document.phases[1].minutes
    assert number.value == 55
    assert number.source.startswith(f"Clinic setting, {SIGNED}; before: 40 min, 0.5 mg/kg over 40 min")


@pytest.mark.parametrize("minutes", ["39", "61"])
def test_a_value_outside_the_published_range_needs_a_reason(minutes: str) -> None:
    with pytest.raises(FaultyEdits) as refused:
        _edit({"phases[1].minutes": minutes})
    assert refused.value.unexplained == {"phases[1].minutes"}
    made = _edit({"phases[1].minutes": minutes}, {"phases[1].minutes": WHY})
    assert made.reasons == {"phases[1].minutes": WHY}


def test_without_a_published_range_the_published_value_is_the_range() -> None:
    with pytest.raises(FaultyEdits) as refused:
        _edit({"spacing": "3"}, {"spacing": "short"})
    assert refused.value.unexplained == {"spacing"}


def test_a_value_that_is_put_back_has_its_own_source_again() -> None:
    changed = _edit({"spacing": "3"}, {"spacing": WHY}).document
    assert _edit({"spacing": "2"}, protocol=changed).document == IV


def test_a_number_that_is_set_twice_keeps_the_first_source_once() -> None:
    once = _edit({"spacing": "3"}, {"spacing": WHY}).document
    twice = _edit({"spacing": "4"}, {"spacing": WHY}, protocol=once, base=once).document
    assert twice.spacing.source == f"Clinic setting, {SIGNED}; before: 2 days, {IV.spacing.source}"


@pytest.mark.parametrize("text", ["", "forty", "-1", "0", "40.5", "601", "1e2", "٤٠", "NaN"])
def test_a_value_beyond_the_bounds_is_named_at_its_place(text: str) -> None:
    with pytest.raises(FaultyEdits) as refused:
        _edit({"phases[1].minutes": text})
    assert refused.value.faults == {"phases[1].minutes": "Enter a number from 1 to 600, whole."}


def test_values_that_contradict_each_other_are_named() -> None:
    with pytest.raises(FaultyEdits) as refused:
        _edit({"observation.minutes": "50"}, {"observation.minutes": WHY})
    assert refused.value.faults == {"observation.minutes": "longer than the phases leave room for"}


def test_what_is_no_place_of_the_protocol_or_may_not_change_is_left_alone() -> None:
    assert (
        _edit({"drug": "esketamine", "phases[9].minutes": "1", "key": "x", "phases[0].kind": "observe"}).document == IV
    )


def test_a_changed_text_keeps_its_lines() -> None:
    lines = [*IV.preparation.en[:-1], "Bring a blanket."]
    made = _edit({"preparation.en": "\r\n\r\n".join(lines), "name": "Slow infusion"}).document
    assert made.preparation.en == tuple(lines)
    assert made.name == "Slow infusion"


def test_a_text_without_its_hours_is_refused() -> None:
    with pytest.raises(FaultyEdits) as refused:
        _edit({"preparation.en": "Come."})
    assert "preparation.en" in refused.value.faults


def test_two_versions_side_by_side_name_every_difference() -> None:
    made = _edit({"phases[1].minutes": "50", "name": "Slow infusion"}).document
    marks = {
        row.leaf.path: row.mark
        for rows in leaves.compare(IV, made).values()
        for row in rows
        if row.mark is not Mark.SAME
    }
    assert marks == {"phases[1].minutes": Mark.CHANGED, "name": Mark.CHANGED}


def test_a_limit_in_only_one_version_is_added_or_removed_whatever_its_place_in_the_list() -> None:
    fewer = protocols.read(write_table(IV) | {"limits": write_table(IV.limits[1:])})  # type: ignore[operator]
    for before, after, mark in ((IV, fewer, Mark.REMOVED), (fewer, IV, Mark.ADDED)):
        rows = [row for rows in leaves.compare(before, after).values() for row in rows if row.mark is not Mark.SAME]
        assert [(row.mark, row.leaf.label[:27]) for row in rows] == [(mark, "Systolic pressure at least,")]


def test_thresholds_are_edited_by_the_same_rules() -> None:
    numbers = parse_thresholds(_text("thresholds"))
    typed = Typed(values={"clearance": "90"}, reasons={"clearance": WHY})
    made = edits.apply(numbers, Base(document=numbers, reasons={}), typed, SIGNED, read_thresholds)
    assert made.document.clearance.value == 90
    assert made.document.consent == numbers.consent


@given(st.integers(0, 1000), st.integers(0, 3))
def test_whatever_is_typed_for_a_dose_stays_within_its_bounds_or_is_refused(units: int, places: int) -> None:
    text = format(Decimal(units).scaleb(-places), "f")
    if not 0 < Decimal(text) <= 5:
        with pytest.raises(FaultyEdits, match=r"dose\.weight"):
            _edit({"dose.weight.per_kg": text})
        return
    made = _edit({"dose.weight.per_kg": text}, {"dose.weight.per_kg": WHY})
    assert made.document.dose.weight is not None
    assert made.document.dose.weight.per_kg.value == Decimal(text)
    assert bool(made.reasons) == (not Decimal("0.5") <= Decimal(text) <= 1)
