"""Changing what is booked: cancelling, confirming, noting that the patient did not come, and taking a change back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import GRACE, MessageKind
from clinic_sessions.domain.scheduling import absence
from clinic_sessions.domain.scheduling.reasons import BY_CLINIC, CancelReason
from clinic_sessions.domain.session.lifecycle import EXPECTED, Action, SessionKind, Status, StepReason
from clinic_sessions.models import MoveWish, StatusChange, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, visits
from clinic_sessions.services.booking.absence import tell_clinician
from clinic_sessions.services.booking.booking import ChangeReason, MoveRequest, check_version
from clinic_sessions.services.booking.room import Lifting
from clinic_sessions.services.booking.visits import VisitMove
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.session import lifecycle, steps
from clinic_sessions.services.session.steps import Step

ENDINGS = frozenset({Action.CANCEL, Action.NOTE_ABSENCE})
"""The changes here that end a visit before it began."""


def cancel(
    db: Session,
    treatment: TreatmentSession,
    reasons: Sequence[CancelReason],
    *,
    version: int,
    now: datetime,
    by: Actor,
    words: str | None = None,
    tell_patient: bool = True,
) -> None:
    """Cancel a session; the notice apologises when the reason is on the clinic's side."""
    check_version(db, treatment, version)
    cancel_locked(db, treatment, reasons, now=now, by=by, words=words, tell_patient=tell_patient)


def cancel_locked(
    db: Session,
    treatment: TreatmentSession,
    reasons: Sequence[CancelReason],
    *,
    now: datetime,
    by: Actor,
    words: str | None = None,
    tell_patient: bool = True,
) -> None:
    """Cancel a session whose row is locked and was looked at; marks it when it is late, and has a clinician call."""
    hours = treatment.clinic.late_cancel_hours
    late = treatment.status in EXPECTED and absence.is_late(reasons, treatment.starts_at, now, hours=hours)
    details = {"late": True, "notice": absence.notice_text(treatment.starts_at, now)} if late else {}
    change = lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by, reasons=reasons, words=words, details=details)
    if late and absence.is_on_the_day(treatment.starts_at, now, treatment.clinic.zone):
        tell_clinician(db, treatment, change, now=now, by=by)
    ours = not BY_CLINIC.isdisjoint(reasons)
    notice = MessageKind.CANCELLED_BY_CLINIC if ours else MessageKind.CANCELLED
    outreach.align(db, treatment, now=now, by=by, notice=notice if tell_patient else None)


def confirm(db: Session, treatment: TreatmentSession, *, version: int, now: datetime, by: Actor) -> None:
    """Note that the patient has said they will come."""
    check_version(db, treatment, version)
    lifecycle.do(db, treatment, Action.CONFIRM, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by)


def note_absence(
    db: Session,
    treatment: TreatmentSession,
    *,
    version: int,
    now: datetime,
    by: Actor,
    words: str | None = None,
    tell_patient: bool = True,
) -> None:
    """Note that the patient did not come: a person says so, once the session's time has begun.

    When a clinician is to call, "we missed you" is kept back: no automatic message comes before that call.
    """
    check_version(db, treatment, version)
    change = lifecycle.do(db, treatment, Action.NOTE_ABSENCE, now=now, by=by, words=words)
    first = tell_clinician(db, treatment, change, now=now, by=by)
    notice = MessageKind.DID_NOT_COME if tell_patient else None
    outreach.align(db, treatment, now=now, by=by, notice=notice, clinician_first=first)


def undo_ending(db: Session, treatment: TreatmentSession, *, version: int | None, now: datetime, by: Actor) -> None:
    """Take back a cancellation or an absence, when the place is still free; nobody is told who has not heard of it.

    Refuses with ChangedMeanwhile when the session is no longer at `version`, with StepReason when the last step was
    another, with BookingReason when the place is taken.
    """
    _last_to_undo(treatment, ENDINGS, version, by)
    steps.take(db, treatment, Step(action=Action.UNDO, version=treatment.version), now=now, by=by)


