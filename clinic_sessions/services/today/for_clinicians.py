"""The lists of what waits for clinicians, and how many stand on each: one place for both, so that they agree."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, DocumentVersion, Order, ProtocolVersion, Screening, TreatmentSession
from clinic_sessions.services.effects import follow_ups
from clinic_sessions.services.note import unsigned_notes
from clinic_sessions.services.orders import order_list
from clinic_sessions.services.patients import risk_lists
from clinic_sessions.services.plans import due_checks, plan_lists
from clinic_sessions.services.protocols import version_rows
from clinic_sessions.services.today import to_decide


class Work(StrEnum):
    """What can wait for a clinician."""

    RISK = "risk"
    CALLS = "calls"
    CLEAR = "clear"
    SIGN = "sign"
    SPOKEN = "spoken"
    NOTES = "notes"
    OWN_NOTES = "own-notes"
    ANSWERS = "answers"
    REVIEWS = "reviews"
    CHECKS = "checks"
    VERSIONS = "versions"


OF_ROLE: Mapping[Role, Sequence[Work]] = MappingProxyType(
    {
        Role.PROVIDER: (
            Work.RISK, Work.CALLS, Work.CLEAR, Work.SIGN, Work.NOTES, Work.ANSWERS, Work.REVIEWS, Work.CHECKS,
            Work.VERSIONS,
        ),
        Role.NURSE: (Work.RISK, Work.CALLS, Work.SPOKEN, Work.OWN_NOTES, Work.ANSWERS, Work.CHECKS),
    }
)  # fmt: skip
"""What each role can act on, the most pressing first."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Where, when and for whom a list is read."""

    clinic: Clinic
    now: datetime
    user_id: int


_LINES: Mapping[Work, Callable[[Session, Asked], Sequence[Any]]] = MappingProxyType(
    {
        Work.RISK: lambda db, asked: risk_lists.today(db, asked.clinic, asked.now),
        Work.CALLS: lambda db, asked: follow_ups.waiting(db, [asked.clinic.id]),
        Work.CLEAR: lambda db, asked: to_decide.to_clear(db, asked.clinic, asked.now),
        Work.SIGN: lambda db, asked: to_decide.to_sign(db, asked.clinic),
        Work.SPOKEN: lambda db, asked: to_decide.to_sign(db, asked.clinic, written_by=asked.user_id),
        Work.NOTES: lambda db, asked: unsigned_notes.lines(db, asked.clinic, asked.now),
        Work.OWN_NOTES: lambda db, asked: unsigned_notes.lines(db, asked.clinic, asked.now, nurse_id=asked.user_id),
        Work.ANSWERS: lambda db, asked: to_decide.answers_sent(db, asked.clinic),
        Work.REVIEWS: lambda db, asked: plan_lists.reviews_due(
            db, asked.clinic, local_day(asked.now, asked.clinic.zone)
        ),
        Work.CHECKS: lambda db, asked: due_checks.waiting(db, asked.clinic, asked.now),
        Work.VERSIONS: lambda db, asked: version_rows.proposed(db),
    }
)


def lines(db: Session, work: Work, asked: Asked) -> Sequence[Any]:
    """List exactly what was counted."""
    return _LINES[work](db, asked)


def counts(db: Session, works: Collection[Work], asked: Asked) -> dict[Work, int]:
    """Count what waits, in the order of `works`; what is empty is left out. A fixed number of queries.

    What a query alone can tell is counted in one query; what needs a rule of its own, by its list.
    """
    told = {work: query for work, query in _queries(asked).items() if work in works}
    row = db.execute(sa.select(*told.values())).one() if told else ()
    known = dict(zip(told, row, strict=True))
    if Work.REVIEWS in works:
        known[Work.REVIEWS] = plan_lists.count_reviews_due(db, asked.clinic, local_day(asked.now, asked.clinic.zone))
    found = {work: known[work] if work in known else len(lines(db, work, asked)) for work in works}
    return {work: count for work, count in found.items() if count}


def _queries(asked: Asked) -> dict[Work, sa.ScalarSelect[int]]:
    unsigned = order_list.unsigned([asked.clinic.id])
    mine = unsigned.where(Order.by_id == asked.user_id)
    notes = unsigned_notes.query(asked.clinic, asked.now)
    own_notes = unsigned_notes.query(asked.clinic, asked.now, nurse_id=asked.user_id)
    waiting = to_decide.sent(asked.clinic).with_only_columns(Screening.id).limit(to_decide.MOST)
    versions = [
        sa.select(sa.func.count()).where(kind.status == ProtocolStatus.PROPOSED).scalar_subquery()
        for kind in (ProtocolVersion, DocumentVersion)
    ]
    return {
        Work.CALLS: follow_ups.count([asked.clinic.id]),
        Work.SIGN: _number(unsigned.with_only_columns(Order.id)),
        Work.SPOKEN: _number(mine.with_only_columns(Order.id)),
        Work.NOTES: _number(notes.with_only_columns(TreatmentSession.id)),
        Work.OWN_NOTES: _number(own_notes.with_only_columns(TreatmentSession.id)),
        Work.ANSWERS: _number(waiting),
        Work.VERSIONS: sa.select(versions[0] + versions[1]).scalar_subquery(),
    }


def _number(query: sa.Select[Any]) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(query.subquery()).scalar_subquery()
