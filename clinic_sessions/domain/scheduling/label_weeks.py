"""How many sessions a drug's label has in a treatment week, and which weeks of a series have more.

Treatment week n is days 7(n-1) to 7n-1, counted from the day of the first dose, or of the first that is booked [S].
More than the label says is a warning for whoever books; it is never refused.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from clinic_sessions.domain.protocols.protocol_kinds import Drug, SeriesKind
from clinic_sessions.domain.protocols.protocol_parts import Protocol, SeriesPhase

WEEK = 7


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The most sessions that the label has in a treatment week of one phase, and who says so."""

    phase: SeriesKind
    most: int
    source: str


@dataclass(frozen=True, kw_only=True)
class Over:
    """A treatment week with more sessions than the label has in it."""

    week: int
    count: int
    allowance: Allowance

    @property
    def words(self) -> str:
        """Say it as people do.

        >>> two = Allowance(phase=SeriesKind.INDUCTION, most=2, source="Label [S]")
        >>> Over(week=2, count=3, allowance=two).words
        '3 in treatment week 2; the label says 2'
        """
        return f"{self.count} in treatment week {self.week}; the label says {self.allowance.most}"


def labelled(protocol: Protocol) -> Sequence[SeriesPhase]:
    """Give the phases of a protocol that follow a label by treatment weeks: those of esketamine; else none."""
    return protocol.series if protocol.drug is Drug.ESKETAMINE else ()


def week_of(first: date, day: date) -> int:
    """Give the treatment week (from 1) of a day that is not before the first dose.

    >>> week_of(date(2026, 12, 1), date(2026, 12, 7)), week_of(date(2026, 12, 1), date(2026, 12, 8))
    (1, 2)
    """
    return (day - first).days // WEEK + 1


def allowed(phases: Sequence[SeriesPhase], week: int) -> Allowance:
    """Give what holds in a treatment week (from 1): each phase has its own weeks, and the last one goes on."""
    begins = 1
    for phase in phases[:-1]:
        begins += _weeks(phase)
        if week < begins:
            return _allowance(phase)
    return _allowance(phases[-1])


def over(phases: Sequence[SeriesPhase], days: Iterable[date]) -> list[Over]:
    """List the treatment weeks that have more sessions than allowed; `days`: one for each session of the series."""
    known = sorted(days)
    if not phases or not known:
        return []
    counts = sorted(Counter(week_of(known[0], day) for day in known).items())
    found = [Over(week=week, count=count, allowance=allowed(phases, week)) for week, count in counts]
    return [one for one in found if one.count > one.allowance.most]


def _weeks(phase: SeriesPhase) -> int:
    count = phase.count.whole if phase.count else 0
    return -(-count * phase.every.whole // (phase.sessions.whole * WEEK))


def _allowance(phase: SeriesPhase) -> Allowance:
    """Read the most a week; a version from before the field has its rhythm's sessions in a week, rounded up."""
    if phase.most_a_week is not None:
        return Allowance(phase=phase.kind, most=phase.most_a_week.whole, source=phase.most_a_week.source)
    most = -(-phase.sessions.whole * WEEK // phase.every.whole)
    return Allowance(phase=phase.kind, most=most, source=phase.sessions.source)
