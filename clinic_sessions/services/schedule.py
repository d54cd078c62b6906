"""The day by chair: one range query, laid out for the grid and for the list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import day_grid, timetable
from clinic_sessions.domain.alike import alike
from clinic_sessions.domain.day_grid import Grid, Rows
from clinic_sessions.domain.lifecycle import EXPECTED, OCCUPYING, Status
from clinic_sessions.domain.protocols import PhaseKind, Route
from clinic_sessions.domain.wall_time import Span, day_span
from clinic_sessions.models import Chair, Clinic, Patient, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue
from clinic_sessions.services.free_times import hours_of

LATE = timedelta(minutes=10)
"""A patient who has not been checked in so long after the start is marked as not here yet."""

FREED = frozenset({Status.CANCELLED, Status.LAPSED})
"""These never stood, or no longer stand, in their chair: the list names them, the grid does not draw them."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One phase of a block, as it is drawn."""

    kind: PhaseKind
    minutes: int
    nurse_milli: int


@dataclass(frozen=True, kw_only=True)
class Card:
    """One session of the day, with what its card says."""

    id: int
    patient_id: int
    name: str
    preferred_name: str | None
    chair_id: int | None
    starts_at: datetime
    ends_at: datetime
    status: Status
    version: int
    route: Route | None
    digest: str | None
    place: int | None
    total: int | None
    parts: tuple[Part, ...] = ()
    is_alike: bool = False
    is_late: bool = False

    @property
    def block(self) -> Span:
        """The time that it stands in its chair."""
        return Span(starts_at=self.starts_at, ends_at=self.ends_at)


@dataclass(frozen=True, kw_only=True)
class Placed:
    card: Card
    rows: Rows


@dataclass(frozen=True, kw_only=True)
class Lane:
    """A chair, with what stands in it and where there is room."""

    chair: Chair
    placed: Sequence[Placed]
    free: Sequence[Rows]


@dataclass(frozen=True, kw_only=True)
class Day:
    """The whole page of one day."""

    day: date
    cards: Sequence[Card]
    grid: Grid | None
    lanes: Sequence[Lane]
    closed: Sequence[Rows]
    nurses: Sequence[int]
    """The nurses needed, in thousandths, by half hour."""
    is_open: bool
    revision: str


def day_of(db: Session, clinic: Clinic, day: date, *, now: datetime) -> Day:
    """Gather one day of a clinic; the number of queries does not grow with the sessions."""
    cards = cards_of(db, clinic, day, now=now)
    openings = timetable.openings(day, hours_of(clinic), clinic.zone)
    drawn = [card for card in cards if card.status not in FREED]
    grid = day_grid.grid_of([*openings, *(card.block for card in drawn)])
    lanes = [_lane(chair, drawn, grid, openings, now) for chair in _chairs(clinic, drawn)] if grid else []
    return Day(
        day=day,
        cards=cards,
        grid=grid,
        lanes=lanes,
        closed=day_grid.outside(grid, openings) if grid else [],
        nurses=day_grid.load(grid, _nurse_parts(drawn)) if grid else [],
        is_open=bool(openings),
        revision=_revision([(card.id, card.version) for card in cards]),
    )


def revision(db: Session, clinic: Clinic, day: date) -> str:
    """Say which picture of the day is the present one: one query over one index."""
    count, versions, weighted = db.execute(
        _of_day(
            sa.select(
                sa.func.count(),
                sa.func.sum(TreatmentSession.version),
                sa.func.sum(TreatmentSession.version * TreatmentSession.id),
            ),
            clinic,
            day,
        )
    ).one()
    return f"{count}.{versions or 0}.{weighted or 0}"


def query_of_day(clinic: Clinic, day: date) -> sa.Select[*tuple[object, ...]]:
    """Give the query of a day's sessions: a range of one index."""
    query = (
        sa.select(
            TreatmentSession.id,
            TreatmentSession.patient_id,
            Patient.name,
            Patient.preferred_name,
            TreatmentSession.chair_id,
            TreatmentSession.starts_at,
            TreatmentSession.ends_at,
            TreatmentSession.status,
            TreatmentSession.version,
            ProtocolVersion.route,
            ProtocolVersion.digest,
            TreatmentSession.place_in_plan.label("place"),
            Plan.session_count.label("total"),
        )
        .join(Patient, Patient.id == TreatmentSession.patient_id)
        .outerjoin(ProtocolVersion, ProtocolVersion.id == TreatmentSession.protocol_version_id)
        .outerjoin(Plan, Plan.id == TreatmentSession.plan_id)
        .order_by(TreatmentSession.starts_at, TreatmentSession.chair_id, TreatmentSession.id)
    )
    return _of_day(query, clinic, day)


