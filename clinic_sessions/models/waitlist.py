"""Patients who wait for an earlier or another time."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.models.base import Base, Id, Line
from clinic_sessions.models.patients import Patient
from clinic_sessions.models.protocols import Plan, ProtocolVersion


class WaitlistWish(Base):
    """A patient who wants a time that is not to be had yet: what, on which days, how long before they must know."""

    __tablename__ = "waitlist_wishes"
    __table_args__ = (
        sa.CheckConstraint("from_minute >= 0 and until_minute <= 1440 and until_minute > from_minute", name="hours"),
        sa.Index("ix_waitlist_wishes_clinic_closed", "clinic_id", "closed_at"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    protocol_version_id: Mapped[int] = mapped_column(sa.ForeignKey("protocol_versions.id"))
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("plans.id"))
    days: Mapped[list[int]] = mapped_column(sa.JSON, default=list)
    """Weekdays that suit (Monday is 0); empty: any."""
    from_minute: Mapped[int] = mapped_column(default=0)
    until_minute: Mapped[int] = mapped_column(default=24 * 60)
    notice_hours: Mapped[int] = mapped_column(default=0)
    words: Mapped[Line | None]
    made_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    patient: Mapped[Patient] = relationship()
    protocol_version: Mapped[ProtocolVersion] = relationship()
    plan: Mapped[Plan | None] = relationship()
