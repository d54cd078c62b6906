"""A mark that changes with everything that the page of one session shows: a poll that has seen it is told no more."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.models import (
    ClearanceDecision,
    Consent,
    ConsentEvent,
    DoseEvent,
    Draw,
    DrugLabel,
    DueHold,
    Enrolment,
    FollowUp,
    Intervention,
    Medicine,
    MedicineAcknowledgement,
    MonitoringCheck,
    Note,
    NoteDraft,
    NoteSignature,
    Order,
    OrderEvent,
    ProviderAnswer,
    ProviderAsk,
    ScaleResult,
    SecondCount,
    SessionCheck,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    VitalsReading,
    Weight,
)
from clinic_sessions.services.session.session_start import BEFORE_START

_OF_SESSION = (
    StatusChange,
    VitalsReading,
    DoseEvent,
    SideEffect,
    SideEffectEvent,
    Intervention,
    Note,
    SessionCheck,
    ProviderAsk,
    ProviderAnswer,
    DrugLabel,
    Draw,
    SecondCount,
    DueHold,
    FollowUp,
    NoteSignature,
    ScaleResult,
)
"""Rows that are added and never taken away: their counts say that something is new."""


def revision(db: Session, treatment: TreatmentSession) -> str:
    """Give a mark that changes with everything the page shows, in one query.

    Counts, not highest ids: a transaction that took its id early may commit late, and must not be missed.
    """
    counts = [
        sa.select(sa.func.count()).select_from(table).where(table.session_id == treatment.id).scalar_subquery()
        for table in _OF_SESSION
    ]
    counts += [
        sa.select(sa.func.count(FollowUp.done_at)).where(FollowUp.session_id == treatment.id).scalar_subquery(),
        sa.select(sa.func.coalesce(sa.func.sum(NoteDraft.version), 0))
        .where(NoteDraft.session_id == treatment.id)
        .scalar_subquery(),
    ]
    counts += _orders_so_far(treatment.patient_id)
    if treatment.status in BEFORE_START:
        counts += _papers_so_far(treatment.patient_id)
    return "-".join(str(value) for value in (treatment.version, *db.execute(sa.select(*counts)).one()))


def _orders_so_far(patient_id: int) -> list[sa.ScalarSelect[int]]:
    """Count a patient's orders and what became of them: what may be given as needed can change while they are here."""
    return [
        sa.select(sa.func.count()).select_from(Order).where(Order.patient_id == patient_id).scalar_subquery(),
        sa.select(sa.func.count())
        .select_from(OrderEvent)
        .join(Order)
        .where(Order.patient_id == patient_id)
        .scalar_subquery(),
    ]


def _papers_so_far(patient_id: int) -> list[sa.ScalarSelect[int]]:
    """Count what a start stands on, by patient: each a row that is added and never taken away, or ended once."""
    tables = (Consent, ClearanceDecision, Weight, Enrolment, MonitoringCheck, Medicine)
    counts = [sa.select(sa.func.count()).select_from(table).where(table.patient_id == patient_id) for table in tables]
    counts += [
        sa.select(sa.func.count()).select_from(ConsentEvent).join(Consent).where(Consent.patient_id == patient_id),
        sa.select(sa.func.count(Medicine.ended_at)).where(Medicine.patient_id == patient_id),
        sa.select(sa.func.count())
        .select_from(MedicineAcknowledgement)
        .join(Medicine)
        .where(Medicine.patient_id == patient_id),
    ]
    return [one.scalar_subquery() for one in counts]
