"""The demo's notes: signed for the days before, one with an addendum, one begun, and some that wait."""

import sqlalchemy as sa

from clinic_sessions.domain.session.record import NoteKind
from clinic_sessions.models import Clinic, Note, NoteDraft, NoteSignature, TreatmentSession
from clinic_sessions.services.note import note_facts, note_signing, unsigned_notes
from tests.demo.conftest import Filled


def test_notes_are_signed_whole_added_to_begun_and_waiting(filled: Filled) -> None:
    signatures = filled.db.scalars(sa.select(NoteSignature)).all()
    assert len(signatures) > 20
    assert all(note_signing.is_whole(one) for one in signatures)
    assert all(one.at <= filled.now for one in signatures)
    for one in signatures:
        known = note_facts.load(filled.db, filled.db.get_one(TreatmentSession, one.session_id))
        done = [row.done_at for row in known.follow_ups if row.done_at is not None]
        assert all(at < one.at for at in done), "a signed text knows nothing of a later day"
    assert filled.db.scalars(sa.select(Note).where(Note.kind == NoteKind.ADDENDUM)).all()
    clinic = filled.db.scalars(sa.select(Clinic).order_by(Clinic.id)).first()
    assert clinic is not None
    waiting = unsigned_notes.lines(filled.db, clinic, filled.now)
    assert 0 < len(waiting) < 20
    assert [one.session_id for one in waiting if one.begun] == filled.db.scalars(sa.select(NoteDraft.session_id)).all()
