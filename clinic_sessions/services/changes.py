"""Changing what is booked: cancelling, confirming, and noting that the patient did not come."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.lifecycle import Action
from clinic_sessions.domain.messages import MessageKind
from clinic_sessions.domain.reasons import BY_CLINIC, CancelReason
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services import lifecycle, outreach
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import check_version


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
    lifecycle.do(db, treatment, Action.CANCEL, now=now, by=by, reasons=reasons, words=words)
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
    """Note that the patient did not come: a person says so, once the session's time has begun."""
    check_version(db, treatment, version)
    lifecycle.do(db, treatment, Action.NOTE_ABSENCE, now=now, by=by, words=words)
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.DID_NOT_COME if tell_patient else None)
