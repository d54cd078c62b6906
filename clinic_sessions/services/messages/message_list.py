"""Messages as the front desk sees them: each one's life, what needs a person, and sending again."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload, object_session, selectinload

from clinic_sessions.domain.messages.messages import ABOUT_A_VISIT_TO_COME, MessageKind, MessageStatus, SkipReason
from clinic_sessions.domain.messages.outreach import Planned
from clinic_sessions.models import AuditAction, Message, Patient, User
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import absence
from clinic_sessions.services.messages import eligibility, messages
from clinic_sessions.services.messages.notices import NOTICE_OF_USE
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.sites.patient_clinics import treated_at

PAGE_SIZE = 50
MOST_WORK = 100
SOON = timedelta(days=1)
"""The unfiltered list reaches this far ahead; what waits longer is shown under "planned"."""

_FAILED = (MessageStatus.FAILED, MessageStatus.BOUNCED, MessageStatus.UNCERTAIN)
_FOR_THE_PHONE = (SkipReason.NO_ADDRESS, SkipReason.NOT_WANTED)
_ON_ITS_WAY = frozenset({MessageStatus.PLANNED, MessageStatus.SENDING})


class ResendReason(StrEnum):
    ON_ITS_WAY = "on_its_way"
    NO_LONGER_SO = "no_longer_so"
    NO_ADDRESS = "no_address"
    NOT_WANTED = "not_wanted"
    CLINICIAN_FIRST = "clinician_first"


@dataclass(frozen=True, kw_only=True)
class Filters:
    """What of the list is wanted; None: everything."""

    status: MessageStatus | None = None
    kind: MessageKind | None = None
    patient_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of the list."""

    rows: Sequence[Message]
    number: int
    count: int


