"""Makes the people and things that tests speak of. Each fills in what a test does not care about."""

import itertools
import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from clinic_sessions.domain import names
from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.drug.doses import cap_of
from clinic_sessions.domain.drug.drawing import Container, LabelSource, volume_of
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers.orders import DoseBasis, OrderEventKind
from clinic_sessions.domain.papers.papers import Clearance, ConsentAnswer, SigningWay
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import DeviceDose, DoseRule, Protocol, SiteRole, WeightDose
from clinic_sessions.domain.session.lifecycle import Action, SessionKind, Status
from clinic_sessions.domain.session.session_checks import BEFORE_DOSE, BEFORE_LEAVING, CheckItem
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    Chair,
    ClearanceDecision,
    Clinic,
    Consent,
    DocumentVersion,
    Draw,
    DrugLabel,
    Enrolment,
    MonitoringCheck,
    OpeningHours,
    Order,
    OrderEvent,
    Patient,
    ProtocolVersion,
    SecondCount,
    SessionCheck,
    Shift,
    StatusChange,
    TreatmentSession,
    User,
    UserRole,
    VitalsReading,
    Weight,
)
from clinic_sessions.services import catalogue
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.consents import consent_documents

LONG_AGO = datetime(2026, 1, 5, 18, tzinfo=UTC)
FAR = date(2040, 1, 1)
_numbers = itertools.count(1)
_hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def a_clinic(
    db: Session, zone_name: str = "America/Los_Angeles", *, nurses: int = 3, providers: int = 1, **given: Any
) -> Clinic:
    """A clinic open on weekdays from 8:00 to 18:00; chair 1 takes every route, 2 only IV, 3 only IM and nasal.

    So many nurses and providers are on shift at every hour of every day.
    """
    fields = {
        "name": f"Clinic {next(_numbers)}",
        "name_in_messages": "Harbor Street Clinic",
        "phone": "+13105550100",
        "address": "12 Harbor Street, Los Angeles, CA 90012",
    }
    clinic = Clinic(zone_name=zone_name, **{**fields, **given})
    routes = [(True, True, True), (True, False, False), (False, True, True)]
    clinic.chairs = [
        Chair(name=f"Chair {n}", position=n, allows_iv=iv, allows_in=nasal, allows_im=im)
        for n, (iv, nasal, im) in enumerate(routes, 1)
    ]
    clinic.opening_hours = [OpeningHours(weekday=day, opens_minute=480, closes_minute=1080) for day in range(5)]
    db.add(clinic)
    db.flush()
    staff = [(_a_person(clinic, Role.NURSE), SiteRole.NURSE) for _ in range(nurses)]
    staff += [(_a_person(clinic, Role.PROVIDER), SiteRole.PROVIDER) for _ in range(providers)]
    if staff:
        db.add_all(user for user, _ in staff)
        db.flush()
        db.execute(sa.insert(Shift), [row for user, role in staff for row in _week(user, clinic, role, 0, 1440)])
    return clinic


def on_shift(db: Session, user: User, clinic: Clinic, role: SiteRole, *, starts: int = 0, ends: int = 1440) -> None:
    """Puts a person on shift every day of the week, between two minutes after midnight."""
    db.execute(sa.insert(Shift), _week(user, clinic, role, starts, ends))


def _week(user: User, clinic: Clinic, role: SiteRole, starts: int, ends: int) -> list[dict[str, Any]]:
    same = {"clinic_id": clinic.id, "user_id": user.id, "role": role, "first_day": LONG_AGO.date()}
    return [{**same, "weekday": day, "starts_minute": starts, "ends_minute": ends} for day in range(7)]


def a_user(db: Session, clinic: Clinic, *roles: Role, **given: Any) -> User:
    """A person of these roles at this clinic; their password fits nothing."""
    user = _a_person(clinic, *roles, **given)
    db.add(user)
    db.flush()
    return user


def hashed(password: str) -> str:
    """A hash that the program checks as it checks its own; it carries its cost with it, and has hardly any."""
    return _hasher.hash(password)


def _a_person(clinic: Clinic, *roles: Role, **given: Any) -> User:
    number = next(_numbers)
    fields = {"email": f"person{number}@example.org", "name": f"Person {number}", "password_hash": "-"}
    user = User(**{**fields, **given})
    user.role_rows = [UserRole(role=role) for role in roles]
    user.clinics = [clinic]
    return user


