"""The pattern of a plan: how many sessions, how far apart, in phases; and the day on which each place falls.

The first place is day 0. Inside a phase, places are spread evenly over whole days. The first place of a later phase
comes one step of its own after the last place of the phase before: "6 over 3 weeks, then every 4 weeks" has its
seventh session four weeks after the sixth.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import islice, pairwise

from clinic_sessions.domain.protocols.protocols import SeriesPhase

WEEK = 7
MOST_PHASES = 4
MOST_SESSIONS = 60
MOST_DAYS = 365


class PatternFault(StrEnum):
    """Why phases make no pattern."""

    NO_PHASE = "no_phase"
    TOO_MANY_PHASES = "too_many_phases"
    NO_COUNT = "no_count"
    GOES_ON_BEFORE_THE_END = "goes_on_before_the_end"
    MORE_THAN_ONE_A_DAY = "more_than_one_a_day"
    TOO_MANY_SESSIONS = "too_many_sessions"
    TOO_LONG = "too_long"


class FaultyPattern(ValueError):
    """Phases that make no pattern; `faults` lists everything that is wrong."""

    def __init__(self, *faults: PatternFault) -> None:
        super().__init__(", ".join(faults))
        self.faults: Sequence[PatternFault] = faults


class UnreadablePattern(ValueError):
    """Words that say no pattern; `part` is the first part that could not be read."""

    def __init__(self, part: str) -> None:
        super().__init__(part)
        self.part = part


@dataclass(frozen=True, kw_only=True)
class PatternPhase:
    """So many sessions in so many days, `count` in all; without a count it goes on until someone ends it."""

    sessions: int
    days: int
    count: int | None = None

    def step(self, number: int) -> int:
        """Give how many days after the place before the phase its place `number` (from 1) falls."""
        return number * self.days // self.sessions


@dataclass(frozen=True)
class Pattern:
    """The phases of a plan, in order. Raises FaultyPattern when they make none."""

    phases: tuple[PatternPhase, ...]

    def __post_init__(self) -> None:
        if found := list(_faults(self.phases)):
            raise FaultyPattern(*found)

    @property
    def count(self) -> int:
        """How many sessions the phases with a count come to."""
        return sum(phase.count or 0 for phase in self.phases)

    @property
    def goes_on(self) -> bool:
        """Whether the last phase has no count, so that there is always a next place."""
        return self.phases[-1].count is None

    @property
    def closest(self) -> int:
        """The fewest days between two places that follow each other."""
        days = list(islice(self._days(), min(self.count, MOST_SESSIONS) + 2 * self.phases[-1].sessions))
        return min((after - before for before, after in pairwise(days)), default=self.phases[0].days)

    def has(self, place: int) -> bool:
        """Say whether the pattern has such a place (from 1)."""
        return place >= 1 and (self.goes_on or place <= self.count)

    def day(self, place: int) -> int:
        """Give the day of a place (from 1), counted from the first place's; places beyond the last keep its step."""
        return next(islice(self._days(), place - 1, None))

    def gap(self, place: int) -> int:
        """Give how many days after the place before it a place (from 2) is due."""
        return self.day(place) - self.day(place - 1)

    def _days(self) -> Iterator[int]:
        """Yield the day of each place, without end: the last phase is carried on."""
        base, first = 0, 1
        for phase in self.phases[:-1]:
            steps = [phase.step(number - first) for number in range(1, (phase.count or 0) + 1)]
            yield from (base + step for step in steps)
            base, first = base + steps[-1], 0
        number = 1
        while True:
            yield base + self.phases[-1].step(number - first)
            number += 1


def _faults(phases: Sequence[PatternPhase]) -> Iterator[PatternFault]:
    if not phases:
        yield PatternFault.NO_PHASE
        return
    total = sum(phase.count or 0 for phase in phases)
    checks = {
        PatternFault.TOO_MANY_PHASES: len(phases) > MOST_PHASES,
        PatternFault.GOES_ON_BEFORE_THE_END: any(phase.count is None for phase in phases[:-1]),
        PatternFault.NO_COUNT: total < 1,
        PatternFault.TOO_MANY_SESSIONS: total > MOST_SESSIONS,
        PatternFault.MORE_THAN_ONE_A_DAY: any(not 1 <= phase.sessions <= phase.days for phase in phases),
        PatternFault.TOO_LONG: any(phase.days > MOST_DAYS for phase in phases),
    }
    yield from (fault for fault, stands in checks.items() if stands)


def of_protocol(series: Sequence[SeriesPhase]) -> Pattern:
    """Give the pattern that a protocol proposes."""
    return Pattern(
        tuple(
            PatternPhase(
                sessions=phase.sessions.whole, days=phase.every.whole, count=phase.count.whole if phase.count else None
            )
            for phase in series
        )
    )


