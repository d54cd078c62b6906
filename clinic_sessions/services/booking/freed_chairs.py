"""The chair of a patient who is ready and waits for a ride: free again once it is turned around; an undo takes it back.

The times before and after are kept on the step that freed it, so that undoing it can ask for the old end.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import PhaseKind, phase_minutes
from clinic_sessions.domain.scheduling.cover import MINUTE
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import AuditAction, StatusChange, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import coming_back
from clinic_sessions.services.catalogue import protocol_of

BLOCK_ENDS = "ends_at"


def free_from(treatment: TreatmentSession, ready_at: datetime) -> datetime | None:
    """Give from when on the chair of a patient called ready at `ready_at` is free; None when its block ends no sooner.

    On the whole minute, after the protocol's minutes of turning the chair around.
    """
    if treatment.protocol_version is None:
        return None
    turned = timedelta(minutes=phase_minutes(protocol_of(treatment.protocol_version), PhaseKind.TURNAROUND))
    after = max(ready_at + turned, treatment.starts_at + MINUTE)
    whole = after.replace(second=0, microsecond=0)
    free_at = whole if whole == after else whole + MINUTE
    return free_at if free_at < treatment.ends_at else None


def part(treatment: TreatmentSession, action: Action, at: datetime) -> Mapping[str, Any]:
    """Give what the step keeps of a chair that it frees: the end of the block, before and after."""
    free_at = free_from(treatment, at) if action is Action.CALL_READY else None
    return {BLOCK_ENDS: [treatment.ends_at.isoformat(), free_at.isoformat()]} if free_at else {}


def free(db: Session, treatment: TreatmentSession, change: StatusChange, *, now: datetime, by: Actor) -> None:
    """End the block where the step says that the chair is free."""
    if BLOCK_ENDS in change.details and change.action is Action.CALL_READY:
        _end(db, treatment, datetime.fromisoformat(change.details[BLOCK_ENDS][1]), now=now, by=by)


def take_back(
    db: Session, treatment: TreatmentSession, undone: StatusChange | None, *, now: datetime, by: Actor
) -> None:
    """Ask for the chair again until the end that the block had; before the undo of the step that freed it.

    Refuses with BookingReason when somebody else has the chair by now. Whoever calls this has queued for it.
    """
    if undone is None or undone.action is not Action.CALL_READY or BLOCK_ENDS not in undone.details:
        return
    ends_at = datetime.fromisoformat(undone.details[BLOCK_ENDS][0])
    with db.no_autoflush:
        freed, treatment.ends_at = treatment.ends_at, ends_at
        try:
            coming_back.check_again(db, treatment, here=True, today=local_day(now, treatment.clinic.zone))
        finally:
            treatment.ends_at = freed
    _end(db, treatment, ends_at, now=now, by=by)


def _end(db: Session, treatment: TreatmentSession, ends_at: datetime, *, now: datetime, by: Actor) -> None:
    audit.note(
        db, AuditAction.CHANGE, "session", treatment.id, now=now, by=by, patient_id=treatment.patient_id,
        changes={BLOCK_ENDS: [treatment.ends_at, ends_at]},
    )  # fmt: skip
    treatment.ends_at = ends_at
