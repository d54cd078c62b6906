"""Check-ins after a visit: what was asked, the answers as they are typed, the answers as they stand."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus, Question
from clinic_sessions.models.base import Base, Id, Versioned
from clinic_sessions.models.patients import Patient
from clinic_sessions.models.people import User
from clinic_sessions.models.sessions import TreatmentSession


class CheckIn(Versioned, Base):
    """One follow-up questionnaire about one session; its draft may change until it is submitted."""

    __tablename__ = "check_ins"
    __mapper_args__ = {"version_id_col": Versioned.version}
    __table_args__ = (
        sa.UniqueConstraint("session_id", "kind"),
        sa.CheckConstraint("expires_at > due_at", name="open_after_due"),
        sa.Index("ix_check_ins_status_expires", "status", "expires_at"),
    )

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("treatment_sessions.id"))
    kind: Mapped[CheckInKind]
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    status: Mapped[CheckInStatus] = mapped_column(default=CheckInStatus.PLANNED)
    asks: Mapped[list[str]] = mapped_column(default=list)
    """The questions, fixed when it is first opened; what PHQ-9's recall allows is decided then."""
    draft: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    entered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """Who typed the answers for the patient, on the phone; None: the patient."""

    patient: Mapped[Patient] = relationship()
    treatment: Mapped[TreatmentSession] = relationship()
    entered_by: Mapped[User | None] = relationship()
    answers: Mapped[list["CheckInAnswer"]] = relationship(order_by="CheckInAnswer.id")


class CheckInAnswer(Base):
    """A submitted answer. Append-only."""

    __tablename__ = "check_in_answers"
    __table_args__ = (sa.UniqueConstraint("check_in_id", "question"),)

    id: Mapped[Id]
    check_in_id: Mapped[int] = mapped_column(sa.ForeignKey("check_ins.id"), index=True)
    question: Mapped[Question]
    value: Mapped[dict[str, Any]]
    """What was answered, and for a scale its items, version, language and score."""
    at: Mapped[datetime]
