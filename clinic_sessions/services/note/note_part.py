"""What the page of a session says of its note, once the visit is over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from clinic_sessions.domain.note.note_required import Required
from clinic_sessions.models import NoteDraft, NoteSignature, TreatmentSession, User
from clinic_sessions.services.note import note, note_drafts, note_facts, note_signers, signed_notes
from clinic_sessions.services.note.note_since import Later, since


@dataclass(frozen=True, kw_only=True)
class NotePart:
    """How the note of a session stands. `later`: what was recorded since the signature."""

    signature: NoteSignature | None
    draft: NoteDraft | None
    lacking: Mapping[Required, str]
    later: Sequence[Later]
    mine: bool
    """This person signs it."""


def of(db: Session, treatment: TreatmentSession, user: User) -> NotePart | None:
    """Say how the note of a session stands; None for a visit without one, and while the patient is here."""
    if treatment.status not in note.OVER or not note.has_note(treatment):
        return None
    known, signature = note_facts.load(db, treatment), signed_notes.of(db, treatment)
    return NotePart(
        signature=signature,
        draft=None if signature else note_drafts.of(db, treatment),
        lacking={} if signature else note.lacking(known),
        later=since(known, signature) if signature else [],
        mine=note_signers.may_sign(db, treatment, user),
    )
