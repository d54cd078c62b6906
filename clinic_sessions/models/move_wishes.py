"""Patients' wishes to move a visit, which the front desk answers by phone."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.models.base import Base, Id
from clinic_sessions.models.sessions import TreatmentSession


class MoveWish(Base):
    """A patient asked by link to move a visit. It is met once the visit has another time, or someone has called."""

    __tablename__ = "move_wishes"
    __table_args__ = (sa.UniqueConstraint("session_id", "schedule_version"),)

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("treatment_sessions.id"))
    schedule_version: Mapped[int]
    """The time and place that the patient wants to leave."""
    made_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    treatment: Mapped[TreatmentSession] = relationship()