def due(pattern: Pattern, held: Mapping[int, date], place: int) -> date | None:
    """Give the day on which a place is due, counted from the place before it that has a session on the day in `held`.

    None when no place before it has one: it may come as soon as it can. A place whose day is already taken by later
    ones, such as a cancelled one that is made up for, is due one step after the last of them.
    """
    before = [one for one in held if one < place]
    if not before:
        return None
    day = max(held[one] for one in before) + timedelta(days=pattern.day(place) - pattern.day(max(before)))
    later = [held[one] for one in held if one > place]
    if later and (min(later) - day).days < pattern.closest:
        return max(held.values()) + timedelta(days=pattern.gap(place))
    return day


def progress(place: int, count: int) -> str:
    """Say where a place stands: of the counted ones, or how far beyond them.

    >>> progress(3, 6), progress(8, 6)
    ('3 of 6', 'maintenance 2')
    """
    return f"{place} of {count}" if place <= count else f"maintenance {place - count}"


def span_words(days: int) -> str:
    """Say a stretch of days, in weeks when they are whole.

    >>> span_words(21), span_words(12), span_words(1)
    ('3 weeks', '12 days', '1 day')
    """
    number, unit = (days // WEEK, "week") if days % WEEK == 0 else (days, "day")
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def in_words(pattern: Pattern) -> str:
    """Say a pattern as people do.

    >>> in_words(read("twice weekly 4 weeks, weekly 4 weeks, then every 2 weeks"))
    'twice weekly for 4 weeks, weekly for 4 weeks, then every 2 weeks'
    >>> in_words(read("6 over 3 weeks, then every 4 weeks"))
    '6 over 3 weeks, then every 4 weeks'
    """
    parts = [_phase_words(phase) for phase in pattern.phases]
    if pattern.goes_on and len(parts) > 1:
        parts[-1] = f"then {parts[-1]}"
    return ", ".join(parts)


def _phase_words(phase: PatternPhase) -> str:
    often = _often(phase)
    if phase.count is None:
        return often
    if phase.count == phase.sessions:
        return f"{phase.count} over {span_words(phase.days)}"
    if phase.count % phase.sessions == 0:
        return f"{often} for {span_words(phase.count // phase.sessions * phase.days)}"
    return f"{phase.count} sessions {often}"


def _often(phase: PatternPhase) -> str:
    if phase.days == WEEK:
        return {1: "weekly", 2: "twice weekly"}.get(phase.sessions, f"{phase.sessions} times weekly")
    every = "daily" if phase.days == 1 else f"every {span_words(phase.days)}"
    return every if phase.sessions == 1 else f"{phase.sessions} {every}"


_UNITS = {"day": 1, "week": WEEK}
_SPAN = r"(?:(?P<{0}n>[1-9][0-9]{{0,2}}) )?(?P<{0}unit>day|week)s?"
_OFTEN = (
    rf"(?:(?P<daily>daily)|(?P<twice>twice weekly)|(?:(?P<times>[1-9][0-9]?) times )?(?P<weekly>weekly)"
    rf"|(?:(?P<each>[1-9][0-9]?) )?every {_SPAN.format('every')})"
)
_OVER = re.compile(rf"(?P<over>[1-9][0-9]?)(?: sessions)? (?:over|in) {_SPAN.format('over')}", re.ASCII)
_REPEATED = re.compile(rf"(?:(?P<count>[1-9][0-9]?) sessions )?{_OFTEN}(?: (?:for )?{_SPAN.format('long')})?", re.ASCII)


def read(text: str) -> Pattern:
    """Read a pattern from words; parts are set apart by commas or "then".

    Raises UnreadablePattern naming the first part that says nothing, FaultyPattern for phases that make no pattern.

    >>> read("6 over 3 weeks").phases
    (PatternPhase(sessions=6, days=21, count=6),)
    """
    spoken = re.sub(r"\s+", " ", text.strip().lower())
    parts = [part for part in re.split(r"\s*,\s*(?:then )?|\s+then\s+", spoken) if part]
    return Pattern(tuple(_read_phase(part) for part in parts))


def _read_phase(part: str) -> PatternPhase:
    if found := _OVER.fullmatch(part):
        number = int(found["over"])
        return PatternPhase(sessions=number, days=_span(found, "over"), count=number)
    found = _REPEATED.fullmatch(part)
    if found is None or (found["count"] and found["longunit"]):
        raise UnreadablePattern(part)
    sessions, days = _rate(found)
    if not found["longunit"]:
        return PatternPhase(sessions=sessions, days=days, count=int(found["count"]) if found["count"] else None)
    rounds, over = divmod(_span(found, "long"), days)
    if over:
        raise UnreadablePattern(part)
    return PatternPhase(sessions=sessions, days=days, count=rounds * sessions)


def _rate(found: re.Match[str]) -> tuple[int, int]:
    if found["daily"]:
        return 1, 1
    if found["twice"]:
        return 2, WEEK
    if found["weekly"]:
        return int(found["times"] or 1), WEEK
    return int(found["each"] or 1), _span(found, "every")


def _span(found: re.Match[str], name: str) -> int:
    return int(found[f"{name}n"] or 1) * _UNITS[found[f"{name}unit"]]
