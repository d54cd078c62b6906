"""Lets the demo's messages live as the outbox would have: sent when due, put off, skipped, refused, in doubt."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.people import BOUNCED, REFUSED
from clinic_sessions.domain.messages import check_ins
from clinic_sessions.domain.messages.check_ins import CheckInAction
from clinic_sessions.domain.messages.messages import MessageAction, MessageStatus, SkipReason, too_late, wait_before
from clinic_sessions.mail.compose import preview
from clinic_sessions.models import AuditAction, Message, Patient
from clinic_sessions.services import audit
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.messages import eligibility, letters, messages

HOST = "demo.example"
_TAKEN = timedelta(seconds=4)
_CONFIRMED = timedelta(minutes=2)
_DOUBTED, _SETTLES_AT_BOUNCE = 40, 3
_NO_SUCH_BOX = "550 5.1.1 No such mailbox here"
_FULL = "552 5.2.2 Mailbox full: returned to the sender"
_SILENCE = "The server went silent after the message was given to it"


@dataclass
class Post:
    """The post office of the demo: how many went out, so that the rare ends happen to the same ones each time."""

    db: Session
    now: datetime
    sent: int = 0
    to_patient: dict[int, int] = field(default_factory=dict)

    def deliver(self, patient: Patient, until: datetime) -> None:
        """Let everything that is due to a patient by `until` go its way, in order of time."""
        limit = min(until, self.now)
        query = (
            sa.select(Message)
            .where(
                Message.patient_id == patient.id,
                Message.status == MessageStatus.PLANNED,
                Message.next_try_at <= limit,
            )
            .order_by(Message.next_try_at, Message.id)
        )
        while rows := self.db.scalars(query).all():
            for message in rows:
                self._go(message, patient)

    def _go(self, message: Message, patient: Patient) -> None:
        at = message.next_try_at
        if reason := eligibility.skip_reason(message, at):
            messages.step(self.db, message, MessageAction.SKIP, at, reason=reason)
            return
        if later := eligibility.put_off_until(self.db, message, at):
            if too_late(later, message.useful_until):
                messages.step(self.db, message, MessageAction.SKIP, at, reason=SkipReason.TOO_MANY)
            else:
                message.next_try_at = later
            return
        self._send(message, patient, at)

    def _send(self, message: Message, patient: Patient, at: datetime) -> None:
        number = self.to_patient[patient.id] = self.to_patient.get(patient.id, 0) + 1
        self.sent += 1
        taken = at + _TAKEN
        messages.step(self.db, message, MessageAction.CLAIM, at)
        message.attempts = 1
        message.message_id = f"{message.message_id}@{HOST}"
        page = preview(letters.letter_of(message, at, {}))
        message.sent_to, message.subject, message.text = patient.email, page.subject, page.text
        if patient.name == REFUSED:
            self._refuse(message, patient, taken)
            return
        message.sent_at = taken
        _asked(message)
        if self.sent == _DOUBTED:
            self._doubt(message, taken)
            return
        messages.step(self.db, message, MessageAction.SENT, taken)
        self._after_sending(message, patient, number, taken)

    def _after_sending(self, message: Message, patient: Patient, number: int, taken: datetime) -> None:
        later = taken + _CONFIRMED
        if later > self.now:
            return
        if patient.name == BOUNCED and number == _SETTLES_AT_BOUNCE:
            message.last_error = _FULL
            messages.step(self.db, message, MessageAction.BOUNCE, later, words=_FULL)
            self._stop_address(patient, later)
        elif self.sent % 4:
            messages.step(self.db, message, MessageAction.DELIVER, later)

    def _refuse(self, message: Message, patient: Patient, at: datetime) -> None:
        message.last_error = _NO_SUCH_BOX
        messages.step(self.db, message, MessageAction.REFUSE, at, words=_NO_SUCH_BOX)
        self._stop_address(patient, at)

    def _doubt(self, message: Message, at: datetime) -> None:
        """Leave a message in doubt for a person to decide about, after the tries that the outbox makes."""
        messages.step(self.db, message, MessageAction.DOUBT, at, words=_SILENCE)
        for attempt in (1, 2):
            at += wait_before(attempt)
            messages.step(self.db, message, MessageAction.CLAIM, at)
            messages.step(self.db, message, MessageAction.DOUBT, at, words=_SILENCE)
        message.attempts, message.last_error, message.next_try_at = 3, _SILENCE, message.useful_until

    def _stop_address(self, patient: Patient, at: datetime) -> None:
        patient.email_bounced_at = at
        audit.note(
            self.db, AuditAction.CHANGE, "patient", patient.id, now=at, by=SYSTEM, patient_id=patient.id,
            changes=audit.changes_of(patient), reason="mail refused",
        )  # fmt: skip


def _asked(message: Message) -> None:
    row = message.check_in
    if row is not None and CheckInAction.ASK in check_ins.TRANSITIONS[row.status]:
        row.status = check_ins.after(row.status, CheckInAction.ASK)
