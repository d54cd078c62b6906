"""What a patient's course is made of, as it can be asked for in parts."""

from enum import StrEnum


class CourseKind(StrEnum):
    BOOKINGS = "bookings"
    SESSIONS = "sessions"
    DOSES = "doses"
    VITALS = "vitals"
    SIDE_EFFECTS = "side_effects"
    INTERVENTIONS = "interventions"
    PROVIDER = "provider"
    CALLS = "calls"
    NOTES = "notes"
    SCORES = "scores"
    CHECK_INS = "check_ins"
    WEIGHTS = "weights"
    MESSAGES = "messages"
    VIEWS = "views"


OF_THE_DESK = frozenset({CourseKind.BOOKINGS, CourseKind.SESSIONS, CourseKind.MESSAGES})
"""What the front desk may read of a course; of the sessions only who came and left."""
