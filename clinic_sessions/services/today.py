"""What waits for someone today, and how the clinic does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from clinic_sessions.domain.check_ins import CheckInStatus
from clinic_sessions.domain.lifecycle import EXPECTED, Status
from clinic_sessions.domain.messages import MessageStatus
from clinic_sessions.domain.side_effects import Grade
from clinic_sessions.domain.timetable import LONGEST_BLOCK
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import CheckIn, Clinic, Message, Patient, SideEffect, SideEffectEvent, TreatmentSession
from clinic_sessions.services import hits, intake, uncovered
from clinic_sessions.services.hits import Hit

AHEAD = timedelta(days=7)
"""An address is of interest while a visit comes within a week."""

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


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that waits: about whom, about which visit, and when."""

    patient_id: int
    name: str
    phone: str
    session_id: int | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class SevereEffect:
    """A side effect of grade 3 or higher."""

    patient_id: int
    name: str
    session_id: int
    kind: StrEnum
    term: str | None
    grade: Grade
    at: datetime


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


def waiting(db: Session, clinic: Clinic, now: datetime) -> dict[Work, int]:
    """Count what waits for the front desk; what does not wait is left out."""
    counts = {work: sa.select(sa.func.count()).select_from(query.subquery()).scalar_subquery()
              for work, query in _queries(clinic, now).items()}  # fmt: skip
    row = db.execute(sa.select(*counts.values())).one()
    others = {work: count for work, count in zip(counts, row, strict=True) if count}
    return {**stranded(db, clinic, now), **others}


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
            CheckIn.expires_at >= now - BACK,
            CheckIn.expires_at <= now,
        )
    )


def answered(db: Session, clinic: Clinic, now: datetime) -> list[Line]:
    """List the check-ins answered within a week, newest first; who answered, never what."""
    query = (
        sa.select(Patient.id, Patient.name, Patient.phone, CheckIn.session_id, CheckIn.answered_at.label("moment"))
        .join(CheckIn, CheckIn.patient_id == Patient.id)
        .join(TreatmentSession, TreatmentSession.id == CheckIn.session_id)
        .where(TreatmentSession.clinic_id == clinic.id, CheckIn.answered_at >= now - BACK)
        .order_by(CheckIn.answered_at.desc())
        .limit(20)
    )
    return [
        Line(patient_id=patient_id, name=name, phone=phone, session_id=session_id, at=at)
        for patient_id, name, phone, session_id, at in db.execute(query)
        if at is not None
    ]


def severe_effects(db: Session, clinic: Clinic, now: datetime) -> list[SevereEffect]:
    """List the side effects that reached grade 3 within a week, newest first; corrected entries are left out."""
    correction = aliased(SideEffect)
    graded = sa.select(sa.func.max(SideEffectEvent.grade)).where(SideEffectEvent.side_effect_id == SideEffect.id)
    later = sa.func.coalesce(graded.scalar_subquery(), 0)
    worst = sa.case((later > SideEffect.grade, later), else_=SideEffect.grade)
    query = (
        sa.select(Patient.id, Patient.name, SideEffect, worst)
        .join(TreatmentSession, TreatmentSession.id == SideEffect.session_id)
        .join(Patient, Patient.id == TreatmentSession.patient_id)
        .where(
            TreatmentSession.clinic_id == clinic.id,
            TreatmentSession.starts_at >= now - BACK - LONGEST_BLOCK,
            SideEffect.at >= now - BACK,
            worst >= Grade.SEVERE,
            ~sa.exists().where(correction.corrects_id == SideEffect.id),
        )
        .order_by(SideEffect.at.desc())
        .limit(20)
    )
    return [
        SevereEffect(
            patient_id=patient_id,
            name=name,
            session_id=effect.session_id,
            kind=effect.kind,
            term=effect.term,
            grade=Grade(grade),
            at=effect.at,
        )
        for patient_id, name, effect, grade in db.execute(query)
    ]


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
