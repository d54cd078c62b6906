"""What leaving asks for, part by part, as the page of a session lists it; and how the drive home is told."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic_sessions.domain.protocols.protocols import Driving, DrivingRule, Measure
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.side_effects import SideEffectKind


class Part(StrEnum):
    """One thing that leaving asks for, in the order in which the page lists it."""

    DOSE_ENDED = "dose_ended"
    MINIMUM = "minimum"
    VITALS = "vitals"
    PRESSURE = "pressure"
    LIMITS = "limits"
    ALDRETE = "aldrete"
    EFFECTS = "effects"
    SEDATION = "sedation"
    DISSOCIATION = "dissociation"
    BREATHING = "breathing"
    KEPT = "kept"
    WAY_HOME = "way_home"
    INSTRUCTIONS = "instructions"
    BELONGINGS = "belongings"


PART_OF: Mapping[Reason, Part] = {
    Reason.NO_DOSE_RECORDED: Part.DOSE_ENDED,
    Reason.DOSE_NOT_ENDED: Part.DOSE_ENDED,
    Reason.MINIMUM_NOT_REACHED: Part.MINIMUM,
    Reason.NO_VITALS_AFTER_DOSE: Part.VITALS,
    Reason.PRESSURE_NOT_SETTLED: Part.PRESSURE,
    Reason.READING_OUTSIDE_LIMITS: Part.LIMITS,
    Reason.ALDRETE_MISSING: Part.ALDRETE,
    Reason.ALDRETE_LOW: Part.ALDRETE,
    Reason.SIDE_EFFECT_UNRESOLVED: Part.EFFECTS,
    Reason.SEDATION_NOT_ASSESSED: Part.SEDATION,
    Reason.SEDATED: Part.SEDATION,
    Reason.DISSOCIATION_NOT_ASSESSED: Part.DISSOCIATION,
    Reason.DISSOCIATED: Part.DISSOCIATION,
    Reason.BREATHING_NOT_ASSESSED: Part.BREATHING,
    Reason.BREATHING_NOT_SETTLED: Part.BREATHING,
    Reason.PROVIDER_KEEPS_THEM: Part.KEPT,
    Reason.WAY_HOME_MISSING: Part.WAY_HOME,
    Reason.WAY_HOME_NOT_ACCEPTED: Part.WAY_HOME,
    Reason.WAY_HOME_NAMELESS: Part.WAY_HOME,
    Reason.INSTRUCTIONS_NOT_GIVEN: Part.INSTRUCTIONS,
    Reason.BELONGINGS_NOT_RETURNED: Part.BELONGINGS,
}
"""Which part each reason against leaving belongs to."""

ITEM_OF: Mapping[Part, CheckItem] = {
    Part.SEDATION: CheckItem.SEDATION,
    Part.DISSOCIATION: CheckItem.DISSOCIATION,
    Part.BREATHING: CheckItem.BREATHING,
    Part.WAY_HOME: CheckItem.WAY_HOME,
    Part.INSTRUCTIONS: CheckItem.INSTRUCTIONS,
    Part.BELONGINGS: CheckItem.BELONGINGS,
}
"""The parts that are answered with a tap."""


SPEAKS_AGAINST: Mapping[CheckItem, Collection[Measure | SideEffectKind]] = {
    CheckItem.SEDATION: {Measure.MOAA_S, SideEffectKind.SEDATION},
    CheckItem.DISSOCIATION: {SideEffectKind.DISSOCIATION},
    CheckItem.BREATHING: {Measure.SPO2_PERCENT, Measure.RESPIRATORY_RATE, SideEffectKind.RESPIRATORY_DEPRESSION},
}
"""What speaks against an answer that all is well: a reading outside its limits, a side effect that is still there."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """One part: what stands against it, and what a provider has lifted of it; nothing standing means it is met."""

    part: Part
    against: Sequence[Reason]
    lifted: Sequence[Reason]

    @property
    def met(self) -> bool:
        """Whether nothing stands against leaving here."""
        return not self.against


def lines(standing: Iterable[Reason], lifted: Iterable[Reason], *, aldrete: bool) -> list[Line]:
    """List every part with its reasons; `aldrete`: the protocol asks for that score.

    What a provider asked for is a part only while it stands; whether blood pressure has settled and every reading is
    within its limits, once it was taken.
    """
    against, gone = list(standing), list(lifted)
    found = [
        Line(
            part=part,
            against=[one for one in against if PART_OF[one] is part],
            lifted=[one for one in gone if PART_OF[one] is part],
        )
        for part in Part
    ]
    taken = Reason.NO_VITALS_AFTER_DOSE not in {*against, *gone}
    known = ((Part.ALDRETE, aldrete), (Part.KEPT, False), (Part.PRESSURE, taken), (Part.LIMITS, taken))
    left_out = {part for part, here in known if not here}
    return [line for line in found if line.part not in left_out or not line.met]


def no_driving_until(driving: Driving, from_at: datetime) -> datetime | None:
    """Give until when the patient does not drive; None where it is the next day, after restful sleep."""
    if driving.rule is DrivingRule.NEXT_DAY_AFTER_SLEEP or driving.hours is None:
        return None
    return from_at + timedelta(hours=driving.hours.whole)
