"""The status of a plan and of a protocol version."""

from enum import StrEnum


class PlanStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    REPLACED = "replaced"
    COMPLETED = "completed"
    ENDED = "ended"


class ProtocolStatus(StrEnum):
    DRAFT = "draft"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    RETIRED = "retired"


class PlanReason(StrEnum):
    """Why a plan was not started or changed."""

    UNDER_WAY = "under_way"
    FEWER_THAN_BOOKED = "fewer_than_booked"
    STILL_BOOKED = "still_booked"
    NOT_ACTIVE = "not_active"
    NOT_PAUSED = "not_paused"
    REVIEW_NOT_AHEAD = "review_not_ahead"
    CHANGED_MEANWHILE = "changed_meanwhile"
    VERSION_REPLACED = "version_replaced"


class SeriesReason(StrEnum):
    """Why dates of a series were not saved."""

    PLACE_TAKEN = "place_taken"
    BEYOND_PLAN = "beyond_plan"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_TO_COME = "not_to_come"
    TRADED_PLACES = "traded_places"
    NOTHING_CHOSEN = "nothing_chosen"


class PlanChangeKind(StrEnum):
    """What was done to a plan; each is a row that stays."""

    START = "start"
    CHANGE = "change"
    PAUSE = "pause"
    RESUME = "resume"
    REVIEW = "review"
    END = "end"


class PlanOutcome(StrEnum):
    """How a plan ended."""

    REMISSION = "remission"
    RESPONSE = "response"
    NO_RESPONSE = "no_response"
    NOT_TOLERATED = "not_tolerated"
    CHANGED_MIND = "changed_mind"
    MOVED_AWAY = "moved_away"
    OTHER = "other"


class ReviewDecision(StrEnum):
    """What a review of a plan came to."""

    GO_ON = "go_on"
    CHANGE = "change"
    END = "end"


GOING_ON = frozenset({PlanStatus.ACTIVE, PlanStatus.PAUSED})
"""A plan in one of these is not over: its patient is to be treated under it, now or later."""


class ProductSource(StrEnum):
    """Where what is given comes from."""

    CLINIC_STOCK = "clinic_stock"
    ASSIGNED = "assigned"


class PlanWarning(StrEnum):
    """What may keep a session of a plan from being paid for, or given; it never blocks."""

    AUTHORISATION_NOT_YET = "authorisation_not_yet"
    AUTHORISATION_EXPIRED = "authorisation_expired"
    AUTHORISATION_USED_UP = "authorisation_used_up"
    PRODUCT_NOT_ARRIVED = "product_not_arrived"


class AuthorisationReason(StrEnum):
    """Why an authorisation was not kept or ended."""

    ENDS_BEFORE_IT_BEGINS = "ends_before_it_begins"
    ENDED_ALREADY = "ended_already"
    NOT_ASSIGNED = "not_assigned"
