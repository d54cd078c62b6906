"""The one message that tells of an act: which is owed, when it leaves, and what the patient has heard already."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import (
    ABOUT_A_VISIT_TO_COME,
    CANCELLATIONS,
    NOTICES,
    MessageAction,
    MessageKind,
    MessageStatus,
    SkipReason,
)
from clinic_sessions.domain.messages.outreach import Planned, notice_due
from clinic_sessions.domain.session.lifecycle import EXPECTED, Action
from clinic_sessions.models import ActorKind, Message, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import messages

NOTICE_OF_USE = timedelta(hours=24)
"""How long a notice of what has happened is worth telling."""

LEFT = frozenset({MessageStatus.SENDING, MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNCERTAIN})
"""A message in one of these has reached its patient, or may have."""

_NOT_HEARD = frozenset({MessageStatus.SKIPPED, MessageStatus.FAILED, MessageStatus.BOUNCED})
_MISSED = frozenset({SkipReason.CANCELLED, SkipReason.MOVED})


def same_time(treatment: TreatmentSession) -> dict[int, datetime]:
    """Give the schedule versions at which the visit stood at its present time, each with since when.

    A visit moved away and back, or only to another chair, is for its patient what it was.
    """
    moves = [change for change in treatment.changes if change.action is Action.MOVE]
    since = [treatment.booked_at, *(move.recorded_at for move in moves)]
    version, present = treatment.schedule_version, treatment.starts_at.isoformat()
    found, at = {version: since[-1]}, present
    for move, began in zip(reversed(moves), reversed(since[:-1]), strict=True):
        version -= 1
        at = move.details.get("starts_at", [at])[0]
        if at == present:
            found[version] = began
    return found


def owed(treatment: TreatmentSession, rows: Sequence[Message]) -> MessageKind | None:
    """Say which notice is owed because a change was undone: the patient heard of it, or missed what came before it."""
    if treatment.status not in EXPECTED:
        return None
    told = [row for row in rows if row.kind in NOTICES]
    standing = [row for row in told if row.status is not MessageStatus.SKIPPED]
    if standing and standing[-1].kind in CANCELLATIONS:
        return MessageKind.CONFIRMATION
    known = same_time(treatment)
    if any(row.schedule_version in known for row in standing):
        return None
    heard = standing[-1].id if standing else 0
    missed = [
        row.kind
        for row in told
        if row.id > heard
        and row.skip_reason in _MISSED
        and row.schedule_version in known
        and row.kind in ABOUT_A_VISIT_TO_COME
    ]
    return missed[-1] if missed else None


def heard_of(rows: Sequence[Message], version: int) -> bool:
    """Say whether the patient was told, or may have been, of a visit at the time of a schedule version."""
    return any(
        row.schedule_version == version and row.kind in ABOUT_A_VISIT_TO_COME and row.status in LEFT for row in rows
    )


def plan(
    db: Session,
    treatment: TreatmentSession,
    rows: list[Message],
    kind: MessageKind,
    *,
    now: datetime,
    by: Actor,
    clinician_first: bool = False,
) -> None:
    """Plan a notice unless it would tell nothing new; `clinician_first`: it is kept, skipped, until someone called."""
    if _is_known(treatment, rows, kind):
        return
    until = treatment.starts_at if kind in ABOUT_A_VISIT_TO_COME else now + NOTICE_OF_USE
    if until <= now:
        return
    due = notice_due(kind, now, treatment.starts_at, by_staff=by.kind is ActorKind.USER)
    key = messages.free_key(messages.key_of(treatment, kind), {row.dedup_key for row in rows})
    row = messages.plan(db, treatment, Planned(kind=kind, due_at=due, useful_until=until), key=key, now=now, by=by)
    if clinician_first:
        messages.step(db, row, MessageAction.SKIP, now, reason=SkipReason.CLINICIAN_FIRST)
    rows.append(row)


def _is_known(treatment: TreatmentSession, rows: Sequence[Message], kind: MessageKind) -> bool:
    standing = [row for row in rows if row.kind in NOTICES and row.status not in _NOT_HEARD]
    if not standing:
        return False
    last = standing[-1]
    if kind is MessageKind.MOVED:
        return last.kind not in CANCELLATIONS and last.schedule_version in same_time(treatment)
    return last.kind is kind and last.schedule_version == treatment.schedule_version