def a_patient(db: Session, clinic: Clinic, name: str = "Ana Ruiz", **given: Any) -> Patient:
    """A patient with an email address, who reads English, with papers for every protocol unless `papers` is False."""
    papers = given.pop("papers", True)
    number = next(_numbers)
    by = given.pop("registered_by", None) or a_user(db, clinic, Role.FRONT_DESK)
    fields = {
        "record_number": f"T-{number}",
        "birth_date": date(1985, 4, 12),
        "phone": f"+1310555{number:04d}",
        "language": Language.EN,
        "email": f"patient{number}@example.org",
        "email_wanted": True,
        "registered_at": LONG_AGO,
        "registered_by_id": by.id,
    }
    patient = Patient(clinic_id=clinic.id, name=name, name_folded=names.folded(name), **{**fields, **given})
    db.add(patient)
    db.flush()
    if papers:
        the_papers(db, patient)
    return patient


def the_papers(db: Session, patient: Patient, *, plan_id: int | None = None, key: str | None = None) -> None:
    """A clearance, a consent, a signed order, enrolment and monitoring check that hold for years.

    For every protocol, or that of `key`; with `plan_id` only the consent to that series.
    """
    same = {"patient_id": patient.id, "by_id": patient.registered_by_id, "at": LONG_AGO, "until": FAR}
    rows = db.execute(sa.select(ProtocolVersion.id, ProtocolVersion.key)).all()
    keyed = [{**same, "protocol_version_id": row.id, "protocol_key": row.key} for row in rows if key in {None, row.key}]
    if plan_id is None:
        cleared = {"decision": Clearance.CLEARED, "reasons": [], "hard_stops": []}
        db.execute(sa.insert(ClearanceDecision), [{**row, **cleared} for row in keyed])
        _the_other_papers(db, patient, {row["protocol_version_id"] for row in keyed})
    texts = dict(
        db.execute(
            sa.select(DocumentVersion.key, DocumentVersion.id).where(DocumentVersion.kind == DocumentKind.CONSENT)
        ).all()
    )
    signed = {
        "plan_id": plan_id, "answer": ConsentAnswer.SIGNED, "way": SigningWay.SCREEN, "signed_name": patient.name,
        "language": patient.language, "witness_id": patient.registered_by_id, "recorded_at": LONG_AGO,
    }  # fmt: skip
    own = [{**row, "document_version_id": texts[consent_documents.key_of(row["protocol_key"])]} for row in keyed]
    db.execute(sa.insert(Consent), [{**row, **signed} for row in own])


def _the_other_papers(db: Session, patient: Patient, version_ids: Collection[int]) -> None:
    for version in db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.id.in_(version_ids))):
        an_order(db, patient, version)
    same = {"patient_id": patient.id, "by_id": patient.registered_by_id, "recorded_at": LONG_AGO}
    db.execute(sa.insert(Enrolment).values(enrolled_on=LONG_AGO.date(), **same))
    checked_at = datetime(2026, 11, 20, 18, tzinfo=UTC)
    db.execute(sa.insert(MonitoringCheck).values(checked_at=checked_at, nothing_unexpected=True, **same))


def an_order(db: Session, patient: Patient, version: ProtocolVersion, *, signed: bool = True, **given: Any) -> Order:
    """An order under a protocol version: the protocol's own dose, held to its cap."""
    protocol = catalogue.protocol_of(version)
    rule = protocol.dose_rule
    fields: dict[str, Any] = {
        "patient_id": patient.id, "protocol_key": version.key, "protocol_version_id": version.id,
        "drug": protocol.drug, "route": version.route, "cap_micrograms": cap_of(rule),
        "valid_from": LONG_AGO.date(), "valid_until": FAR, "provider_id": patient.registered_by_id,
        "written_at": LONG_AGO, "by_id": patient.registered_by_id, **_dose(rule), **given,
    }  # fmt: skip
    order = Order(**fields)
    if signed:
        order.events = [OrderEvent(kind=OrderEventKind.SIGNED, at=LONG_AGO, by_id=order.provider_id)]
    db.add(order)
    db.flush()
    return order


def _dose(rule: DoseRule) -> dict[str, Any]:
    if isinstance(rule, WeightDose):
        step = rule.round_down_to.thousandths
        return {"basis": DoseBasis.PER_KG, "micrograms_per_kg": rule.per_kg.thousandths, "round_down_micrograms": step}
    if isinstance(rule, DeviceDose):
        return {"basis": DoseBasis.DEVICES, "devices": rule.fewest.whole}
    return {"basis": DoseBasis.FIXED, "micrograms": rule.amount.thousandths}


def a_protocol(db: Session, key: str = "iv-mood") -> ProtocolVersion:
    """The published version of a shipped protocol."""
    return db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.key == key)).one()


