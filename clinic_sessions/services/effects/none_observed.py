"""The answer that there are no side effects: a note in fixed words, with its time and author."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.session.record import NONE_SO_FAR, NoteKind
from clinic_sessions.models import Note, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.session import recording


def note(db: Session, treatment: TreatmentSession, *, now: datetime, by: Actor) -> Note:
    """Add that the patient was asked just now and felt none."""
    return recording.record_note(db, treatment, NONE_SO_FAR, now=now, by=by)


def answers(standing: Sequence[Note], since: datetime | None) -> list[Note]:
    """Give the notes that say so, asked since the dose began; out of those that nobody has corrected."""
    return [
        one
        for one in standing
        if since is not None and one.at >= since and one.kind is NoteKind.ENTRY and NONE_SO_FAR in one.body.splitlines()
    ]
