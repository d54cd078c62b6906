"""Doses as they were given: how much, how, at which weight, with which mood after them, and what they come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from clinic_sessions.domain.drug.doses import Micrograms
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.protocols.protocol_kinds import Drug, Route
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.wall_time import local_day

MOOD_KINDS = (CheckInKind.AFTER_4H, CheckInKind.AFTER_24H, CheckInKind.AFTER_72H)
"""When mood is asked after a dose and drawn against it."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was given of a dose. `micrograms` of None: nobody wrote it down; `at_most`: stopped, so it may be less."""

    micrograms: Micrograms | None
    at_most: bool = False


@dataclass(frozen=True, kw_only=True)
class Mood:
    """What became of the question of mood: its check-in's status, and the answer, 0 to 10."""

    status: CheckInStatus
    value: int | None = None


@dataclass(frozen=True, kw_only=True)
class Dose:
    """A dose that was begun: what was given, how, and the weight at that time (grams; None: none on file)."""

    session_id: int
    clinic_id: int
    at: datetime
    drug: Drug
    route: Route
    given: Given
    grams: int | None = None
    moods: Mapping[CheckInKind, Mood] = field(default_factory=dict)
    """The check-ins after it that ask for mood."""


def given_of(events: Sequence[tuple[DoseEventKind, Micrograms | None]]) -> Given:
    """Say what was given from the dose events that stand, oldest first.

    What was written at the end counts before the devices used, these before what was set up at the start.
    """
    ended = [(kind, amount) for kind, amount in events if kind in {DoseEventKind.GIVEN, DoseEventKind.STOPPED}]
    if ended and ended[-1][1] is not None:
        return Given(micrograms=ended[-1][1])
    devices = sum(amount or 0 for kind, amount in events if kind is DoseEventKind.DEVICE)
    if devices:
        return Given(micrograms=devices)
    begun = next((amount for kind, amount in events if kind is DoseEventKind.STARTED), None)
    stopped = bool(ended) and ended[-1][0] is DoseEventKind.STOPPED
    return Given(micrograms=begun, at_most=stopped and begun is not None)


@dataclass(frozen=True, kw_only=True)
class Cumulative:
    """What was given of a drug, in micrograms: by year of the clinic's calendar, newest first, and in all."""

    drug: Drug
    years: Sequence[tuple[int, Micrograms]]
    doses: int
    at_most: bool
    """Whether some dose was stopped early without the amount written down, so that it is less."""
    unknown: int
    """How many doses nobody wrote an amount for; they are not counted in."""

    @property
    def total(self) -> Micrograms:
        """The sum over all years."""
        return sum(amount for _, amount in self.years)


def cumulative(doses: Sequence[Dose], zone: ZoneInfo) -> list[Cumulative]:
    """Add up the doses, each drug by itself: milligrams of one are not those of the other."""
    found = []
    for drug in Drug:
        own = [dose for dose in doses if dose.drug is drug]
        years: dict[int, Micrograms] = {}
        for dose in own:
            year = local_day(dose.at, zone).year
            years[year] = years.get(year, 0) + (dose.given.micrograms or 0)
        if own:
            found.append(
                Cumulative(
                    drug=drug,
                    years=sorted(years.items(), reverse=True),
                    doses=len(own),
                    at_most=any(dose.given.at_most for dose in own),
                    unknown=sum(dose.given.micrograms is None for dose in own),
                )
            )
    return found