def _of_day(query: sa.Select[*tuple[object, ...]], clinic: Clinic, day: date) -> sa.Select[*tuple[object, ...]]:
    span = day_span(day, clinic.zone)
    return query.where(
        TreatmentSession.clinic_id == clinic.id,
        TreatmentSession.starts_at >= span.starts_at,
        TreatmentSession.starts_at < span.ends_at,
    )


def _revision(seen: Sequence[tuple[int, int]]) -> str:
    return f"{len(seen)}.{sum(v for _, v in seen)}.{sum(one * v for one, v in seen)}"


def cards_of(db: Session, clinic: Clinic, day: date, *, now: datetime) -> list[Card]:
    """List the sessions of a day in order of their start, names that are alike marked."""
    rows = db.execute(query_of_day(clinic, day)).mappings().all()
    parts = _parts_of(db, {str(row["digest"]) for row in rows if row["digest"]})
    same = alike((row["patient_id"], row["name"]) for row in rows if row["status"] not in FREED)
    return [
        Card(
            **row,
            parts=parts.get(row["digest"], ()),
            is_alike=row["patient_id"] in same,
            is_late=row["status"] in EXPECTED and now - row["starts_at"] >= LATE,
        )
        for row in rows
    ]


_known: dict[str, tuple[Part, ...]] = {}
_lock = Lock()


def _parts_of(db: Session, digests: set[str]) -> dict[str, tuple[Part, ...]]:
    """Give the phases of protocol versions; a version's body never changes, so each is read once by this process."""
    if missing := digests - _known.keys():
        versions = db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.digest.in_(missing))).all()
        found = {version.digest: tuple(_parts(version)) for version in versions}
        with _lock:
            _known.update(found)
    return {digest: _known[digest] for digest in digests}


def _parts(version: ProtocolVersion) -> Iterable[Part]:
    for phase in catalogue.protocol_of(version).phases:
        yield Part(kind=phase.kind, minutes=phase.minutes.whole, nurse_milli=phase.nurse_milli)


def _chairs(clinic: Clinic, cards: Sequence[Card]) -> list[Chair]:
    used = {card.chair_id for card in cards}
    return [chair for chair in clinic.chairs if chair.in_use or chair.id in used]


def _lane(chair: Chair, cards: Sequence[Card], grid: Grid, openings: Sequence[Span], now: datetime) -> Lane:
    mine = _without_overlap([card for card in cards if card.chair_id == chair.id])
    placed = [Placed(card=card, rows=grid.rows(card.block)) for card in mine]
    taken = [one.rows for one in placed if one.card.status in OCCUPYING or one.card.starts_at < now]
    free = day_grid.free_cells(grid, taken, openings, now) if chair.in_use else []
    return Lane(chair=chair, placed=placed, free=free)


def _without_overlap(cards: Sequence[Card]) -> list[Card]:
    """Cut short what has ended, where another session has been put into the rest of its time."""
    kept: list[Card] = []
    for card in cards:
        before = kept[-1] if kept else None
        if before is None or not before.block.overlaps(card.block):
            kept.append(card)
        elif card.status not in OCCUPYING:
            continue
        elif card.starts_at - before.starts_at < day_grid.SHORTEST_CELL * day_grid.ROW:
            kept[-1] = card
        else:
            kept[-1:] = [replace(before, ends_at=card.starts_at), card]
    return kept


def _nurse_parts(cards: Sequence[Card]) -> Iterable[tuple[Span, int]]:
    for card in cards:
        at = card.starts_at
        for part in card.parts if card.status in OCCUPYING else ():
            end = at + timedelta(minutes=part.minutes)
            yield Span(starts_at=at, ends_at=end), part.nurse_milli
            at = end
