"""The papers of the demo's patients: cleared, consented, ordered, so that their visits can go on."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing
from clinic_sessions.demo.screened import file_screening
from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.doses import cap_of
from clinic_sessions.domain.orders import DoseBasis, OrderEventKind
from clinic_sessions.domain.papers import Clearance, ConsentAnswer, SigningWay
from clinic_sessions.domain.protocols import DeviceDose, DoseRule, Drug, WeightDose
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    ClearanceDecision,
    Consent,
    DocumentVersion,
    Enrolment,
    MonitoringCheck,
    Order,
    OrderEvent,
    Patient,
    Plan,
    ProtocolVersion,
)
from clinic_sessions.services.catalogue import protocol_of

HOLDS = timedelta(days=180)


def clear(db: Session, patient: Patient, version: ProtocolVersion, provider_id: int | None, at: datetime) -> None:
    """Let a provider screen a patient and clear them for a protocol for half a year."""
    allergies = {"allergies": patient.allergies} if patient.allergies else {}
    filed = file_screening(db, patient, version.route, provider_id, at, allergies)
    db.add(
        ClearanceDecision(
            patient_id=patient.id, protocol_key=version.key, protocol_version_id=version.id,
            screening_id=filed, decision=Clearance.CLEARED, until=local_day(at + HOLDS, ZONE), at=at, by_id=provider_id,
        )
    )  # fmt: skip


def file_papers(db: Session, patient: Patient, plan: Plan, staff: Staffing) -> None:
    """Put on file what a series needs before its first dose: clearance, consent, order, check and enrolment."""
    at = plan.started_at
    version = plan.protocol_version
    clear(db, patient, version, plan.provider_id, at)
    db.add(_consent(db, patient, plan, staff, at + timedelta(minutes=20)))
    db.add(_order(patient, plan, at + timedelta(minutes=5)))
    checked = {"patient_id": patient.id, "recorded_at": at, "by_id": staff.providers[0].user_id}
    db.add(MonitoringCheck(checked_at=at, nothing_unexpected=True, **checked))
    if protocol_of(version).drug is Drug.ESKETAMINE:
        db.add(Enrolment(enrolled_on=local_day(at, ZONE), number=f"E-{40_000 + patient.id}", **checked))
    db.flush()


def _consent(db: Session, patient: Patient, plan: Plan, staff: Staffing, at: datetime) -> Consent:
    text = db.scalars(sa.select(DocumentVersion.id).where(DocumentVersion.kind == DocumentKind.CONSENT)).first()
    nurse = staff.nurses[0].user_id
    return Consent(
        patient_id=patient.id, plan_id=plan.id, protocol_key=plan.protocol_version.key,
        protocol_version_id=plan.protocol_version_id, document_version_id=text, answer=ConsentAnswer.SIGNED,
        way=SigningWay.SCREEN, signed_name=patient.name, language=patient.language, witness_id=nurse, at=at,
        recorded_at=at, by_id=nurse, until=local_day(at + 2 * HOLDS, ZONE),
    )  # fmt: skip


def _order(patient: Patient, plan: Plan, at: datetime) -> Order:
    version = plan.protocol_version
    protocol = protocol_of(version)
    order = Order(
        patient_id=patient.id, plan_id=plan.id, protocol_key=version.key, protocol_version_id=version.id,
        drug=protocol.drug, route=version.route, cap_micrograms=cap_of(protocol.dose_rule),
        valid_from=local_day(at, ZONE), valid_until=local_day(at + HOLDS, ZONE), provider_id=plan.provider_id,
        written_at=at, by_id=plan.provider_id, **_dose(protocol.dose_rule),
    )  # fmt: skip
    order.events = [OrderEvent(kind=OrderEventKind.SIGNED, at=at, by_id=plan.provider_id)]
    return order


def _dose(rule: DoseRule) -> Mapping[str, object]:
    if isinstance(rule, WeightDose):
        step = rule.round_down_to.thousandths
        return {"basis": DoseBasis.PER_KG, "micrograms_per_kg": rule.per_kg.thousandths, "round_down_micrograms": step}
    if isinstance(rule, DeviceDose):
        return {"basis": DoseBasis.DEVICES, "devices": rule.most.whole}
    return {"basis": DoseBasis.FIXED, "micrograms": rule.amount.thousandths}
