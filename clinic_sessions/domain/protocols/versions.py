"""What may become of a version of a protocol or of the thresholds: drafted, proposed, published, retired."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinic_sessions.domain.scheduling.plans import ProtocolStatus


class VersionReason(StrEnum):
    """What stands against an act on a version."""

    NOT_ALLOWED = "not_allowed"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_A_DRAFT = "not_a_draft"
    SHIPPED = "shipped"
    NOTHING_CHANGED = "nothing_changed"
    OUTDATED = "outdated"
    NOT_PROPOSED = "not_proposed"
    SECOND_PERSON = "second_person"
    RETIRED_ALREADY = "retired_already"
    PLANS_UNDER_WAY = "plans_under_way"
    LAST_PUBLISHED = "last_published"
    REPLACED = "replaced"
    TEXT_OF_THE_PROGRAM = "text_of_the_program"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How a version stands when someone acts on it.

    `hands`: who changed or proposed it. `outdated`: another version was published after this one was begun.
    `alone_from`: from when one of its own hands may publish it.
    """

    status: ProtocolStatus
    hands: Collection[int]
    outdated: bool
    alone_from: datetime | None


def against_publishing(standing: Standing, person_id: int | None, now: datetime) -> list[VersionReason]:
    """List what stands against publishing: a second provider may at once, one of its own hands after the wait."""
    if standing.status is not ProtocolStatus.PROPOSED:
        return [VersionReason.NOT_PROPOSED]
    reasons = [VersionReason.OUTDATED] if standing.outdated else []
    waits = standing.alone_from is None or now < standing.alone_from
    if person_id in standing.hands and waits:
        reasons.append(VersionReason.SECOND_PERSON)
    return reasons


def against_retiring(status: ProtocolStatus, *, is_last: bool, plans_under_way: int) -> list[VersionReason]:
    """List what stands against retiring: plans that run under it, or that the clinic would be left without any."""
    if status is ProtocolStatus.RETIRED:
        return [VersionReason.RETIRED_ALREADY]
    if status is not ProtocolStatus.PUBLISHED:
        return []
    reasons = [VersionReason.PLANS_UNDER_WAY] if plans_under_way else []
    return [*reasons, VersionReason.LAST_PUBLISHED] if is_last else reasons
