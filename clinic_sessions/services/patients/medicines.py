"""A patient's medicines: added, ended, never removed; and their warnings, which a clinician acknowledges."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain import names
from clinic_sessions.domain.drug.doses import Micrograms, mg_text
from clinic_sessions.domain.papers.screening_kinds import MedicineClass
from clinic_sessions.domain.patients import medicines
from clinic_sessions.domain.patients.medicines import MedicineCatalogue, Recognised, Taken, parse_medicines
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocol_kinds import Drug
from clinic_sessions.models import AuditAction, Medicine, MedicineAcknowledgement, Patient
from clinic_sessions.services import audit, documents, endings
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal


class MedicineReason(StrEnum):
    ALREADY_LISTED = "already_listed"
    ALREADY_ENDED = "already_ended"
    WARNING_CHANGED = "warning_changed"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, kw_only=True)
class NewMedicine:
    """A medicine as it is typed. `daily`: a day's dose in micrograms; `kind`: chosen by hand, for an unknown name."""

    name: str
    dose_words: str | None = None
    daily: Micrograms | None = None
    kind: MedicineClass | None = None


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A warning about a medicine, and who acknowledged it; None: nobody yet."""

    medicine: Medicine
    words: str
    source: str
    acknowledged: MedicineAcknowledgement | None


@lru_cache(maxsize=1)
def catalogue() -> MedicineCatalogue:
    """Give the medicines that are known by name."""
    file = resources.files("clinic_sessions.protocols").joinpath("medicines.toml")
    return parse_medicines(file.read_text(encoding="utf-8"))


@lru_cache(maxsize=512)
def spelled_like(name: str) -> str | None:
    """Give the name of the medicine with a warning that was meant, it seems; None for a name that stands for itself."""
    meant = None if medicines.recognise(catalogue(), name) else medicines.spelled_like(catalogue(), name)
    return meant.name if meant else None


def listed(db: Session, patient_id: int) -> Sequence[Medicine]:
    """List a patient's medicines in the order they were added, ended ones among them."""
    query = (
        sa.select(Medicine)
        .where(Medicine.patient_id == patient_id)
        .options(joinedload(Medicine.added_by))
        .options(selectinload(Medicine.acknowledgements).joinedload(MedicineAcknowledgement.by))
    )
    return db.scalars(query.order_by(Medicine.id)).all()


def standing(rows: Iterable[Medicine]) -> list[Medicine]:
    """Keep the medicines that the patient still takes."""
    return [one for one in rows if one.ended_at is None]


def warnings(db: Session, patient_id: int, drug: Drug) -> list[Warned]:
    """List the warnings before treating with `drug` that nobody has acknowledged as they stand now."""
    return [one for one in every_warning(db, listed(db, patient_id), [drug]) if one.acknowledged is None]


def every_warning(db: Session, rows: Sequence[Medicine], drugs: Iterable[Drug]) -> list[Warned]:
    """List each warning for any of `drugs` once, acknowledged or not; `rows`: what `listed` gives."""
    mine = {one.id: one for one in standing(rows)}
    taken = [Taken(id=one.id, name=one.name, kind=one.medicine_class, diazepam=one.diazepam_micrograms)
             for one in mine.values()]  # fmt: skip
    limit = documents.thresholds(db).diazepam
    found = [one for drug in drugs for one in medicines.warnings(catalogue(), taken, drug, limit)]
    return [
        Warned(
            medicine=mine[one.medicine_id],
            words=one.words,
            source=one.source,
            acknowledged=_acknowledged(mine[one.medicine_id], one.words),
        )
        for one in dict.fromkeys(found)
    ]


def _acknowledged(medicine: Medicine, words: str) -> MedicineAcknowledgement | None:
    return next((one for one in reversed(medicine.acknowledgements) if one.warning == words), None)


def add(db: Session, patient: Patient, new: NewMedicine, *, now: datetime, by: Actor) -> Medicine:
    """Add a medicine; load the patient `to_change` first. What a day's dose is like in diazepam is kept beside it.

    Refuses with NotAllowed for who is no clinician, with ALREADY_LISTED for one of the same name that stands.
    """
    _check(by)
    same = names.folded(new.name)
    if any(names.folded(one.name) == same for one in standing(listed(db, patient.id))):
        raise Refusal(MedicineReason.ALREADY_LISTED)
    known = medicines.recognise(catalogue(), new.name)
    kind = new.kind or (known.kind if known else None)
    row = Medicine(
        patient_id=patient.id, name=new.name, medicine_class=kind, added_at=now, added_by_id=by.user_id,
        dose_words=new.dose_words or (f"{mg_text(new.daily)} a day" if new.daily else None),
        diazepam_micrograms=_like_diazepam(known, kind, new.daily),
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "medicine", row.id, now=now, by=by, patient_id=patient.id,
        changes={"name": [None, row.name], "dose_words": [None, row.dose_words]},
    )  # fmt: skip
    return row


def _like_diazepam(known: Recognised | None, kind: MedicineClass | None, daily: Micrograms | None) -> Micrograms | None:
    if known is None or daily is None or kind is not MedicineClass.BENZODIAZEPINE:
        return None
    return medicines.diazepam_like(known.medicine, daily)


def end(db: Session, patient: Patient, medicine_id: int, *, now: datetime, by: Actor) -> None:
    """Note that the patient no longer takes a medicine; load the patient `to_change` first.

    Raises Absent when it is not this patient's, ChangedMeanwhile when it has ended already.
    """
    _check(by)
    row = _of(db, patient, medicine_id)
    endings.end(db, row, "medicine", MedicineReason.ALREADY_ENDED, patient_id=patient.id, now=now, by=by)


def acknowledge(
    db: Session, patient: Patient, medicine_id: int, warning: str, words: str | None, *, now: datetime, by: Actor
) -> None:
    """Keep that a clinician has read a warning, in the words that were shown; a second time adds nothing.

    Load the patient `to_change` first. Refuses with ChangedMeanwhile when the warning no longer says that.
    """
    _check(by)
    row = _of(db, patient, medicine_id)
    shown = every_warning(db, listed(db, patient.id), list(Drug))
    found = next((one for one in shown if one.medicine is row and one.words == warning), None)
    if found is None:
        raise ChangedMeanwhile(MedicineReason.WARNING_CHANGED)
    if found.acknowledged is not None:
        return
    row.acknowledgements.append(MedicineAcknowledgement(warning=warning, at=now, by_id=by.user_id, words=words))
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, "medicine", row.id,
        now=now, by=by, patient_id=patient.id, changes={"acknowledged": [None, warning]}, reason=words,
    )  # fmt: skip


def _of(db: Session, patient: Patient, medicine_id: int) -> Medicine:
    row = next((one for one in listed(db, patient.id) if one.id == medicine_id), None)
    if row is None:
        raise Absent
    return row


def _check(by: Actor) -> None:
    if by.user is None or not by.user.may(Permission.EDIT_CLINICAL):
        raise NotAllowed(MedicineReason.NOT_ALLOWED)
