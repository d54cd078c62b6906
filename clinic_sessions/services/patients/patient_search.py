"""Finding patients as people ask for them, and those who could be the same person."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain import names
from clinic_sessions.domain.patients import record_numbers
from clinic_sessions.domain.session.lifecycle import OCCUPYING
from clinic_sessions.domain.typed_days import possible_birth_dates
from clinic_sessions.models import Clinic, Patient, TreatmentSession
from clinic_sessions.services.patients import progress
from clinic_sessions.services.patients.patients import SEARCHED
from clinic_sessions.services.patients.progress import Progress
from clinic_sessions.services.sites.patient_clinics import treated_at

MOST = 20
LONGEST = 100
_CANDIDATES = 500
_FEWEST_DIGITS = 3
_WHOLE_PHONE = 10
_LOOSE_NUMBER = re.compile(r"^R[- ]?(?=[0-9])")


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A patient found, with what tells them apart and what comes next."""

    patient: Patient
    next_at: datetime | None
    next_clinic: Clinic | None
    """Where the next visit is: its time is that clinic's."""
    progress: Progress | None


def find(
    db: Session, clinic_id: int, text: str, *, today: date, now: datetime, also: Collection[int] = ()
) -> list[Hit]:
    """Find at most MOST patients by name, birth date, phone or record number, in order of name.

    They may be treated at the clinic, or at one of those in `also`.
    """
    condition = _condition(text, today)
    if condition is None:
        return []
    query = sa.select(Patient).where(treated_at([clinic_id, *also]), condition)
    return _hits(db, db.scalars(query.order_by(Patient.name_folded, Patient.id).limit(MOST)).all(), now)


def coming(db: Session, clinic_id: int, *, now: datetime) -> list[Hit]:
    """List the patients whose visits come next, at most MOST."""
    soonest = sa.func.min(TreatmentSession.starts_at)
    query = (
        sa.select(Patient)
        .join(TreatmentSession, TreatmentSession.patient_id == Patient.id)
        .where(TreatmentSession.clinic_id == clinic_id, *_still_to_come(now))
        .group_by(Patient.id)
        .order_by(soonest, Patient.id)
        .limit(MOST)
    )
    return _hits(db, db.scalars(query).all(), now)


def is_record_number(hit: Hit, text: str) -> bool:
    """Say whether `text` is this patient's whole record number, so that opening them is no guess."""
    typed = text.strip().upper()
    return hit.patient.record_number in {typed, record_numbers.read(text)}


def _condition(text: str, today: date) -> sa.ColumnElement[bool] | None:
    typed = " ".join(text[:LONGEST].replace("\0", " ").split())
    if days := possible_birth_dates(typed, today):
        return Patient.birth_date.in_(days)
    if not any(c.isalpha() for c in typed):
        return _by_digits(typed)
    by_words = _by_words(typed, today)
    by_number = Patient.record_number.startswith(_LOOSE_NUMBER.sub("R-", typed.upper()), autoescape=True)
    return by_number if by_words is None else sa.or_(by_words, by_number)


def _by_digits(typed: str) -> sa.ColumnElement[bool] | None:
    digits = "".join(c for c in typed if c in "0123456789")
    if len(digits) < _FEWEST_DIGITS:
        return None
    if len(digits) >= _WHOLE_PHONE:
        return Patient.phone.in_([f"+{digits}", f"+1{digits}"])
    return sa.or_(Patient.phone.contains(digits), Patient.record_number.startswith(f"R-{digits}"))


def _by_words(typed: str, today: date) -> sa.ColumnElement[bool] | None:
    conditions: list[sa.ColumnElement[bool]] = []
    for word in typed.split():
        if days := possible_birth_dates(word.strip(","), today):
            conditions.append(Patient.birth_date.in_(days))
            continue
        conditions += [_begins_a_word(part) for part in names.folded(word).split()]
    return sa.and_(*conditions) if conditions else None


def _begins_a_word(part: str) -> sa.ColumnElement[bool]:
    # A folded word holds only letters and digits, so there is nothing in it that LIKE would take for a pattern.
    return sa.or_(Patient.name_folded.like(f"{part}%"), Patient.name_folded.like(f"% {part}%"))


def _hits(db: Session, patients: Sequence[Patient], now: datetime) -> list[Hit]:
    ids = [patient.id for patient in patients]
    following, courses = _next_visits(db, ids, now), progress.of_patients(db, ids)
    return [
        Hit(
            patient=one,
            next_at=following[one.id][0] if one.id in following else None,
            next_clinic=db.get(Clinic, following[one.id][1]) if one.id in following else None,
            progress=courses.get(one.id),
        )
        for one in patients
    ]


def _still_to_come(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return TreatmentSession.status.in_(OCCUPYING), TreatmentSession.ends_at > now


def _next_visits(db: Session, ids: Sequence[int], now: datetime) -> dict[int, tuple[datetime, int]]:
    """Give when and at which clinic each patient's next visit is; the clinics are few, and known to the session."""
    query = (
        sa.select(TreatmentSession.patient_id, TreatmentSession.clinic_id, sa.func.min(TreatmentSession.starts_at))
        .where(TreatmentSession.patient_id.in_(ids), *_still_to_come(now))
        .group_by(TreatmentSession.patient_id, TreatmentSession.clinic_id)
    )
    following: dict[int, tuple[datetime, int]] = {}
    for patient_id, clinic_id, starts_at in db.execute(query):
        following[patient_id] = min(following.get(patient_id, (starts_at, clinic_id)), (starts_at, clinic_id))
    return following


def alike(
    db: Session, clinic_id: int, *, name: str, birth_date: date, phone: str, also: Collection[int] = ()
) -> list[Patient]:
    """List the patients of these clinics who could be the one being registered, the most alike first, at most MOST.

    They have a similar name, the same phone, or the same birth date and one name in common.
    """
    same = (Patient.name_folded == names.folded(name), Patient.phone == phone, Patient.birth_date == birth_date)
    query = (
        sa.select(Patient)
        .where(treated_at([clinic_id, *also]), sa.or_(*same, _could_be(name)))
        .order_by(*(one.desc() for one in same), Patient.id)
        .limit(_CANDIDATES)
    )
    scored = [(_likeness(one, name, birth_date, phone), one) for one in db.scalars(query)]
    found = sorted((pair for pair in scored if pair[0]), key=lambda pair: (-pair[0], pair[1].id))
    return [patient for _, patient in found[:MOST]]


def _likeness(patient: Patient, name: str, birth_date: date, phone: str) -> int:
    likeness = 2 * names.similar(patient.name, name) + 2 * (patient.phone == phone)
    words = set(names.folded(name).split()) & set(patient.name_folded.split())
    return likeness + (patient.birth_date == birth_date) * (2 if words or likeness else 0)


def _could_be(name: str) -> sa.ColumnElement[bool]:
    """Let through every name within one letter of each word: one half of the word is then as it was."""
    halves = [_half_kept(word) for word in names.folded(name)[:SEARCHED].split() if len(word) > 2]
    return sa.and_(*halves) if halves else Patient.name_folded == names.folded(name)


def _half_kept(word: str) -> sa.ColumnElement[bool]:
    half = len(word) // 2
    return sa.or_(
        _begins_a_word(word[:half]),
        Patient.name_folded.like(f"%{word[half:]}"),
        Patient.name_folded.like(f"%{word[half:]} %"),
    )
