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
