"""The papers of the demo's patients: cleared, consented, ordered, so that their visits can go on."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing
from clinic_sessions.demo.screened import file_screening
from clinic_sessions.demo.signatures import sign_series
from clinic_sessions.domain.drug.doses import cap_of
from clinic_sessions.domain.papers.orders import DoseBasis, OrderEventKind
from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.patients.allergies import NONE_KNOWN
from clinic_sessions.domain.protocols.protocols import DeviceDose, DoseRule, Drug, Route, WeightDose
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    AsNeeded,
    ClearanceDecision,
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

CHECKED_LONG_AGO = frozenset({"Noah Lindqvist", "Kwame Asante"})
NOT_ENROLLED = frozenset({"Rafael Monteiro"})
"""Whose first session is still ahead."""

_AGAINST_PRESSURE = {
    "drug": "Clonidine", "dose_words": "0.1 mg by mouth", "limit_words": "0.2 mg a session",
    "reason": "systolic above 180, read twice",
}  # fmt: skip


def clear(db: Session, patient: Patient, version: ProtocolVersion, provider_id: int | None, at: datetime) -> None:
    """Let a provider screen a patient and clear them for a protocol for half a year."""
    allergies = {"allergies": patient.allergies} if patient.allergies else {}
    filed = file_screening(db, patient, version.route, provider_id, at, allergies)
    patient.allergies = patient.allergies or NONE_KNOWN
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
    sign_series(db, patient, plan, staff, at + timedelta(minutes=20))
    db.add(_order(patient, plan, at + timedelta(minutes=5)))
    checked = {"patient_id": patient.id, "recorded_at": at, "by_id": staff.providers[0].user_id}
    checked_at = at - HOLDS if patient.name in CHECKED_LONG_AGO else at
    db.add(MonitoringCheck(checked_at=checked_at, nothing_unexpected=True, **checked))
    if protocol_of(version).drug is Drug.ESKETAMINE and patient.name not in NOT_ENROLLED:
        db.add(Enrolment(enrolled_on=local_day(at, ZONE), number=f"E-{40_000 + patient.id}", **checked))
    db.flush()


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
    order.as_needed = [_against_nausea(version.route), AsNeeded(**_AGAINST_PRESSURE)]
    return order


def _against_nausea(route: Route) -> AsNeeded:
    dose = "4 mg IV" if route is Route.IV else "4 mg, dissolving tablet"
    return AsNeeded(drug="Ondansetron", dose_words=dose, limit_words="8 mg a session", reason="nausea or vomiting")


def _dose(rule: DoseRule) -> Mapping[str, object]:
    if isinstance(rule, WeightDose):
        step = rule.round_down_to.thousandths
        return {"basis": DoseBasis.PER_KG, "micrograms_per_kg": rule.per_kg.thousandths, "round_down_micrograms": step}
    if isinstance(rule, DeviceDose):
        return {"basis": DoseBasis.DEVICES, "devices": rule.most.whole}
    return {"basis": DoseBasis.FIXED, "micrograms": rule.amount.thousandths}
