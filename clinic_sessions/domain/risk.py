"""A clinician's assessment of suicide risk, and what was decided the same day."""

from enum import StrEnum


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
