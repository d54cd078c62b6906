"""What a treatment protocol is made of: frozen values, every clinical number with unit and source."""

from dataclasses import dataclass
from typing import Annotated

from clinic_sessions.domain.protocols.protocol_kinds import (
    AlertLevel,
    Anchor,
    Compare,
    DrivingRule,
    Drug,
    EscortKind,
    Measure,
    PhaseKind,
    Route,
    SeriesKind,
    SiteRole,
)
from clinic_sessions.domain.sourced import Allowed, Sourced


@dataclass(frozen=True, kw_only=True)
class RequiredRole:
    """A role that must be on site during a phase, and who says so."""

    role: SiteRole
    source: str


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One part of the chair block: its minutes, and the share of one nurse that it takes."""

    kind: PhaseKind
    minutes: Annotated[Sourced, Allowed("min", high=600)]
    nurse: Annotated[Sourced, Allowed("nurse", low=0, high=2, places=3)]
    roles: tuple[RequiredRole, ...] = ()

    @property
    def nurse_milli(self) -> int:
        """Thousandths of a nurse."""
        return self.nurse.thousandths


@dataclass(frozen=True, kw_only=True)
class WeightDose:
    """mg per kg of body weight, never above the cap, rounded down to the step that can be drawn."""

    per_kg: Annotated[Sourced, Allowed("mg/kg", low=0, high=5, places=3)]
    cap: Annotated[Sourced, Allowed("mg", high=500, places=3)]
    round_down_to: Annotated[Sourced, Allowed("mg", low=0, high=10, places=3)]


@dataclass(frozen=True, kw_only=True)
class FixedDose:
    """The same mg for everyone, never above the cap."""

    amount: Annotated[Sourced, Allowed("mg", high=500, places=3)]
    cap: Annotated[Sourced, Allowed("mg", high=500, places=3)]


@dataclass(frozen=True, kw_only=True)
class DeviceDose:
    """Whole spray devices, some minutes apart; the first session gets the fewest."""

    per_device: Annotated[Sourced, Allowed("mg", high=100, places=3)]
    minutes_apart: Annotated[Sourced, Allowed("min", high=60)]
    fewest: Annotated[Sourced, Allowed("devices", high=6)]
    most: Annotated[Sourced, Allowed("devices", high=6)]


DoseRule = WeightDose | FixedDose | DeviceDose


@dataclass(frozen=True, kw_only=True)
class Dose:
    """Exactly one of the three ways to say a dose."""

    weight: WeightDose | None = None
    fixed: FixedDose | None = None
    devices: DeviceDose | None = None


@dataclass(frozen=True, kw_only=True)
class VitalsInterval:
    """A check every so many minutes while a phase lasts."""

    phase: PhaseKind
    every: Annotated[Sourced, Allowed("min", high=240)]


@dataclass(frozen=True, kw_only=True)
class PhaseMeasures:
    """What a check holds in a phase, and who says so."""

    phase: PhaseKind
    take: tuple[Measure, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class VitalsSchedule:
    """When vitals are due: minutes from start, intervals inside phases, and how early a check still counts."""

    at: tuple[Annotated[Sourced, Allowed("min", high=600)], ...] = ()
    intervals: tuple[VitalsInterval, ...] = ()
    early: Annotated[Sourced, Allowed("min", low=0, high=30)]
    measures: tuple[PhaseMeasures, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Observation:
    """The least time under observation, and the moment from which it counts."""

    anchor: Anchor
    anchor_source: str
    minutes: Annotated[Sourced, Allowed("min", high=600)]
    aldrete: Annotated[Sourced, Allowed("score", high=10)] | None = None


@dataclass(frozen=True, kw_only=True)
class LimitRule:
    """One alert limit: which measure, which side, how loud, in which phases, and for which minutes from start."""

    measure: Measure
    compare: Compare
    level: AlertLevel
    phases: tuple[PhaseKind, ...]
    limit: Annotated[Sourced, Allowed("", low=0, high=300)]
    from_minute: Annotated[Sourced, Allowed("min", low=0, high=600)] | None = None
    until_minute: Annotated[Sourced, Allowed("min", high=600)] | None = None

    @property
    def is_upper(self) -> bool:
        """Whether a value above the limit is outside it."""
        return self.compare in {Compare.AT_LEAST, Compare.ABOVE}


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What the protocol asks to be done when values are outside their limits in these phases, and who says so.

    `high`: above the limit, else below it.
    """

    measures: tuple[Measure, ...]
    high: bool
    level: AlertLevel
    phases: tuple[PhaseKind, ...]
    do: str
    source: str


@dataclass(frozen=True, kw_only=True)
class AlertLimits:
    """The limits that hold at one moment of one session."""

    rules: tuple[LimitRule, ...]


@dataclass(frozen=True, kw_only=True)
class SeriesPhase:
    """So many sessions in so many days, `count` in all; without a count it goes on until someone ends it.

    `most_a_week`: the most that the label has in one treatment week of the phase, which its rhythm may stay below.
    """

    kind: SeriesKind
    sessions: Annotated[Sourced, Allowed("sessions", high=14)]
    every: Annotated[Sourced, Allowed("days", high=365)]
    count: Annotated[Sourced, Allowed("sessions", high=60)] | None = None
    most_a_week: Annotated[Sourced, Allowed("sessions", high=14)] | None = None


@dataclass(frozen=True, kw_only=True)
class Escort:
    """The ways home that the protocol accepts."""

    accepted: tuple[EscortKind, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class Driving:
    """When the patient may drive again; `hours` only with the rule of that name."""

    rule: DrivingRule
    source: str
    hours: Annotated[Sourced, Allowed("h", high=72)] | None = None


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Fasting as rules, and what the patient reads; the texts carry {food_until} and {liquid_until}."""

    en: tuple[str, ...]
    es: tuple[str, ...]
    food: Annotated[Sourced, Allowed("h", high=24)]
    liquid: Annotated[Sourced, Allowed("min", high=600)]
    alcohol: Annotated[Sourced, Allowed("h", high=96)]
    heavy: Annotated[Sourced, Allowed("h", high=24)] | None = None
    """Longer than `food`, where a fatty meal is told apart."""
    nasal_spray: Annotated[Sourced, Allowed("min", high=600)] | None = None
    """For how long before the dose no spray may have gone into the nose."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A treatment protocol, whole and checked."""

    key: str
    name: str
    drug: Drug
    route: Route
    off_label: bool
    off_label_source: str
    chair_needs: Route
    phases: tuple[Phase, ...]
    dose: Dose
    vitals: VitalsSchedule
    observation: Observation
    limits: tuple[LimitRule, ...]
    advice: tuple[Advice, ...] = ()
    series: tuple[SeriesPhase, ...]
    escort: Escort
    driving: Driving
    preparation: Preparation
    spacing: Annotated[Sourced, Allowed("days", high=60)]
    waiting_nurse: Annotated[Sourced, Allowed("nurse", low=0, high=1, places=3)]
    volume_counted_by: Annotated[Sourced, Allowed("people", high=2)] | None = None
    """How many people count the drawn volume, each without seeing the other's."""

    @property
    def dose_rule(self) -> DoseRule:
        """The one way in which this protocol says its dose."""
        return next(one for one in (self.dose.weight, self.dose.fixed, self.dose.devices) if one is not None)
