"""Signs the note of a session and locks it; afterwards there are dated addenda, and what was recorded since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.note import note_content
from clinic_sessions.domain.note.note_content import AddendumReason, Content, Meaning, NoteReason
from clinic_sessions.domain.note.note_required import Required
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import StepReason
from clinic_sessions.domain.session.record import NoteKind
from clinic_sessions.domain.words import say
from clinic_sessions.models import AuditAction, Note, NoteSignature, TreatmentSession, User
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.note import note, note_drafts, note_facts, signed_notes
from clinic_sessions.services.note.note_facts import Facts
from clinic_sessions.services.note.note_signers import may_sign
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.session import lifecycle, recording

MEANINGS: Mapping[Role, Sequence[Meaning]] = {
    Role.NURSE: (Meaning.TREATED,),
    Role.PROVIDER: (Meaning.REVIEWED, Meaning.TREATED),
}


@dataclass(frozen=True, kw_only=True)
class Signing:
    """A signature as it is given. `undone`: why something that is asked for was not done; `seen`: the mark of what
    was read."""

    meaning: Meaning
    seen: str
    undone: Mapping[Required, str]


class NotAsRead(ChangedMeanwhile):
    """The record has changed since the note was read; `parts` names where."""

    def __init__(self, parts: Sequence[str]) -> None:
        super().__init__(NoteReason.NOT_AS_READ)
        self.parts = parts


class Lacking(Refusal):
    """The note asks for something that is neither recorded nor said why not."""

    def __init__(self, lacking: Sequence[Required]) -> None:
        super().__init__(NoteReason.SOMETHING_MISSING)
        self.lacking = lacking


def meanings(user: User) -> list[Meaning]:
    """List what a signature of this person may mean, by their roles."""
    found = [meaning for role, offered in MEANINGS.items() if role in user.roles for meaning in offered]
    return list(dict.fromkeys(found))


def sign(db: Session, treatment: TreatmentSession, signing: Signing, *, now: datetime, by: Actor) -> NoteSignature:
    """Sign the note as it was read and lock it; the note is kept whole with its meaning, name and time.

    Refuses with ChangedMeanwhile before the end and when it is signed already, NotAllowed, NotAsRead when the record
    has changed since it was read, and Lacking.
    """
    lifecycle.lock(db, treatment)
    if not note.has_note(treatment) or treatment.status not in note.OVER:
        raise ChangedMeanwhile(NoteReason.NOT_OVER)
    if signed_notes.exists(db, treatment.id):
        raise ChangedMeanwhile(NoteReason.SIGNED_ALREADY)
    known, who = note_facts.load(db, treatment), _signer(by)
    if not may_sign(db, treatment, who) or signing.meaning not in meanings(who):
        raise NotAllowed(NoteReason.NOT_YOURS)
    return lock_in(db, known, _checked(db, known, signing), signing.meaning, now=now, by=by)


def _signer(by: Actor) -> User:
    if by.user is None:
        raise NotAllowed(StepReason.NOT_ALLOWED)
    return by.user


def _checked(db: Session, known: Facts, signing: Signing) -> Content:
    content = note_drafts.composed(db, known)
    if differing := note_content.changed(content, signing.seen):
        raise NotAsRead(differing)
    lacking = note.lacking(known)
    if unanswered := [one for one in lacking if not signing.undone.get(one)]:
        raise Lacking(unanswered)
    return replace(content, undone=[(text, signing.undone[one]) for one, text in lacking.items()])


def lock_in(
    db: Session, known: Facts, content: Content, meaning: Meaning, *, now: datetime, by: Actor
) -> NoteSignature:  # fmt: skip
    """Write a note that was checked, with its signature; nothing changes it from here on."""
    treatment, who = known.treatment, _signer(by)
    row = Note(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]),
        kind=NoteKind.SIGNED, body=content.words or say(meaning),
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    data = note_content.as_data(content)
    data["entries"] = note_facts.held(known)
    data["signed"] = {"by": who.name, "meaning": say(meaning), "at": now.isoformat(), "session": treatment.uid}
    signature = NoteSignature(
        note_id=row.id, session_id=treatment.id, content=data, digest=note_content.digest(data), meaning=say(meaning),
        at=now, by_id=who.id,
    )  # fmt: skip
    db.add(signature)
    db.flush()
    audit.note(
        db, AuditAction.SIGN, "note", row.id, now=now, by=by, patient_id=treatment.patient_id,
        changes={"digest": [None, signature.digest]}, reason=say(meaning),
    )  # fmt: skip
    return signature


def is_whole(signature: NoteSignature) -> bool:
    """Say whether the note that was kept is still the one that was signed, by its fingerprint."""
    return note_content.digest(signature.content) == signature.digest


def add(
    db: Session, treatment: TreatmentSession, body: str, why: AddendumReason, *, now: datetime, by: Actor
) -> Note:  # fmt: skip
    """Add a dated addendum, signed by its author, that says why it is added; the signed note stays as it is.

    Refuses with ChangedMeanwhile while the note is not signed, and with NotAllowed for whoever does not sign it.
    """
    lifecycle.lock(db, treatment)
    if not signed_notes.exists(db, treatment.id):
        raise ChangedMeanwhile(NoteReason.NOT_SIGNED)
    if not may_sign(db, treatment, _signer(by)):
        raise NotAllowed(NoteReason.NOT_YOURS)
    row = Note(
        **recording.stamp(treatment, now=now, by=by, at=now, against=[]), kind=NoteKind.ADDENDUM,
        body=f"{say(why)}: {body}",
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    reason = f"Addendum. {say(why)}"
    audit.note(db, AuditAction.SIGN, "note", row.id, now=now, by=by, patient_id=treatment.patient_id, reason=reason)
    return row


def addenda(db: Session, treatment: TreatmentSession) -> Sequence[Note]:
    """List the addenda to a session's note in the order in which they were written."""
    query = sa.select(Note).where(Note.session_id == treatment.id, Note.kind == NoteKind.ADDENDUM)
    return db.scalars(query.options(selectinload(Note.by)).order_by(Note.recorded_at, Note.id)).all()
