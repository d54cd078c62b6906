"""Why something did not go as booked: the chips that staff tap."""

from enum import StrEnum


class CancelReason(StrEnum):
    PATIENT_ASKED = "patient_asked"
    PATIENT_UNWELL = "patient_unwell"
    NO_RIDE = "no_ride"
    COST = "cost"
    CLINIC_STAFF = "clinic_staff"
    CLINIC_CHAIR = "clinic_chair"
    BOOKED_BY_MISTAKE = "booked_by_mistake"
    PROVIDER_DECIDED = "provider_decided"
    BY_LINK = "by_link"


BY_CLINIC = frozenset({CancelReason.CLINIC_STAFF, CancelReason.CLINIC_CHAIR})
"""The clinic's side: the notice says so and apologises."""


class MoveReason(StrEnum):
    PATIENT_ASKED = "patient_asked"
    PATIENT_LATE = "patient_late"
    ATE = "ate"
    NO_RIDE = "no_ride"
    CLINIC_STAFF = "clinic_staff"
    CLINIC_CHAIR = "clinic_chair"


class CallOffReason(StrEnum):
    """Why a session did not go ahead though the patient came."""

    ATE = "ate"
    BLOOD_PRESSURE = "blood_pressure"
    NO_ESCORT = "no_escort"
    UNWELL = "unwell"
    CHANGED_THEIR_MIND = "changed_their_mind"
    LATE = "late"
    STAFF = "staff"
    CHAIR = "chair"
    PROVIDER_DECIDED = "provider_decided"
    PAPERS = "papers"


class StopReason(StrEnum):
    """Why a dose was stopped before its end."""

    SIDE_EFFECT = "side_effect"
    BLOOD_PRESSURE = "blood_pressure"
    PATIENT_ASKED = "patient_asked"
    EQUIPMENT = "equipment"
    OTHER = "other"
