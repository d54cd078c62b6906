"""Patients: loading, registering, and changing what is known of them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from clinic_sessions.domain import names
from clinic_sessions.domain.messages.messages import Channel, Language
from clinic_sessions.domain.patients import record_numbers
from clinic_sessions.domain.patients.allergies import has_none
from clinic_sessions.models import AuditAction, Patient, User
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import contact_consents, pressure_limits, progress
from clinic_sessions.services.patients.progress import Progress
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.screening import hard_stops
from clinic_sessions.services.sites.patient_clinics import treated_at

SEARCHED = 200
"""Length of the searched form of a name."""

STRIP_WORDS = 80
"""Letters of an alert that fit on the strip; the whole text is on the patient's page."""

WISH, TOLD = "email_wanted", "told_through"


class PatientReason(StrEnum):
    CHANGED_MEANWHILE = "changed_meanwhile"
    NO_NUMBER_FREE = "no_number_free"
    HOW_IT_WAS_SAID = "how_it_was_said"


class AlertFlag(StrEnum):
    ALLERGY = "allergy"
    PRESSURE_LIMIT = "pressure_limit"
    INTERPRETER = "interpreter"
    ESCORT = "escort"
    OTHER = "other"
    HARD_STOP = "hard_stop"


@dataclass(frozen=True, kw_only=True)
class StripAlert:
    """One thing that everyone who sees the patient must know."""

    kind: AlertFlag
    text: str


@dataclass(frozen=True, kw_only=True)
class PatientStrip:
    """Who this is, at the top of every page about them."""

    id: int
    name: str
    preferred_name: str | None
    pronouns: str | None
    birth_date: date
    age_years: int
    record_number: str
    initials: str
    alerts: tuple[StripAlert, ...]
    progress: Progress | None


@dataclass(frozen=True, kw_only=True)
class Registration:
    """What must be known to register someone on the phone."""

    name: str
    birth_date: date
    phone: str
    language: Language


def load(db: Session, patient_id: int, user: User, *, to_change: bool = False) -> Patient:
    """Load a patient who may be treated at one of the person's clinics; raises Absent otherwise.

    `to_change` queues behind others who are changing the same patient.
    """
    mine = [clinic.id for clinic in user.clinics]
    query = sa.select(Patient).where(Patient.id == patient_id, treated_at(mine))
    patient = db.scalar(query.with_for_update(key_share=True) if to_change else query)
    if patient is None:
        raise Absent
    return patient


def age_years(birth_date: date, today: date) -> int:
    """Give the age in whole years on `today`."""
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))


def strip(db: Session, patient: Patient, today: date, *, clinical: bool) -> PatientStrip:
    """Gather the patient strip; without `clinical` an alert of the clinical file is a flag that tells no more.

    Only with `clinical` are there the hard stops that a provider once cleared all the same.
    """
    stops = hard_stops.of_patient(db, patient.id) if clinical else ()
    flags = [StripAlert(kind=AlertFlag.HARD_STOP, text=f"Hard stop: {_short(one.item.label)}") for one in stops]
    return PatientStrip(
        id=patient.id,
        name=patient.name,
        preferred_name=patient.preferred_name,
        pronouns=patient.pronouns,
        birth_date=patient.birth_date,
        age_years=age_years(patient.birth_date, today),
        record_number=patient.record_number,
        initials=names.initials(patient.name),
        alerts=(*flags, *_alerts(patient, clinical, pressure_limit(db, patient, today))),
        progress=progress.of_patients(db, [patient.id]).get(patient.id),
    )


def _alerts(patient: Patient, clinical: bool, limit: str | None) -> list[StripAlert]:
    told = [
        (AlertFlag.ALLERGY, "Allergy", None if has_none(patient.allergies) else patient.allergies, clinical),
        (AlertFlag.PRESSURE_LIMIT, "Own BP limit", limit, clinical),
        (AlertFlag.INTERPRETER, "Interpreter", patient.interpreter, True),
        (AlertFlag.ESCORT, "Escort trouble", patient.escort_trouble, clinical),
        (AlertFlag.OTHER, "Take care", patient.other_alert, clinical),
    ]
    return [
        StripAlert(kind=kind, text=f"{flag}: {_short(words)}" if in_words else flag)
        for kind, flag, words, in_words in told
        if words
    ]


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= STRIP_WORDS else f"{line[: STRIP_WORDS - 1]}\u2026"


