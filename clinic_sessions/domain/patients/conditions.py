"""The conditions that are treated, with their ICD-10-CM codes and the scales proposed for each: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey


class Condition(StrEnum):
    """Why a patient is treated."""

    TREATMENT_RESISTANT_DEPRESSION = "treatment_resistant_depression"
    GENERALISED_ANXIETY = "generalised_anxiety"
    SOCIAL_ANXIETY = "social_anxiety"
    PANIC_DISORDER = "panic_disorder"
    PTSD = "ptsd"
    FIBROMYALGIA = "fibromyalgia"
    COMPLEX_REGIONAL_PAIN = "complex_regional_pain"
    NEUROPATHIC_PAIN = "neuropathic_pain"
    ACUTE_SUICIDAL_IDEATION = "acute_suicidal_ideation"
    BIPOLAR_DEPRESSION = "bipolar_depression"


@dataclass(frozen=True, kw_only=True)
class Code:
    """An ICD-10-CM code with its source mark."""

    code: str
    source: str


_SCREENS = (ScaleKey.RISK_SCREEN, ScaleKey.MANIA_CHECK)


@dataclass(frozen=True, kw_only=True)
class ConditionFacts:
    """A condition as staff read it; the scales are a proposal [P], the clinician chooses the code."""

    condition: Condition
    label: str
    codes: tuple[Code, ...]
    scales: tuple[ScaleKey, ...]
    """The set that is proposed, in the order in which they are asked."""

    @property
    def course(self) -> ScaleKey:
        """The scale whose course shows whether the condition improves."""
        return next(one for one in self.scales if one not in _SCREENS)


_READ = "ICD-10-CM, as listed by carepatron and icd-faq [S]"
_RECALLED = "ICD-10-CM, to be checked against the current release [M]"


def _codes(read: str, recalled: str) -> tuple[Code, ...]:
    pairs = [(code, _READ) for code in read.split()] + [(code, _RECALLED) for code in recalled.split()]
    return tuple(Code(code=code, source=source) for code, source in pairs)


def _facts(condition: Condition, label: str, *scales: ScaleKey, read: str = "", recalled: str = "") -> ConditionFacts:
    return ConditionFacts(condition=condition, label=label, codes=_codes(read, recalled), scales=scales)


_PAIN = (ScaleKey.PEG, ScaleKey.NRS_PAIN)


_ALL = (
    _facts(
        Condition.TREATMENT_RESISTANT_DEPRESSION,
        "Treatment-resistant depression",
        ScaleKey.PHQ_9,
        read="F33.0 F33.1 F32.0 F32.2 F32.9",
        recalled="F32.A F33.2 F33.3",
    ),
    _facts(Condition.GENERALISED_ANXIETY, "Generalized anxiety disorder", ScaleKey.GAD_7, recalled="F41.1"),
    _facts(Condition.SOCIAL_ANXIETY, "Social anxiety disorder", ScaleKey.GAD_7, recalled="F40.10"),
    _facts(Condition.PANIC_DISORDER, "Panic disorder", ScaleKey.GAD_7, recalled="F41.0"),
    _facts(Condition.PTSD, "Post-traumatic stress disorder", ScaleKey.PCL_5, recalled="F43.10 F43.11 F43.12"),
    _facts(Condition.FIBROMYALGIA, "Fibromyalgia", *_PAIN, recalled="M79.7"),
    _facts(
        Condition.COMPLEX_REGIONAL_PAIN,
        "Complex regional pain syndrome",
        *_PAIN,
        recalled="G90.50 G90.511 G90.512 G90.513 G90.519 G90.521 G90.522 G90.523 G90.529 G90.59",
    ),
    _facts(Condition.NEUROPATHIC_PAIN, "Neuropathic pain", *_PAIN, recalled="G89.4"),
    _facts(
        Condition.ACUTE_SUICIDAL_IDEATION,
        "Acute suicidal ideation",
        ScaleKey.RISK_SCREEN,
        ScaleKey.PHQ_9,
        read="R45.851",
    ),
    _facts(
        Condition.BIPOLAR_DEPRESSION,
        "Bipolar depression",
        ScaleKey.PHQ_9,
        ScaleKey.MANIA_CHECK,
        recalled="F31.30 F31.31 F31.32 F31.4 F31.81 F31.9",
    ),
)

CONDITIONS: Mapping[Condition, ConditionFacts] = MappingProxyType({one.condition: one for one in _ALL})
"""Every condition; the owner's clinic shows them in this order."""


def codes_of(condition: Condition) -> tuple[str, ...]:
    """The ICD-10-CM codes that may stand for a condition.

    >>> codes_of(Condition.ACUTE_SUICIDAL_IDEATION)
    ('R45.851',)
    """
    return tuple(one.code for one in CONDITIONS[condition].codes)
