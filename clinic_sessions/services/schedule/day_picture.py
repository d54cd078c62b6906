"""How a day stands on the grid: chairs with what is in them and where there is room, then who holds other visits."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from clinic_sessions.domain.scheduling import day_grid, timetable
from clinic_sessions.domain.scheduling.cover import DayCover
from clinic_sessions.domain.scheduling.day_grid import Grid, Rows, Stretch
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.session.lifecycle import OCCUPYING
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.services.schedule import schedule_people, schedule_rows
from clinic_sessions.services.schedule.schedule_people import Person
from clinic_sessions.services.schedule.schedule_rows import FREED, Card, Known, Wanted
from clinic_sessions.services.sites.grounds import Ground, Place, Shut


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that a day's picture shows; days of which the same is told look the same."""

    day: date
    zone: ZoneInfo
    cards: tuple[Card, ...]
    ground: Ground
    duties: tuple[Duty, ...]
    until: datetime
    """Up to when things have happened."""
    absent_after: int
    """How many minutes after the start somebody is asked whether a patient came."""
    is_today: bool
    wanted: Wanted


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A card on its rows: fewer than its time, where another session was put into the rest of it."""

    card: Card
    rows: Rows


@dataclass(frozen=True, kw_only=True)
class Barred:
    """Rows in which nobody can be booked; `reason` None: outside the opening hours."""

    rows: Rows
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A chair, or someone who holds visits without one."""

    name: str
    chair: Place | None
    placed: Sequence[Placed]
    barred: Sequence[Barred]
    free: Sequence[Rows]


@dataclass(frozen=True, kw_only=True, eq=False)
class Day:
    """The whole page of one day; only itself is the same, so what was drawn of it can be kept by it."""

    day: date
    cards: Sequence[Card]
    grid: Grid | None
    lanes: Sequence[Lane]
    strip: Sequence[Stretch]
    rails: Sequence[Known]
    nurses: Sequence[Person]
    providers: Sequence[Person]
    closures: Sequence[Shut]
    chair_names: dict[int, str]
    until: datetime
    is_today: bool

    @property
    def shown(self) -> list[Card]:
        """The sessions that somebody wanted to see."""
        return [card for card in self.cards if card.is_wanted]

    @property
    def has_room(self) -> bool:
        """Say whether any chair has a free stretch."""
        return any(lane.free for lane in self.lanes)

    @property
    def called_off(self) -> list[Card]:
        """Those of them that no longer stand in their chair."""
        return [card for card in self.shown if card.status in FREED]


def lay_out(facts: Facts) -> Day:
    """Lay a day out from the facts and from what was learnt of its protocol versions."""
    openings = timetable.openings(facts.day, facts.ground.hours, facts.zone)
    cards = schedule_rows.marked(facts.cards, until=facts.until, absent_after=facts.absent_after, wanted=facts.wanted)
    drawn = [card for card in cards if card.status not in FREED]
    grid = day_grid.grid_of([*openings, *(card.block for card in drawn)])
    return Day(
        day=facts.day,
        cards=cards,
        grid=grid,
        lanes=[*_chairs(facts, drawn, grid, openings), *_hosts(drawn, grid)] if grid else [],
        strip=day_grid.strip(_cover(facts, grid)) if grid else [],
        rails=list({id(card.known): card.known for card in drawn if card.known}.values()),
        nurses=schedule_people.nurses(facts.cards),
        providers=schedule_people.providers(facts.cards),
        closures=facts.ground.closures,
        chair_names={chair.id: chair.name for chair in facts.ground.chairs},
        until=facts.until,
        is_today=facts.is_today,
    )


def _cover(facts: Facts, grid: Grid) -> DayCover:
    window = Span(starts_at=grid.first, ends_at=grid.moment(grid.count))
    return DayCover(window, facts.duties, schedule_rows.demands(facts.cards))


def _chairs(facts: Facts, cards: Sequence[Card], grid: Grid, openings: Sequence[Span]) -> list[Lane]:
    mine: dict[int, list[Card]] = {}
    for card in cards:
        if card.chair_id is not None:
            mine.setdefault(card.chair_id, []).append(card)
    outside = [Barred(rows=rows, reason=None) for rows in day_grid.outside(grid, openings)]
    return [
        _chair(facts, chair, mine.get(chair.id, []), grid, outside)
        for chair in facts.ground.chairs
        if chair.in_use or chair.id in mine
    ]


def _chair(facts: Facts, chair: Place, cards: Sequence[Card], grid: Grid, outside: Sequence[Barred]) -> Lane:
    placed = _placed(cards, grid)
    taken = [one.rows for one in placed if _stands(one.card, facts.until)]
    shut = [
        Barred(rows=grid.rows(one.span), reason=one.reason)
        for one in facts.ground.closures
        if one.chair_id in (None, chair.id) and grid.shows(one.span)
    ]
    barred = [*outside, *shut]
    free = day_grid.free_stretches(grid, taken, [one.rows for one in barred], facts.until) if chair.in_use else []
    return Lane(name=chair.name, chair=chair, placed=placed, barred=barred, free=free)


def _stands(card: Card, until: datetime) -> bool:
    return card.status in OCCUPYING or card.starts_at < until


def _hosts(cards: Sequence[Card], grid: Grid) -> Iterable[Lane]:
    """Give a lane to each person who holds a visit that has no chair."""
    mine: dict[int, list[Card]] = {}
    for card in cards:
        if card.chair_id is None and card.host_id is not None:
            mine.setdefault(card.host_id, []).append(card)
    lanes = [
        Lane(name=held[0].host or "", chair=None, placed=_placed(held, grid), barred=[], free=[])
        for held in mine.values()
    ]
    return sorted(lanes, key=lambda lane: lane.name)


def _placed(cards: Sequence[Card], grid: Grid) -> list[Placed]:
    """Cut short what has ended, where another session has been put into the rest of its time."""
    kept: list[Placed] = []
    for card in cards:
        one = Placed(card=card, rows=grid.rows(card.block))
        before = kept[-1] if kept else None
        if before is None or not before.card.block.overlaps(card.block):
            kept.append(one)
        elif card.status not in OCCUPYING:
            continue
        elif one.rows.start - before.rows.start < day_grid.SHORTEST_STRETCH:
            kept[-1] = one
        else:
            kept[-1:] = [replace(before, rows=Rows(start=before.rows.start, end=one.rows.start)), one]
    return kept
