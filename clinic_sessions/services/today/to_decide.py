"""What waits for a provider: patients to clear, sessions that stand uncleared, spoken orders to sign."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from clinic_sessions.domain.papers.papers import Clearance, Decision, PaperReason, clearance_reasons
from clinic_sessions.domain.papers.screening_kinds import ScreeningStatus
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, SessionKind
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.domain.working_days import working_days_from
from clinic_sessions.models import (
    ClearanceDecision,
    Clinic,
    Order,
    Patient,
    ProtocolVersion,
    Screening,
    TreatmentSession,
)
from clinic_sessions.services import documents
from clinic_sessions.services.orders import order_list

AHEAD = timedelta(days=60)
"""Sessions further ahead than this are not yet looked at."""

MOST = 200


@dataclass(frozen=True, kw_only=True)
class ToClear:
    """A patient about whom a provider is to decide, for which protocol, why, and by when.

    `session_at`: the first session that waits for it. `release`: it comes within the days in which it is offered
    for release.
    """

    patient_id: int
    name: str
    phone: str
    key: str
    title: str
    reason: PaperReason
    session_id: int | None
    session_at: datetime | None
    release: bool


@dataclass(frozen=True, kw_only=True)
class ToSign:
    """A spoken order that its provider has not signed, until when it holds unsigned."""

    order: Order
    patient_id: int
    name: str
    sign_by: datetime


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A questionnaire that a patient has answered and nobody has filed, or that was filed and not decided upon."""

    patient_id: int
    name: str
    screening_id: int
    filed: bool
    at: datetime


def uncleared(db: Session, clinic: Clinic, now: datetime) -> list[ToClear]:
    """List the clinic's sessions to come whose patient is not cleared for their day, one a patient and protocol.

    The soonest first. Two queries, however many sessions; those of patients who stay cleared are not read at all.
    """
    one, kept, today = TreatmentSession, ClearanceDecision, local_day(now, clinic.zone)
    newest = sa.and_(kept.patient_id == one.patient_id, kept.protocol_key == ProtocolVersion.key, ~_replaced(kept))
    query = (
        sa.select(one.id, one.patient_id, one.starts_at, one.status, Patient.name, Patient.phone, ProtocolVersion.key,
                  ProtocolVersion.title, kept.decision, kept.until, kept.at)
        .join(Patient, Patient.id == one.patient_id)
        .join(ProtocolVersion, ProtocolVersion.id == one.protocol_version_id)
        .outerjoin(kept, newest)
        .where(one.clinic_id == clinic.id, one.kind == SessionKind.TREATMENT, one.status.in_(EXPECTED | IN_CLINIC))
        .where(one.starts_at >= now - timedelta(days=1), one.starts_at < now + AHEAD)
        .where(sa.or_(kept.id.is_(None), kept.decision != Clearance.CLEARED, kept.until < today + AHEAD))
        .order_by(one.starts_at, one.id)
    )  # fmt: skip
    rows = db.execute(query).all()
    last = _release_until(db, clinic, today) if rows else today
    found: dict[tuple[int, str], ToClear] = {}
    for row in rows:
        day = local_day(row.starts_at, clinic.zone)
        decided = Decision(decision=row.decision, until=row.until, at=row.at) if row.decision else None
        if reasons := clearance_reasons(decided, day):
            line = ToClear(
                patient_id=row.patient_id, name=row.name, phone=row.phone, key=row.key, title=row.title,
                reason=reasons[0], session_id=row.id, session_at=row.starts_at,
                release=day <= last and row.status in EXPECTED,
            )  # fmt: skip
            found.setdefault((row.patient_id, row.key), line)
    return list(found.values())[:MOST]


def _replaced(row: type[ClearanceDecision]) -> sa.ColumnElement[bool]:
    """Say whether a later decision counts in place of one."""
    later = aliased(ClearanceDecision)
    return sa.exists().where(
        later.patient_id == row.patient_id,
        later.protocol_key == row.protocol_key,
        sa.or_(later.at > row.at, sa.and_(later.at == row.at, later.id > row.id)),
    )


