"""Whether a patient may leave as planned: every reason against it, and which of them a provider may lift."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clinic_sessions.domain.protocols.protocols import EscortKind
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.session_checks import ASSESSED, Check, CheckItem

_NOT_ASSESSED: Mapping[CheckItem, Reason] = {
    CheckItem.SEDATION: Reason.SEDATION_NOT_ASSESSED,
    CheckItem.DISSOCIATION: Reason.DISSOCIATION_NOT_ASSESSED,
    CheckItem.BREATHING: Reason.BREATHING_NOT_ASSESSED,
}
_STILL: Mapping[CheckItem, Reason] = {
    CheckItem.SEDATION: Reason.SEDATED,
    CheckItem.DISSOCIATION: Reason.DISSOCIATED,
    CheckItem.BREATHING: Reason.BREATHING_NOT_SETTLED,
}
_AT_THE_DOOR: Mapping[CheckItem, Reason] = {
    CheckItem.WAY_HOME: Reason.WAY_HOME_MISSING,
    CheckItem.INSTRUCTIONS: Reason.INSTRUCTIONS_NOT_GIVEN,
    CheckItem.BELONGINGS: Reason.BELONGINGS_NOT_RETURNED,
}
AGAINST_LEAVING: Mapping[Reason, CheckItem] = {
    **{reason: item for item, reason in _STILL.items()},
    Reason.WAY_HOME_NOT_ACCEPTED: CheckItem.WAY_HOME,
    Reason.WAY_HOME_NAMELESS: CheckItem.WAY_HOME,
}
"""The answer behind each reason that one gives against leaving."""

NOT_LIFTABLE = frozenset({Reason.NO_DOSE_RECORDED, Reason.DOSE_NOT_ENDED, Reason.PROVIDER_KEEPS_THEM})
"""What is recorded or answered anew instead of lifted; every other reason a provider may lift, with words."""


@dataclass(frozen=True, kw_only=True)
class Departure:
    """What is known when a patient is to leave as planned.

    `pressure_settled`: None while there is no blood pressure since the end of the dose. `outside_limits`: of some
    measure the newest reading since the dose began is outside its limits. `aldrete`: the newest total
    since then, `aldrete_least` the total that the protocol asks for, None where it asks for none. `lifted`: the reasons
    that a provider has lifted with what is known now; `kept_until`: how long one has asked to keep the patient here.
    """

    dose_started_at: datetime | None
    dose_ended_at: datetime | None
    earliest_at: datetime | None
    vitals_after_dose: bool
    unresolved_side_effects: int
    pressure_settled: bool | None = None
    outside_limits: bool = False
    checks: Mapping[CheckItem, Check] = field(default_factory=dict)
    accepted: Sequence[EscortKind] = ()
    aldrete: int | None = None
    aldrete_least: int | None = None
    lifted: Collection[str] = ()
    kept_until: datetime | None = None


def may_be_ready(facts: Departure, now: datetime) -> list[Reason]:
    """List why a patient cannot be called ready at `now`, that is, well enough to wait for the way home.

    The protocol's observation minimum is inclusive ("at least 120 minutes"); the clock alone never says safe, so
    sedation, dissociation and breathing are looked at once it is reached or lifted, blood pressure must have settled,
    what was read outside its limits has been read within them since, and no side effect may keep the patient here. A
    provider may lift what can be weighed.
    """
    if facts.dose_started_at is None or (facts.earliest_at is None and facts.dose_ended_at is not None):
        return [Reason.NO_DOSE_RECORDED]
    reasons = [Reason.DOSE_NOT_ENDED] if facts.dose_ended_at is None else []
    if facts.earliest_at is None or now < facts.earliest_at:
        reasons.append(Reason.MINIMUM_NOT_REACHED)
    reasons += _of_readings(facts)
    if facts.unresolved_side_effects:
        reasons.append(Reason.SIDE_EFFECT_UNRESOLVED)
    reasons += [reason for item in ASSESSED for reason in _assessed(facts, item)]
    if facts.kept_until is not None and now < facts.kept_until:
        reasons.append(Reason.PROVIDER_KEEPS_THEM)
    return _standing(reasons, facts)


def may_leave(facts: Departure, now: datetime) -> list[Reason]:
    """List why a patient cannot leave as planned at `now`: as `may_be_ready`, and the way home, papers, belongings."""
    if facts.dose_started_at is None:
        return [Reason.NO_DOSE_RECORDED]
    at_the_door = [reason for item, reason in _AT_THE_DOOR.items() if not _is_clear(facts.checks.get(item))]
    at_the_door += _against_way(facts.checks.get(CheckItem.WAY_HOME), facts.accepted)
    return may_be_ready(facts, now) + _standing(at_the_door, facts)


def _of_readings(facts: Departure) -> list[Reason]:
    reasons = [] if facts.vitals_after_dose else [Reason.NO_VITALS_AFTER_DOSE]
    if facts.vitals_after_dose and not facts.pressure_settled:
        reasons.append(Reason.PRESSURE_NOT_SETTLED)
    if facts.outside_limits:
        reasons.append(Reason.READING_OUTSIDE_LIMITS)
    if facts.aldrete_least is not None and (facts.aldrete is None or facts.aldrete < facts.aldrete_least):
        reasons.append(Reason.ALDRETE_MISSING if facts.aldrete is None else Reason.ALDRETE_LOW)
    return reasons


def _assessed(facts: Departure, item: CheckItem) -> list[Reason]:
    check, lifted = facts.checks.get(item), Reason.MINIMUM_NOT_REACHED.value in facts.lifted
    if check is None or facts.earliest_at is None or (check.clear and check.at < facts.earliest_at and not lifted):
        return [_NOT_ASSESSED[item]]
    return [] if check.clear else [_STILL[item]]


def _against_way(way: Check | None, accepted: Sequence[EscortKind]) -> list[Reason]:
    if way is None or not way.clear:
        return []
    reasons = [] if way.escort in accepted else [Reason.WAY_HOME_NOT_ACCEPTED]
    return [*reasons, Reason.WAY_HOME_NAMELESS] if way.nameless else reasons


def _is_clear(check: Check | None) -> bool:
    return check is not None and check.clear


def _standing(reasons: Sequence[Reason], facts: Departure) -> list[Reason]:
    return [reason for reason in reasons if reason in NOT_LIFTABLE or reason.value not in facts.lifted]


class Settling(StrEnum):
    """By which of its rules blood pressure has settled after a dose."""

    AT_LIMIT = "at_limit"
    NEAR_BEFORE = "near_before"
    FALLING = "falling"


def settling(
    readings: Sequence[tuple[int, int]], before: tuple[int, int] | None, limit: tuple[int, int], percent: int
) -> Settling | None:
    """Say by which rule blood pressure has settled, None while it has not; `readings` in mmHg since the dose began.

    The last is at or below the patient's limit, or within `percent` of the reading before the dose, or, if it rose,
    past its highest and falling on both numbers (clinic.md section 9 [P]; a clinician confirms).
    """
    if not readings:
        return None
    systolic, diastolic = readings[-1]
    if systolic <= limit[0] and diastolic <= limit[1]:
        return Settling.AT_LIMIT
    if before is not None and _is_near(readings[-1], before, percent):
        return Settling.NEAR_BEFORE
    return Settling.FALLING if _falling(readings) else None


def _is_near(last: tuple[int, int], before: tuple[int, int], percent: int) -> bool:
    return all(now * 100 <= then * (100 + percent) for now, then in zip(last, before, strict=True))


def _falling(readings: Sequence[tuple[int, int]]) -> bool:
    if len(readings) < 2:
        return False
    last, previous = readings[-1], readings[-2]
    highest = max(one[0] for one in readings[:-1]), max(one[1] for one in readings[:-1])
    return all(last[n] < previous[n] and last[n] < highest[n] for n in (0, 1))
