"""A provider's word before a gate, read as the newest answer of a visit; `services.before.asking` writes it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from clinic_sessions.domain.session.asks import ASKED_IN, gate_of
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.session.start_gate import Answer, GoAhead
from clinic_sessions.models import ProviderAnswer, ProviderAsk, TreatmentSession
from clinic_sessions.services.plans.papers import ANY_TIME

NEWS = timedelta(minutes=15)
"""How long an answer is told on the other pages of whoever asked."""

BACK = timedelta(days=2)
"""A visit that began longer ago is over: nobody is asked about it any more."""


def asks(db: Session, treatment: TreatmentSession) -> list[ProviderAsk]:
    """List a visit's questions to a provider with their answers, oldest first."""
    query = sa.select(ProviderAsk).where(ProviderAsk.session_id == treatment.id)
    people = joinedload(ProviderAsk.by), selectinload(ProviderAsk.answers).joinedload(ProviderAnswer.by)
    return list(db.scalars(query.options(*people).order_by(ProviderAsk.id)))


def newest(
    db: Session, treatment: TreatmentSession, gate: Gate, by: datetime = ANY_TIME, since: datetime | None = None
) -> GoAhead | None:
    """Give the newest answer of a visit before a gate; None while nobody has answered.

    `by`: a "go ahead" given at that moment or later does not count yet, one before `since` not any more; "wait" and
    "not today" count always.
    """
    row = ProviderAnswer
    counts = sa.or_(row.answer != Answer.GO_AHEAD, row.recorded_at < by)
    query = sa.select(row).where(row.session_id == treatment.id, row.gate == gate, counts)
    found = db.scalars(query.order_by(row.id.desc()).limit(1)).first()
    if found is None or (found.answer is Answer.GO_AHEAD and since is not None and found.recorded_at < since):
        return None
    return GoAhead(answer=found.answer, at=found.recorded_at, reasons=frozenset(found.reasons), until=found.until)


def waited(db: Session, treatment: TreatmentSession, now: datetime) -> bool:
    """Say whether the provider asked to wait before the gate that is ahead, and the time has come."""
    gate = gate_of(treatment.status)
    said = newest(db, treatment, gate) if gate is not None else None
    return said is not None and said.answer is Answer.WAIT and said.until is not None and said.until <= now


def _open() -> sa.Select[int]:
    """Select the questions that nobody has answered, of each visit and gate the newest, while the gate is ahead."""
    row, later, one = ProviderAsk, aliased(ProviderAsk), TreatmentSession
    asked_again = sa.exists().where(later.session_id == row.session_id, later.gate == row.gate, later.id > row.id)
    return (
        sa.select(row.id)
        .join(one, one.id == row.session_id)
        .where(
            one.clinic_id.in_(sa.bindparam("clinics", expanding=True)),
            one.starts_at >= sa.bindparam("asks_since", type_=one.starts_at.type),
            _is_ahead(row.gate),
            ~sa.exists().where(ProviderAnswer.ask_id == row.id),
            ~asked_again,
        )
    )


def _is_ahead(asked: sa.orm.InstrumentedAttribute[Gate]) -> sa.ColumnElement[bool]:
    """Say whether the gate that was asked about is ahead of its visit."""
    here = [sa.and_(asked == gate, TreatmentSession.status.in_(found)) for gate, found in ASKED_IN.items()]
    return sa.or_(*here)


OPEN = sa.select(sa.func.count()).select_from(_open().subquery())
"""Asked by every page of a provider, so it is built once. Needs `clinics` and `asks_since`."""


def since(now: datetime) -> datetime:
    """Give the start of the oldest visit about which somebody may still be asked."""
    return now - BACK


def open_count(db: Session, clinic_ids: Collection[int], now: datetime) -> int:
    """Count the questions at these clinics that wait for a provider."""
    return db.scalar(OPEN, {"clinics": clinic_ids, "asks_since": since(now)}) or 0


def waiting(db: Session, clinic_ids: Collection[int], now: datetime) -> Sequence[ProviderAsk]:
    """List the questions at these clinics that wait for a provider, the one that waits longest first."""
    ids = db.scalars(_open(), {"clinics": clinic_ids, "asks_since": since(now)}).all()
    visit = joinedload(ProviderAsk.treatment)
    people = visit.joinedload(TreatmentSession.patient), visit.joinedload(TreatmentSession.chair)
    query = sa.select(ProviderAsk).where(ProviderAsk.id.in_(ids)).options(joinedload(ProviderAsk.by), *people)
    return db.scalars(query.order_by(ProviderAsk.recorded_at, ProviderAsk.id)).all()


def answered(db: Session, user_id: int, now: datetime, *, but: int | None = None) -> Sequence[ProviderAnswer]:
    """List the newest answers of the last minutes to what a person asked, given elsewhere, while the gate is ahead.

    `but`: leaves out the visit whose page is open.
    """
    row, later = ProviderAnswer, aliased(ProviderAnswer)
    again = sa.exists().where(later.session_id == row.session_id, later.gate == row.gate, later.id > row.id)
    query = (
        sa.select(row)
        .join(row.ask)
        .join(TreatmentSession, TreatmentSession.id == row.session_id)
        .where(
            ProviderAsk.by_id == user_id, row.by_id != user_id, row.on_tablet_of_id.is_(None),
            row.recorded_at > now - NEWS, row.session_id != (but or 0), _is_ahead(row.gate), ~again,
        )
        .options(joinedload(row.treatment).joinedload(TreatmentSession.chair), joinedload(row.by))
    )  # fmt: skip
    return db.scalars(query.order_by(row.id)).all()
