"""Safety alerts and what was done about each."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.alerts import AlertAction, AlertKind, AlertStatus, AlertTier
from clinic_sessions.models.base import Base, Body, Id, Versioned
from clinic_sessions.models.patients import Patient
from clinic_sessions.models.people import User


class Alert(Versioned, Base):
    """A danger that someone must answer; it stays on every clinical screen until someone does."""

    __tablename__ = "alerts"
    __mapper_args__ = {"version_id_col": Versioned.version}
    __table_args__ = (
        sa.Index("ix_alerts_clinic_status", "clinic_id", "status"),
        sa.UniqueConstraint("dedup_key"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(sa.ForeignKey("treatment_sessions.id"))
    check_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("check_ins.id"))
    kind: Mapped[AlertKind]
    tier: Mapped[AlertTier]
    status: Mapped[AlertStatus] = mapped_column(default=AlertStatus.OPEN)
    dedup_key: Mapped[str] = mapped_column(sa.String(120))
    """One alert an event, however often it is told."""
    words: Mapped[Body]
    """What was said or seen, in the original words."""
    raised_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    raised_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    patient: Mapped[Patient] = relationship()
    events: Mapped[list["AlertEvent"]] = relationship(order_by="AlertEvent.id", back_populates="alert")

    @property
    def told(self) -> list["AlertEvent"]:
        """What was said, the newest first: the alert's own words, and what was added to them."""
        return [event for event in reversed(self.events) if event.action is AlertAction.RAISE]


class AlertEvent(Base):
    """Raised or added to, acknowledged, closed: by whom, when, with what words. Append-only.

    The first `raise` has no note: it says the alert's words. A later one says in its note what is new.
    """

    __tablename__ = "alert_events"
    __table_args__ = (sa.CheckConstraint("action = 'raise' or note is not null", name="answered_with_a_note"),)

    id: Mapped[Id]
    alert_id: Mapped[int] = mapped_column(sa.ForeignKey("alerts.id"), index=True)
    action: Mapped[AlertAction]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    note: Mapped[Body | None]

    alert: Mapped[Alert] = relationship(back_populates="events")
    by: Mapped[User | None] = relationship()

    @property
    def words(self) -> str:
        """What this event says."""
        return self.note or self.alert.words
