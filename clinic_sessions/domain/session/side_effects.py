"""Side effects: the closed lists, their data file, and which of them keep a patient from leaving."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Annotated

from clinic_sessions.domain.protocols.protocol_kinds import Route
from clinic_sessions.domain.sourced import Allowed, FaultyData, Sourced, load_toml, read_table, source_faults


class SideEffectKind(StrEnum):
    """What can be noticed, by how often it was reported with esketamine, then intravenous and urinary ones."""

    DISSOCIATION = "dissociation"
    DIZZINESS = "dizziness"
    NAUSEA = "nausea"
    SEDATION = "sedation"
    VERTIGO = "vertigo"
    HEADACHE = "headache"
    DYSGEUSIA = "dysgeusia"
    HYPOAESTHESIA = "hypoaesthesia"
    ANXIETY = "anxiety"
    LETHARGY = "lethargy"
    BLOOD_PRESSURE_INCREASED = "blood_pressure_increased"
    VOMITING = "vomiting"
    INSOMNIA = "insomnia"
    DIARRHOEA = "diarrhoea"
    NASAL_DISCOMFORT = "nasal_discomfort"
    THROAT_IRRITATION = "throat_irritation"
    FEELING_DRUNK = "feeling_drunk"
    DRY_MOUTH = "dry_mouth"
    HYPERHIDROSIS = "hyperhidrosis"
    EUPHORIC_MOOD = "euphoric_mood"
    DYSARTHRIA = "dysarthria"
    TREMOR = "tremor"
    OROPHARYNGEAL_PAIN = "oropharyngeal_pain"
    MENTAL_IMPAIRMENT = "mental_impairment"
    CONSTIPATION = "constipation"
    POLLAKIURIA = "pollakiuria"
    FEELING_ABNORMAL = "feeling_abnormal"
    TACHYCARDIA = "tachycardia"
    VISION_BLURRED = "vision_blurred"
    DIPLOPIA = "diplopia"
    NYSTAGMUS = "nystagmus"
    HALLUCINATION = "hallucination"
    CONFUSIONAL_STATE = "confusional_state"
    RESPIRATORY_DEPRESSION = "respiratory_depression"
    INFUSION_SITE_PAIN = "infusion_site_pain"
    EMERGENCE_DELIRIUM = "emergence_delirium"
    CHEST_PAIN = "chest_pain"
    DYSURIA = "dysuria"
    MICTURITION_URGENCY = "micturition_urgency"
    NOCTURIA = "nocturia"
    CYSTITIS = "cystitis"
    OTHER = "other"


class Grade(IntEnum):
    """CTCAE v5 severity. A number alone, such as a blood pressure, is not yet a side effect."""

    MILD = 1
    MODERATE = 2
    SEVERE = 3
    LIFE_THREATENING = 4
    DEATH = 5


class Outcome(StrEnum):
    """How a side effect ended, or stands."""

    RESOLVED = "resolved"
    RESOLVED_WITH_SEQUELAE = "resolved_with_sequelae"
    CONTINUING_ADVISED = "continuing_advised"
    WORSENING = "worsening"
    FATAL = "fatal"
    UNKNOWN = "unknown"


ENDED = frozenset({Outcome.RESOLVED, Outcome.RESOLVED_WITH_SEQUELAE})
"""With these it is there no more."""


class SideEffectEventKind(StrEnum):
    """What can happen to a recorded side effect; each is a new row."""

    GRADED = "graded"
    ACTED_ON = "acted_on"
    RESOLVED = "resolved"
    OUTCOME = "outcome"
    CORRECTED = "corrected"


class InterventionKind(StrEnum):
    """What staff did."""

    RATE_REDUCED = "rate_reduced"
    PAUSED = "paused"
    STOPPED = "stopped"
    ONDANSETRON = "ondansetron"
    LABETALOL = "labetalol"
    HYDRALAZINE = "hydralazine"
    CLONIDINE = "clonidine"
    MIDAZOLAM = "midazolam"
    OXYGEN = "oxygen"
    FLUIDS = "fluids"
    REASSURANCE = "reassurance"
    EMS = "ems"
    OTHER = "other"


class Seriousness(StrEnum):
    """What makes an event serious (FDA, ICH E2A) [M]; grade 3 is not by itself serious."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    HOSPITALISATION = "hospitalisation"
    DISABILITY = "disability"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    IMPORTANT_MEDICAL_EVENT = "important_medical_event"


