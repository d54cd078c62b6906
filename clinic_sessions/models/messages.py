"""The outbox: messages, what happened to each, and the links they carry."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.messages.messages import Channel, Language, MessageKind, MessageStatus, SkipReason
from clinic_sessions.models.base import Base, Body, Digest, Id, Line
from clinic_sessions.models.check_ins import CheckIn
from clinic_sessions.models.clinics import Clinic
from clinic_sessions.models.patients import Patient
from clinic_sessions.models.people import User
from clinic_sessions.models.screening import Screening
from clinic_sessions.models.sessions import TreatmentSession


class Message(Base):
    """One message to one patient, planned in the transaction that made it necessary."""

    __tablename__ = "messages"
    __table_args__ = (
        sa.CheckConstraint("(status = 'skipped') = (skip_reason is not null)", name="skipped_with_reason"),
        sa.CheckConstraint("useful_until > due_at", name="useful_after_due"),
        sa.Index(
            "ix_messages_due",
            "next_try_at",
            sqlite_where=sa.text("status in ('planned', 'sending', 'uncertain')"),
            postgresql_where=sa.text("status in ('planned', 'sending', 'uncertain')"),
        ),
        sa.Index("ix_messages_clinic_due", "clinic_id", "due_at"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("treatment_sessions.id"), index=True)
    check_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("check_ins.id"), index=True)
    screening_id: Mapped[int | None] = mapped_column(sa.ForeignKey("screenings.id"))
    """The questionnaire that the patient is asked to answer."""
    kind: Mapped[MessageKind]
    channel: Mapped[Channel]
    language: Mapped[Language]
    dedup_key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    schedule_version: Mapped[int | None]
    """The version of the session's time and place that the message speaks of."""
    due_at: Mapped[datetime]
    useful_until: Mapped[datetime]
    next_try_at: Mapped[datetime]
    status: Mapped[MessageStatus] = mapped_column(default=MessageStatus.PLANNED)
    skip_reason: Mapped[SkipReason | None]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(sa.String(80))
    lease_until: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str] = mapped_column(sa.String(200))
    """The Message-ID header: made from the row, the same at every try."""
    sent_to: Mapped[str | None] = mapped_column(sa.String(254))
    subject: Mapped[Line | None]
    text: Mapped[Body | None]
    """As sent, with links shown as "[link]"."""
    last_error: Mapped[Line | None]
    resend_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("messages.id"))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    clinic: Mapped[Clinic] = relationship()
    patient: Mapped[Patient] = relationship()
    treatment: Mapped[TreatmentSession | None] = relationship()
    check_in: Mapped[CheckIn | None] = relationship()
    screening: Mapped[Screening | None] = relationship()
    created_by: Mapped[User | None] = relationship()
    events: Mapped[list["MessageEvent"]] = relationship(order_by="MessageEvent.id", back_populates="message")


class MessageEvent(Base):
    """One step in a message's life. Append-only."""

    __tablename__ = "message_events"

    id: Mapped[Id]
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("messages.id"), index=True)
    status: Mapped[MessageStatus]
    at: Mapped[datetime]
    words: Mapped[Line | None]

    message: Mapped[Message] = relationship(back_populates="events")


class LinkPurpose(StrEnum):
    APPOINTMENT = "appointment"
    CHECK_IN = "check_in"
    INTAKE = "intake"
    OFFER = "offer"
    CONTACT_WISHES = "contact_wishes"
    FEED = "feed"


class Link(Base):
    """A patient's way in to one thing: the address holds a token, this row its hash."""

    __tablename__ = "links"

    id: Mapped[Id]
    purpose: Mapped[LinkPurpose]
    object_id: Mapped[int]
    """The session, check-in, questionnaire or patient that the purpose speaks of."""
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("messages.id"))
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    patient: Mapped[Patient] = relationship()
