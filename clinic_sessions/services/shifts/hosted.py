"""Visits that someone holds, against the shifts of whoever holds them."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.session.lifecycle import OCCUPYING, SessionKind
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.shifts import cover


class _Visit(NamedTuple):
    id: int
    kind: SessionKind
    host_id: int
    nurse_milli: int
    block: Span


def left_alone(db: Session, clinic: Clinic, days: Collection[date]) -> dict[int, datetime]:
    """Give the visits that begin on some of the days and whose host is not on shift, in a fitting role, for all of it.

    Each with the first moment at which the host is not there.
    """
    found = dict[int, datetime]()
    for visit, duties in _with_duties(db, clinic, days):
        fitting = [one.span for one in duties if visits.may_hold(visit.kind, [one.role])]
        if not any(span.holds(visit.block) for span in fitting):
            found[visit.id] = _gone_at(visit.block, fitting)
    return found


def _gone_at(block: Span, there: Iterable[Span]) -> datetime:
    at = block.starts_at
    for span in there:
        if span.starts_at <= at < span.ends_at:
            at = span.ends_at
    return min(at, block.ends_at)


def charge_nurses(db: Session, clinic: Clinic, days: Collection[date]) -> None:
    """Let each visit of the days take its host from the nurses on shift, if they now count among them, or no more."""
    for visit, duties in _with_duties(db, clinic, days):
        milli = visits.nurse_milli(one.role for one in duties if one.span.overlaps(visit.block))
        if milli != visit.nurse_milli:
            db.execute(
                sa.update(TreatmentSession).where(TreatmentSession.id == visit.id).values(nurse_milli=milli),
                execution_options={"synchronize_session": False},
            )


def _with_duties(db: Session, clinic: Clinic, days: Collection[date]) -> Iterator[tuple[_Visit, list[Duty]]]:
    held = list(_held(db, clinic, days)) if days else []
    duties = cover.duties_of(db, clinic, min(days), max(days)) if held else []
    for visit in held:
        yield visit, [duty for duty in duties if duty.user_id == visit.host_id]


def _held(db: Session, clinic: Clinic, days: Collection[date]) -> Iterable[_Visit]:
    one = TreatmentSession
    query = sa.select(one.id, one.kind, one.host_id, one.nurse_milli, one.starts_at, one.ends_at).where(
        one.clinic_id == clinic.id,
        one.host_id.is_not(None),
        one.starts_at >= day_span(min(days), clinic.zone).starts_at,
        one.starts_at < day_span(max(days), clinic.zone).ends_at,
        one.status.in_(OCCUPYING),
    )
    for number, kind, host_id, milli, starts_at, ends_at in db.execute(query):
        if host_id is not None and local_day(starts_at, clinic.zone) in days:
            yield _Visit(number, kind, host_id, milli, Span(starts_at=starts_at, ends_at=ends_at))
