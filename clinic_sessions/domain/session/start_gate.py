"""Whether a dose may be started: the questions, readings and the drawn dose, each with the reason against it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from clinic_sessions.domain.protocols.protocols import Measure, Protocol
from clinic_sessions.domain.session.session_checks import Check, CheckItem, complete_at


class StartReason(StrEnum):
    """Why a dose is not started yet, besides its papers."""

    IDENTITY_NOT_CHECKED = "identity_not_checked"
    FOOD_NOT_ASKED = "food_not_asked"
    DRINK_NOT_ASKED = "drink_not_asked"
    RIDE_NOT_ASKED = "ride_not_asked"
    PREGNANCY_NOT_ASKED = "pregnancy_not_asked"
    MEDICINES_NOT_ASKED = "medicines_not_asked"
    NASAL_SPRAY_NOT_ASKED = "nasal_spray_not_asked"
    RISK_NOT_ASKED = "risk_not_asked"
    ATE = "ate"
    DRANK = "drank"
    NO_RIDE = "no_ride"
    RIDE_NOT_ACCEPTED = "ride_not_accepted"
    RIDE_NAMELESS = "ride_nameless"
    PREGNANCY_POSSIBLE = "pregnancy_possible"
    MEDICINES_CHANGED = "medicines_changed"
    SPRAYED = "sprayed"
    AT_RISK = "at_risk"
    NO_PRESSURE = "no_pressure"
    NO_HEART_RATE = "no_heart_rate"
    NO_OXYGEN = "no_oxygen"
    OUT_OF_RANGE = "out_of_range"
    WEIGHT_NEEDED = "weight_needed"
    LABEL_MISSING = "label_missing"
    LABEL_EXPIRED = "label_expired"
    DRAW_MISSING = "draw_missing"
    DRAW_DIFFERS = "draw_differs"
    OTHER_THAN_DRAWN = "other_than_drawn"
    SECOND_PERSON_MISSING = "second_person_missing"
    SECOND_PERSON_DIFFERS = "second_person_differs"
    PROVIDER_SAID_WAIT = "provider_said_wait"
    PROVIDER_SAID_NOT_TODAY = "provider_said_not_today"


_NOT_ASKED: Mapping[CheckItem, StartReason] = {
    CheckItem.IDENTITY: StartReason.IDENTITY_NOT_CHECKED,
    CheckItem.FOOD: StartReason.FOOD_NOT_ASKED,
    CheckItem.DRINK: StartReason.DRINK_NOT_ASKED,
    CheckItem.RIDE: StartReason.RIDE_NOT_ASKED,
    CheckItem.PREGNANCY: StartReason.PREGNANCY_NOT_ASKED,
    CheckItem.MEDICINES: StartReason.MEDICINES_NOT_ASKED,
    CheckItem.NASAL_SPRAY: StartReason.NASAL_SPRAY_NOT_ASKED,
    CheckItem.RISK: StartReason.RISK_NOT_ASKED,
}
_AGAINST: Mapping[CheckItem, StartReason] = {
    CheckItem.IDENTITY: StartReason.IDENTITY_NOT_CHECKED,
    CheckItem.FOOD: StartReason.ATE,
    CheckItem.DRINK: StartReason.DRANK,
    CheckItem.RIDE: StartReason.NO_RIDE,
    CheckItem.PREGNANCY: StartReason.PREGNANCY_POSSIBLE,
    CheckItem.MEDICINES: StartReason.MEDICINES_CHANGED,
    CheckItem.NASAL_SPRAY: StartReason.SPRAYED,
    CheckItem.RISK: StartReason.AT_RISK,
}
_OF_A_RIDE = frozenset({StartReason.RIDE_NOT_ACCEPTED, StartReason.RIDE_NAMELESS})
_MEASURED: Mapping[StartReason, tuple[Measure, ...]] = {
    StartReason.NO_PRESSURE: (Measure.SYSTOLIC, Measure.DIASTOLIC),
    StartReason.NO_HEART_RATE: (Measure.HEART_RATE,),
    StartReason.NO_OXYGEN: (Measure.SPO2_PERCENT,),
}

LIFTABLE = frozenset(
    {
        StartReason.ATE,
        StartReason.DRANK,
        StartReason.NO_RIDE,
        StartReason.RIDE_NOT_ACCEPTED,
        StartReason.RIDE_NAMELESS,
        StartReason.PREGNANCY_POSSIBLE,
        StartReason.MEDICINES_CHANGED,
        StartReason.SPRAYED,
        StartReason.AT_RISK,
        StartReason.OUT_OF_RANGE,
    }
)
"""What a provider may weigh and answer with "go ahead". What was not asked, read, drawn or counted is done instead."""


class Answer(StrEnum):
    """What a provider says when asked whether to go ahead."""

    GO_AHEAD = "go_ahead"
    WAIT = "wait"
    NOT_TODAY = "not_today"


@dataclass(frozen=True, kw_only=True)
class GoAhead:
    """A provider's newest answer for this visit: for which reasons, and when; `until`: how long to wait."""

    answer: Answer
    at: datetime
    reasons: Collection[str]
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class BeforeDose:
    """What is known when a dose is to be started.

    `measured`: the measures that a reading of this visit holds. `out_of_range_at`: when the newest reading was
    written down whose values are outside the protocol's or the patient's limits, None when the newest are within.
    `drug`: what stands against the label, the draw and its second count.
    """

    protocol: Protocol
    asked: Sequence[CheckItem]
    checks: Mapping[CheckItem, Check]
    measured: Collection[Measure]
    out_of_range_at: datetime | None
    weight_needed: bool
    drug: Sequence[StartReason]
    go_ahead: GoAhead | None = None


