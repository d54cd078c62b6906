"""The conditions, their codes and scales."""

import re

from clinic_sessions.domain.conditions import CONDITIONS, Condition, ScaleKind, codes_of


def test_every_condition_has_a_label_codes_and_a_scale() -> None:
    assert list(CONDITIONS) == list(Condition)
    for facts in CONDITIONS.values():
        assert facts.label
        assert facts.codes
        assert facts.scale in ScaleKind


def test_every_code_has_the_form_of_icd_10_cm_and_a_source_mark() -> None:
    for facts in CONDITIONS.values():
        for one in facts.codes:
            assert re.fullmatch(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,4})?", one.code)
            assert re.search(r"\[(S|M)\]$", one.source)


def test_no_code_stands_for_two_conditions() -> None:
    codes = [code for condition in Condition for code in codes_of(condition)]

    assert len(set(codes)) == len(codes)
