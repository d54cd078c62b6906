"""The free words of a session's note until it is signed; two people who write them lose no word."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.note.note_content import Content, NoteReason
from clinic_sessions.domain.session.lifecycle import StepReason
from clinic_sessions.models import AuditAction, AuditEntry, NoteDraft, TreatmentSession, User
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.note import note, signed_notes
from clinic_sessions.services.note.note_facts import Facts
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.session import lifecycle

_ENTITY = "note_draft"


def of(db: Session, treatment: TreatmentSession) -> NoteDraft | None:
    """Give the draft of a session's note as it was saved last; None while there is none."""
    query = sa.select(NoteDraft).where(NoteDraft.session_id == treatment.id)
    return db.scalars(query.options(joinedload(NoteDraft.changed_by))).first()


def composed(db: Session, known: Facts) -> Content:
    """Compose the note of a session with the words that stand, and with the names of all who have saved any."""
    draft = of(db, known.treatment)
    if draft is None:
        return note.compose(known)
    return note.compose(known, draft.body, ", ".join(_writers(db, known.treatment, draft)))


def _writers(db: Session, treatment: TreatmentSession, draft: NoteDraft) -> Sequence[str]:
    """Name whoever saved words of a note, the first first: the draft itself knows only who saved last."""
    entry = AuditEntry
    query = (
        sa.select(User.name)
        .join(entry, entry.user_id == User.id)
        .where(entry.patient_id == treatment.patient_id, entry.entity == _ENTITY, entry.entity_id == draft.id)
        .where(entry.action.in_((AuditAction.CREATE, AuditAction.CHANGE)))
        .group_by(User.id, User.name)
        .order_by(sa.func.min(entry.id))
    )
    return db.scalars(query).all()


def save(
    db: Session, treatment: TreatmentSession, body: str, *, seen: int, now: datetime, by: Actor
) -> NoteDraft:  # fmt: skip
    """Save the words; `seen`: the version that the writer began with, 0 for none.

    The very words that stand already change nothing, whoever saved them. Refuses with ChangedMeanwhile when somebody
    else has saved others meanwhile, or the note was signed.
    """
    lifecycle.lock(db, treatment)
    if by.user_id is None:
        raise Refusal(StepReason.NOT_ALLOWED)
    if signed_notes.exists(db, treatment.id):
        raise ChangedMeanwhile(NoteReason.SIGNED_ALREADY)
    draft = of(db, treatment)
    if draft is not None and draft.body == body:
        return draft
    if (draft.version if draft else 0) != seen:
        raise ChangedMeanwhile(NoteReason.WRITTEN_MEANWHILE)
    if draft is None:
        draft = NoteDraft(session_id=treatment.id, body=body, changed_at=now, changed_by_id=by.user_id)
        db.add(draft)
    draft.body, draft.changed_at, draft.changed_by_id = body, now, by.user_id
    db.flush()
    db.expire(draft, ["changed_by"])
    action = AuditAction.CHANGE if seen else AuditAction.CREATE
    audit.note(
        db, action, _ENTITY, draft.id, now=now, by=by, patient_id=treatment.patient_id,
        changes={"version": [seen or None, draft.version]},
    )  # fmt: skip
    return draft
