"""Booking and moving visits that are no treatments: no chair, no dose, and nobody in two places at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.scheduling.reasons import MoveReason
from clinic_sessions.domain.scheduling.timetable import BookingReason, Objection
from clinic_sessions.domain.session.lifecycle import Action, SessionKind, StepReason
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.models import AuditAction, Clinic, Patient, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import room, visit_offers, visit_room
from clinic_sessions.services.booking.visit_room import Wanted
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.session import lifecycle, sessions


@dataclass(frozen=True, kw_only=True)
class VisitRequest:
    """What is to be booked, and where."""

    clinic_id: int
    patient_id: int
    kind: SessionKind
    host_id: int
    minutes: int
    starts_at: datetime
    tell_patient: bool = True


@dataclass(frozen=True, kw_only=True)
class VisitMove:
    """When a visit is to be instead, with whom and how long, and from which version of it.

    `as_of`: the moment that the time may not lie before; now, when none is given.
    """

    host_id: int
    minutes: int
    starts_at: datetime
    version: int
    reasons: Sequence[MoveReason] = ()
    tell_patient: bool = True
    as_of: datetime | None = None


def book(db: Session, request: VisitRequest, *, now: datetime, by: Actor) -> TreatmentSession:
    """Book a visit with whoever is to hold it.

    Refuses with HostTaken, with every reason and the next three free times of that host; raises Absent for what is
    not of the person's clinic. When the database itself refuses, the transaction has been rolled back.
    """
    clinic = _clinic(request.clinic_id, by)
    want = Wanted(
        kind=request.kind, patient_id=request.patient_id, host_id=request.host_id, minutes=request.minutes,
        earliest=max(request.starts_at, now),
    )  # fmt: skip
    block = want.at(request.starts_at)
    _queue(db, clinic, want, [block])
    patient = _patient(db, request.patient_id, clinic, by)
    _check_host(db, clinic, want)
    milli = visit_room.check(db, clinic, block, want, now=now)
    treatment = sessions.begin(
        block, now=now, by=by, clinic_id=request.clinic_id, patient_id=patient.id, kind=request.kind,
        host_id=request.host_id, nurse_milli=milli,
    )  # fmt: skip
    db.add(treatment)
    _write(db, clinic.id, want)
    audit.note(
        db, AuditAction.CREATE, "session", treatment.id, now=now, by=by, patient_id=patient.id,
        changes={field: [None, getattr(treatment, field)] for field in ("status", "starts_at", "kind", "host_id")},
    )  # fmt: skip
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.CONFIRMATION if request.tell_patient else None)
    return treatment


def move(db: Session, treatment: TreatmentSession, request: VisitMove, *, now: datetime, by: Actor) -> None:
    """Move a visit to another time, host or length; its schedule version grows and a confirmed one is booked again.

    Refuses with ChangedMeanwhile when it is no longer at `request.version`, otherwise as `book` does.
    """
    if treatment.kind is SessionKind.TREATMENT:
        raise Absent
    clinic = treatment.clinic
    want = Wanted(
        kind=treatment.kind, patient_id=treatment.patient_id, host_id=request.host_id, minutes=request.minutes,
        earliest=max(request.starts_at, now), without=frozenset({treatment.id}),
    )  # fmt: skip
    block = want.at(request.starts_at)
    _queue(db, clinic, want, [block, treatment.block])
    lifecycle.lock(db, treatment)
    if treatment.version != request.version:
        raise ChangedMeanwhile(StepReason.CHANGED_MEANWHILE)
    _check_host(db, clinic, want)
    if (block, request.host_id) == (treatment.block, treatment.host_id):
        visit_room.refuse(db, [Objection(reason=BookingReason.SAME_TIME_AND_CHAIR)], clinic, want)
    lifecycle.granted(treatment, Action.MOVE, by)
    milli, clinic_id = visit_room.check(db, clinic, block, want, now=request.as_of or now), clinic.id
    details = _put(treatment, block, request.host_id, milli)
    with db.no_autoflush:
        try:
            lifecycle.do(db, treatment, Action.MOVE, now=now, by=by, reasons=request.reasons, details=details)
        except Refusal as refusal:
            _roll_back(db, refusal, clinic_id, want)
    audit.note(
        db, AuditAction.CHANGE, "session", treatment.id,
        now=now, by=by, patient_id=treatment.patient_id, changes=details,
    )  # fmt: skip
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.MOVED if request.tell_patient else None)


def _clinic(clinic_id: int, by: Actor) -> Clinic:
    mine = {clinic.id: clinic for clinic in by.user.clinics} if by.user else {}
    if clinic_id not in mine:
        raise Absent
    return mine[clinic_id]


def _patient(db: Session, patient_id: int, clinic: Clinic, by: Actor) -> Patient:
    if by.user is None:
        raise Absent
    patient = patients.load(db, patient_id, by.user)
    if clinic.id not in patient.clinic_ids:
        raise Absent
    return patient


def _check_host(db: Session, clinic: Clinic, want: Wanted) -> None:
    """Raise Absent for a length that no visit has, a kind that needs a chair, or a host who cannot be chosen."""
    known = want.kind in visits.KINDS and visits.is_length(want.minutes)
    if not known or want.host_id not in {host.id for host in visit_offers.hosts(db, clinic, want.kind)}:
        raise Absent


def _queue(db: Session, clinic: Clinic, want: Wanted, blocks: Sequence[Span]) -> None:
    days = {local_day(block.starts_at, clinic.zone) for block in blocks}
    visit_room.queue(db, clinic, days=days, patient_id=want.patient_id, host_id=want.host_id)


def _write(db: Session, clinic_id: int, want: Wanted) -> None:
    try:
        db.flush()
    except DatabaseError as error:
        _roll_back(db, Refusal(*room.refused_by_database(error)), clinic_id, want)


def _roll_back(db: Session, refusal: Refusal, clinic_id: int, want: Wanted) -> None:
    """End the transaction that the database broke, then refuse as if the rules had seen it."""
    objections = [Objection(reason=one) for one in refusal.reasons if isinstance(one, BookingReason)]
    if not objections:
        raise refusal
    db.rollback()
    visit_room.refuse(db, objections, db.get_one(Clinic, clinic_id), want)


def _put(treatment: TreatmentSession, block: Span, host_id: int, milli: int) -> dict[str, list[object]]:
    fields = ("starts_at", "ends_at", "host_id")
    before = {field: getattr(treatment, field) for field in fields}
    treatment.starts_at, treatment.ends_at = block.starts_at, block.ends_at
    treatment.host_id, treatment.nurse_milli = host_id, milli
    treatment.schedule_version += 1
    after = {field: getattr(treatment, field) for field in fields}
    return {field: [_plain(before[field]), _plain(after[field])] for field in fields if before[field] != after[field]}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value
