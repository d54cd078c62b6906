"""A plan's versions: each change is a row with its reason, and what stood before and after in words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.scheduling.plans import PlanChangeKind, PlanOutcome
from clinic_sessions.models import AuditAction, Plan, PlanChange
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor


def add(
    db: Session,
    plan: Plan,
    kind: PlanChangeKind,
    changes: Mapping[str, tuple[str | None, str | None]],
    *,
    now: datetime,
    by: Actor,
    words: str | None = None,
    outcome: PlanOutcome | None = None,
) -> None:
    """Keep what was done to a plan, and its audit entry; what is the same before and after is left out."""
    differing = {field: list(pair) for field, pair in changes.items() if pair[0] != pair[1]}
    db.add(
        PlanChange(
            plan_id=plan.id, kind=kind, at=now, by_id=by.user_id, words=words, outcome=outcome, details=differing
        )
    )
    db.flush()
    action = AuditAction.CREATE if kind is PlanChangeKind.START else AuditAction.CHANGE
    audit.note(
        db, action, "plan", plan.id, now=now, by=by, patient_id=plan.patient_id,
        changes={"kind": [None, kind], **differing}, reason=words,
    )  # fmt: skip


def of_plan(db: Session, plan_id: int) -> Sequence[PlanChange]:
    """List what was done to a plan, the newest first."""
    query = sa.select(PlanChange).where(PlanChange.plan_id == plan_id).options(joinedload(PlanChange.by))
    return db.scalars(query.order_by(PlanChange.at.desc(), PlanChange.id.desc())).all()
