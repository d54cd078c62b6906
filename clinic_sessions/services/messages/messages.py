"""One message's row: planned under a unique key, taken from status to status, each step kept."""

import hashlib
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInStatus
from clinic_sessions.domain.messages.messages import (
    CHECK_INS,
    Channel,
    MessageAction,
    MessageKind,
    MessageStatus,
    SkipReason,
    after,
    session_skip,
)
from clinic_sessions.domain.messages.outreach import Planned
from clinic_sessions.domain.papers.screening_kinds import ScreeningStatus
from clinic_sessions.domain.session.lifecycle import OTHER_ENDINGS
from clinic_sessions.models import CheckIn, Message, MessageEvent, Screening, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import series_told

_NOT_TO_ASK = {
    CheckInStatus.ANSWERED: SkipReason.ANSWERED,
    CheckInStatus.NOT_ANSWERED: SkipReason.TOO_LATE,
    CheckInStatus.WITHDRAWN: SkipReason.UNDONE,
}
_NOT_TO_ASK_FIRST = {
    ScreeningStatus.SUBMITTED: SkipReason.ANSWERED,
    ScreeningStatus.FILED: SkipReason.ANSWERED,
    ScreeningStatus.TAKEN_BACK: SkipReason.UNDONE,
}


def key_of(treatment: TreatmentSession, kind: MessageKind) -> str:
    """Give the key under which a message about a session is planned once."""
    return f"session:{treatment.id}:{kind.value}:s{treatment.schedule_version}:{Channel.EMAIL.value}"


def key_of_questionnaire(screening: Screening) -> str:
    """Give the key under which the message that asks for a questionnaire is planned once."""
    return f"screening:{screening.id}:{MessageKind.INTAKE.value}:{Channel.EMAIL.value}"


def free_key(base: str, taken: Collection[str]) -> str:
    """Give the key for planning again what was skipped or sent under `base`: `:r1`, `:r2` and so on.

    >>> free_key("a", {"a", "a:r1"})
    'a:r2'
    """
    if base not in taken:
        return base
    return next(key for number in range(1, len(taken) + 1) if (key := f"{base}:r{number}") not in taken)


def plan(
    db: Session,
    treatment: TreatmentSession,
    planned: Planned,
    *,
    key: str,
    now: datetime,
    by: Actor,
    check_in: CheckIn | None = None,
    resend_of: Message | None = None,
) -> Message:
    """Add the row of a message to a session's patient.

    Its Message-ID is derived from the visit's own name and the key; the host is added at the first try.
    """
    message = Message(
        clinic_id=treatment.clinic_id,
        patient_id=treatment.patient_id,
        session_id=treatment.id,
        check_in=check_in,
        kind=planned.kind,
        channel=Channel.EMAIL,
        language=treatment.patient.language,
        dedup_key=key,
        schedule_version=treatment.schedule_version,
        due_at=planned.due_at,
        useful_until=planned.useful_until,
        next_try_at=planned.due_at,
        status=MessageStatus.PLANNED,
        message_id=hashlib.sha256(f"{treatment.uid}:{key}".encode()).hexdigest()[:32],
        resend_of_id=resend_of.id if resend_of else None,
        created_at=now,
        created_by_id=by.user_id,
    )
    db.add(message)
    note(db, message, now)
    return message


def plan_questionnaire(
    db: Session, screening: Screening, *, key: str, now: datetime, by: Actor, resend_of: Message | None = None
) -> Message:
    """Add the row of the message that asks a patient for a questionnaire; of use until its link ends."""
    patient = screening.patient
    message = Message(
        clinic_id=patient.clinic_id, patient_id=patient.id, screening=screening, kind=MessageKind.INTAKE,
        channel=Channel.EMAIL, language=patient.language, dedup_key=key, due_at=now,
        useful_until=screening.expires_at, next_try_at=now, status=MessageStatus.PLANNED,
        message_id=hashlib.sha256(f"{patient.record_number}:{key}".encode()).hexdigest()[:32],
        resend_of_id=resend_of.id if resend_of else None, created_at=now, created_by_id=by.user_id,
    )  # fmt: skip
    db.add(message)
    note(db, message, now)
    return message


def step(
    db: Session,
    message: Message,
    action: MessageAction,
    now: datetime,
    *,
    reason: SkipReason | None = None,
    words: str | None = None,
) -> None:
    """Take one step in a message's life and keep it.

    Raises domain Forbidden when the table does not offer the step.
    """
    message.status = after(message.status, action)
    message.skip_reason = reason
    note(db, message, now, words)


def note(db: Session, message: Message, now: datetime, words: str | None = None) -> None:
    """Keep what a message's status is now."""
    db.add(MessageEvent(message=message, status=message.status, at=now, words=words))


def no_longer_so(message: Message) -> SkipReason | None:
    """Say why what a message would tell does not hold any more, or None when it does."""
    if message.treatment is not None and message.schedule_version is not None:
        treatment = message.treatment
        if message.kind in CHECK_INS and treatment.status in OTHER_ENDINGS:
            return SkipReason.CLINICIAN_FIRST
        reason = session_skip(
            message.kind,
            status=treatment.status,
            planned_for=message.schedule_version,
            schedule_version=treatment.schedule_version,
        )
        if reason is not None and not series_told.still_holds(message):
            return reason
    if message.screening is not None:
        return _NOT_TO_ASK_FIRST.get(message.screening.status)
    return _NOT_TO_ASK.get(message.check_in.status) if message.check_in is not None else None
