"""Puts the demo's patients on file: contact, alerts, conditions, weights, and the plan that each follows."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo import papers
from clinic_sessions.demo.clinic import Staffing, office_hour
from clinic_sessions.demo.people import ALSO_TREATED_FOR, DETAILS, OUTSIDE_CARE, PATIENTS, RELATIVES, STREETS, Person
from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel
from clinic_sessions.domain.patients import record_numbers
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.models import AuditAction, Clinic, Patient, PatientCondition, Plan, ProtocolVersion, Weight
from clinic_sessions.services import audit, catalogue
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import contact_consents
from clinic_sessions.services.patients.patients import searched
from clinic_sessions.services.plans import plans

_AREAS = ("310", "213", "323", "818", "626")


@dataclass(frozen=True, kw_only=True)
class OnFile:
    """A patient with the person they are made from, and their plan, if any."""

    person: Person
    patient: Patient
    plan: Plan | None


def put_on_file(db: Session, clinic: Clinic, staff: Staffing, *, now: datetime, rng: Random) -> list[OnFile]:
    """Add every patient as registered some days before their first session."""
    versions = {version.key: version for version in db.scalars(sa.select(ProtocolVersion))}
    serials = rng.sample(record_numbers.SERIALS, len(PATIENTS))
    return [
        _one(db, clinic, staff, person, number, serials[number], versions, now=now, rng=rng)
        for number, person in enumerate(PATIENTS)
    ]


def _one(
    db: Session,
    clinic: Clinic,
    staff: Staffing,
    person: Person,
    number: int,
    serial: int,
    versions: Mapping[str, ProtocolVersion],
    *,
    now: datetime,
    rng: Random,
) -> OnFile:
    known_for = timedelta(days=9 - min(person.first_day, 0), hours=rng.randrange(1, 6))
    fields: dict[str, object] = {
        "record_number": record_numbers.make(serial),
        "phone": f"+1{_AREAS[number % len(_AREAS)]}5550{101 + number}",
        "email": f"{_mailbox(person.name, number)}@example.org",
        "registered_at": office_hour(now - known_for, now),
        "registered_by_id": staff.desk.user_id,
        **_contact(number, rng),
        **DETAILS.get(person.name, {}),
    }
    patient = Patient(clinic_id=clinic.id, name=person.name, birth_date=person.born, language=person.language, **fields)
    patient.name_folded = searched(patient.name, patient.preferred_name)
    patient.email_wish_at = patient.registered_at if patient.email else None
    db.add(patient)
    db.flush()
    if patient.email_wish_at is not None:
        contact_consents.note(
            db, patient, Channel.EMAIL, wanted=patient.email_wanted, told_through=ToldThrough.PHONE,
            now=patient.email_wish_at, by=staff.desk,
        )  # fmt: skip
    _clinical(db, staff, person, patient, now=now, rng=rng)
    plan = _plan(db, staff, person, patient, versions) if person.protocol else None
    if plan:
        papers.file_papers(db, patient, plan, staff)
    return OnFile(person=person, patient=patient, plan=plan)


def _mailbox(name: str, number: int) -> str:
    """Make the name part of an address: Latin letters of the first and last word, else a number."""
    bare = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = ["".join(c for c in word if c.isalpha()) for word in bare.split()]
    kept: Sequence[str] = [word for word in words if word]
    return f"{'.'.join((*kept[:1], *kept[1:][-1:]))}{number}" if kept else f"patient{number}"


def _contact(number: int, rng: Random) -> dict[str, object]:
    relative, relation = RELATIVES[number % len(RELATIVES)]
    return {
        "street": f"{rng.randrange(100, 9900)} {STREETS[number % len(STREETS)]}",
        "city": "Los Angeles",
        "state": "CA",
        "postal_code": f"900{rng.randrange(10, 70)}",
        "emergency_name": relative,
        "emergency_relation": relation,
        "emergency_phone": f"+14245550{101 + number}",
        "emergency_may_be_called": number % 4 != 0,
        "psychiatrist": OUTSIDE_CARE[number % 4] if number % 3 else None,
        "therapist": OUTSIDE_CARE[(number + 1) % 4] if number % 2 else None,
        "primary_doctor": OUTSIDE_CARE[(number + 2) % 4],
    }


def _clinical(db: Session, staff: Staffing, person: Person, patient: Patient, *, now: datetime, rng: Random) -> None:
    at, provider, nurse = patient.registered_at + timedelta(hours=1), staff.providers[0], staff.nurses[0]
    also = ALSO_TREATED_FOR.get(person.name)
    conditions = [
        PatientCondition(
            patient_id=patient.id, condition=condition, icd10_code=code, added_at=at, added_by_id=provider.user_id
        )
        for condition, code in ((person.condition, person.code), *((also,) if also else ()))
    ]
    weights = _weights(person, patient, nurse, at, now=now, rng=rng)
    db.add_all([*conditions, *weights])
    db.flush()
    created = partial(audit.note, db, AuditAction.CREATE, patient_id=patient.id)
    created("patient", patient.id, now=patient.registered_at, by=staff.desk)
    for condition in conditions:
        created("patient_condition", condition.id, now=at, by=provider)
    for weight in weights:
        created("weight", weight.id, now=weight.measured_at, by=nurse)


def _weights(
    person: Person, patient: Patient, nurse: Actor, first: datetime, *, now: datetime, rng: Random
) -> list[Weight]:
    """Weigh a patient before the series, and again when it has run for a week."""
    weighed = [(first, person.grams)]
    if person.first_day < -7:
        again = office_hour(now - timedelta(days=5), now)
        weighed.append((again, person.grams + rng.randrange(-16, 9) * 100))
    return [
        Weight(
            patient_id=patient.id, grams=grams, entered_unit=WeightUnit.KG if rng.random() < 0.3 else WeightUnit.LB,
            measured_at=when, recorded_at=when, by_id=nurse.user_id,
        )
        for when, grams in weighed
    ]  # fmt: skip


def _plan(
    db: Session, staff: Staffing, person: Person, patient: Patient, versions: Mapping[str, ProtocolVersion]
) -> Plan:
    version, provider = versions[person.protocol or ""], staff.providers[patient.id % len(staff.providers)]
    usual = plans.PlanRequest(
        protocol_version_id=version.id,
        condition=person.condition,
        pattern=pattern.of_protocol(catalogue.protocol_of(version).series),
        provider_id=provider.user_id or 0,
    )
    return plans.start(db, patient, usual, now=patient.registered_at + timedelta(hours=2), by=provider)