def may_start(facts: BeforeDose, at: datetime) -> list[StartReason]:
    """List every reason against starting at `at`, in the order in which a nurse goes through them.

    A provider's "go ahead" lifts the reasons that it names, and never a reading or an answer that came after it.
    """
    reasons = [reason for item in facts.asked for reason in _of_item(facts, item, at)]
    reasons += [
        reason for reason, needed in _MEASURED.items() if any(measure not in facts.measured for measure in needed)
    ]
    if facts.out_of_range_at is not None:
        reasons.append(StartReason.OUT_OF_RANGE)
    if facts.weight_needed:
        reasons.append(StartReason.WEIGHT_NEEDED)
    reasons += facts.drug
    return [reason for reason in reasons if not is_lifted(reason, facts)] + _provider_said(facts.go_ahead, at)


def is_lifted(reason: StartReason, facts: BeforeDose) -> bool:
    """Whether the provider's newest answer was to go ahead, for this reason, with what was known then."""
    said = facts.go_ahead
    if said is None or said.answer is not Answer.GO_AHEAD or reason not in LIFTABLE or reason.value not in said.reasons:
        return False
    known_at = _known_at(reason, facts)
    return known_at is None or known_at <= said.at


def item_of(reason: StartReason) -> CheckItem | None:
    """Give the question that a reason is about; None for readings, the drug and a provider's word."""
    if reason in _OF_A_RIDE:
        return CheckItem.RIDE
    known = (*_AGAINST.items(), *_NOT_ASKED.items())
    return next((item for item, about in known if about is reason), None)


def _known_at(reason: StartReason, facts: BeforeDose) -> datetime | None:
    item = item_of(reason)
    if item is None:
        return facts.out_of_range_at
    return facts.checks[item].known_at or facts.checks[item].at


def _of_item(facts: BeforeDose, item: CheckItem, at: datetime) -> list[StartReason]:
    check = facts.checks.get(item)
    if check is None:
        return [_NOT_ASKED[item]]
    done = complete_at(facts.protocol, check)
    if done is not None:
        return [] if at >= done else [_AGAINST[item]]
    if item is CheckItem.RIDE:
        return against_ride(check, facts.protocol)
    return [] if check.clear else [_AGAINST[item]]


def against_ride(ride: Check, protocol: Protocol) -> list[StartReason]:
    """List what stands against a way home as it is arranged: none, one that is not accepted, nobody to be called."""
    if not ride.clear:
        return [StartReason.NO_RIDE]
    reasons = [] if ride.escort in protocol.escort.accepted else [StartReason.RIDE_NOT_ACCEPTED]
    return [*reasons, StartReason.RIDE_NAMELESS] if ride.nameless else reasons


def things(reasons: Iterable[StrEnum]) -> int:
    """Count what is missing as a page lists it: the readings that are still to be taken are one thing, of one form."""
    return len({StartReason.NO_PRESSURE if reason in _MEASURED else reason for reason in reasons})


def _provider_said(said: GoAhead | None, at: datetime) -> list[StartReason]:
    if said is None or said.answer is Answer.GO_AHEAD:
        return []
    if said.answer is Answer.NOT_TODAY:
        return [StartReason.PROVIDER_SAID_NOT_TODAY]
    return [] if said.until is not None and at >= said.until else [StartReason.PROVIDER_SAID_WAIT]
