"""The outbox's engine: claim with a lease, prepare on what is so now, settle only what is still one's own."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions import clock
from clinic_sessions.domain.messages import check_ins
from clinic_sessions.domain.messages.check_ins import CheckInAction, CheckInStatus
from clinic_sessions.domain.messages.messages import (
    LEASE,
    TRANSITIONS,
    MessageAction,
    MessageStatus,
    SkipReason,
    too_late,
    wait_before,
)
from clinic_sessions.domain.messages.outreach import out_of_quiet_hours
from clinic_sessions.models import AuditAction, CheckIn, Message, Patient
from clinic_sessions.services import audit, links
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.messages import eligibility, letters, messages
from clinic_sessions.services.messages.letters import Letter
from clinic_sessions.services.messages.outreach import quiet_hours

CLAIMABLE = tuple(status for status, steps in TRANSITIONS.items() if MessageAction.CLAIM in steps)
MOST_DOUBTS = 3
"""After so many losses behind the final dot, a person decides whether to send again."""

_JITTER = 0.2


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A message that one worker holds until its lease ends."""

    message_id: int
    owner: str


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What a try sent, as it is kept: links shown as "[link]"."""

    to: str
    subject: str
    text: str


def due(now: datetime, leases_at: datetime) -> sa.Select[Message]:
    """Give the query of what is due: soonest of use first, what another worker holds left out."""
    held = sa.and_(Message.lease_until.is_not(None), Message.lease_until > leases_at)
    statuses = sa.bindparam("claimable", CLAIMABLE, expanding=True, literal_execute=True, type_=Message.status.type)
    return (
        sa.select(Message)
        .where(
            Message.status.in_(statuses),
            Message.next_try_at <= now,
            sa.not_(held),
            sa.or_(Message.status != MessageStatus.UNCERTAIN, Message.useful_until > now),
            sa.not_(eligibility.WAITS_FOR_CLINICIAN),
        )
        .order_by(Message.useful_until, Message.id)
    )


def any_due(db: Session, now: datetime) -> bool:
    """Say whether a worker has anything to claim."""
    found = due(now, clock.lease_now(db)).with_only_columns(Message.id).limit(1)
    return db.scalar(found) is not None


def claim(db: Session, owner: str, now: datetime, *, most: int, lease: timedelta = LEASE) -> list[Claim]:
    """Take up to `most` due messages for `owner`; to be committed before anything is sent."""
    leases_at = clock.lease_now(db)
    rows = db.scalars(due(now, leases_at).limit(most).with_for_update(skip_locked=True)).all()
    for row in rows:
        messages.step(db, row, MessageAction.CLAIM, now)
        row.lease_owner, row.lease_until, row.attempts = owner, leases_at + lease, row.attempts + 1
    db.flush()
    return [Claim(message_id=row.id, owner=owner) for row in rows]


def prepare(db: Session, claim: Claim, now: datetime, host: str, *, lease: timedelta = LEASE) -> Letter | None:
    """Read everything again and give what to send, or None: skipped, put off, or no longer this worker's.

    The lease is renewed, so that it covers this one message's conversation. `host` ends the Message-ID at the first
    try; later ones keep it.
    """
    message = _mine(db, claim)
    if message is None:
        return None
    if reason := eligibility.skip_reason(message, now):
        _settle(db, message, MessageAction.SKIP, now, reason=reason)
        return None
    if eligibility.waits_for_clinician(db, message):
        _put_off(db, message, now, message.next_try_at, "waits for a clinician")
        return None
    if later := eligibility.put_off_until(db, message, now):
        _put_off(db, message, now, later)
        return None
    message.lease_until = clock.lease_now(db) + lease
    message.language = message.patient.language
    if "@" not in message.message_id:
        message.message_id = f"{message.message_id}@{host}"
    tokens = {
        purpose: links.issue(db, purpose, thing, message.patient, message_id=message.id, now=now, expires_at=until)
        for purpose, (thing, until) in letters.wanted_links(message, now).items()
    }
    db.flush()
    return letters.letter_of(message, now, tokens)


def release(db: Session, claim: Claim, now: datetime) -> bool:
    """Give back a message that was not tried: it is due as before. False: it was no longer this worker's."""
    message = _mine(db, claim)
    if message is None:
        return False
    message.attempts -= 1
    _settle(db, message, MessageAction.RELEASE, now, words="given back, not tried")
    return True


def settle_sent(db: Session, claim: Claim, now: datetime, copy: Copy) -> bool:
    """Note that the server has taken it. False: it was no longer this worker's, and nothing was changed."""
    message = _mine(db, claim)
    if message is None:
        return False
    _keep_copy(message, copy)
    message.sent_at, message.last_error = now, None
    _asked(db, message)
    _settle(db, message, MessageAction.SENT, now)
    return True


def settle_retry(db: Session, claim: Claim, now: datetime, words: str, *, jitter: float) -> bool:
    """Plan the next try after a passing failure; `jitter` between 0 and 1 spreads what failed together."""
    message = _mine(db, claim)
    if message is None:
        return False
    message.next_try_at = now + _wait(message, jitter)
    message.last_error = words[:300]
    _settle(db, message, MessageAction.RETRY, now, words=words)
    return True


