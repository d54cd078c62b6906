"""Long-term safety: urinary symptoms, urinalysis and liver tests, each with its result and the day it is due again."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from clinic_sessions.domain.papers import findings as rules
from clinic_sessions.domain.papers.findings import Due, FindingKind, FindingReason, FindingResult
from clinic_sessions.domain.scheduling.plans import GOING_ON
from clinic_sessions.models import AuditAction, Clinic, Finding, Patient, Plan
from clinic_sessions.services import audit, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal

SLACK = timedelta(minutes=1)
"""Forgives a clock that is a little ahead."""


def record(
    db: Session, patient: Patient, kind: FindingKind, result: FindingResult, words: str | None, at: datetime, *,
    now: datetime, by: Actor, corrects_id: int | None = None,
) -> Finding:  # fmt: skip
    """Keep what was found; load the patient `to_change` first. A correction names what it stands in place of.

    Refuses with FindingReason: the time is still to come, something abnormal has no words, or it was corrected already
    (ChangedMeanwhile); raises Absent for another patient's finding.
    """
    if at > now + SLACK:
        raise Refusal(FindingReason.NOT_YET)
    if result is FindingResult.ABNORMAL and not words:
        raise Refusal(FindingReason.WORDS_NEEDED)
    if corrects_id is not None:
        _check_correctable(db, patient, corrects_id)
    row = Finding(
        patient_id=patient.id, kind=kind, result=result, words=words, at=at, recorded_at=now, by_id=by.user_id,
        corrects_id=corrects_id,
    )  # fmt: skip
    db.add(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "finding", row.id, now=now, by=by, patient_id=patient.id,
        changes={"kind": [None, kind], "result": [None, result], "corrects_id": [None, corrects_id]},
    )  # fmt: skip
    return row


def _check_correctable(db: Session, patient: Patient, finding_id: int) -> None:
    row = db.get(Finding, finding_id)
    if row is None or row.patient_id != patient.id:
        raise Absent
    if db.scalar(sa.select(Finding.id).where(Finding.corrects_id == finding_id)) is not None:
        raise ChangedMeanwhile(FindingReason.ALREADY_CORRECTED)


def listed(db: Session, patient_id: int) -> Sequence[Finding]:
    """List a patient's findings, the newest first, what was corrected included."""
    query = sa.select(Finding).where(Finding.patient_id == patient_id).options(joinedload(Finding.by))
    return db.scalars(query.order_by(Finding.at.desc(), Finding.id.desc())).all()


def due(db: Session, patient_ids: Collection[int], day: date) -> Mapping[int, list[Due]]:
    """Give, by patient, when each look is due, those due by `day` first; two queries for any number of patients.

    Only for patients with a plan that goes on: for others nothing is due.
    """
    since = _since(db, patient_ids)
    latest = _latest(db, since.keys())
    numbers = documents.thresholds(db)
    return {
        patient_id: sorted(
            (rules.due(kind, latest[patient_id].get(kind), since=begun, numbers=numbers) for kind in FindingKind),
            key=lambda one: one.due_on,
        )
        for patient_id, begun in since.items()
        if begun <= day
    }


def _since(db: Session, patient_ids: Collection[int]) -> dict[int, date]:
    first = sa.func.min(Plan.started_at, type_=Plan.started_at.type)
    query = sa.select(Plan.patient_id, Clinic.id, first).join(Patient, Patient.id == Plan.patient_id)
    query = query.join(Clinic, Clinic.id == Patient.clinic_id).group_by(Plan.patient_id, Clinic.id)
    rows = db.execute(query.where(Plan.patient_id.in_(patient_ids), Plan.status.in_(GOING_ON))).all()
    return {
        patient_id: started_at.astimezone(db.get_one(Clinic, clinic_id).zone).date()
        for patient_id, clinic_id, started_at in rows
        if started_at is not None
    }


def _latest(db: Session, patient_ids: Collection[int]) -> Mapping[int, dict[FindingKind, tuple[date, FindingResult]]]:
    """Give the newest look of each kind that was not corrected."""
    correction = aliased(Finding)
    found: dict[int, dict[FindingKind, tuple[date, FindingResult]]] = defaultdict(dict)
    query = (
        sa.select(Finding.patient_id, Finding.kind, Finding.result, Finding.at, Patient.clinic_id)
        .join(Patient, Patient.id == Finding.patient_id)
        .where(Finding.patient_id.in_(patient_ids), ~sa.exists().where(correction.corrects_id == Finding.id))
        .order_by(Finding.at, Finding.id)
    )
    for patient_id, kind, result, at, clinic_id in db.execute(query).all():
        found[patient_id][kind] = (at.astimezone(db.get_one(Clinic, clinic_id).zone).date(), result)
    return found
