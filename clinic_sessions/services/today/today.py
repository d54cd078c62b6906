"""What waits for someone today, and how the clinic does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.messages.messages import MessageStatus
from clinic_sessions.domain.session.lifecycle import EXPECTED, Status
from clinic_sessions.domain.wall_time import Span, day_span, first_instant, local_day
from clinic_sessions.models import CheckIn, Clinic, Message, Patient, TreatmentSession
from clinic_sessions.services.plans import plan_lists, plan_warnings
from clinic_sessions.services.screening import intake
from clinic_sessions.services.shifts import uncovered
from clinic_sessions.services.sites import hits
from clinic_sessions.services.sites.hits import Hit
from clinic_sessions.services.today import to_decide

AHEAD = timedelta(days=7)
"""An address is of interest while a visit comes within a week."""

NOON = time(12)

BACK = timedelta(days=7)
"""How long what went wrong, or was answered, stays on the page."""

MOST = 200


class Work(StrEnum):
    """What can wait for the front desk."""

    CLOSED = "closed"
    UNCOVERED = "uncovered"
    ABSENT = "absent"
    UNCONFIRMED = "unconfirmed"
    ADDRESSES = "addresses"
    MESSAGES = "messages"
    CHECK_INS = "check-ins"
    QUESTIONS = "questions"
    UNCLEARED = "uncleared"
    WITHOUT_NEXT = "without-next"
    PAYMENT = "payment"


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that waits: about whom, about which visit, and when."""

    patient_id: int
    name: str
    phone: str
    session_id: int | None
    at: datetime
    plan_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class MailHealth:
    """Messages of today and what went wrong with them in a week."""

    sent_today: int
    waiting: int
    failed: int


_Query = sa.Select[int, str, str, int | None, datetime]

_STRANDED: Mapping[Work, Callable[[Session, Clinic, datetime], Sequence[Hit]]] = {
    Work.CLOSED: hits.stranded,
    Work.UNCOVERED: uncovered.ahead,
}


def _uncleared(db: Session, clinic: Clinic, now: datetime) -> list[Line]:
    return [
        Line(patient_id=one.patient_id, name=one.name, phone=one.phone, session_id=one.session_id,
             at=one.session_at or now)
        for one in to_decide.to_release(db, clinic, now)
    ]  # fmt: skip


def _without_next(db: Session, clinic: Clinic, now: datetime) -> list[Line]:
    return [
        Line(patient_id=one.plan.patient_id, name=one.name, phone=one.phone, session_id=None, plan_id=one.plan.id,
             at=first_instant(one.due, NOON, clinic.zone) if one.due else now)
        for one in plan_lists.without_next(db, clinic, now)
    ]  # fmt: skip


def _payment(db: Session, clinic: Clinic, now: datetime) -> list[Line]:
    warned = [one.treatment for one in plan_warnings.soon(db, clinic, now)]
    return [
        Line(patient_id=one.patient_id, name=one.patient.name, phone=one.patient.phone, session_id=one.id,
             plan_id=one.plan_id, at=one.starts_at)
        for one in warned
    ]  # fmt: skip


_LISTED: Mapping[Work, Callable[[Session, Clinic, datetime], Sequence[Line]]] = {
    Work.UNCLEARED: _uncleared,
    Work.WITHOUT_NEXT: _without_next,
    Work.PAYMENT: _payment,
}


def waiting(db: Session, clinic: Clinic, now: datetime) -> dict[Work, int]:
    """Count what waits for the front desk; what does not wait is left out."""
    counts = {work: sa.select(sa.func.count()).select_from(query.subquery()).scalar_subquery()
              for work, query in _queries(clinic, now).items()}  # fmt: skip
    row = db.execute(sa.select(*counts.values())).one()
    others = {work: count for work, count in zip(counts, row, strict=True) if count}
    listed = {work: len(found) for work, find in _LISTED.items() if (found := find(db, clinic, now))}
    return {**stranded(db, clinic, now), **others, **listed}


def stranded(db: Session, clinic: Clinic, now: datetime) -> dict[Work, int]:
    """Count what a change of hours, chairs, closures or shifts has left behind: it waits for whoever made it too."""
    counts = {work: len(found(db, clinic, now)) for work, found in _STRANDED.items()}
    return {work: count for work, count in counts.items() if count}


def lines(db: Session, clinic: Clinic, work: Work, now: datetime) -> list[Line]:
    """List exactly what was counted, soonest first, at most MOST."""
    if work in _STRANDED:
        return [
            Line(patient_id=hit.patient_id, name=hit.name, phone=hit.phone, session_id=hit.session_id, at=hit.starts_at)
            for hit in _STRANDED[work](db, clinic, now)
        ]
    if work in _LISTED:
        return list(_LISTED[work](db, clinic, now))
    query = _queries(clinic, now)[work]
    return [
        Line(patient_id=patient_id, name=name, phone=phone, session_id=session_id, at=at)
        for patient_id, name, phone, session_id, at in db.execute(query.order_by(sa.text("moment")).limit(MOST))
    ]


