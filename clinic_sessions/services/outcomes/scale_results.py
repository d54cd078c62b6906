"""Results of scales: recorded with their answers, corrected by new rows, told at once where an answer means danger."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload

from clinic_sessions.domain.alerts import AlertKind, AlertTier, tier_of_item_9
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.scales import scoring
from clinic_sessions.domain.scales.phq9 import DANGER_ITEM
from clinic_sessions.domain.scales.results import DANGER, Flag, Scored, Total, thousandths
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import AuditAction, Clinic, Patient, ScaleResult, TreatmentSession
from clinic_sessions.services import alerts, audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.outcomes import scale_data
from clinic_sessions.services.refusals import Absent, Refusal


class ScaleReason(StrEnum):
    NOT_YET = "not_yet"
    BEFORE_BIRTH = "before_birth"
    ALREADY_CORRECTED = "already_corrected"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One scale as it was answered. `at`: when; `session_id`: the visit at which, if at one."""

    scale: ScaleKey
    answers: Answers
    language: Language
    mode: ScaleMode
    at: datetime
    session_id: int | None = None
    check_in_id: int | None = None


def record(
    db: Session, patient: Patient, entry: Entry, *, now: datetime, by: Actor, corrects: ScaleResult | None = None
) -> ScaleResult:
    """Score and keep a scale; an answer that means danger raises its alert. Load the patient `to_change` first.

    Refuses with ScaleReason; raises ItemImpossible for answers that the scale does not have, and Absent for a session
    of someone else or a correction of another scale. How soon it comes after the last one is never refused: a fact is
    kept, and shown with its mark.
    """
    _check(db, patient, entry, corrects, now)
    result = add(db, entry, patient.id, now=now, by_id=by.user_id, corrects_id=corrects.id if corrects else None)
    db.flush()
    audit.note(db, AuditAction.CREATE, "scale_result", result.id, now=now, by=by, patient_id=patient.id)
    _tell(db, patient, result, now=now, by=by)
    return result


def add(
    db: Session, entry: Entry, patient_id: int, *, now: datetime, by_id: int | None, corrects_id: int | None = None
) -> ScaleResult:
    """Score a scale and add its row, and nothing else; raises ItemImpossible."""
    scale = scale_data.of(entry.scale)
    scored = scoring.score(scale, entry.answers)
    result = ScaleResult(
        patient_id=patient_id,
        session_id=entry.session_id,
        check_in_id=entry.check_in_id,
        scale=entry.scale,
        instrument=scale.version,
        language=entry.language,
        mode=entry.mode,
        items={str(item): answer for item, answer in entry.answers.items.items() if answer is not None},
        total_thousandths=None if scored.total is None else thousandths(scored.total),
        band=scored.band,
        flags=[flag.value for flag in scored.flags],
        at=entry.at,
        recorded_at=now,
        by_id=by_id,
        corrects_id=corrects_id,
    )
    db.add(result)
    return result


def _check(db: Session, patient: Patient, entry: Entry, corrects: ScaleResult | None, now: datetime) -> None:
    if corrects is not None:
        if (corrects.patient_id, corrects.scale) != (patient.id, entry.scale):
            raise Absent
        if db.scalar(sa.select(ScaleResult.id).where(ScaleResult.corrects_id == corrects.id)):
            raise Refusal(ScaleReason.ALREADY_CORRECTED)
    if entry.session_id is not None:
        of = db.scalar(sa.select(TreatmentSession.patient_id).where(TreatmentSession.id == entry.session_id))
        if of != patient.id:
            raise Absent
    if entry.at > now:
        raise Refusal(ScaleReason.NOT_YET)
    if local_day(entry.at, db.get_one(Clinic, patient.clinic_id).zone) < patient.birth_date:
        raise Refusal(ScaleReason.BEFORE_BIRTH)


def _tell(db: Session, patient: Patient, result: ScaleResult, *, now: datetime, by: Actor) -> None:
    """Raise the alert of a danger: one a result, and one more only when a correction makes of today a now."""
    tier = _tier(db, result)
    if tier is None:
        return
    root = _root(db, result)
    about = f"check_in:{root.check_in_id}" if root.check_in_id else f"scale_result:{root.id}"
    first, grown = f"{about}:safety", f"{about}:safety:now"
    standing = alerts.standing(db, [first])
    rises = standing is not None and (standing.tier, tier) == (AlertTier.SAME_DAY, AlertTier.NOW)
    alerts.raise_alert(
        db, patient, AlertKind.SAFETY_ANSWER, tier, _words(result),
        dedup_key=grown if rises else first, now=now, by=by, session_id=result.session_id,
    )  # fmt: skip


def in_danger(result: ScaleResult) -> bool:
    """Say whether an answer of this result means danger."""
    return bool(DANGER & {Flag(flag) for flag in result.flags})


