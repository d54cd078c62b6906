"""Whether a step may be taken now: each question answers with the reasons against it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a step is not taken; also the mark of a fact that happened all the same."""

    NOT_TODAY = "not_today"
    NOT_YET_TIME = "not_yet_time"
    NO_DOSE_RECORDED = "no_dose_recorded"
    DOSE_NOT_ENDED = "dose_not_ended"
    MINIMUM_NOT_REACHED = "minimum_not_reached"
    NO_VITALS_AFTER_DOSE = "no_vitals_after_dose"
    SIDE_EFFECT_UNRESOLVED = "side_effect_unresolved"
    NOT_ARRIVED = "not_arrived"
    SESSION_ENDED = "session_ended"
    OTHER_PROTOCOL = "other_protocol"


@dataclass(frozen=True, kw_only=True)
class Departure:
    """What is known when a patient is to leave as planned."""

    dose_started_at: datetime | None
    dose_ended_at: datetime | None
    earliest_at: datetime | None
    vitals_after_dose: bool
    unresolved_side_effects: int


def may_arrive(session_day: date, today: date) -> list[Reason]:
    """List why a patient cannot be checked in: a session is arrived at on its own day."""
    return [] if session_day == today else [Reason.NOT_TODAY]


def may_note_absence(starts_at: datetime, now: datetime) -> list[Reason]:
    """List why a session cannot yet be marked as not come to: its time must have begun."""
    return [] if now >= starts_at else [Reason.NOT_YET_TIME]


def may_leave(facts: Departure, now: datetime) -> list[Reason]:
    """List why a patient cannot leave as planned at `now`; empty when they may.

    The protocol's observation minimum is inclusive ("at least 120 minutes"); the clock alone never says safe, so
    a reading after the dose and the side effects that block leaving are asked for as well.
    """
    if facts.dose_started_at is None or facts.earliest_at is None:
        return [Reason.NO_DOSE_RECORDED]
    reasons = []
    if facts.dose_ended_at is None:
        reasons.append(Reason.DOSE_NOT_ENDED)
    if now < facts.earliest_at:
        reasons.append(Reason.MINIMUM_NOT_REACHED)
    if not facts.vitals_after_dose:
        reasons.append(Reason.NO_VITALS_AFTER_DOSE)
    if facts.unresolved_side_effects:
        reasons.append(Reason.SIDE_EFFECT_UNRESOLVED)
    return reasons
