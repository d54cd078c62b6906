"""Calls that are owed to patients after a visit: raised once, listed until somebody says in words what was done."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.session.follow_ups import FollowUpKind, FollowUpReason
from clinic_sessions.domain.session.side_effects import SideEffectEventKind
from clinic_sessions.models import AuditAction, FollowUp, SideEffect, SideEffectEvent, TreatmentSession
from clinic_sessions.services import audit, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal

KEPT = timedelta(days=30)
"""How long a call that was made stays listed."""

MOST = 200


def owe(
    db: Session, treatment: TreatmentSession, effect: SideEffect, words: str, *, now: datetime, by: Actor
) -> FollowUp:
    """Raise the call after a serious side effect, or give the one that stands for it or for what it corrects."""
    standing = db.scalar(sa.select(FollowUp).where(FollowUp.side_effect_id.in_(_line_of(db, effect))))
    if standing is not None:
        return standing
    if by.user_id is None:
        raise Absent
    row = FollowUp(
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        side_effect_id=effect.id,
        kind=FollowUpKind.SERIOUS_SIDE_EFFECT,
        words=words,
        raised_at=now,
        raised_by_id=by.user_id,
        due_at=now + timedelta(hours=documents.thresholds(db).follow_up.whole),
    )
    db.add(row)
    db.flush()
    audit.note(db, AuditAction.CREATE, "follow_up", row.id, now=now, by=by, patient_id=row.patient_id)
    return row


def _line_of(db: Session, effect: SideEffect) -> list[int]:
    """Give the ids of a side effect and of every entry that it corrects."""
    ids = [effect.id]
    while effect.corrects_id is not None:
        effect = db.get_one(SideEffect, effect.corrects_id)
        ids.append(effect.id)
    return ids


def finish(db: Session, row: FollowUp, words: str, *, now: datetime, by: Actor) -> None:
    """Say in words what was done; refuses with ChangedMeanwhile when somebody else was first."""
    db.execute(sa.select(FollowUp.id).where(FollowUp.id == row.id).with_for_update())
    db.refresh(row)
    if row.done_at is not None:
        raise ChangedMeanwhile(FollowUpReason.DONE_ALREADY)
    if not words.strip() or by.user_id is None:
        raise Refusal(FollowUpReason.WORDS_NEEDED)
    row.done_at, row.done_by_id, row.done_words = now, by.user_id, words
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, "follow_up", row.id,
        now=now, by=by, patient_id=row.patient_id, changes={"done_at": [None, now]},
    )  # fmt: skip


def waiting(db: Session, clinic_ids: Collection[int]) -> list[FollowUp]:
    """List the calls that are owed, the soonest due first, at most MOST."""
    query = _listed(clinic_ids).where(FollowUp.done_at.is_(None)).order_by(FollowUp.due_at, FollowUp.id)
    return list(db.scalars(query.limit(MOST)))


def count(clinic_ids: Collection[int]) -> sa.ScalarSelect[int]:
    """Give the query that counts the calls that are owed."""
    return (
        sa.select(sa.func.count())
        .select_from(FollowUp)
        .join(TreatmentSession, TreatmentSession.id == FollowUp.session_id)
        .where(TreatmentSession.clinic_id.in_(clinic_ids), FollowUp.done_at.is_(None))
        .scalar_subquery()
    )


def done(db: Session, clinic_ids: Collection[int], now: datetime) -> list[FollowUp]:
    """List the calls that were made lately, the newest first."""
    query = _listed(clinic_ids).where(FollowUp.done_at >= now - KEPT)
    return list(db.scalars(query.order_by(FollowUp.done_at.desc(), FollowUp.id.desc()).limit(MOST)))


def of_session(db: Session, treatment: TreatmentSession) -> list[FollowUp]:
    """List the calls that came of one visit, oldest first."""
    query = sa.select(FollowUp).where(FollowUp.session_id == treatment.id).options(joinedload(FollowUp.done_by))
    return list(db.scalars(query.order_by(FollowUp.id)))


def load(db: Session, follow_up_id: int, clinic_ids: Collection[int]) -> FollowUp:
    """Load a call that is owed to a patient of one of these clinics; raises Absent otherwise."""
    row = db.scalar(_listed(clinic_ids).where(FollowUp.id == follow_up_id))
    if row is None:
        raise Absent
    return row


def was_mistaken(db: Session, row: FollowUp) -> bool:
    """Say whether the side effect behind a call was entered by mistake."""
    mistaken = sa.exists().where(
        SideEffectEvent.side_effect_id == row.side_effect_id, SideEffectEvent.kind == SideEffectEventKind.CORRECTED
    )
    return bool(row.side_effect_id and db.scalar(sa.select(mistaken)))


def _listed(clinic_ids: Collection[int]) -> sa.Select[FollowUp]:
    seen = joinedload(FollowUp.treatment).joinedload(TreatmentSession.patient)
    return (
        sa.select(FollowUp)
        .join(TreatmentSession, TreatmentSession.id == FollowUp.session_id)
        .where(TreatmentSession.clinic_id.in_(clinic_ids))
        .options(seen, joinedload(FollowUp.done_by))
    )