def pressure_limit(db: Session, patient: Patient, today: date) -> str | None:
    """Say the patient's own limit of blood pressure in mmHg; None when the protocol's limits stand alone.

    The stricter of the file's and those of orders that hold today, with the day on which an order's ends.
    """
    own = pressure_limits.on(patient, pressure_limits.of_patient(db, patient.id), today)
    if own is None:
        return None
    return f"{own.text} until {own.until:%b} {own.until.day}" if own.until else own.text


def register(db: Session, clinic_id: int, who: Registration, *, now: datetime, by: Actor) -> Patient:
    """Register a patient under a new record number. Whom they resemble is asked before: `patient_search.alike`.

    Raises ChangedMeanwhile when no number was free at the tenth try.
    """
    for _ in range(10):
        patient = Patient(
            clinic_id=clinic_id,
            record_number=record_numbers.make(secrets.choice(record_numbers.SERIALS)),
            name=who.name,
            name_folded=searched(who.name, None),
            birth_date=who.birth_date,
            phone=who.phone,
            language=who.language,
            registered_at=now,
            registered_by_id=by.user_id,
        )
        if _insert(db, patient):
            audit.note(db, AuditAction.CREATE, "patient", patient.id, now=now, by=by, patient_id=patient.id)
            return patient
    raise ChangedMeanwhile(PatientReason.NO_NUMBER_FREE)


def _insert(db: Session, patient: Patient) -> bool:
    try:
        with db.begin_nested():
            db.add(patient)
            db.flush()
    except IntegrityError as error:
        if "record_number" not in str(error.orig):
            raise
        return False
    return True


def searched(name: str, preferred_name: str | None) -> str:
    """Give the form under which a patient is found: both names, without accents and case."""
    return names.folded(f"{name} {preferred_name or ''}")[:SEARCHED]


def change(db: Session, patient: Patient, values: Mapping[str, Any], *, version: int, now: datetime, by: Actor) -> None:
    """Change what is known of a patient; raises ChangedMeanwhile when `version` is not the one that stands.

    A new email address forgets that the old one bounced; a new wish about mail is dated (None: not asked yet) and kept
    with how it was said (`TOLD`), without which it is refused.
    """
    if patient.version != version:
        raise ChangedMeanwhile(PatientReason.CHANGED_MEANWHILE)
    wishes_anew = is_new_wish(patient, values.get(WISH))
    if wishes_anew and values.get(TOLD) is None:
        raise Refusal(PatientReason.HOW_IT_WAS_SAID)
    with db.no_autoflush:
        _apply(patient, values, now)
        changes = audit.changes_of(patient)
    if not changes:
        return
    audit.note(db, AuditAction.CHANGE, "patient", patient.id, now=now, by=by, patient_id=patient.id, changes=changes)
    try:
        db.flush()
    except StaleDataError:
        raise ChangedMeanwhile(PatientReason.CHANGED_MEANWHILE) from None
    if wishes_anew:
        contact_consents.note(
            db, patient, Channel.EMAIL, wanted=values[WISH], told_through=values[TOLD], now=now, by=by
        )


def is_new_wish(patient: Patient, wish: bool | None) -> bool:
    """Say whether a wish about mail is another than the one that stands; None is no wish."""
    return wish is not None and (patient.email_wish_at is None or patient.email_wanted != wish)


def _apply(patient: Patient, values: Mapping[str, Any], now: datetime) -> None:
    old_email, wish = patient.email, values.get(WISH)
    for field, value in values.items():
        if field not in {WISH, TOLD} and getattr(patient, field) != value:
            setattr(patient, field, value)
    if wish is not None and is_new_wish(patient, wish):
        patient.email_wanted, patient.email_wish_at = wish, now
    if patient.email != old_email:
        patient.email_bounced_at = None
    patient.name_folded = searched(patient.name, patient.preferred_name)
