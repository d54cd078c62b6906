"""Booking a session, and changing what is booked."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.lifecycle import Action, SessionKind, Status
from clinic_sessions.domain.messages import MessageKind
from clinic_sessions.domain.plans import PlanStatus, ProtocolStatus
from clinic_sessions.domain.reasons import MoveReason
from clinic_sessions.domain.timetable import BookingReason
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import AuditAction, Chair, Patient, Plan, ProtocolVersion, StatusChange, TreatmentSession
from clinic_sessions.services import audit, lifecycle, outreach, room, series
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal


@dataclass(frozen=True, kw_only=True)
class BookingRequest:
    """What is to be booked. `plan_id`: the series that it belongs to, if any."""

    patient_id: int
    protocol_version_id: int
    chair_id: int
    starts_at: datetime
    plan_id: int | None = None
    tell_patient: bool = True


@dataclass(frozen=True, kw_only=True)
class MoveRequest:
    """Where a session is to be moved, and from which version of it."""

    chair_id: int
    starts_at: datetime
    version: int
    reasons: Sequence[MoveReason] = ()
    tell_patient: bool = True


class ChangeReason(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"


def book(db: Session, request: BookingRequest, *, now: datetime, by: Actor) -> TreatmentSession:
    """Book a treatment session for its protocol's whole block.

    Refuses with TimeTaken, with every reason and the next three free times; raises Absent for what is not of the
    person's clinic. When the database itself refuses, the transaction has been rolled back.
    """
    room.queue(db, request.chair_id, request.patient_id)
    patient, chair = _patient(db, request.patient_id, by), _chair(db, request.chair_id)
    version = _version(db, request.protocol_version_id)
    plan = _plan(db, request, patient)
    if chair.clinic_id != patient.clinic_id or (version.status is not ProtocolStatus.PUBLISHED and plan is None):
        raise Absent
    block = Span(starts_at=request.starts_at, ends_at=request.starts_at + timedelta(minutes=version.block_minutes))
    want = room.wanted(version, patient.id, max(block.starts_at, now))
    room.check(db, chair, block, want, now)
    clinic_id = chair.clinic_id
    treatment = _row(request, patient, version, block, now=now, by=by)
    if plan is not None:
        treatment.place_in_plan = series.next_place(db, plan)
        treatment.plan_id = plan.id if treatment.place_in_plan else None
    db.add(treatment)
    try:
        db.flush()
    except DatabaseError as error:
        room.roll_back(db, room.refused_by_database(error), clinic_id, want)
    audit.note(
        db, AuditAction.CREATE, "session", treatment.id, now=now, by=by, patient_id=patient.id,
        changes={field: [None, getattr(treatment, field)] for field in ("status", "starts_at", "chair_id")},
    )  # fmt: skip
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION if request.tell_patient else None)
    return treatment


def move(db: Session, treatment: TreatmentSession, request: MoveRequest, *, now: datetime, by: Actor) -> None:
    """Move a session to another time or chair; its schedule version grows and a confirmed one is booked again.

    Refuses with ChangedMeanwhile when it is no longer at `request.version`, otherwise as `book` does.
    """
    room.queue(db, request.chair_id, treatment.patient_id)
    check_version(db, treatment, request.version)
    version, chair = treatment.protocol_version, _chair(db, request.chair_id)
    if version is None or chair.clinic_id != treatment.clinic_id:
        raise Absent
    block = Span(starts_at=request.starts_at, ends_at=request.starts_at + timedelta(minutes=version.block_minutes))
    want = room.wanted(version, treatment.patient_id, max(block.starts_at, now), moving_id=treatment.id)
    if (block.starts_at, chair.id) == (treatment.starts_at, treatment.chair_id):
        room.refuse(db, [BookingReason.SAME_TIME_AND_CHAIR], treatment.clinic, want)
    room.check(db, chair, block, want, now)
    clinic_id, details = chair.clinic_id, _put(treatment, block, chair)
    try:
        with db.no_autoflush:
            lifecycle.do(db, treatment, Action.MOVE, now=now, by=by, reasons=request.reasons, details=details)
    except Refusal as refusal:
        if not all(isinstance(reason, BookingReason) for reason in refusal.reasons):
            raise
        room.roll_back(db, refusal.reasons, clinic_id, want)
    audit.note(
        db, AuditAction.CHANGE, "session", treatment.id,
        now=now, by=by, patient_id=treatment.patient_id, changes=details,
    )  # fmt: skip
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.MOVED if request.tell_patient else None)


def check_version(db: Session, treatment: TreatmentSession, version: int) -> None:
    """Refuse with ChangedMeanwhile when a session is no longer at the version that the person saw; locks its row."""
    db.refresh(treatment, with_for_update=True)
    if treatment.version != version:
        raise ChangedMeanwhile(ChangeReason.CHANGED_MEANWHILE)


def _patient(db: Session, patient_id: int, by: Actor) -> Patient:
    patient = db.get(Patient, patient_id)
    if patient is None or by.user is None or patient.clinic_id not in {clinic.id for clinic in by.user.clinics}:
        raise Absent
    return patient


def _chair(db: Session, chair_id: int) -> Chair:
    chair = db.get(Chair, chair_id)
    if chair is None:
        raise Absent
    return chair


def _version(db: Session, version_id: int) -> ProtocolVersion:
    version = db.get(ProtocolVersion, version_id)
    if version is None:
        raise Absent
    return version


def _plan(db: Session, request: BookingRequest, patient: Patient) -> Plan | None:
    if request.plan_id is None:
        return None
    plan = db.get(Plan, request.plan_id)
    if plan is None or plan.patient_id != patient.id or plan.protocol_version_id != request.protocol_version_id:
        raise Absent
    return plan if plan.status is PlanStatus.ACTIVE else None


def _row(
    request: BookingRequest, patient: Patient, version: ProtocolVersion, block: Span, *, now: datetime, by: Actor
) -> TreatmentSession:
    treatment = TreatmentSession(
        uid=str(uuid.uuid4()),
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        kind=SessionKind.TREATMENT,
        protocol_version_id=version.id,
        chair_id=request.chair_id,
        starts_at=block.starts_at,
        ends_at=block.ends_at,
        status=Status.BOOKED,
        booked_at=now,
        booked_by_id=by.user_id,
    )
    booked = StatusChange(
        action=Action.BOOK, from_status=None, to_status=Status.BOOKED, at=now, recorded_at=now, by_id=by.user_id
    )
    treatment.changes.append(booked)
    return treatment


def _put(treatment: TreatmentSession, block: Span, chair: Chair) -> dict[str, list[object]]:
    before = {"starts_at": treatment.starts_at.isoformat(), "chair_id": treatment.chair_id}
    after = {"starts_at": block.starts_at.isoformat(), "chair_id": chair.id}
    treatment.starts_at, treatment.ends_at, treatment.chair_id = block.starts_at, block.ends_at, chair.id
    treatment.schedule_version += 1
    return {field: [before[field], after[field]] for field in before if before[field] != after[field]}
