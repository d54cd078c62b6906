"""A provider's word before a gate, read as the newest answer of a visit; `services.asking` writes it."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from clinic_sessions.domain.asks import ASKED_IN
from clinic_sessions.domain.lifecycle import Gate
from clinic_sessions.domain.start_gate import GoAhead
from clinic_sessions.models import ProviderAnswer, ProviderAsk, TreatmentSession

BACK = timedelta(days=2)
"""A visit that began longer ago is over: nobody is asked about it any more."""


def asks(db: Session, treatment: TreatmentSession) -> list[ProviderAsk]:
    """List a visit's questions to a provider with their answers, oldest first."""
    query = sa.select(ProviderAsk).where(ProviderAsk.session_id == treatment.id)
    people = joinedload(ProviderAsk.by), selectinload(ProviderAsk.answers).joinedload(ProviderAnswer.by)
    return list(db.scalars(query.options(*people).order_by(ProviderAsk.id)))


def newest(db: Session, treatment: TreatmentSession, gate: Gate) -> GoAhead | None:
    """Give the newest answer of a visit before a gate; None while nobody has answered."""
    query = sa.select(ProviderAnswer).where(ProviderAnswer.session_id == treatment.id, ProviderAnswer.gate == gate)
    row = db.scalars(query.order_by(ProviderAnswer.id.desc()).limit(1)).first()
    if row is None:
        return None
    return GoAhead(answer=row.answer, at=row.recorded_at, reasons=frozenset(row.reasons), until=row.until)


def _open() -> sa.Select[int]:
    """Select the questions that nobody has answered, of each visit and gate the newest, while the gate is ahead."""
    row, later, one = ProviderAsk, aliased(ProviderAsk), TreatmentSession
    here = [sa.and_(row.gate == gate, one.status.in_(statuses)) for gate, statuses in ASKED_IN.items()]
    asked_again = sa.exists().where(later.session_id == row.session_id, later.gate == row.gate, later.id > row.id)
    return (
        sa.select(row.id)
        .join(one, one.id == row.session_id)
        .where(
            one.clinic_id.in_(sa.bindparam("clinics", expanding=True)),
            one.starts_at >= sa.bindparam("asks_since", type_=one.starts_at.type),
            sa.or_(*here),
            ~sa.exists().where(ProviderAnswer.ask_id == row.id),
            ~asked_again,
        )
    )


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
