"""What patients of the demo feel during a visit, and what is done about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from types import MappingProxyType

from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.session.side_effects import Grade, InterventionKind, SideEffectKind


@dataclass(frozen=True, kw_only=True)
class Done:
    """An intervention, some minutes after the onset."""

    kind: InterventionKind
    minutes: int
    dose: str | None = None
    words: str | None = None


@dataclass(frozen=True, kw_only=True)
class Felt:
    """A side effect from onset to resolution; None: it was still there when the patient left, or is there now."""

    kind: SideEffectKind
    grade: Grade
    onset: datetime
    resolved: datetime | None
    done: Done | None = None
    words: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Likely:
    kind: SideEffectKind
    chance: float
    onset: tuple[int, int]
    lasts: tuple[int, int]
    worse: float = 0.0
    words: str | None = None


_ANY_ROUTE = (
    _Likely(
        kind=SideEffectKind.DISSOCIATION,
        chance=0.5,
        onset=(8, 25),
        lasts=(25, 45),
        worse=0.35,
        words="Felt far away from the room, could answer",
    ),
    _Likely(kind=SideEffectKind.DIZZINESS, chance=0.3, onset=(10, 30), lasts=(20, 50), worse=0.15),
    _Likely(kind=SideEffectKind.NAUSEA, chance=0.28, onset=(20, 45), lasts=(15, 40), worse=0.5),
    _Likely(kind=SideEffectKind.SEDATION, chance=0.15, onset=(12, 30), lasts=(20, 40)),
    _Likely(kind=SideEffectKind.HEADACHE, chance=0.1, onset=(45, 65), lasts=(0, 0)),
    _Likely(kind=SideEffectKind.ANXIETY, chance=0.08, onset=(5, 15), lasts=(10, 20), worse=0.4),
)
_OF_ROUTE: Mapping[Route, tuple[_Likely, ...]] = MappingProxyType(
    {
        Route.IV: (
            _Likely(kind=SideEffectKind.VISION_BLURRED, chance=0.1, onset=(15, 30), lasts=(20, 35)),
            _Likely(kind=SideEffectKind.BLOOD_PRESSURE_INCREASED, chance=0.07, onset=(30, 42), lasts=(20, 30),
                    worse=0.5),
            _Likely(kind=SideEffectKind.INFUSION_SITE_PAIN, chance=0.05, onset=(3, 10), lasts=(10, 30)),
        ),
        Route.IM: (
            _Likely(kind=SideEffectKind.VOMITING, chance=0.08, onset=(25, 50), lasts=(5, 15), worse=0.7),
            _Likely(kind=SideEffectKind.NYSTAGMUS, chance=0.1, onset=(5, 12), lasts=(20, 40)),
        ),
        Route.IN_: (
            _Likely(kind=SideEffectKind.DYSGEUSIA, chance=0.25, onset=(2, 8), lasts=(30, 60), words="Bitter taste"),
            _Likely(kind=SideEffectKind.NASAL_DISCOMFORT, chance=0.12, onset=(2, 6), lasts=(15, 40)),
        ),
    }
)  # fmt: skip

_DONE: Mapping[SideEffectKind, Done] = MappingProxyType(
    {
        SideEffectKind.NAUSEA: Done(kind=InterventionKind.ONDANSETRON, minutes=3, dose="4 mg IV"),
        SideEffectKind.VOMITING: Done(kind=InterventionKind.ONDANSETRON, minutes=4, dose="4 mg, dissolving tablet"),
        SideEffectKind.ANXIETY: Done(kind=InterventionKind.REASSURANCE, minutes=1, words="Sat with them"),
        SideEffectKind.DISSOCIATION: Done(kind=InterventionKind.REASSURANCE, minutes=2),
        SideEffectKind.DIZZINESS: Done(kind=InterventionKind.FLUIDS, minutes=5, dose="250 mL"),
        SideEffectKind.BLOOD_PRESSURE_INCREASED: Done(kind=InterventionKind.CLONIDINE, minutes=6, dose="0.1 mg"),
    }
)  # fmt: skip


def feelings(route: Route, dose: datetime, ready: datetime, rng: Random) -> list[Felt]:
    """Give what is felt after a dose; all but a lasting mild headache is over before the patient is ready to leave."""
    return sorted(
        (
            _felt(likely, dose, ready, rng)
            for likely in (*_ANY_ROUTE, *_OF_ROUTE[route])
            if rng.random() < likely.chance
        ),
        key=lambda felt: felt.onset,
    )


def _felt(likely: _Likely, dose: datetime, ready: datetime, rng: Random) -> Felt:
    grade = Grade.MODERATE if rng.random() < likely.worse else Grade.MILD
    onset = dose + timedelta(minutes=rng.randint(*likely.onset))
    over = min(onset + timedelta(minutes=rng.randint(*likely.lasts)), ready - timedelta(minutes=3))
    return Felt(
        kind=likely.kind,
        grade=grade,
        onset=onset,
        resolved=over if likely.lasts != (0, 0) else None,
        done=_DONE.get(likely.kind) if grade is Grade.MODERATE else None,
        words=likely.words,
    )


def told(story: str, dose: datetime) -> list[Felt]:
    """Give what the patients who are here now feel."""
    if story == "nausea":
        return [
            Felt(kind=SideEffectKind.DISSOCIATION, grade=Grade.MILD, onset=_after(dose, 18), resolved=_after(dose, 47)),
            Felt(kind=SideEffectKind.NAUSEA, grade=Grade.MODERATE, onset=_after(dose, 44), resolved=None,
                 done=_DONE[SideEffectKind.NAUSEA]),
        ]  # fmt: skip
    if story == "dissociation":
        return [
            Felt(kind=SideEffectKind.DISSOCIATION, grade=Grade.MODERATE, onset=_after(dose, 14), resolved=None,
                 done=_DONE[SideEffectKind.DISSOCIATION], words="Floating, calm, knows where she is"),
            Felt(kind=SideEffectKind.DYSGEUSIA, grade=Grade.MILD, onset=_after(dose, 4), resolved=_after(dose, 33)),
        ]  # fmt: skip
    if story == "overdue":
        return [Felt(kind=SideEffectKind.DIZZINESS, grade=Grade.MILD, onset=_after(dose, 13), resolved=None)]
    return []


def _after(dose: datetime, minutes: int) -> datetime:
    return dose + timedelta(minutes=minutes)