def settle_refused(db: Session, claim: Claim, now: datetime, words: str, copy: Copy, *, recipient: bool) -> bool:
    """Stop: the server said never. With `recipient` it is the address that is no good, and no more is sent there."""
    message = _mine(db, claim, patient_first=recipient)
    if message is None:
        return False
    _keep_copy(message, copy)
    message.last_error = words[:300]
    if recipient:
        _stop_address(db, message.patient, now)
    _settle(db, message, MessageAction.REFUSE, now, words=words)
    return True


def settle_doubt(db: Session, claim: Claim, now: datetime, words: str, copy: Copy, *, jitter: float) -> bool:
    """Note that nobody knows whether it arrived: it is repeated with the same Message-ID, but not for ever."""
    message = _mine(db, claim)
    if message is None:
        return False
    _keep_copy(message, copy)
    message.sent_at, message.last_error = now, words[:300]
    doubts = sum(event.status is MessageStatus.UNCERTAIN for event in message.events) + 1
    message.next_try_at = now + _wait(message, jitter) if doubts < MOST_DOUBTS else message.useful_until
    _asked(db, message)
    _settle(db, message, MessageAction.DOUBT, now, words=words)
    return True


def status_lines(db: Session, now: datetime) -> list[str]:
    """Say for an operator how many messages stand in each status, and how late the latest due one is."""
    counts = dict(db.execute(sa.select(Message.status, sa.func.count()).group_by(Message.status)).all())
    lines = [f"{status.value:10} {counts.get(status, 0)}" for status in MessageStatus]
    waiting = sa.select(sa.func.min(Message.next_try_at, type_=Message.next_try_at.type))
    still = sa.or_(Message.status != MessageStatus.UNCERTAIN, Message.useful_until > now)
    free = sa.not_(eligibility.WAITS_FOR_CLINICIAN)
    oldest = db.scalar(waiting.where(Message.status.in_(CLAIMABLE), Message.next_try_at <= now, still, free))
    late = int((now - oldest).total_seconds() // 60) if oldest else 0
    return [*lines, f"latest     {late} min late" if oldest else "latest     nothing is due"]


def _mine(db: Session, claim: Claim, *, patient_first: bool = False) -> Message | None:
    """Load and lock a claimed message; None when another worker has it, or it was settled without this one.

    `patient_first`: the patient is to be changed too, and is locked first, as bookings lock them.
    """
    if patient_first:
        patient = sa.select(Patient.id).join(Message, Message.patient_id == Patient.id)
        db.execute(patient.where(Message.id == claim.message_id).with_for_update(key_share=True, of=Patient))
    query = sa.select(Message).where(
        Message.id == claim.message_id,
        Message.status == MessageStatus.SENDING,
        Message.lease_owner == claim.owner,
    )
    return db.scalar(query.with_for_update(key_share=True, of=Message).execution_options(populate_existing=True))


def _put_off(
    db: Session, message: Message, now: datetime, later: datetime, words: str = "waits for a better hour"
) -> None:
    if too_late(later, message.useful_until):
        quiet = out_of_quiet_hours(now, message.clinic.zone, quiet_hours(message.clinic)) > now
        reason = SkipReason.TOO_LATE if quiet else SkipReason.TOO_MANY
        _settle(db, message, MessageAction.SKIP, now, reason=reason)
        return
    message.attempts -= 1
    message.next_try_at = later
    _settle(db, message, MessageAction.RELEASE, now, words=words)


def _settle(
    db: Session,
    message: Message,
    action: MessageAction,
    now: datetime,
    *,
    reason: SkipReason | None = None,
    words: str | None = None,
) -> None:
    message.lease_owner, message.lease_until = None, None
    messages.step(db, message, action, now, reason=reason, words=words[:300] if words else None)
    db.flush()


def _wait(message: Message, jitter: float) -> timedelta:
    return wait_before(message.attempts) * (1 + _JITTER * jitter)


def _keep_copy(message: Message, copy: Copy) -> None:
    message.sent_to, message.subject, message.text = copy.to, copy.subject, copy.text


def _asked(db: Session, message: Message) -> None:
    """Note that a check-in was asked for, without standing in the way of a patient who opens it this moment."""
    if message.check_in_id is not None:
        asked = check_ins.after(CheckInStatus.PLANNED, CheckInAction.ASK)
        planned = (CheckIn.id == message.check_in_id, CheckIn.status == CheckInStatus.PLANNED)
        db.execute(sa.update(CheckIn).where(*planned).values(status=asked))


def _stop_address(db: Session, patient: Patient, now: datetime) -> None:
    patient.email_bounced_at = now
    audit.note(
        db, AuditAction.CHANGE, "patient", patient.id, now=now, by=SYSTEM, patient_id=patient.id,
        changes=audit.changes_of(patient), reason="mail refused",
    )  # fmt: skip
