"""Whether the note of a session is signed: what is recorded afterwards is marked and never changes it."""

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.models import Note, NoteSignature, TreatmentSession
from clinic_sessions.models.record import Entry


def of(db: Session, treatment: TreatmentSession) -> NoteSignature | None:
    """Give the signature under a session's note; None while there is none."""
    query = sa.select(NoteSignature).where(NoteSignature.session_id == treatment.id)
    return db.scalars(query.options(joinedload(NoteSignature.by))).first()


def one(db: Session, treatment: TreatmentSession) -> NoteSignature:
    """Give the signature under a note that is signed."""
    return db.scalars(sa.select(NoteSignature).where(NoteSignature.session_id == treatment.id)).one()


def exists(db: Session, session_id: int) -> bool:
    """Say whether the note of a session is signed."""
    query = sa.select(NoteSignature.id).where(NoteSignature.session_id == session_id)
    return db.scalar(query) is not None


def mark(db: Session, row: Entry) -> None:
    """Mark an entry that is written after its session's note was signed: it is kept, and told to a provider.

    The row is not written yet: entries never change. Words are addenda then, and need no mark.
    """
    with db.no_autoflush:
        signed = not isinstance(row, Note) and exists(db, row.session_id)
    if signed:
        row.outside_rules = [*(row.outside_rules or ()), Reason.NOTE_SIGNED.value]