def _tier(db: Session, result: ScaleResult) -> AlertTier | None:
    if not in_danger(result):
        return None
    if result.scale is not ScaleKey.PHQ_9:
        return AlertTier.NOW
    return tier_of_item_9(result.items[str(DANGER_ITEM)], previous_item_9(db, result.patient_id, result.at))


def _words(result: ScaleResult) -> str:
    scale = scale_data.of(result.scale)
    words = scale.text(result.language)
    if result.scale is ScaleKey.PHQ_9:
        return f"{words.items[DANGER_ITEM - 1]}: {words.answers[result.items[str(DANGER_ITEM)]]}"
    level = "high" if Flag.RISK_HIGH in result.flags else "moderate" if result.band else "at least moderate"
    return f"{scale.name}: {level}"


def _root(db: Session, result: ScaleResult) -> ScaleResult:
    while result.corrects_id is not None:
        result = db.get_one(ScaleResult, result.corrects_id)
    return result


def load(db: Session, result_id: int, patient_id: int) -> ScaleResult:
    """Load a result of a patient; raises Absent otherwise."""
    result = db.scalar(sa.select(ScaleResult).where(ScaleResult.id == result_id, ScaleResult.patient_id == patient_id))
    if result is None:
        raise Absent
    return result


def listed(db: Session, patient_id: int) -> Sequence[ScaleResult]:
    """List a patient's results with those that were corrected, the newest first."""
    query = sa.select(ScaleResult).where(ScaleResult.patient_id == patient_id).options(joinedload(ScaleResult.by))
    return db.scalars(query.order_by(ScaleResult.at.desc(), ScaleResult.id.desc())).all()


def standing(results: Iterable[ScaleResult]) -> list[ScaleResult]:
    """Keep the results that no later row corrects."""
    rows = list(results)
    corrected = {row.corrects_id for row in rows}
    return [row for row in rows if row.id not in corrected]


def of_patient(db: Session, patient_id: int, *scales: ScaleKey) -> Sequence[ScaleResult]:
    """List the results that stand, of these scales or of all, the oldest first."""
    query = _standing(patient_id).order_by(ScaleResult.at, ScaleResult.id).options(joinedload(ScaleResult.by))
    return db.scalars(query.where(ScaleResult.scale.in_(scales)) if scales else query).all()


def _standing(patient_id: int) -> sa.Select[ScaleResult]:
    later = aliased(ScaleResult)
    corrected = sa.select(later.id).where(later.corrects_id == ScaleResult.id).exists()
    return sa.select(ScaleResult).where(ScaleResult.patient_id == patient_id, ~corrected)


def total_of(result: ScaleResult) -> Total | None:
    """Give the unrounded total of a result; None where an unanswered item leaves it unknown."""
    items = {int(item): answer for item, answer in result.items.items()}
    return scoring.exact(scale_data.of(result.scale), items, result.total_thousandths)


def previous_item_9(db: Session, patient_id: int, before: datetime) -> int | None:
    """Give the latest known answer to PHQ-9 item 9 before a moment; None when there is none."""
    rows = db.scalars(
        _standing(patient_id)
        .where(ScaleResult.scale == ScaleKey.PHQ_9, ScaleResult.at < before)
        .order_by(ScaleResult.at.desc(), ScaleResult.id.desc())
    )
    return next((row.items[str(DANGER_ITEM)] for row in rows if str(DANGER_ITEM) in row.items), None)


def last_days(db: Session, patient: Patient) -> Mapping[ScaleKey, date]:
    """Give the day of the last result of each scale, on the patient's clinic's wall clock."""
    latest = sa.func.max(ScaleResult.at)
    later = aliased(ScaleResult)
    corrected = sa.select(later.id).where(later.corrects_id == ScaleResult.id).exists()
    rows = db.execute(
        sa.select(ScaleResult.scale, latest)
        .where(ScaleResult.patient_id == patient.id, ~corrected)
        .group_by(ScaleResult.scale)
    )
    zone = db.get_one(Clinic, patient.clinic_id).zone
    return {scale: local_day(at, zone) for scale, at in rows}


def may_ask(db: Session, patient: Patient, key: ScaleKey, today: date) -> bool:
    """Say whether a scale may be asked today: no sooner after the last result than its data file says."""
    return scoring.may_ask(scale_data.of(key), last_days(db, patient).get(key), today)


def scored(result: ScaleResult) -> Scored:
    """Score a result again from its items, for what is not kept beside them."""
    items = {int(item): answer for item, answer in result.items.items()}
    if not items and result.total_thousandths is not None:
        return scoring.score(scale_data.of(result.scale), Answers(total=result.total_thousandths // 1000))
    return scoring.score(scale_data.of(result.scale), Answers(items=items))
