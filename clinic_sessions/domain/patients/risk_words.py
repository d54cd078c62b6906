"""How staff read assessments of risk and safety plans."""

from enum import StrEnum

from clinic_sessions.domain.patients.risk import MEANS, RiskReason, SafetyPlanPart

PAIRS: tuple[tuple[StrEnum, str], ...] = (
    *MEANS.items(),
    (RiskReason.NOT_ALLOWED, "Your role does not include this."),
    (RiskReason.NOT_YET, "This time has not come yet. Check the date and the time."),
    (RiskReason.PLAN_EMPTY, "Write at least one part of the plan."),
    (
        RiskReason.PLAN_CHANGED,
        "Someone wrote another plan meanwhile. It stands above. Compare, then save yours in its place.",
    ),
    (SafetyPlanPart.WARNING_SIGNS, "Warning signs that a crisis may be coming"),
    (SafetyPlanPart.OWN_WAYS, "What I can do on my own"),
    (SafetyPlanPart.PLACES_AND_PEOPLE, "People and places that take my mind off it"),
    (SafetyPlanPart.PEOPLE_TO_ASK, "People I can ask for help"),
    (SafetyPlanPart.PROFESSIONALS, "Professionals and services I can call"),
    (SafetyPlanPart.SAFER_PLACE, "How the place where I am is made safer"),
)
