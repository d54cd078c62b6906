"""Screenings: a questionnaire answered in a draft that staff share, and filed by a clinician; then it stands.

What a patient answered by a link is a draft too: a clinician confirms it with them and files it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.papers.screening import Questionnaire, ScreeningItem, read_questionnaire
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, ScreeningReason, ScreeningSource, ScreeningStatus
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import AuditAction, DocumentVersion, FiledAnswer, Patient, Screening
from clinic_sessions.services import alerts, audit, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal

ANSWERS, PRESSURE = "answers", "pressure"


@dataclass(frozen=True, kw_only=True)
class Typed:
    """What is typed in a questionnaire: by question, the answer and words beside it; the blood pressure in mmHg."""

    answers: Mapping[str, ItemAnswer] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    systolic: int | None = None
    diastolic: int | None = None


class Unanswered(Refusal):
    """Questions stand open; `items` are those."""

    def __init__(self, reason: ScreeningReason, items: Sequence[ScreeningItem]) -> None:
        super().__init__(reason)
        self.items = items


def questionnaire_of(document: DocumentVersion) -> Questionnaire:
    """Give the questionnaire that a version of the document holds."""
    return _questionnaire(document.body)


@lru_cache(maxsize=32)
def _questionnaire(body: str) -> Questionnaire:
    return read_questionnaire(json.loads(body))


def published(db: Session, route: Route) -> DocumentVersion:
    """Give the questionnaire of a route as it is published now."""
    return documents.published(db, DocumentKind.SCREENING, f"screening-{route}")


def typed_in(screening: Screening) -> Typed:
    """Read a screening's draft; what its questionnaire does not ask is left out."""
    known = {item.key for item in questionnaire_of(screening.document_version).items}
    rows = {key: row for key, row in screening.draft.get(ANSWERS, {}).items() if key in known}
    systolic, diastolic = screening.draft.get(PRESSURE) or (None, None)
    return Typed(
        answers={key: ItemAnswer(row["answer"]) for key, row in rows.items() if row.get("answer")},
        words={key: row["words"] for key, row in rows.items() if row.get("words")},
        systolic=systolic,
        diastolic=diastolic,
    )


def put(screening: Screening, typed: Typed) -> None:
    """Write what is typed into a screening's draft; what else the draft holds stays."""
    rows = {
        key: {"answer": typed.answers.get(key), "words": typed.words.get(key)}
        for key in sorted({*typed.answers, *typed.words})
    }
    screening.draft = {**screening.draft, ANSWERS: rows, PRESSURE: [typed.systolic, typed.diastolic]}


def answers_of(screening: Screening) -> Mapping[str, ItemAnswer]:
    """Give the filed answers by question; for a screening that is filed."""
    return {row.item: row.answer for row in screening.answers}


def of_patient(db: Session, patient_id: int) -> Sequence[Screening]:
    """List a patient's screenings with their answers, the newest first; those taken back are left out."""
    query = (
        sa.select(Screening)
        .where(Screening.patient_id == patient_id, Screening.status != ScreeningStatus.TAKEN_BACK)
        .options(joinedload(Screening.document_version), joinedload(Screening.by), joinedload(Screening.filed_by))
        .options(selectinload(Screening.answers))
        .order_by(Screening.filed_at.desc(), Screening.id.desc())
    )
    return db.scalars(query).all()


def newest_filed(listed: Sequence[Screening], route: Route) -> Screening | None:
    """Give the screening of a route that was filed last."""
    mine = [one for one in listed if one.status is ScreeningStatus.FILED and one.route is route]
    return max(mine, key=lambda one: (one.filed_at or one.started_at, one.id), default=None)


def own_draft(db: Session, patient_id: int, route: Route) -> Screening | None:
    """Give the draft of a route that staff share, if one is begun."""
    query = sa.select(Screening).where(
        Screening.patient_id == patient_id,
        Screening.route == route,
        Screening.source == ScreeningSource.STAFF,
        Screening.status == ScreeningStatus.DRAFT,
    )
    return db.scalars(query.order_by(Screening.id.desc()).limit(1)).first()


def submitted(db: Session, patient_id: int, screening_id: int) -> Screening:
    """Give the questionnaire that the patient has sent in; raises Absent for any other."""
    found = db.get(Screening, screening_id)
    if found is None or found.patient_id != patient_id or found.status is not ScreeningStatus.SUBMITTED:
        raise Absent
    return found


