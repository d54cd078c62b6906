"""A provider's word before a gate, read as the newest answer of a visit; `services.asking` writes it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.lifecycle import Gate
from clinic_sessions.domain.start_gate import GoAhead
from clinic_sessions.models import ProviderAnswer, ProviderAsk, TreatmentSession


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
