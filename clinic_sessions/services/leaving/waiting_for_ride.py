"""Patients who are ready and wait for a ride: since when, who takes them home, whom to call, when the clinic shuts."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain import words as said
from clinic_sessions.domain.scheduling import timetable
from clinic_sessions.domain.session.lifecycle import IN_CLINIC, SessionKind, Status
from clinic_sessions.domain.session.ride_calls import Call, CallAnswer, Contact, call_at, closing_soon, is_long
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Note, SessionCheck, TreatmentSession
from clinic_sessions.services import documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import checking, session_checks
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.booking import day_rooms
from clinic_sessions.services.session import chair_records, facts, recording
from clinic_sessions.services.session.facts import SideEffectNow
from clinic_sessions.services.session.limits import Mark

_CALLED = "Called about the way home: "

BACK = timedelta(days=1)
"""Providers are warned of closing for visits that began since then; the board keeps who waits until they have left."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One who waits. `long`: longer than the clinic lets them wait before it calls; `way`: who takes them home.

    `called`: the newest call about it, `call_at` when the next is due. `urgent` and `effects`, told on the board: what
    is past an urgent limit now, and the side effects that are still there.
    """

    treatment: TreatmentSession
    ready_at: datetime
    call_at: datetime
    long: bool
    way: SessionCheck | None
    closes_at: datetime | None
    called: Call | None = None
    urgent: Sequence[Mark] = ()
    effects: Sequence[SideEffectNow] = ()

    def is_late(self, now: datetime) -> bool:
        """Whether a call is due."""
        return now >= self.call_at

    @property
    def has_way(self) -> bool:
        """Whether somebody takes them home."""
        return self.way is not None and self.way.clear


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody to call: who they are to the patient, by which name, at which number; without one, why not."""

    contact: Contact
    name: str | None
    phone: str | None
    why_not: str | None = None

    @property
    def called(self) -> str:
        """How they are called: by their name, else as who they are."""
        return self.name or said.say(self.contact)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What the page of a session shows of the wait: the list to call by, and what was noted since it began."""

    waiting: Waiting
    people: Sequence[Person]
    noted: Sequence[Note]


def of_clinic(db: Session, clinic: Clinic, now: datetime) -> list[Waiting]:
    """List who waits for a ride at a clinic, the longest wait first; one query while nobody does."""
    query = (
        sa.select(TreatmentSession)
        .where(
            TreatmentSession.clinic_id == clinic.id,
            TreatmentSession.status == Status.READY,
            TreatmentSession.kind == SessionKind.TREATMENT,
        )
        .options(
            joinedload(TreatmentSession.patient),
            joinedload(TreatmentSession.protocol_version),
            joinedload(TreatmentSession.chair),
            selectinload(TreatmentSession.limiting_orders),
            selectinload(TreatmentSession.changes),
        )
    )
    found = db.scalars(query).all()
    if not found:
        return []
    ids = [one.id for one in found]
    ways, notes, records = _ways(db, ids), _notes(db, ids), chair_records.read(db, ids)
    effects = {one: facts.effects_now(rows) for one, rows in chair_records.effects(db, ids).items()}
    after, closes_at = documents.thresholds(db).ride_after.whole, closing(db, clinic, now)
    made = [
        replace(
            _waiting(one, ways.get(one.id), notes.get(one.id, ()), after, closes_at, now),
            urgent=records.urgent_of(one), effects=[effect for effect in effects.get(one.id, ()) if effect.open],
        )
        for one in found
    ]  # fmt: skip
    return sorted(made, key=lambda one: one.ready_at)


def of(db: Session, treatment: TreatmentSession, now: datetime) -> Part | None:
    """Gather the wait of one visit; None for one that does not wait."""
    if treatment.status is not Status.READY:
        return None
    rows = {row.item: row for row in session_checks.rows(db, treatment)}
    waiting = state(db, treatment, now, rows.get(CheckItem.WAY_HOME))
    notes = facts.standing(facts.all_of(db, Note, treatment))
    return Part(
        waiting=waiting,
        people=people(treatment, rows.get(CheckItem.WAY_HOME), rows.get(CheckItem.RIDE)),
        noted=[note for note in notes if note.at >= waiting.ready_at],
    )


def state(db: Session, treatment: TreatmentSession, now: datetime, way: SessionCheck | None = None) -> Waiting:
    """Say how the wait of one visit stands; `way`: who takes the patient home, where the caller knows it."""
    after, closes_at = documents.thresholds(db).ride_after.whole, closing(db, treatment.clinic, now)
    return _waiting(treatment, way, _notes(db, [treatment.id]).get(treatment.id, ()), after, closes_at, now)


def _waiting(
    treatment: TreatmentSession,
    way: SessionCheck | None,
    notes: Sequence[Note],
    after: int,
    closes_at: datetime | None,
    now: datetime,
) -> Waiting:
    ready_at = facts.ready_at(treatment) or treatment.ends_at
    called = next((call for one in reversed(notes) if one.at >= ready_at and (call := _call_of(one))), None)
    return Waiting(
        treatment=treatment, ready_at=ready_at, call_at=call_at(ready_at, after, called),
        long=is_long(ready_at, after, now), way=way, closes_at=closes_at, called=called,
    )  # fmt: skip


def _call_of(note: Note) -> Call | None:
    """Read a call from the words in which `note_call` noted it; None for any other note."""
    if not note.body.startswith(_CALLED):
        return None
    places = {answer: note.body.find(f". {said.say(answer)}.") for answer in CallAnswer}
    told = sorted((place, answer) for answer, place in places.items() if place >= 0)
    return Call(at=note.at, answer=told[0][1]) if told else None


def _notes(db: Session, session_ids: Collection[int]) -> dict[int, list[Note]]:
    """Give the notes of visits that stand, in the order of their true time."""
    query = sa.select(Note).where(Note.session_id.in_(session_ids)).order_by(Note.at, Note.id)
    found = defaultdict[int, list[Note]](list)
    for note in facts.standing(db.scalars(query).all()):
        found[note.session_id].append(note)
    return found


def _ways(db: Session, session_ids: Collection[int]) -> dict[int, SessionCheck]:
    query = sa.select(SessionCheck).where(
        SessionCheck.session_id.in_(session_ids), SessionCheck.item == CheckItem.WAY_HOME
    )
    return {row.session_id: row for row in db.scalars(query.order_by(SessionCheck.at, SessionCheck.id))}


def people(treatment: TreatmentSession, *ways: SessionCheck | None) -> list[Person]:
    """List whom to call when the ride does not come: escort, emergency contact if they may be called, transport.

    `ways`: the way home as it was said at leaving, and as it was arranged before; the first with a number counts.
    """
    named = [one for one in ways if one is not None and (one.person or one.phone)]
    found = [_escort(named)] if named else []
    patient, transport = treatment.patient, treatment.clinic.transport_phone
    if patient.emergency_name or patient.emergency_phone:
        may = patient.emergency_may_be_called
        why_not = None if may else "the patient has not agreed to a call"
        phone = patient.emergency_phone if may else None
        found.append(Person(contact=Contact.EMERGENCY, name=patient.emergency_name, phone=phone, why_not=why_not))
    if transport:
        found.append(Person(contact=Contact.TRANSPORT, name=None, phone=transport))
    return found


def _escort(named: Sequence[SessionCheck]) -> Person:
    best = next((one for one in named if one.phone), named[0])
    why_not = None if best.phone else "no number"
    return Person(contact=Contact.ESCORT, name=best.person, phone=best.phone, why_not=why_not)


def note_call(
    db: Session, treatment: TreatmentSession, contact: Contact, answer: CallAnswer, words: str | None,
    *, now: datetime, by: Actor,
) -> Note:  # fmt: skip
    """Note a call about the way home. One who cannot come leaves the patient without a way home until it is said anew.

    Raises KeyError for somebody who is not on the list.
    """
    rows = {row.item: row for row in session_checks.rows(db, treatment)}
    listed = {one.contact: one for one in people(treatment, rows.get(CheckItem.WAY_HOME), rows.get(CheckItem.RIDE))}
    one = listed[contact]
    told = f"{one.name} ({said.say(contact).lower()})" if one.name else said.say(contact).lower()
    body = f"{_CALLED}{told}. {said.say(answer)}."
    note = recording.record_note(db, treatment, f"{body} {words}" if words else body, now=now, by=by)
    if contact is Contact.ESCORT and answer is CallAnswer.CANNOT_COME:
        lost = Said(item=CheckItem.WAY_HOME, clear=False, words="Cannot come")
        checking.record(db, treatment, lost, now=now, by=by)
    return note


_HERE = (
    sa.select(TreatmentSession.clinic_id)
    .where(
        TreatmentSession.clinic_id.in_(sa.bindparam("clinics", expanding=True)),
        TreatmentSession.status.in_(IN_CLINIC),
        TreatmentSession.kind != SessionKind.TELEHEALTH,
        TreatmentSession.starts_at >= sa.bindparam("here_since", type_=TreatmentSession.starts_at.type),
    )
)  # fmt: skip
HERE = sa.select(sa.func.count()).select_from(_HERE.subquery())
"""Asked by every page of a clinician, so it is built once. Needs `clinics` and `here_since`."""


def near_closing(db: Session, clinics: Collection[Clinic], now: datetime) -> list[tuple[Clinic, datetime, int]]:
    """List the clinics that close soon, or have closed, with patients who are still there: when, and how many."""
    soon = [(one, closes_at) for one in clinics if (closes_at := closing(db, one, now)) is not None]
    if not soon:
        return []
    here = list(db.scalars(_HERE, {"clinics": [one.id for one, _ in soon], "here_since": now - BACK}))
    return [(one, closes_at, here.count(one.id)) for one, closes_at in soon if one.id in here]


def closing(db: Session, clinic: Clinic, now: datetime) -> datetime | None:
    """Give when a clinic closes today, once that is soon or past by the clinic's own number; None before."""
    notice = documents.thresholds(db).closing_notice.whole
    hours = timetable.openings(local_day(now, clinic.zone), day_rooms.hours_of(clinic), clinic.zone)
    return closing_soon(hours, notice, now)