def save(
    db: Session, patient: Patient, route: Route, typed: Typed, *, version: int, now: datetime, by: Actor
) -> Screening:
    """Keep the draft of a route as it is typed; load the patient `to_change` first. `version` 0: none was begun.

    Refuses with ChangedMeanwhile when the draft is no longer at `version`, NotAllowed for who is no clinician.
    """
    _check(by)
    row = own_draft(db, patient.id, route)
    if (row.version if row else 0) != version:
        raise ChangedMeanwhile(ScreeningReason.CHANGED_MEANWHILE)
    action = AuditAction.CREATE if row is None else AuditAction.CHANGE
    if row is None:
        row = Screening(
            patient_id=patient.id, route=route, document_version=published(db, route), source=ScreeningSource.STAFF,
            status=ScreeningStatus.DRAFT, draft={}, started_at=now, by_id=by.user_id,
        )  # fmt: skip
        db.add(row)
    put(row, typed)
    db.flush()
    audit.note(db, action, "screening", row.id, now=now, by=by, patient_id=patient.id)
    return row


def file(
    db: Session, patient: Patient, route: Route, typed: Typed, *, version: int, now: datetime, by: Actor
) -> Screening:
    """File the draft of a route, with what is typed now; load the patient `to_change` first.

    Refuses with Unanswered while a question stands open, otherwise as `save` does. A dangerous answer raises an alert.
    """
    row = save(db, patient, route, typed, version=version, now=now, by=by)
    _file(db, patient, row, typed, now=now, by=by)
    return row


def file_submitted(
    db: Session, patient: Patient, row: Screening, typed: Typed, *,
    confirmed: Collection[str], version: int, now: datetime, by: Actor,
) -> None:  # fmt: skip
    """File what the patient sent in, as the clinician leaves it; load the patient `to_change` first.

    `confirmed`: the questions that the clinician went through with the patient: every one that the patient did not
    answer with no. Refuses with Unanswered, naming those left, and with ChangedMeanwhile when it is not at `version`.
    """
    _check(by)
    if row.version != version or row.status is not ScreeningStatus.SUBMITTED:
        raise ChangedMeanwhile(ScreeningReason.CHANGED_MEANWHILE)
    if left := [one for one in to_confirm(row) if one.key not in confirmed]:
        raise Unanswered(ScreeningReason.NOT_CONFIRMED, left)
    _file(db, patient, row, typed, now=now, by=by)


def to_confirm(row: Screening) -> list[ScreeningItem]:
    """List the questions that the patient answered with yes or not sure."""
    said = typed_in(row).answers
    listed = questionnaire_of(row.document_version).items
    return [one for one in listed if said.get(one.key) in {ItemAnswer.YES, ItemAnswer.NOT_SURE}]


def _file(db: Session, patient: Patient, row: Screening, typed: Typed, *, now: datetime, by: Actor) -> None:
    asked = _asked(patient, row)
    if open_ones := [one for one in asked if one.key not in typed.answers]:
        raise Unanswered(ScreeningReason.UNANSWERED, open_ones)
    before, said = row.status, typed_in(row).answers if row.source is ScreeningSource.PATIENT else {}
    row.status, row.filed_at, row.filed_by_id = ScreeningStatus.FILED, now, by.user_id
    row.systolic_mmhg, row.diastolic_mmhg = typed.systolic, typed.diastolic
    row.answers = [
        FiledAnswer(item=one.key, answer=typed.answers[one.key], words=typed.words.get(one.key)) for one in asked
    ]
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, "screening", row.id,
        now=now, by=by, patient_id=patient.id, changes={"status": [before, row.status]},
    )  # fmt: skip
    for item in asked:
        if item.danger and typed.answers[item.key] is ItemAnswer.YES and said.get(item.key) is not ItemAnswer.YES:
            _tell_of(db, patient, row, item, now=now, by=by)


def _tell_of(db: Session, patient: Patient, row: Screening, item: ScreeningItem, *, now: datetime, by: Actor) -> None:
    """Raise the alert of a dangerous answer; one that the patient gave by link has raised its own."""
    words, key = f"{item.label}: yes, when screened.", f"screening-filed:{row.id}:{item.key}"
    alerts.raise_alert(
        db, patient, AlertKind.SAFETY_ANSWER, AlertTier.SAME_DAY, words, dedup_key=key, now=now, by=by
    )  # fmt: skip


def _asked(patient: Patient, row: Screening) -> list[ScreeningItem]:
    parts = questionnaire_of(row.document_version).asked(patient.pregnancy_possible)
    return [item for part in parts for item in part.items]


def _check(by: Actor) -> None:
    if by.user is None or not by.user.may(Permission.EDIT_CLINICAL):
        raise NotAllowed(ScreeningReason.NOT_ALLOWED)