def _queries(clinic: Clinic, now: datetime) -> dict[Work, _Query]:
    return {
        Work.ABSENT: _absent(clinic, now),
        Work.UNCONFIRMED: _unconfirmed(clinic, now),
        Work.ADDRESSES: _addresses(clinic, now),
        Work.MESSAGES: _messages(clinic, now),
        Work.CHECK_INS: _check_ins(clinic, now),
        Work.QUESTIONS: intake.to_call(clinic.id, now),
    }


def _sessions(clinic: Clinic, span: Span) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        TreatmentSession.clinic_id == clinic.id,
        TreatmentSession.starts_at >= span.starts_at,
        TreatmentSession.starts_at < span.ends_at,
    )


def _absent(clinic: Clinic, now: datetime) -> _Query:
    """Select who is to be asked about, as absence.proposed has it; a start that nobody answered for stays a week."""
    latest = now - timedelta(minutes=clinic.propose_absence_minutes)
    began = Span(starts_at=now - BACK, ends_at=latest + timedelta(microseconds=1))
    return (
        sa.select(
            Patient.id, Patient.name, Patient.phone, TreatmentSession.id, TreatmentSession.starts_at.label("moment")
        )
        .join(TreatmentSession, TreatmentSession.patient_id == Patient.id)
        .where(*_sessions(clinic, began), TreatmentSession.status.in_(EXPECTED))
    )


def _unconfirmed(clinic: Clinic, now: datetime) -> _Query:
    tomorrow = day_span(local_day(now, clinic.zone) + timedelta(days=1), clinic.zone)
    return (
        sa.select(
            Patient.id, Patient.name, Patient.phone, TreatmentSession.id, TreatmentSession.starts_at.label("moment")
        )
        .join(TreatmentSession, TreatmentSession.patient_id == Patient.id)
        .where(*_sessions(clinic, tomorrow), TreatmentSession.status == Status.BOOKED)
    )


def _addresses(clinic: Clinic, now: datetime) -> _Query:
    first = sa.func.min(TreatmentSession.starts_at, type_=TreatmentSession.starts_at.type)
    return (
        sa.select(Patient.id, Patient.name, Patient.phone, sa.func.min(TreatmentSession.id), first.label("moment"))
        .join(TreatmentSession, TreatmentSession.patient_id == Patient.id)
        .where(
            *_sessions(clinic, Span(starts_at=now, ends_at=now + AHEAD)),
            TreatmentSession.status.in_(EXPECTED),
            Patient.email_wanted.is_(True),
            sa.or_(Patient.email.is_(None), Patient.email_bounced_at.is_not(None)),
        )
        .group_by(Patient.id, Patient.name, Patient.phone)
    )


def _messages(clinic: Clinic, now: datetime) -> _Query:
    return (
        sa.select(Patient.id, Patient.name, Patient.phone, Message.session_id, Message.due_at.label("moment"))
        .join(Message, Message.patient_id == Patient.id)
        .where(
            Message.clinic_id == clinic.id,
            Message.due_at >= now - BACK,
            Message.due_at <= now,
            Message.status.in_((MessageStatus.FAILED, MessageStatus.BOUNCED)),
        )
    )


def _check_ins(clinic: Clinic, now: datetime) -> _Query:
    return (
        sa.select(Patient.id, Patient.name, Patient.phone, CheckIn.session_id, CheckIn.expires_at.label("moment"))
        .join(CheckIn, CheckIn.patient_id == Patient.id)
        .join(TreatmentSession, TreatmentSession.id == CheckIn.session_id)
        .where(
            TreatmentSession.clinic_id == clinic.id,
            CheckIn.status == CheckInStatus.NOT_ANSWERED,
            CheckIn.kind != CheckInKind.AFTER_4H,
            CheckIn.expires_at >= now - BACK,
            CheckIn.expires_at <= now,
        )
    )


def mail_health(db: Session, clinic: Clinic, now: datetime) -> MailHealth:
    """Count the messages sent today, those waiting, and those that failed within a week."""
    today = day_span(local_day(now, clinic.zone), clinic.zone)
    mine = sa.select(sa.func.count()).select_from(Message).where(Message.clinic_id == clinic.id)
    recent = mine.where(Message.due_at >= now - BACK, Message.due_at <= now)
    row = db.execute(
        sa.select(
            recent.where(Message.sent_at >= today.starts_at, Message.sent_at < today.ends_at).scalar_subquery(),
            recent.where(Message.status.in_((MessageStatus.PLANNED, MessageStatus.SENDING))).scalar_subquery(),
            recent.where(Message.status.in_((MessageStatus.FAILED, MessageStatus.BOUNCED))).scalar_subquery(),
        )
    ).one()
    return MailHealth(sent_today=row[0], waiting=row[1], failed=row[2])
