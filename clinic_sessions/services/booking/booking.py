"""Booking a session, and moving it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.domain.scheduling.reasons import MoveReason
from clinic_sessions.domain.scheduling.timetable import BookingReason, Objection
from clinic_sessions.domain.session.lifecycle import Action, SessionKind
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.models import (
    AuditAction,
    Chair,
    Clinic,
    Patient,
    Plan,
    ProtocolVersion,
    TreatmentSession,
)
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import free_times, provisional, room, waitlist
from clinic_sessions.services.booking.room import NOTHING_LIFTED, Lifting, Room
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.series import series
from clinic_sessions.services.session import lifecycle, sessions


@dataclass(frozen=True, kw_only=True)
class BookingRequest:
    """What is to be booked. `plan_id`: the series that it belongs to, if any; `place`: its place there, else the next.

    `lifting`: the rules that the person who books lifts for it.
    """

    patient_id: int
    protocol_version_id: int
    chair_id: int
    starts_at: datetime
    plan_id: int | None = None
    place: int | None = None
    tell_patient: bool = True
    lifting: Lifting = NOTHING_LIFTED


@dataclass(frozen=True, kw_only=True)
class MoveRequest:
    """Where a session is to be moved, and from which version of it. `without`: others that move in the same act.

    `as_of`: the moment that the time may not lie before; now, when none is given.
    """

    chair_id: int
    starts_at: datetime
    version: int
    reasons: Sequence[MoveReason] = ()
    tell_patient: bool = True
    lifting: Lifting = NOTHING_LIFTED
    without: frozenset[int] = frozenset()
    as_of: datetime | None = None


class ChangeReason(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"


def book(db: Session, request: BookingRequest, *, now: datetime, by: Actor) -> TreatmentSession:
    """Book a treatment session for its protocol's whole block.

    Refuses with TimeTaken, with every reason and the next three free times, with PlanReason for a plan that has ended
    and PLAN_PAUSED for one that is paused; raises Absent for what is not of the person's clinics. When the database
    itself refuses, the transaction has been rolled back.
    """
    queue_for(db, [(request.chair_id, request.starts_at)], request.patient_id)
    treatment = place(db, request, now=now, by=by)
    notice = MessageKind.CONFIRMATION if request.tell_patient else None
    outreach.align(db, treatment, now=now, by=by, notice=notice, is_new=True)
    return treatment


def queue_for(db: Session, slots: Sequence[tuple[int, datetime]], patient_id: int) -> None:
    """Queue for chairs of one clinic, each at the start given, and for the patient; raises Absent for other chairs."""
    chair_ids = {chair_id for chair_id, _ in slots}
    query = sa.select(Chair.id, Clinic).join(Clinic, Clinic.id == Chair.clinic_id).where(Chair.id.in_(chair_ids))
    query = query.with_for_update(read=True, of=Clinic)
    clinics = {row.id: row.Clinic for row in db.execute(query)}
    if clinics.keys() != chair_ids or len({clinic.id for clinic in clinics.values()}) != 1:
        raise Absent
    clinic = next(iter(clinics.values()))
    days = {local_day(starts_at, clinic.zone) for _, starts_at in slots}
    room.queue(db, clinic_id=clinic.id, days=days, chair_ids=chair_ids, patient_id=patient_id, gate_held=True)


def place(db: Session, request: BookingRequest, *, now: datetime, by: Actor) -> TreatmentSession:
    """Book as `book` does, for a caller who has queued and tells the patient: `align` is still to be called."""
    patient, chair = _patient(db, request.patient_id, by), _chair(db, request.chair_id)
    plan, version = _what(db, request, patient)
    if chair.clinic_id not in _common(patient, by) or (version.status is not ProtocolStatus.PUBLISHED and plan is None):
        raise Absent
    block = Span(starts_at=request.starts_at, ends_at=request.starts_at + timedelta(minutes=version.block_minutes))
    want = free_times.wanted(version, patient.id, max(block.starts_at, now))
    found = room.check(db, chair, block, want, now=now, by=by, lifting=request.lifting)
    _check_clearance(db, patient, version, block, local_day(now, chair.clinic.zone))
    clinic_id = chair.clinic_id
    treatment = sessions.begin(
        block, now=now, by=by, clinic_id=clinic_id, patient_id=request.patient_id, kind=SessionKind.TREATMENT,
        protocol_version_id=version.id, chair_id=chair.id, nurse_id=found.nurse_id,
    )  # fmt: skip
    treatment.patient = patient
    _put_in_series(db, treatment, plan, request.place)
    db.add(treatment)
    try:
        db.flush()
    except DatabaseError as error:
        room.roll_back(db, room.refused_by_database(error), clinic_id, want)
    room.note_lifted(db, treatment, found.lifted, request.lifting, now=now, by=by)
    audit.note(
        db, AuditAction.CREATE, "session", treatment.id, now=now, by=by, patient_id=patient.id,
        changes={field: [None, getattr(treatment, field)] for field in ("status", "starts_at", "chair_id")},
        reason=request.lifting.words if found.lifted else None,
    )  # fmt: skip
    waitlist.close_met(db, treatment, now=now, by=by)
    return treatment


def _check_clearance(db: Session, patient: Patient, version: ProtocolVersion, block: Span, today: date) -> None:
    if against := provisional.against_booking(db, patient.id, version, block.starts_at, today):
        raise Refusal(*against)


def _check_evaluated(
    db: Session, treatment: TreatmentSession, version: ProtocolVersion, block: Span, today: date
) -> None:
    """Refuse to move a provisional session to before the evaluation that it waits for; any other stands as it is."""
    stands = provisional.standing(db, treatment.patient_id, version, today)
    if stands.not_before is not None and block.starts_at < stands.not_before:
        raise Refusal(*stands.against)


def _put_in_series(db: Session, treatment: TreatmentSession, plan: Plan | None, place: int | None) -> None:
    if plan is not None:
        treatment.place_in_plan = place or series.next_place(db, plan)
        treatment.plan_id = plan.id if treatment.place_in_plan else None


def move(db: Session, treatment: TreatmentSession, request: MoveRequest, *, now: datetime, by: Actor) -> None:
    """Move a session to another time or chair; its schedule version grows and a confirmed one is booked again.

    Refuses with ChangedMeanwhile when it is no longer at `request.version`, otherwise as `book` does.
    """
    queue_for(db, [(request.chair_id, request.starts_at)], treatment.patient_id)
    put(db, treatment, request, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.MOVED if request.tell_patient else None)


def put(db: Session, treatment: TreatmentSession, request: MoveRequest, *, now: datetime, by: Actor) -> None:
    """Move as `move` does, for a caller who has queued and tells the patient: `align` is still to be called."""
    check_version(db, treatment, request.version)
    version, chair = treatment.protocol_version, _chair(db, request.chair_id)
    if version is None or chair.clinic_id != treatment.clinic_id:
        raise Absent
    block = Span(starts_at=request.starts_at, ends_at=request.starts_at + timedelta(minutes=version.block_minutes))
    want = free_times.wanted(
        version, treatment.patient_id, max(block.starts_at, now),
        without={treatment.id, *request.without}, nurse_id=treatment.nurse_id,
    )  # fmt: skip
    if (block.starts_at, chair.id) == (treatment.starts_at, treatment.chair_id):
        room.refuse(db, [Objection(reason=BookingReason.SAME_TIME_AND_CHAIR)], treatment.clinic, want)
    found = room.check(db, chair, block, want, now=request.as_of or now, by=by, lifting=request.lifting)
    _check_evaluated(db, treatment, version, block, local_day(now, chair.clinic.zone))
    clinic_id, details = chair.clinic_id, _put(treatment, block, chair, found)
    try:
        with db.no_autoflush:
            lifecycle.do(db, treatment, Action.MOVE, now=now, by=by, reasons=request.reasons, details=details)
    except Refusal as refusal:
        if not all(isinstance(reason, BookingReason) for reason in refusal.reasons):
            raise
        room.roll_back(db, refusal.reasons, clinic_id, want)
    room.note_lifted(db, treatment, found.lifted, request.lifting, now=now, by=by)
    audit.note(
        db, AuditAction.CHANGE, "session", treatment.id,
        now=now, by=by, patient_id=treatment.patient_id, changes=details,
        reason=request.lifting.words if found.lifted else None,
    )  # fmt: skip


def check_version(db: Session, treatment: TreatmentSession, version: int) -> None:
    """Refuse with ChangedMeanwhile when a session is no longer at the version that the person saw; locks its row."""
    db.refresh(treatment, with_for_update={"key_share": True})
    if treatment.version != version:
        raise ChangedMeanwhile(ChangeReason.CHANGED_MEANWHILE)


def _patient(db: Session, patient_id: int, by: Actor) -> Patient:
    """Load a patient with the clinics that treat them, as they are now that the queue is behind us."""
    patient = db.get(Patient, patient_id, options=[joinedload(Patient.other_clinics)], populate_existing=True)
    if patient is None or not _common(patient, by):
        raise Absent
    return patient


def _common(patient: Patient, by: Actor) -> frozenset[int]:
    """Give the clinics that treat the patient and at which the person works: nobody books elsewhere."""
    return patient.clinic_ids & {clinic.id for clinic in by.user.clinics} if by.user else frozenset()


def _chair(db: Session, chair_id: int) -> Chair:
    """Load a chair with its clinic and the hours, as they are now that the queue is behind us."""
    hours = joinedload(Chair.clinic).joinedload(Clinic.opening_hours)
    return db.get_one(Chair, chair_id, options=[hours], populate_existing=True)


def _what(db: Session, request: BookingRequest, patient: Patient) -> tuple[Plan | None, ProtocolVersion]:
    """Give the plan and the protocol version that it, or the request, names; refuses a plan that is paused or over."""
    if request.plan_id is None:
        return None, series.beside_plans(db, patient.id, request.protocol_version_id)
    plan = db.get(Plan, request.plan_id, options=[joinedload(Plan.protocol_version), joinedload(Plan.phases)])
    if plan is None or plan.patient_id != patient.id or plan.protocol_version_id != request.protocol_version_id:
        raise Absent
    series.check_under_way(plan)
    return plan, plan.protocol_version


def _put(treatment: TreatmentSession, block: Span, chair: Chair, found: Room) -> dict[str, list[object]]:
    before = {"starts_at": treatment.starts_at.isoformat(), "chair_id": treatment.chair_id}
    after = {"starts_at": block.starts_at.isoformat(), "chair_id": chair.id}
    treatment.starts_at, treatment.ends_at, treatment.chair_id = block.starts_at, block.ends_at, chair.id
    treatment.nurse_id = found.nurse_id
    treatment.schedule_version += 1
    return {field: [before[field], after[field]] for field in before if before[field] != after[field]}
