"""The notes that nobody has signed yet, for whoever signs them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import IN_CLINIC, SessionKind, Status
from clinic_sessions.models import Clinic, NoteDraft, NoteSignature, Patient, TreatmentSession
from clinic_sessions.services.note import note_signers
from clinic_sessions.services.note.note import OVER
from clinic_sessions.services.session import here

Waiting = sa.Select[int, int, str, datetime, Status, bool]

BACK = timedelta(days=30)
"""How long a session without a signed note stays on the list [P]; one with words in it stays until it is signed."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A session whose note is not signed. `begun`: somebody has written words for it."""

    session_id: int
    patient_id: int
    name: str
    at: datetime
    status: Status
    begun: bool


def query(clinic: Clinic, now: datetime, *, nurse_id: int | None = None) -> Waiting:
    """Select the sessions of a clinic whose notes are not signed, the oldest first.

    The note of somebody who is still here since a day before is owed too. `nurse_id`: only those that this nurse
    signs.
    """
    one, drafted = TreatmentSession, sa.exists().where(NoteDraft.session_id == TreatmentSession.id)
    found = (
        sa.select(one.id, one.patient_id, Patient.name, one.starts_at, one.status, drafted)
        .join(Patient, Patient.id == one.patient_id)
        .where(
            one.clinic_id == clinic.id,
            one.kind == SessionKind.TREATMENT,
            sa.or_(one.status.in_(OVER), here.since_before(clinic, now)),
            sa.or_(one.status.in_(IN_CLINIC), one.starts_at >= now - BACK, drafted),
            ~sa.exists().where(NoteSignature.session_id == one.id),
        )
        .order_by(one.starts_at, one.id)
    )
    if nurse_id is not None:
        found = found.where(note_signers.nurse_signs(nurse_id))
    return found


def lines(db: Session, clinic: Clinic, now: datetime, *, nurse_id: int | None = None) -> Sequence[Line]:
    """List the notes that wait for a signature."""
    return [
        Line(session_id=row[0], patient_id=row[1], name=row[2], at=row[3], status=row[4], begun=row[5])
        for row in db.execute(query(clinic, now, nurse_id=nurse_id))
    ]
