"""Treatment sessions and every change of their status."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import Action, SessionKind, Status
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models.base import Base, Body, Id, Line, Versioned, choice, positive_span
from clinic_sessions.models.clinics import Chair, Clinic
from clinic_sessions.models.orders import Order
from clinic_sessions.models.patients import Patient
from clinic_sessions.models.people import User
from clinic_sessions.models.protocols import Plan, ProtocolVersion


class TreatmentSession(Versioned, Base):
    """One visit. Its chair and its patient are free of other visits for its whole block: the database sees to it."""

    __tablename__ = "treatment_sessions"
    __mapper_args__ = {"version_id_col": Versioned.version}
    __table_args__ = (
        positive_span(),
        sa.CheckConstraint("schedule_version > 0", name="schedule_version_positive"),
        sa.CheckConstraint(
            "(kind = 'treatment') = (protocol_version_id is not null)", name="protocol_for_treatments_only"
        ),
        sa.CheckConstraint("kind <> 'treatment' or chair_id is not null", name="treatment_in_a_chair"),
        sa.CheckConstraint("(kind = 'treatment') = (host_id is null)", name="host_for_other_visits_only"),
        sa.Index("ix_treatment_sessions_clinic_starts", "clinic_id", "starts_at"),
        sa.Index("ix_treatment_sessions_chair_starts", "chair_id", "starts_at"),
        sa.Index("ix_treatment_sessions_patient_starts", "patient_id", "starts_at"),
        sa.Index("ix_treatment_sessions_host_starts", "host_id", "starts_at"),
    )

    id: Mapped[Id]
    uid: Mapped[str] = mapped_column(sa.String(36), unique=True)
    """Names the visit in calendars for life."""
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"))
    kind: Mapped[SessionKind]
    protocol_version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("protocol_versions.id"))
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    place_in_plan: Mapped[int | None]
    chair_id: Mapped[int | None] = mapped_column(sa.ForeignKey("chairs.id"))
    host_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """Who holds a visit that is not a treatment; they are nowhere else for its time."""
    nurse_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """The nurse who is to treat, when one is named."""
    nurse_milli: Mapped[int] = mapped_column(default=0)
    """What a visit without a protocol takes of the nurses, in thousandths: a nurse who holds one cares for no other."""
    order_id: Mapped[int | None] = mapped_column(sa.ForeignKey("orders.id"))
    """The order under which it was started."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    """End of the whole block, turnaround included."""
    status: Mapped[Status]
    schedule_version: Mapped[int] = mapped_column(default=1)
    """Grows only when time or place changes: with what was called off, the SEQUENCE of the calendar entry."""
    dose_started_at: Mapped[datetime | None]
    dose_ended_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    booked_at: Mapped[datetime]
    booked_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))

    clinic: Mapped[Clinic] = relationship()
    patient: Mapped[Patient] = relationship()
    protocol_version: Mapped[ProtocolVersion | None] = relationship()
    plan: Mapped[Plan | None] = relationship()
    chair: Mapped[Chair | None] = relationship()
    host: Mapped[User | None] = relationship(foreign_keys=host_id)
    nurse: Mapped[User | None] = relationship(foreign_keys=nurse_id)
    order: Mapped[Order | None] = relationship(foreign_keys=order_id)
    limiting_orders: Mapped[list[Order]] = relationship(
        viewonly=True,
        primaryjoin=lambda: sa.and_(
            TreatmentSession.patient_id == sa.orm.foreign(Order.patient_id), Order.pressure_limit_until.is_not(None)
        ),
        order_by=Order.id,
    )
    """The patient's orders that carry a limit of blood pressure, of whatever day."""
    overrides: Mapped[list["BookingOverride"]] = relationship(order_by="BookingOverride.id")
    changes: Mapped[list["StatusChange"]] = relationship(order_by="StatusChange.id", back_populates="treatment")

    @property
    def block(self) -> Span:
        """The whole time that chair and patient are taken."""
        return Span(starts_at=self.starts_at, ends_at=self.ends_at)


class StatusChange(Base):
    """One step in a session's life. Append-only: an undo is a further row that names the undone one."""

    __tablename__ = "status_changes"

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("treatment_sessions.id"), index=True)
    action: Mapped[Action]
    from_status: Mapped[Status | None] = mapped_column(choice(Status, "from_status"))
    to_status: Mapped[Status] = mapped_column(choice(Status, "to_status"))
    at: Mapped[datetime]
    """When it truly happened."""
    recorded_at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """None: the patient, by link."""
    reasons: Mapped[list[str]] = mapped_column(default=list)
    outside_rules: Mapped[list[str]] = mapped_column(default=list)
    """Reasons against it that were unmet when it happened all the same."""
    words: Mapped[Body | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What a move changed: field -> [before, after]."""
    undoes_id: Mapped[int | None] = mapped_column(sa.ForeignKey("status_changes.id"), unique=True)

    treatment: Mapped[TreatmentSession] = relationship(back_populates="changes")
    by: Mapped[User | None] = relationship()


class BookingOverride(Base):
    """A rule of booking that a named person lifted for one session at one time and place. Append-only."""

    __tablename__ = "booking_overrides"
    __table_args__ = (sa.CheckConstraint("kind = 'spacing' or words is not null", name="lifted_with_a_reason"),)

    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("treatment_sessions.id"), index=True)
    schedule_version: Mapped[int]
    """The time and place for which it was lifted."""
    kind: Mapped[OverrideKind]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    words: Mapped[Line | None]

    by: Mapped[User] = relationship()