def a_session(
    db: Session,
    patient: Patient,
    starts_at: datetime,
    *,
    status: Status = Status.BOOKED,
    protocol: ProtocolVersion | None = None,
    chair: Chair | None = None,
    by: User | None = None,
    **given: Any,
) -> TreatmentSession:
    """A session as it stands in the table, with the change that booked it; no message is planned."""
    version = protocol or a_protocol(db)
    clinic = db.get_one(Clinic, patient.clinic_id)
    who = by or a_user(db, clinic, Role.FRONT_DESK)
    treatment = TreatmentSession(
        uid=str(uuid.uuid4()),
        clinic_id=clinic.id,
        patient_id=patient.id,
        kind=SessionKind.TREATMENT,
        protocol_version_id=version.id,
        chair_id=(chair or clinic.chairs[0]).id,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=version.block_minutes),
        status=status,
        booked_at=LONG_AGO,
        booked_by_id=who.id,
        **given,
    )
    if given.get("plan_id"):
        the_papers(db, patient, plan_id=given["plan_id"], key=version.key)
    booked = StatusChange(
        action=Action.BOOK, from_status=None, to_status=status, at=LONG_AGO, recorded_at=LONG_AGO, by_id=who.id
    )
    treatment.changes = [booked]
    db.add(treatment)
    db.flush()
    return treatment


def ready_to_start(
    db: Session, treatment: TreatmentSession, at: datetime, *, micrograms: int = 40_000, drug: bool = True
) -> None:
    """Everything that a start asks for at `at` besides its papers: answers, a weight, a reading, label, draw, count.

    Without `drug` the label, the draw and its count are left out, as they are where that dose is in the hand already.
    """
    version = treatment.protocol_version
    if version is None:
        return
    protocol = catalogue.protocol_of(version)
    clinic = db.get_one(Clinic, treatment.clinic_id)
    by, other = _a_person(clinic, Role.NURSE), _a_person(clinic, Role.NURSE)
    db.add_all([by, other])
    db.flush()
    entry = {"session_id": treatment.id, "at": at, "recorded_at": at, "late": False, "by_id": by.id}
    for item in BEFORE_DOSE:
        way = a_way_home(protocol) if item is CheckItem.RIDE else {}
        db.add(SessionCheck(**entry, item=item, clear=True, **way))
    db.add(VitalsReading(**entry, systolic_mmhg=118, diastolic_mmhg=76, heart_rate_bpm=70, spo2_percent=98))
    if isinstance(protocol.dose_rule, WeightDose):
        weighed = {"grams": 80_000, "entered_unit": WeightUnit.KG, "measured_at": at, "recorded_at": at}
        db.add(Weight(patient_id=treatment.patient_id, by_id=by.id, **weighed))
    db.flush()
    if not drug or _is_in_hand(db, treatment, at, micrograms):
        return
    devices = isinstance(protocol.dose_rule, DeviceDose)
    label = DrugLabel(
        **entry, drug=protocol.drug, container=Container.DEVICE if devices else Container.VIAL,
        source=LabelSource.TYPED, micrograms_per_ml=None if devices else 50_000,
        total_micrograms=28_000 if devices else 500_000, lot="K4471", expires_on=FAR,
    )  # fmt: skip
    db.add(label)
    db.flush()
    if not devices:
        volume = volume_of(micrograms, 50_000)
        draw = Draw(**entry, label_id=label.id, micrograms=micrograms, microlitres=volume)
        draw.counts = [SecondCount(**{**entry, "by_id": other.id}, microlitres=volume)]
        db.add(draw)
    db.flush()


def _is_in_hand(db: Session, treatment: TreatmentSession, at: datetime, micrograms: int) -> bool:
    held = start_gate.in_hand(db, treatment)
    zone = treatment.clinic.zone
    return (
        held is not None
        and held.micrograms == micrograms
        and {local_day(one.at, zone) for one in held.draws} == {local_day(at, zone)}
    )


def ready_to_leave(db: Session, treatment: TreatmentSession, at: datetime) -> None:
    """Every answer that leaving asks for, given at `at`; the minimum time, readings and effects are the test's own."""
    version = treatment.protocol_version
    if version is None:
        return
    by = a_user(db, db.get_one(Clinic, treatment.clinic_id), Role.NURSE)
    entry = {"session_id": treatment.id, "at": at, "recorded_at": at, "late": False, "by_id": by.id}
    way = a_way_home(catalogue.protocol_of(version))
    for item in BEFORE_LEAVING:
        db.add(SessionCheck(**entry, item=item, clear=True, **(way if item is CheckItem.WAY_HOME else {})))
    db.flush()


def a_way_home(protocol: Protocol) -> dict[str, Any]:
    """One that the protocol accepts, with the name and phone of whoever takes them home."""
    return {"escort": protocol.escort.accepted[0], "person": "Jo Ruiz", "phone": "+13105550142"}
