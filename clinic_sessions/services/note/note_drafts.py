"""The free words of a session's note until it is signed; two people who write them lose no word."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.note.note_content import NoteReason
from clinic_sessions.domain.session.lifecycle import StepReason
from clinic_sessions.models import AuditAction, NoteDraft, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.note import signed_notes
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.session import lifecycle


def of(db: Session, treatment: TreatmentSession) -> NoteDraft | None:
    """Give the draft of a session's note as it was saved last; None while there is none."""
    query = sa.select(NoteDraft).where(NoteDraft.session_id == treatment.id)
    return db.scalars(query.options(joinedload(NoteDraft.changed_by))).first()


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
        db, action, "note_draft", draft.id, now=now, by=by, patient_id=treatment.patient_id,
        changes={"version": [seen or None, draft.version]},
    )  # fmt: skip
    return draft
