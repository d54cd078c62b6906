"""The day by chair: read in a few range queries, and laid out anew only when something that it shows has changed."""

from collections.abc import Collection
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling.day_grid import ROW
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.schedule import day_picture, schedule_rows
from clinic_sessions.services.schedule.day_picture import Day, Facts
from clinic_sessions.services.schedule.schedule_rows import ALL, Card, Wanted
from clinic_sessions.services.shifts import rota
from clinic_sessions.services.sites import grounds

PICTURES = 32
"""How many days a process keeps laid out, each under all that it shows."""


_ONE = TreatmentSession.__table__.c
_SUMS = sa.select(sa.func.count(), sa.func.sum(_ONE.version), sa.func.sum(_ONE.version * _ONE.id)).where(
    *schedule_rows.in_days()
)


def day_of(db: Session, clinic: Clinic, day: date, *, now: datetime, wanted: Wanted = ALL) -> Day:
    """Gather one day of a clinic; the number of queries does not grow with the sessions."""
    cards = schedule_rows.read(db, clinic, day, day)
    schedule_rows.learn(db, cards)
    facts = Facts(
        day=day,
        zone=clinic.zone,
        cards=cards,
        ground=grounds.read(db, clinic, [day]),
        duties=tuple(rota.read(db, clinic, day, day).duties(day, day)),
        until=_until(day, clinic.zone, now),
        absent_after=clinic.propose_absence_minutes,
        is_today=local_day(now, clinic.zone) == day,
        wanted=wanted,
    )
    return _picture(facts)


@lru_cache(maxsize=PICTURES)
def _picture(facts: Facts) -> Day:
    return day_picture.lay_out(facts)


def cards_of(db: Session, clinic: Clinic, day: date, *, now: datetime) -> list[Card]:
    """List the sessions of a day in order of their start, names that are alike marked."""
    cards = schedule_rows.read(db, clinic, day, day)
    return schedule_rows.marked(cards, until=now, absent_after=clinic.propose_absence_minutes)


def revision(db: Session, clinic: Clinic, first: date, last: date, *, now: datetime) -> str:
    """Say which picture of some days is the present one: one query over one index.

    It changes with each session, with shifts, hours and closures, and with every row of the grid that goes by.
    """
    count, versions, weighted = db.execute(_SUMS, schedule_rows.span_of(clinic, first, last)).one()
    return _told(clinic, first, last, now, (count, versions or 0, weighted or 0))


def revision_of(clinic: Clinic, cards: Collection[Card], first: date, last: date, *, now: datetime) -> str:
    """Say which picture was read: what `revision` says as long as nothing has changed."""
    versions = sum(card.version for card in cards)
    weighted = sum(card.version * card.id for card in cards)
    return _told(clinic, first, last, now, (len(cards), versions, weighted))


def _told(clinic: Clinic, first: date, last: date, now: datetime, sessions: tuple[int, int, int]) -> str:
    gone = (_until(last, clinic.zone, now) - day_span(first, clinic.zone).starts_at) // ROW
    return ".".join(map(str, (*sessions, clinic.turn, max(gone, 0))))


def _until(day: date, zone: ZoneInfo, now: datetime) -> datetime:
    span = day_span(day, zone)
    within = min(max(now, span.starts_at), span.ends_at)
    return span.starts_at + (within - span.starts_at) // ROW * ROW
