"""The checks of the state's prescription monitoring: when, by whom, what was seen, and when the next is due."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.papers import monitoring as rules
from clinic_sessions.domain.papers.findings import FindingReason
from clinic_sessions.domain.papers.monitoring import MonitoringState
from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.models import AuditAction, Clinic, MonitoringCheck, Order, Patient
from clinic_sessions.services import audit, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Refusal

SLACK = timedelta(minutes=1)
"""Forgives a clock that is a little ahead."""


def record(
    db: Session,
    patient: Patient,
    at: datetime,
    *,
    nothing_unexpected: bool,
    words: str | None,
    now: datetime,
    by: Actor,
) -> MonitoringCheck:
    """Keep that someone looked, and what they saw; load the patient `to_change` first.

    Refuses with FindingReason: the time is still to come, or something unexpected has no words.
    """
    if at > now + SLACK:
        raise Refusal(FindingReason.NOT_YET)
    if not nothing_unexpected and not words:
        raise Refusal(FindingReason.WORDS_NEEDED)
    row = MonitoringCheck(
        patient_id=patient.id, checked_at=at, recorded_at=now, by_id=by.user_id,
        nothing_unexpected=nothing_unexpected, words=words,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "monitoring_check", row.id, now=now, by=by, patient_id=patient.id,
        changes={"checked_at": [None, at], "nothing_unexpected": [None, nothing_unexpected]},
    )  # fmt: skip
    return row


def listed(db: Session, patient_id: int) -> Sequence[MonitoringCheck]:
    """List a patient's checks, the newest first."""
    query = sa.select(MonitoringCheck).where(MonitoringCheck.patient_id == patient_id)
    query = query.options(joinedload(MonitoringCheck.by))
    return db.scalars(query.order_by(MonitoringCheck.checked_at.desc(), MonitoringCheck.id.desc())).all()


def due(db: Session, patient_ids: Collection[int], now: datetime) -> Mapping[int, MonitoringState]:
    """Give how the check of each patient stands at a moment, by id; one query, besides the clinics."""
    last = sa.select(sa.func.max(MonitoringCheck.checked_at, type_=MonitoringCheck.checked_at.type))
    newest = last.where(MonitoringCheck.patient_id == Patient.id).scalar_subquery()
    ordered = sa.exists().where(Order.patient_id == Patient.id)
    rows = db.execute(sa.select(Patient.id, Patient.clinic_id, newest, ordered).where(Patient.id.in_(patient_ids)))
    numbers = documents.thresholds(db)
    return {
        patient_id: rules.state(
            at, has_order=bool(has_order), now=now, zone=db.get_one(Clinic, clinic_id).zone, numbers=numbers
        )
        for patient_id, clinic_id, at, has_order in rows.all()
    }


def against_order(db: Session, patient_id: int, now: datetime) -> list[PaperReason]:
    """List what stands against an order as far as the check goes: one that is due, where the clinic lets it block."""
    blocks = bool(documents.thresholds(db).monitoring_blocks.whole)
    return [PaperReason.MONITORING_DUE] if blocks and due(db, [patient_id], now)[patient_id].is_due else []
