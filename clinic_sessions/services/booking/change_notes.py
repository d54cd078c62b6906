"""What a session's page says of its last change: who is told when, what can be undone, what waits for a person."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import CHANGES, MessageStatus
from clinic_sessions.domain.scheduling import absence
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import Message, TreatmentSession
from clinic_sessions.services.booking.absence import call_of
from clinic_sessions.services.booking.changes import ENDINGS
from clinic_sessions.services.session import facts

NOT_HELD = frozenset({Status.CANCELLED, Status.DID_NOT_COME, Status.DID_NOT_GO_AHEAD})
"""The visit did not take place: another time, or a wish, is the next thing to think of."""


@dataclass(frozen=True, kw_only=True)
class ChangeNotes:
    """`proposed`: somebody is to say whether the patient came. `late`: how late it was cancelled, if it was.

    `leaves_at`: when the notice of the last change leaves; until then `undo` is the act that takes the change back.
    """

    proposed: bool
    late: str | None
    leaves_at: datetime | None
    undo: Action | None
    clinician_calls: bool
    ended: bool


def of(db: Session, treatment: TreatmentSession, now: datetime) -> ChangeNotes:
    """Gather what is to be said of a session's last change."""
    steps = facts.standing_changes(treatment)
    last = steps[-1] if steps else None
    undo = last.action if last is not None and last.action in ENDINGS | {Action.MOVE} else None
    ended = treatment.status in NOT_HELD
    return ChangeNotes(
        proposed=absence.proposed(
            treatment.status, treatment.starts_at, now, minutes=treatment.clinic.propose_absence_minutes
        ),
        late=late(treatment),
        leaves_at=_leaves_at(db, treatment, now) if undo else None,
        undo=undo,
        clinician_calls=ended and call_of(db, treatment) is not None,
        ended=ended,
    )


def late(treatment: TreatmentSession) -> str | None:
    """Say how long before its start a visit was cancelled late; None when it stands, or was cancelled in time."""
    found = [change.details for change in facts.standing_changes(treatment) if change.action is Action.CANCEL]
    return str(found[-1]["notice"]) if found and found[-1].get("late") else None


def _leaves_at(db: Session, treatment: TreatmentSession, now: datetime) -> datetime | None:
    query = sa.select(Message.next_try_at).where(
        Message.session_id == treatment.id,
        Message.kind.in_(CHANGES),
        Message.status == MessageStatus.PLANNED,
        Message.next_try_at > now,
    )
    return db.scalars(query.order_by(Message.id.desc())).first()
