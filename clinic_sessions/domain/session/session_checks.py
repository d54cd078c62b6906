"""What is asked around a dose: the questions before it and before leaving, and what an answer says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from clinic_sessions.domain.protocols.protocols import EscortKind, Protocol


class CheckItem(StrEnum):
    """One question; each is answered anew at every visit, and the newest answer counts."""

    IDENTITY = "identity"
    FOOD = "food"
    DRINK = "drink"
    RIDE = "ride"
    PREGNANCY = "pregnancy"
    MEDICINES = "medicines"
    NASAL_SPRAY = "nasal_spray"
    RISK = "risk"
    SEDATION = "sedation"
    DISSOCIATION = "dissociation"
    BREATHING = "breathing"
    WAY_HOME = "way_home"
    INSTRUCTIONS = "instructions"
    BELONGINGS = "belongings"


BEFORE_DOSE = (
    CheckItem.IDENTITY,
    CheckItem.FOOD,
    CheckItem.DRINK,
    CheckItem.RIDE,
    CheckItem.PREGNANCY,
    CheckItem.MEDICINES,
    CheckItem.NASAL_SPRAY,
    CheckItem.RISK,
)
"""The questions before the dose, in their order; which of them are asked: `asked_of`."""

ASSESSED = (CheckItem.SEDATION, CheckItem.DISSOCIATION, CheckItem.BREATHING)
"""What a person looks at once the minimum time is reached: the clock alone never says safe."""

BEFORE_LEAVING = (*ASSESSED, CheckItem.WAY_HOME, CheckItem.INSTRUCTIONS, CheckItem.BELONGINGS)

AT_THE_DESK = frozenset({CheckItem.IDENTITY, CheckItem.RIDE})
"""What the front desk may ask as well; the rest is a nurse's or a provider's."""


WITH_A_NAME = frozenset({EscortKind.NAMED_ADULT, EscortKind.COMPANION_IN_HIRED_CAR})
"""Ways home with a person, of whom name and phone are asked for."""


class Intake(StrEnum):
    """What was last eaten or drunk."""

    CLEAR_LIQUID = "clear_liquid"
    FOOD = "food"
    HEAVY_MEAL = "heavy_meal"


@dataclass(frozen=True, kw_only=True)
class Check:
    """An answer. `clear`: nothing stands against it.

    `last_at`: when something was last eaten, drunk or sprayed, for which the clock decides instead of `clear`.
    `nameless`: a person takes them home whose name or phone is not known. `known_at`: when it was written down, None
    for at once.
    """

    item: CheckItem
    clear: bool
    at: datetime
    intake: Intake | None = None
    last_at: datetime | None = None
    escort: EscortKind | None = None
    nameless: bool = False
    known_at: datetime | None = None


def is_nameless(escort: EscortKind | None, person: str | None, phone: str | None) -> bool:
    """Say whether a person takes a patient home whose name or phone is not known.

    >>> is_nameless(EscortKind.NAMED_ADULT, "Jo Ruiz", None), is_nameless(EscortKind.TRANSPORT_SERVICE, None, None)
    (True, False)
    """
    return escort in WITH_A_NAME and not (person and phone)


def asked_of(protocol: Protocol, *, pregnancy: bool) -> tuple[CheckItem, ...]:
    """Give the questions that a protocol asks before its dose; `pregnancy`: whether the patient may become pregnant."""
    left_out = set()
    if not pregnancy:
        left_out.add(CheckItem.PREGNANCY)
    if protocol.preparation.nasal_spray is None:
        left_out.add(CheckItem.NASAL_SPRAY)
    return tuple(item for item in BEFORE_DOSE if item not in left_out)


def newest(checks: Iterable[Check]) -> Mapping[CheckItem, Check]:
    """Give the answer that counts for each question: the one that was true last, of two the one given last."""
    found: dict[CheckItem, Check] = {}
    for check in checks:
        known = found.get(check.item)
        if known is None or check.at >= known.at:
            found[check.item] = check
    return found


def wait_after(protocol: Protocol, item: CheckItem, intake: Intake | None) -> timedelta:
    """Give how long after a meal, a drink or a spray the dose waits, by the protocol; no time for other questions.

    A heavy meal counts as food where the protocol does not tell them apart.
    """
    rule = protocol.preparation
    if item is CheckItem.NASAL_SPRAY:
        return timedelta(minutes=rule.nasal_spray.whole if rule.nasal_spray else 0)
    if item is CheckItem.DRINK:
        return timedelta(minutes=rule.liquid.whole)
    if item is not CheckItem.FOOD:
        return timedelta()
    heavy = rule.heavy if intake is Intake.HEAVY_MEAL else None
    return timedelta(hours=(heavy or rule.food).whole)


def longest_wait(protocol: Protocol, item: CheckItem) -> timedelta:
    """Give after how long nothing that was eaten, drunk or sprayed stands against the dose any more."""
    return max(wait_after(protocol, item, intake) for intake in (None, *Intake))


def complete_at(protocol: Protocol, check: Check) -> datetime | None:
    """Give from when on (inclusive) a meal, drink or spray no longer stands against the dose; None without a time."""
    return None if check.last_at is None else check.last_at + wait_after(protocol, check.item, check.intake)
