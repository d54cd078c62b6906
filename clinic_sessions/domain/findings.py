"""Long-term safety: what is looked at again and again while treatment goes on."""

from enum import StrEnum


class FindingKind(StrEnum):
    URINARY_SYMPTOMS = "urinary_symptoms"
    URINALYSIS = "urinalysis"
    LIVER_TESTS = "liver_tests"


class FindingResult(StrEnum):
    NORMAL = "normal"
    ABNORMAL = "abnormal"