def undo_move(db: Session, treatment: TreatmentSession, *, version: int | None, now: datetime, by: Actor) -> bool:
    """Move a session back to where its last move took it from, with every check of a booking.

    Nobody is told when nobody had heard of the move; else the patient is told of the former time. Says whether.
    Refuses as `booking.move` does.
    """
    last = _last_to_undo(treatment, frozenset({Action.MOVE}), version, by)
    moved_to = treatment.schedule_version
    if treatment.kind is SessionKind.TREATMENT:
        booking.move(db, treatment, _back(treatment, last, now), now=now, by=by)
    else:
        visits.move(db, treatment, _visit_back(treatment, last, now), now=now, by=by)
    _keep_wish(db, treatment, of=moved_to - 1)
    if outreach.has_heard_of(db, treatment, moved_to):
        outreach.align(db, treatment, now=now, by=by, notice=MessageKind.MOVED)
        return True
    if last.from_status is Status.CONFIRMED:
        lifecycle.do(db, treatment, Action.CONFIRM, now=now, by=by)
        outreach.align(db, treatment, now=now, by=by)
    return False


def _back(treatment: TreatmentSession, last: StatusChange, now: datetime) -> MoveRequest:
    """Ask for the place before a move; the rules that were lifted for it stay lifted."""
    before, starts_at = treatment.schedule_version - 1, _former_moment(last, "starts_at", treatment.starts_at)
    kinds = frozenset(one.kind for one in treatment.overrides if one.schedule_version == before)
    return MoveRequest(
        chair_id=_former(last, "chair_id", treatment.chair_id),
        starts_at=starts_at,
        version=treatment.version,
        tell_patient=False,
        lifting=Lifting(kinds=kinds, words="As before the move that was undone."),
        as_of=_as_of(last, starts_at, now),
    )


def _visit_back(treatment: TreatmentSession, last: StatusChange, now: datetime) -> VisitMove:
    """Ask for the time and the host before a move."""
    starts_at = _former_moment(last, "starts_at", treatment.starts_at)
    minutes = (_former_moment(last, "ends_at", treatment.ends_at) - starts_at) // timedelta(minutes=1)
    return VisitMove(
        host_id=_former(last, "host_id", treatment.host_id),
        minutes=minutes,
        starts_at=starts_at,
        version=treatment.version,
        tell_patient=False,
        as_of=_as_of(last, starts_at, now),
    )


def _as_of(last: StatusChange, starts_at: datetime, now: datetime) -> datetime:
    """Let a visit that has begun meanwhile come back within the grace: the patient may be at the door."""
    return min(starts_at, now) if now - last.recorded_at <= GRACE else now


def _former_moment(last: StatusChange, field: str, present: datetime) -> datetime:
    return datetime.fromisoformat(_former(last, field, present.isoformat()))


def _former(last: StatusChange, field: str, present: Any) -> Any:
    """Give what a field was before a change; what the change does not name was as it is."""
    return last.details.get(field, [present])[0]


def _last_to_undo(
    treatment: TreatmentSession, actions: frozenset[Action], version: int | None, by: Actor
) -> StatusChange:
    """Give the last step when it is one of `actions`; without a version seen, it must be the person's own."""
    last = lifecycle.last_step(treatment)
    if last is None or last.action not in actions:
        raise Refusal(StepReason.CANNOT_BE_UNDONE)
    if version != treatment.version if version is not None else last.by_id != by.user_id:
        raise ChangedMeanwhile(ChangeReason.CHANGED_MEANWHILE)
    return last


def _keep_wish(db: Session, treatment: TreatmentSession, *, of: int) -> None:
    """Let the patient's wish to move away from the former time stand again."""
    wish = db.scalar(sa.select(MoveWish).where(MoveWish.session_id == treatment.id, MoveWish.schedule_version == of))
    if wish is not None:
        wish.schedule_version = treatment.schedule_version
