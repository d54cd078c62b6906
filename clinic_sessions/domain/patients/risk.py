"""A clinician's assessment of suicide risk, what was decided the same day, and the safety plan."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RiskLevel(StrEnum):
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Disposition(StrEnum):
    HOME_WITH_PLAN = "home_with_plan"
    SOONER_VISIT = "sooner_visit"
    EMERGENCY_DEPARTMENT = "emergency_department"


class SafetyPlanPart(StrEnum):
    """The parts of a safety plan (Stanley and Brown 2012 [M])."""

    WARNING_SIGNS = "warning_signs"
    OWN_WAYS = "own_ways"
    PLACES_AND_PEOPLE = "places_and_people"
    PEOPLE_TO_ASK = "people_to_ask"
    PROFESSIONALS = "professionals"
    SAFER_PLACE = "safer_place"


class RiskReason(StrEnum):
    """Why an assessment or a safety plan was not kept."""

    NOT_ALLOWED = "not_allowed"
    NOT_YET = "not_yet"
    PLAN_EMPTY = "plan_empty"
    PLAN_CHANGED = "plan_changed"


TO_DO: Mapping[Disposition, tuple[str, ...]] = MappingProxyType(
    {
        Disposition.EMERGENCY_DEPARTMENT: (
            "Call 911 now if the danger is immediate.",
            "Stay with the patient, or on the phone, until someone else has taken over.",
            "Tell whoever takes over what you found and what was given here.",
        ),
        Disposition.SOONER_VISIT: (
            "Look for the soonest visit, and what stands in its way.",
            "Go through the safety plan for the time until then.",
            "Give the patient 988 (call or text, day and night), and 911 if their life may be in danger.",
        ),
        Disposition.HOME_WITH_PLAN: (
            "Go through the safety plan with the patient, and give them a copy.",
            "Give the patient 988 (call or text, day and night), and 911 if their life may be in danger.",
            "Say who will call, and when. Nobody watches messages day and night.",
        ),
    }
)
"""What a clinician does for each disposition [P]; words for staff, without any promise."""

MEANS: Mapping[Disposition, str] = MappingProxyType(
    {
        Disposition.HOME_WITH_PLAN: "Home, with the safety plan and someone to call",
        Disposition.SOONER_VISIT: "A visit sooner than planned",
        Disposition.EMERGENCY_DEPARTMENT: "Emergency department",
    }
)