KEEPS_HERE = frozenset(
    {
        SideEffectKind.SEDATION,
        SideEffectKind.DISSOCIATION,
        SideEffectKind.RESPIRATORY_DEPRESSION,
        SideEffectKind.CHEST_PAIN,
    }
)
"""Unresolved, these block leaving at any grade."""

BLOCKS_FROM = Grade.MODERATE
"""Unresolved, anything of this grade and above blocks leaving."""


class SideEffectGroup(StrEnum):
    """Which part of the list a kind stands in."""

    ESKETAMINE_TRIAL = "esketamine_trial"
    INFUSION = "infusion"
    EMERGENCY = "emergency"
    URINARY = "urinary"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class SideEffectWords:
    """One kind: staff's label, a patient's words, and the share of patients in the trial, with source.

    `at_once`: the routes on which somebody must act as soon as it is seen [P].
    """

    kind: SideEffectKind
    group: SideEffectGroup
    label: str
    patient_en: str
    patient_es: str
    source: str
    incidence: Annotated[Sourced, Allowed("%", low=0, high=100, places=1)] | None = None
    placebo: Annotated[Sourced, Allowed("%", low=0, high=100, places=1)] | None = None
    at_once: tuple[Route, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GradeWords:
    """What a grade means, and who says so."""

    grade: int
    label: str
    meaning: str
    source: str


@dataclass(frozen=True, kw_only=True)
class SideEffectCatalogue:
    """The whole data file."""

    kinds: tuple[SideEffectWords, ...]
    grades: tuple[GradeWords, ...]


def parse_side_effects(text: str) -> SideEffectCatalogue:
    """Read the catalogue from TOML; raises FaultyData unless every kind and grade stands there once, in order."""
    faults: list[str] = []
    catalogue = read_table(SideEffectCatalogue, load_toml(text), "", faults)
    if catalogue is None:
        raise FaultyData(tuple(faults))
    if [one.kind for one in catalogue.kinds] != list(SideEffectKind):
        faults.append("kinds: must be every kind, once and in order")
    if [one.grade for one in catalogue.grades] != list(Grade):
        faults.append("grades: must be 1 to 5, in order")
    sources = [(one.label, one.source) for one in catalogue.kinds] + [
        (one.label, one.source) for one in catalogue.grades
    ]
    faults.extend(fault for label, source in sources for fault in source_faults(source, label))
    if faults:
        raise FaultyData(tuple(faults))
    return catalogue


_COMMON: tuple[SideEffectKind, ...] = (
    SideEffectKind.DISSOCIATION,
    SideEffectKind.DIZZINESS,
    SideEffectKind.NAUSEA,
    SideEffectKind.SEDATION,
    SideEffectKind.HEADACHE,
)
_ALSO_COMMON = {
    Route.IV: SideEffectKind.BLOOD_PRESSURE_INCREASED,
    Route.IM: SideEffectKind.VOMITING,
    Route.IN_: SideEffectKind.DYSGEUSIA,
}


def common_for(route: Route) -> tuple[SideEffectKind, ...]:
    """The six kinds offered to a patient first, by route; a proposal [P], the whole list stands behind it."""
    return (*_COMMON, _ALSO_COMMON[route])


MOST_FREQUENT = 6
"""So many kinds stand first, by how often they were reported."""

MOST_BEFORE = 3
"""So many kinds that this patient had before stand beside them."""


def in_sight(
    kinds: Sequence[SideEffectWords], route: Route | None, before: Sequence[SideEffectKind]
) -> list[SideEffectWords]:
    """Give the kinds that a nurse notes without opening a list: the most frequent, those to act on at once, those
    that this patient had `before`; the other kinds stand behind them."""
    first = [*kinds[:MOST_FREQUENT], *(one for one in kinds[MOST_FREQUENT:] if route in one.at_once)]
    own = [one for kind in before for one in kinds if one.kind is kind and one not in first]
    return [*first, *own[:MOST_BEFORE]]


def blocks_leaving(kind: SideEffectKind, grade: Grade, resolved: bool) -> bool:
    """Whether a side effect keeps the patient here: unresolved, and of a kept kind or of grade 2 and more.

    >>> blocks_leaving(SideEffectKind.NAUSEA, Grade.MILD, resolved=False)
    False
    >>> blocks_leaving(SideEffectKind.NAUSEA, Grade.MODERATE, resolved=False)
    True
    >>> blocks_leaving(SideEffectKind.DISSOCIATION, Grade.MILD, resolved=False)
    True
    """
    return not resolved and (kind in KEEPS_HERE or grade >= BLOCKS_FROM)