def _release_until(db: Session, clinic: Clinic, today: date) -> date:
    days = documents.thresholds(db).release_before.whole
    return working_days_from(today, days, {hours.weekday for hours in clinic.opening_hours})


def to_release(db: Session, clinic: Clinic, now: datetime) -> list[ToClear]:
    """List the uncleared sessions that are so near that their time is offered to others."""
    return [one for one in uncleared(db, clinic, now) if one.release]


def to_clear(db: Session, clinic: Clinic, now: datetime) -> list[ToClear]:
    """List about whom a provider is to decide: uncleared sessions first, then deferrals whose day is over."""
    waiting = uncleared(db, clinic, now)
    known = {(one.patient_id, one.key) for one in waiting}
    return [*waiting, *(one for one in _reopened(db, clinic, now) if (one.patient_id, one.key) not in known)]


def _reopened(db: Session, clinic: Clinic, now: datetime) -> list[ToClear]:
    row = ClearanceDecision
    query = (
        sa.select(row.patient_id, row.protocol_key, Patient.name, Patient.phone, ProtocolVersion.title)
        .join(Patient, Patient.id == row.patient_id)
        .join(ProtocolVersion, ProtocolVersion.id == row.protocol_version_id)
        .where(Patient.clinic_id == clinic.id, row.decision == Clearance.DEFERRED, ~_replaced(row))
        .where(row.until < local_day(now, clinic.zone))
        .order_by(row.until, row.id)
        .limit(MOST)
    )
    return [
        ToClear(
            patient_id=patient_id, name=name, phone=phone, key=key, title=title, reason=PaperReason.DEFERRAL_OVER,
            session_id=None, session_at=None, release=False,
        )
        for patient_id, key, name, phone, title in db.execute(query)
    ]  # fmt: skip


def sent(clinic: Clinic) -> sa.Select[Screening, str]:
    """Select the questionnaires that wait for a clinician to file them, and the filed ones without a decision since."""
    decided = sa.exists().where(
        ClearanceDecision.patient_id == Screening.patient_id, ClearanceDecision.at >= Screening.filed_at
    )
    filed = sa.and_(Screening.status == ScreeningStatus.FILED, ~decided)
    return (
        sa.select(Screening, Patient.name)
        .join(Patient, Patient.id == Screening.patient_id)
        .where(Patient.clinic_id == clinic.id, sa.or_(Screening.status == ScreeningStatus.SUBMITTED, filed))
    )


def answers_sent(db: Session, clinic: Clinic) -> list[Sent]:
    """List what `sent` selects, the one that waits longest first."""
    query = sent(clinic).order_by(Screening.started_at, Screening.id).limit(MOST)
    return [
        Sent(
            patient_id=row.patient_id,
            name=name,
            screening_id=row.id,
            filed=row.status is ScreeningStatus.FILED,
            at=row.filed_at or row.submitted_at or row.started_at,
        )
        for row, name in db.execute(query)
    ]


def to_sign(db: Session, clinic: Clinic, written_by: int | None = None) -> list[ToSign]:
    """List the spoken orders of the clinic's patients that stand unsigned, the soonest to lapse first.

    `written_by`: only those that this person took down.
    """
    orders = [one for one in order_list.to_sign(db, [clinic.id]) if written_by in {None, one.by_id}]
    query = sa.select(Patient.id, Patient.name).where(Patient.id.in_({one.patient_id for one in orders}))
    names = {row.id: row.name for row in db.execute(query)}
    within = timedelta(hours=documents.thresholds(db).spoken_order.whole)
    return [
        ToSign(order=one, patient_id=one.patient_id, name=names[one.patient_id], sign_by=one.written_at + within)
        for one in orders
    ]
