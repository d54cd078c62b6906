"""What is due or late now in a clinic's chairs, for whoever has another page open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.session import chair_records, due, here
from clinic_sessions.services.session.due import Due
from clinic_sessions.services.session.limits import Mark


@dataclass(frozen=True, kw_only=True)
class Pressing:
    """A visit that asks for somebody now: a due time that is amber, red or held, or readings past an urgent limit.

    It names a chair and no patient, so that it may stand on every page of a clinician.
    """

    session_id: int
    chair: str
    due: Due | None
    tone: str
    urgent: Sequence[Mark]

    @property
    def order(self) -> tuple[bool, bool, float, str]:
        """Where it stands in a list: urgent first, then overdue, each what has been due longest first."""
        return not self.urgent, self.tone != "overdue", self.due.at.timestamp() if self.due else 0.0, self.chair


def pressing(db: Session, clinic: Clinic, now: datetime, *, but: int | None = None) -> list[Pressing]:
    """List what presses in a clinic, the most pressing first; `but`: leaves out the visit whose page is open.

    One query while nobody is in a chair, and a fixed number else.
    """
    treated = _in_chairs(db, clinic, now)
    if not treated:
        return []
    records = chair_records.read(db, [one.id for one in treated])
    found = []
    for one in treated:
        next_thing = records.due_of(one, now)
        tone, urgent = next_thing.tone(now) if next_thing else "", records.urgent_of(one)
        if (tone or urgent) and one.id != but:
            chair = one.chair.name if one.chair else "No chair"
            found.append(Pressing(session_id=one.id, chair=chair, due=next_thing, tone=tone, urgent=urgent))
    return sorted(found, key=lambda one: one.order)


def revision(found: Sequence[Pressing]) -> str:
    """Give a mark that changes with everything that the list says; a clock runs on in the page by itself."""
    return ";".join(_mark(one) for one in found)


def _mark(one: Pressing) -> str:
    due_part = f"{one.due.text} {one.due.at:%H%M%S} {one.tone}" if one.due else ""
    return " ".join([str(one.session_id), due_part, *(mark.text for mark in one.urgent)])


def _in_chairs(db: Session, clinic: Clinic, now: datetime) -> Sequence[TreatmentSession]:
    query = (
        sa.select(TreatmentSession)
        .where(here.of_day(clinic, now), TreatmentSession.status.in_(due.HAS_DUE | {Status.ARRIVED}))
        .options(
            joinedload(TreatmentSession.chair),
            joinedload(TreatmentSession.patient),
            joinedload(TreatmentSession.protocol_version),
            joinedload(TreatmentSession.order),
            selectinload(TreatmentSession.limiting_orders),
            selectinload(TreatmentSession.changes),
        )
        .order_by(TreatmentSession.starts_at, TreatmentSession.id)
    )
    return db.scalars(query).all()
