"""Consents: what the patient signed, before whom, in which language, and what became of it. All append-only."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel, Language
from clinic_sessions.domain.papers.papers import ConsentAnswer, ConsentEventKind, InterpretedBy, SigningWay
from clinic_sessions.models.base import Base, Id, Line, Name
from clinic_sessions.models.documents import DocumentVersion
from clinic_sessions.models.people import User
from clinic_sessions.models.protocols import Plan, ProtocolVersion


class Consent(Base):
    """A patient's answer to one consent text for one series, or for a protocol while there is no plan."""

    __tablename__ = "consents"
    __table_args__ = (
        sa.CheckConstraint("(answer = 'signed') = (signed_name is not null)", name="signed_with_a_name"),
        sa.CheckConstraint("(way = 'paper') = (paper_reference is not null)", name="paper_with_its_reference"),
        sa.CheckConstraint(
            "(interpreted_by is null) = (interpreter is null)", name="interpreter_with_how_they_took_part"
        ),
        sa.CheckConstraint("answer = 'signed' or words is not null", name="choice_with_words"),
        sa.Index("ix_consents_patient_protocol", "patient_id", "protocol_key"),
    )

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"))
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("plans.id"))
    protocol_key: Mapped[str] = mapped_column(sa.String(40))
    protocol_version_id: Mapped[int] = mapped_column(sa.ForeignKey("protocol_versions.id"))
    document_version_id: Mapped[int] = mapped_column(sa.ForeignKey("document_versions.id"))
    answer: Mapped[ConsentAnswer]
    way: Mapped[SigningWay | None]
    """None: nothing was signed."""
    signed_name: Mapped[Name | None]
    strokes: Mapped[list[Any] | None] = mapped_column(sa.JSON)
    """A drawn signature: strokes of points, each [x, y] in thousandths of the field."""
    paper_reference: Mapped[Line | None]
    language: Mapped[Language]
    interpreter: Mapped[Name | None]
    interpreted_by: Mapped[InterpretedBy | None]
    read_aloud: Mapped[bool] = mapped_column(default=False)
    """Whether the whole text was read to the patient."""
    witness_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    at: Mapped[datetime]
    """When it was signed or answered."""
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    until: Mapped[date | None]
    """The last day it holds, inclusive."""
    words: Mapped[Line | None]

    plan: Mapped[Plan | None] = relationship()
    protocol_version: Mapped[ProtocolVersion] = relationship()
    document_version: Mapped[DocumentVersion] = relationship()
    witness: Mapped[User] = relationship(foreign_keys=witness_id)
    by: Mapped[User] = relationship(foreign_keys=by_id)
    events: Mapped[list["ConsentEvent"]] = relationship(order_by="ConsentEvent.id")


class ConsentEvent(Base):
    """What became of a consent. Append-only."""

    __tablename__ = "consent_events"

    id: Mapped[Id]
    consent_id: Mapped[int] = mapped_column(sa.ForeignKey("consents.id"), index=True)
    kind: Mapped[ConsentEventKind]
    at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    words: Mapped[Line]

    by: Mapped[User] = relationship()


class ContactConsent(Base):
    """A yes or no to being written to on one channel: when, and through what. Append-only: the newest counts."""

    __tablename__ = "contact_consents"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    channel: Mapped[Channel]
    wanted: Mapped[bool]
    told_through: Mapped[ToldThrough]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """None: the patient, by link; or not known, of a wish that is older than these rows."""

    by: Mapped[User | None] = relationship()
