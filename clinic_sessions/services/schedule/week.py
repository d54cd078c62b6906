"""A week of a clinic: the sessions of each day, and how much of the nurses they take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import day_grid, timetable
from clinic_sessions.domain.scheduling.cover import DayCover
from clinic_sessions.domain.scheduling.day_grid import Grid, Stretch
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import Clinic
from clinic_sessions.services.schedule import schedule_people, schedule_rows
from clinic_sessions.services.schedule.schedule_people import Person
from clinic_sessions.services.schedule.schedule_rows import ALL, FREED, Card, Wanted
from clinic_sessions.services.shifts import rota
from clinic_sessions.services.sites import grounds
from clinic_sessions.services.sites.grounds import Ground, Shut

DAYS = 7


@dataclass(frozen=True, kw_only=True)
class WeekDay:
    """One day of the week; `grid` is None when the clinic is closed and nothing is booked."""

    day: date
    is_open: bool
    closures: Sequence[Shut]
    cards: Sequence[Card]
    grid: Grid | None
    strip: Sequence[Stretch]

    @property
    def shown(self) -> list[Card]:
        """The sessions that somebody wanted to see and that stand, or stood, in their place."""
        return [card for card in self.cards if card.is_wanted and card.status not in FREED]

    @property
    def fullest(self) -> Stretch | None:
        """The stretch with the least of the nurses to spare; None when nobody needs one."""
        taken = [one for one in self.strip if one.used_milli]
        return min(taken, key=lambda one: one.nurses_milli - one.used_milli, default=None)


@dataclass(frozen=True, kw_only=True)
class Week:
    """Seven days, and who is named on their sessions."""

    days: Sequence[WeekDay]
    nurses: Sequence[Person]
    providers: Sequence[Person]

    @property
    def cards(self) -> list[Card]:
        """Every session of the week."""
        return [card for day in self.days for card in day.cards]

    @property
    def shown(self) -> list[Card]:
        """Those that are to be seen."""
        return [card for day in self.days for card in day.shown]


def week_of(db: Session, clinic: Clinic, first: date, *, now: datetime, wanted: Wanted = ALL) -> Week:
    """Gather seven days of a clinic in as many queries as one day takes."""
    days = [first + timedelta(days=n) for n in range(DAYS)]
    cards = schedule_rows.read(db, clinic, days[0], days[-1])
    schedule_rows.learn(db, cards)
    ground = grounds.read(db, clinic, days)
    shifts = rota.read(db, clinic, days[0], days[-1])
    by_day = {day: list(some) for day, some in groupby(cards, key=lambda card: local_day(card.starts_at, clinic.zone))}
    marked = {day: _marked(clinic, by_day.get(day, ()), now, wanted) for day in days}
    return Week(
        days=[_day(clinic, day, marked[day], ground, shifts.duties(day, day)) for day in days],
        nurses=schedule_people.nurses(cards),
        providers=schedule_people.providers(cards),
    )


def _marked(clinic: Clinic, cards: Sequence[Card], now: datetime, wanted: Wanted) -> list[Card]:
    return schedule_rows.marked(cards, until=now, absent_after=clinic.propose_absence_minutes, wanted=wanted)


def _day(clinic: Clinic, day: date, cards: Sequence[Card], ground: Ground, duties: Sequence[Duty]) -> WeekDay:
    span = day_span(day, clinic.zone)
    openings = timetable.openings(day, ground.hours, clinic.zone)
    grid = day_grid.grid_of([*openings, *(card.block for card in cards if card.status not in FREED)])
    closures = [one for one in ground.closures if one.chair_id is None and one.span.overlaps(span)]
    return WeekDay(
        day=day,
        is_open=any(not any(one.span.holds(opening) for one in closures) for opening in openings),
        closures=closures,
        cards=cards,
        grid=grid,
        strip=day_grid.strip(_cover(grid, duties, cards)) if grid else [],
    )


def _cover(grid: Grid, duties: Sequence[Duty], cards: Sequence[Card]) -> DayCover:
    window = Span(starts_at=grid.first, ends_at=grid.moment(grid.count))
    return DayCover(window, duties, schedule_rows.demands(cards))
