"""What becomes of each of the demo's visits: most go as planned, each other way happens to some."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from clinic_sessions.demo.clinic import ZONE
from clinic_sessions.demo.diary import Visit
from clinic_sessions.domain.wall_time import local_day


class Fate(StrEnum):
    """How a visit turns out."""

    AS_PLANNED = "as_planned"
    MOVED = "moved"
    CANCELLED = "cancelled"
    CANCELLED_BY_US = "cancelled_by_us"
    DID_NOT_COME = "did_not_come"
    PRESSURE_TOO_HIGH = "pressure_too_high"
    NO_WAY_HOME = "no_way_home"
    STOPPED_EARLY = "stopped_early"
    TAKEN_TO_HOSPITAL = "taken_to_hospital"
    LEFT_AGAINST_ADVICE = "left_against_advice"
    LEFT_WITHOUT_TELLING = "left_without_telling"


_BEHIND: Mapping[int, Fate] = MappingProxyType(
    {
        4: Fate.CANCELLED,
        9: Fate.DID_NOT_COME,
        14: Fate.PRESSURE_TOO_HIGH,
        19: Fate.TAKEN_TO_HOSPITAL,
        24: Fate.MOVED,
        28: Fate.STOPPED_EARLY,
        33: Fate.LEFT_AGAINST_ADVICE,
        38: Fate.CANCELLED_BY_US,
        43: Fate.LEFT_WITHOUT_TELLING,
        48: Fate.DID_NOT_COME,
        53: Fate.NO_WAY_HOME,
        58: Fate.CANCELLED,
        63: Fate.STOPPED_EARLY,
    }
)
"""By the place of a visit among those behind us, oldest first."""

_AHEAD: Mapping[int, Fate] = MappingProxyType(
    {3: Fate.MOVED, 8: Fate.CANCELLED, 15: Fate.CANCELLED_BY_US, 22: Fate.MOVED, 40: Fate.CANCELLED}
)
_INFUSIONS = frozenset({"iv-mood", "iv-pain"})
_AHEAD_FROM = timedelta(days=2)


def fates_of(visits: Sequence[Visit], now: datetime) -> dict[int, Fate]:
    """Give the fate of the visits to which something happens, by their place in `visits`."""
    today = local_day(now, ZONE)
    behind = [n for n, visit in enumerate(visits) if local_day(visit.block.starts_at, ZONE) < today and not visit.scene]
    ahead = [n for n, visit in enumerate(visits) if visit.block.starts_at > now + _AHEAD_FROM]
    fates: dict[int, Fate] = {}
    for numbers, plan in ((behind, _BEHIND), (ahead, _AHEAD)):
        met: set[int] = set()
        for place, fate in plan.items():
            number = _fit(visits, numbers[place:], fate, met)
            met.add(visits[number].on_file.patient.id)
            fates[number] = fate
    return fates


def _fit(visits: Sequence[Visit], numbers: Sequence[int], fate: Fate, met: set[int]) -> int:
    """Give the first of these visits whose patient has had nothing of the kind; only an infusion can be stopped."""
    return next(
        number
        for number in numbers
        if visits[number].on_file.patient.id not in met
        and (fate is not Fate.STOPPED_EARLY or visits[number].protocol.key in _INFUSIONS)
    )
