"""What one message tells of several visits of a series: which it lists, and when it still holds without its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, object_session, selectinload

from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.session.lifecycle import EXPECTED, Action, Status
from clinic_sessions.models import Message, TreatmentSession

ACTS: Mapping[MessageKind, Action] = MappingProxyType(
    {
        MessageKind.MOVED: Action.MOVE,
        MessageKind.CANCELLED: Action.CANCEL,
        MessageKind.CANCELLED_BY_CLINIC: Action.CANCEL,
    }
)
"""The act that a notice tells of. Done to several visits at once, it is told of in the notice of the first."""

_LEADS_TO = {Action.MOVE: EXPECTED, Action.CANCEL: frozenset({Status.CANCELLED})}


@dataclass(frozen=True, kw_only=True)
class Told:
    """The visit that a message is about, all those that it lists, and whether it is about all of them alike."""

    visit: TreatmentSession | None
    listed: Sequence[TreatmentSession] = ()
    together: bool = False


def told_by(message: Message, now: datetime) -> Told:
    """Read what a message would tell of now.

    The confirmation of a series, and the notice of a move within one, list every visit to come; a cancellation lists
    those cancelled with it.
    """
    db, treatment = object_session(message), message.treatment
    if db is None or treatment is None or treatment.plan_id is None:
        return Told(visit=treatment)
    if message.kind is MessageKind.SERIES_CONFIRMATION:
        listed = _to_come(db, treatment.plan_id, now)
        return Told(visit=listed[0] if listed else treatment, listed=listed)
    if message.kind not in ACTS:
        return Told(visit=treatment)
    same = _same_act(db, message, treatment)
    together = len(same) > 1
    if message.kind is not MessageKind.MOVED:
        return Told(visit=same[0] if same else treatment, listed=same if together else (), together=together)
    listed = _to_come(db, treatment.plan_id, now)
    visit = same[0] if same and treatment not in same else treatment
    return Told(visit=visit, listed=listed if len(listed) > 1 else (), together=together)


def still_holds(message: Message) -> bool:
    """Say whether a message holds for others of the series, whatever became of the visit under which it was planned."""
    db, treatment = object_session(message), message.treatment
    if db is None or treatment is None or treatment.plan_id is None:
        return False
    if message.kind is MessageKind.SERIES_CONFIRMATION:
        waiting = sa.exists().where(
            TreatmentSession.plan_id == treatment.plan_id, TreatmentSession.status.in_(EXPECTED)
        )
        return bool(db.scalar(sa.select(waiting)))
    return message.kind in ACTS and any(one is not treatment for one in _same_act(db, message, treatment))


def _to_come(db: Session, plan_id: int, now: datetime) -> Sequence[TreatmentSession]:
    query = _of_plan(plan_id).where(TreatmentSession.status.in_(EXPECTED), TreatmentSession.starts_at > now)
    return db.scalars(query).all()


def _same_act(db: Session, message: Message, treatment: TreatmentSession) -> Sequence[TreatmentSession]:
    """List the visits that the act left as they stand now, without those that have a notice of their own."""
    action = ACTS[message.kind]
    at = _last(treatment, action, until=message.created_at)
    if at is None:
        return ()
    own = sa.select(Message.session_id).where(
        Message.session_id != treatment.id, Message.kind == message.kind, Message.created_at == at
    )
    query = _of_plan(treatment.plan_id).where(
        TreatmentSession.status.in_(_LEADS_TO[action]), TreatmentSession.id.not_in(own)
    )
    return [one for one in db.scalars(query) if _last(one, action) == at]


def _last(treatment: TreatmentSession, action: Action, until: datetime | None = None) -> datetime | None:
    done = (change.recorded_at for change in treatment.changes if change.action is action)
    return max((at for at in done if until is None or at <= until), default=None)


def _of_plan(plan_id: int | None) -> sa.Select[TreatmentSession]:
    whole = (
        joinedload(TreatmentSession.clinic),
        joinedload(TreatmentSession.protocol_version),
        selectinload(TreatmentSession.changes),
    )
    query = sa.select(TreatmentSession).where(TreatmentSession.plan_id == plan_id)
    return query.options(*whole).order_by(TreatmentSession.starts_at)
