"""The notes of the demo's sessions: signed until yesterday, one with an addendum, one begun; today's wait."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import Staffing
from clinic_sessions.domain.note.note_content import AddendumReason, Meaning
from clinic_sessions.domain.note.note_required import Required
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.note import note, note_drafts, note_facts, note_signing, unsigned_notes
from clinic_sessions.services.note.note_facts import Facts
from clinic_sessions.services.session import facts

_LEFT_OVER = 2
"""So many of the days before wait for a signature too."""

_UNDONE = {
    Required.SIDE_EFFECTS: "Asked at the end: none.",
    Required.EFFECTS_OUTCOME: "Faded by the time of leaving, patient advised.",
}
_UNDONE_ELSEWHERE = {Required.EFFECTS_OUTCOME: "Still there when the ambulance left, told to the hospital."}
_OTHERWISE = "Not written down at the time."
_BEGUN = "Asked for a lower light and less talk at the next session."
_ADDED = "The patient called back: slept well, no further questions."


def sign_most(db: Session, clinic: Clinic, staff: Staffing, now: datetime) -> None:
    """Sign the notes of the weeks before but the last few, add to one, and begin the words of the newest."""
    db.flush()
    lines = unsigned_notes.lines(db, clinic, now)
    today = local_day(now, clinic.zone)
    earlier = [line for line in lines if local_day(line.at, clinic.zone) < today]
    signed = [_sign(db, staff, line.session_id) for line in earlier[:-_LEFT_OVER]]
    _add(db, staff, signed, now)
    if earlier:
        last = db.get_one(TreatmentSession, earlier[-1].session_id)
        nurse = staff.nurses[last.id % len(staff.nurses)]
        written = min(now, (facts.ended_at(last) or now) + timedelta(minutes=5))
        note_drafts.save(db, last, _BEGUN, seen=0, now=written, by=nurse)


def _sign(db: Session, staff: Staffing, session_id: int) -> TreatmentSession:
    treatment = db.get_one(TreatmentSession, session_id)
    nurse = staff.nurses[treatment.id % len(staff.nurses)]
    known = note_facts.load(db, treatment)
    why = _UNDONE | (_UNDONE_ELSEWHERE if treatment.status is Status.TAKEN_TO_HOSPITAL else {})
    undone = [(text, why.get(one, _OTHERWISE)) for one, text in note.lacking(known).items()]
    content = replace(note.compose(known), undone=undone)
    at = _newest(known, facts.ended_at(treatment) or treatment.ends_at) + timedelta(minutes=20)
    note_signing.lock_in(db, known, content, Meaning.TREATED, now=at, by=nurse)
    return treatment


def _newest(known: Facts, ended: datetime) -> datetime:
    """Give when the last of what the note tells was written down: nobody signs what is not known yet."""
    written = [row.recorded_at for rows in known.entries.values() for row in rows]
    return max([ended, *written, *(one.done_at for one in known.follow_ups if one.done_at is not None)])


def _add(db: Session, staff: Staffing, signed: Sequence[TreatmentSession], now: datetime) -> None:
    if not signed:
        return
    last = signed[-1]
    later = min(now, (last.left_at or last.ends_at) + timedelta(hours=20))
    note_signing.add(db, last, _ADDED, AddendumReason.NEW_SINCE, now=later, by=staff.providers[0])