def listing(
    db: Session, clinic_id: int, filters: Filters, number: int, now: datetime, also: Collection[int] = ()
) -> Page:
    """Give one page of a clinic's messages, newest first; what is planned, soonest first. Three queries.

    Of one patient of the clinic, or of one in `also`, those of every clinic are listed.
    """
    wanted = [] if filters.patient_id is not None else [Message.clinic_id == clinic_id]
    if filters.kind is not None:
        wanted.append(Message.kind == filters.kind)
    if filters.patient_id is not None:
        wanted += [Message.patient_id == filters.patient_id, _about_patients_of([clinic_id, *also])]
    if filters.status is not None:
        wanted.append(Message.status == filters.status)
    elif filters.patient_id is None:
        wanted.append(Message.due_at <= now + SOON)
    found = db.scalar(sa.select(sa.func.count()).select_from(Message).where(*wanted)) or 0
    pages = max(1, -(-found // PAGE_SIZE))
    number = min(max(1, number), pages)
    soonest = filters.status is MessageStatus.PLANNED
    order = (Message.due_at, Message.id) if soonest else (Message.due_at.desc(), Message.id.desc())
    query = _whole().where(*wanted).order_by(*order).limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)
    return Page(rows=db.scalars(query).all(), number=number, count=pages)


def work_list(db: Session, clinic_id: int, now: datetime) -> Sequence[Message]:
    """List what a person has to see to while it is of use: failed, bounced, in doubt, or for the phone."""
    again = aliased(Message)
    query = (
        _whole()
        .where(
            Message.clinic_id == clinic_id,
            Message.useful_until > now,
            Message.due_at <= now,
            sa.or_(Message.status.in_(_FAILED), Message.skip_reason.in_(_FOR_THE_PHONE)),
            ~sa.select(again.id).where(again.resend_of_id == Message.id).exists(),
        )
        .order_by(Message.useful_until, Message.id)
        .limit(MOST_WORK)
    )
    return [row for row in db.scalars(query) if messages.no_longer_so(row) is None]


def late_count(db: Session, clinic_id: int, now: datetime) -> int:
    """Count the messages that are due for more than two minutes and have not gone out: the mail may be down."""
    query = sa.select(sa.func.count()).select_from(Message)
    late = now - timedelta(minutes=2)
    waiting = (Message.clinic_id == clinic_id, Message.status.in_(_ON_ITS_WAY), Message.due_at <= late)
    tried = sa.or_(Message.attempts > 0, Message.next_try_at <= late)
    return db.scalar(query.where(*waiting, tried, sa.not_(eligibility.WAITS_FOR_CLINICIAN))) or 0


def load(db: Session, message_id: int, user: User) -> Message:
    """Load a message of one of the person's clinics, or about a patient treated there; raises Absent otherwise."""
    mine = [clinic.id for clinic in user.clinics]
    about = sa.or_(Message.clinic_id.in_(mine), _about_patients_of(mine))
    found = db.scalar(_whole().where(Message.id == message_id, about))
    if found is None:
        raise Absent
    return found


def _about_patients_of(clinic_ids: Collection[int]) -> sa.ColumnElement[bool]:
    return Message.patient_id.in_(sa.select(Patient.id).where(treated_at(clinic_ids)))


def why_not_again(message: Message, now: datetime) -> list[ResendReason]:
    """List what stands against sending a message again now."""
    if message.status in _ON_ITS_WAY:
        return [ResendReason.ON_ITS_WAY]
    if messages.no_longer_so(message) or now >= _useful_until(message, now):
        return [ResendReason.NO_LONGER_SO]
    if _waits_for_clinician(message):
        return [ResendReason.CLINICIAN_FIRST]
    if not message.patient.email_wanted:
        return [ResendReason.NOT_WANTED]
    no_address = message.patient.email is None or message.patient.email_bounced_at is not None
    return [ResendReason.NO_ADDRESS] if no_address else []


def _waits_for_clinician(message: Message) -> bool:
    """Whether a clinician is still to call before the patient gets this message."""
    db = object_session(message)
    if message.skip_reason is not SkipReason.CLINICIAN_FIRST or message.treatment is None or db is None:
        return False
    return absence.call_of(db, message.treatment) is not None


def resend(db: Session, message: Message, *, now: datetime, by: Actor) -> Message:
    """Plan a message again as a new row, due at once; the old one stays as it was.

    Refuses with ResendReason. One in doubt is no longer repeated by itself.
    """
    if reasons := why_not_again(message, now):
        raise Refusal(*reasons)
    if message.status is MessageStatus.UNCERTAIN:
        message.next_try_at = message.useful_until
    row = _again(db, message, now=now, by=by)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "message", row.id, now=now, by=by, patient_id=message.patient_id,
        changes={"resend_of": [None, message.id]},
    )  # fmt: skip
    return row


def _again(db: Session, message: Message, *, now: datetime, by: Actor) -> Message:
    base = re.sub(r":r\d+$", "", message.dedup_key)
    query = sa.select(Message.dedup_key).where(Message.patient_id == message.patient_id)
    key = messages.free_key(base, set(db.scalars(query.where(Message.dedup_key.startswith(base, autoescape=True)))))
    if message.screening is not None:
        return messages.plan_questionnaire(db, message.screening, key=key, now=now, by=by, resend_of=message)
    if message.treatment is None:
        raise Refusal(ResendReason.NO_LONGER_SO)
    planned = Planned(kind=message.kind, due_at=now, useful_until=_useful_until(message, now))
    return messages.plan(
        db, message.treatment, planned, key=key, now=now, by=by, check_in=message.check_in, resend_of=message
    )


def _useful_until(message: Message, now: datetime) -> datetime:
    """Say until when sending again helps: a reminder until the visit, a notice of what happened a day more."""
    if message.kind in ABOUT_A_VISIT_TO_COME and message.treatment is not None:
        return message.treatment.starts_at
    if message.check_in is not None:
        return message.check_in.expires_at
    if message.screening is not None and message.screening.expires_at is not None:
        return message.screening.expires_at
    return max(message.useful_until, now + NOTICE_OF_USE)


def _whole() -> sa.Select[Message]:
    """Select messages with all that their rows show."""
    return sa.select(Message).options(
        joinedload(Message.patient),
        joinedload(Message.treatment),
        joinedload(Message.check_in),
        joinedload(Message.screening),
        joinedload(Message.clinic),
        selectinload(Message.events),
    )
