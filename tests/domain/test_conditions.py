"""The conditions, their codes and scales."""

import re

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.patients.conditions import CONDITIONS, Condition, codes_of


def test_every_condition_has_a_label_codes_and_a_scale() -> None:
    assert list(CONDITIONS) == list(Condition)
    for facts in CONDITIONS.values():
        assert facts.label
        assert facts.codes
        assert facts.scales


def test_each_condition_proposes_the_scales_that_show_its_course_and_its_dangers() -> None:
    proposed = {condition: facts.scales for condition, facts in CONDITIONS.items()}

    assert proposed[Condition.TREATMENT_RESISTANT_DEPRESSION] == (ScaleKey.PHQ_9,)
    assert {
        proposed[Condition.GENERALISED_ANXIETY], proposed[Condition.SOCIAL_ANXIETY], proposed[Condition.PANIC_DISORDER]
    } == {(ScaleKey.GAD_7,)}  # fmt: skip
    assert proposed[Condition.PTSD] == (ScaleKey.PCL_5,)
    assert proposed[Condition.COMPLEX_REGIONAL_PAIN] == (ScaleKey.PEG, ScaleKey.NRS_PAIN)
    assert proposed[Condition.ACUTE_SUICIDAL_IDEATION] == (ScaleKey.RISK_SCREEN, ScaleKey.PHQ_9)
    assert proposed[Condition.BIPOLAR_DEPRESSION] == (ScaleKey.PHQ_9, ScaleKey.MANIA_CHECK)
    assert CONDITIONS[Condition.ACUTE_SUICIDAL_IDEATION].course is ScaleKey.PHQ_9


def test_every_code_has_the_form_of_icd_10_cm_and_a_source_mark() -> None:
    for facts in CONDITIONS.values():
        for one in facts.codes:
            assert re.fullmatch(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,4})?", one.code)
            assert re.search(r"\[(S|M)\]$", one.source)


def test_no_code_stands_for_two_conditions() -> None:
    codes = [code for condition in Condition for code in codes_of(condition)]

    assert len(set(codes)) == len(codes)
