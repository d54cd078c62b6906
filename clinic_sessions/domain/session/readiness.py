"""Whether a step may be taken now: each question answers with the reasons against it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinic_sessions.domain.drug.doses import Micrograms, cap_of
from clinic_sessions.domain.papers.orders import is_as_ordered
from clinic_sessions.domain.protocols.protocol_parts import DeviceDose, DoseRule
from clinic_sessions.domain.session.record import BEGINS_DOSE, DoseEventKind


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
    ABOVE_CAP = "above_cap"
    DEVICE_TOO_SOON = "device_too_soon"
    DEVICE_TOO_MANY = "device_too_many"
    OTHER_THAN_ORDERED = "other_than_ordered"
    SEDATION_NOT_ASSESSED = "sedation_not_assessed"
    DISSOCIATION_NOT_ASSESSED = "dissociation_not_assessed"
    BREATHING_NOT_ASSESSED = "breathing_not_assessed"
    SEDATED = "sedated"
    DISSOCIATED = "dissociated"
    BREATHING_NOT_SETTLED = "breathing_not_settled"
    PRESSURE_NOT_SETTLED = "pressure_not_settled"
    READING_OUTSIDE_LIMITS = "reading_outside_limits"
    ALDRETE_MISSING = "aldrete_missing"
    ALDRETE_LOW = "aldrete_low"
    WAY_HOME_MISSING = "way_home_missing"
    WAY_HOME_NOT_ACCEPTED = "way_home_not_accepted"
    WAY_HOME_NAMELESS = "way_home_nameless"
    INSTRUCTIONS_NOT_GIVEN = "instructions_not_given"
    BELONGINGS_NOT_RETURNED = "belongings_not_returned"
    LABEL_EXPIRED = "label_expired"
    NOTE_SIGNED = "note_signed"
    NO_WITNESS = "no_witness"
    PROVIDER_KEEPS_THEM = "provider_keeps_them"
    NO_AS_NEEDED_ORDER = "no_as_needed_order"
    AS_NEEDED_LIMIT = "as_needed_limit"


def may_arrive(session_day: date, today: date) -> list[Reason]:
    """List why a patient cannot be checked in: a session is arrived at on its own day."""
    return [] if session_day == today else [Reason.NOT_TODAY]


def may_note_absence(starts_at: datetime, now: datetime) -> list[Reason]:
    """List why a session cannot yet be marked as not come to: its time must have begun."""
    return [] if now >= starts_at else [Reason.NOT_YET_TIME]


def outside_visit(at: datetime, arrived_at: datetime | None, ended_at: datetime | None) -> list[Reason]:
    """List what stood against an act at `at`: the patient was not here yet, or the session had ended.

    The act has happened and is stored all the same; the reasons are its mark.
    """
    reasons = []
    if arrived_at is None or at < arrived_at:
        reasons.append(Reason.NOT_ARRIVED)
    if ended_at is not None and at > ended_at:
        reasons.append(Reason.SESSION_ENDED)
    return reasons


@dataclass(frozen=True, kw_only=True)
class DoseSoFar:
    """What had been given before a dose event; doses in micrograms."""

    begun: bool
    micrograms: int = 0
    device_times: Sequence[datetime] = ()


@dataclass(frozen=True, kw_only=True)
class DoseToGive:
    """The dose that the order comes to, and the step of its rounding; both in micrograms."""

    micrograms: Micrograms
    round_down: Micrograms | None = None


def outside_protocol(
    rule: DoseRule,
    kind: DoseEventKind,
    at: datetime,
    micrograms: int | None,
    so_far: DoseSoFar,
    ordered: DoseToGive | None = None,
) -> list[Reason]:
    """List what in a dose event is not what protocol and order ask for: the event is stored with these marks.

    The cap, the count of devices and the minutes between them are the protocol's own numbers. `ordered`: None where the
    order comes to no dose.
    """
    if kind in {DoseEventKind.WASTED, DoseEventKind.WITHDRAWN}:
        return []
    reasons = []
    if kind not in BEGINS_DOSE and not so_far.begun:
        reasons.append(Reason.NO_DOSE_RECORDED)
    if kind is DoseEventKind.DEVICE:
        reasons.extend(_outside_devices(rule, at, so_far.device_times))
    total = (micrograms or 0) + (so_far.micrograms if kind is DoseEventKind.DEVICE else 0)
    if total > cap_of(rule):
        reasons.append(Reason.ABOVE_CAP)
    if ordered is not None and _other_than(ordered, kind, total):
        reasons.append(Reason.OTHER_THAN_ORDERED)
    return reasons


def _other_than(ordered: DoseToGive, kind: DoseEventKind, total: int) -> bool:
    """Whether a dose is begun that was not ordered, or more is given than was; devices add up to the ordered dose."""
    if kind is DoseEventKind.STARTED:
        return not is_as_ordered(total, ordered.micrograms, ordered.round_down)
    more = total > ordered.micrograms and not is_as_ordered(total, ordered.micrograms, ordered.round_down)
    return kind in {DoseEventKind.DEVICE, DoseEventKind.GIVEN} and more


def _outside_devices(rule: DoseRule, at: datetime, before: Sequence[datetime]) -> list[Reason]:
    if not isinstance(rule, DeviceDose):
        return [Reason.OTHER_PROTOCOL]
    reasons = []
    if any(abs(at - earlier) < timedelta(minutes=rule.minutes_apart.whole) for earlier in before):
        reasons.append(Reason.DEVICE_TOO_SOON)
    if len(before) >= rule.most.whole:
        reasons.append(Reason.DEVICE_TOO_MANY)
    return reasons
