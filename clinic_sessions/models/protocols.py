"""Protocol versions, as published, and the plans that follow them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.plans import PlanStatus, ProductSource, ProtocolStatus
from clinic_sessions.models.base import Base, Body, Digest, Id, Line, Name, Versioned
from clinic_sessions.models.documents import Edited
from clinic_sessions.models.people import User


class ProtocolVersion(Edited, Base):
    """One version of a protocol; a session keeps the version it ran under, and only a draft's body may change."""

    __tablename__ = "protocol_versions"
    __table_args__ = (
        sa.UniqueConstraint("key", "number"),
        sa.CheckConstraint("number > 0", name="number_positive"),
        sa.CheckConstraint("block_minutes > 0", name="block_positive"),
    )

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(sa.String(40))
    number: Mapped[int]
    title: Mapped[Name]
    route: Mapped[Route]
    block_minutes: Mapped[int]
    body: Mapped[Body]
    """The whole protocol as canonical JSON."""
    digest: Mapped[Digest]
    status: Mapped[ProtocolStatus]
    loaded_at: Mapped[datetime]


class Plan(Versioned, Base):
    """A patient's series of sessions under one protocol version."""

    __tablename__ = "plans"
    __mapper_args__ = {"version_id_col": Versioned.version}
    __table_args__ = (sa.CheckConstraint("session_count > 0", name="count_positive"),)

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    protocol_version_id: Mapped[int] = mapped_column(sa.ForeignKey("protocol_versions.id"))
    condition: Mapped[Condition]
    session_count: Mapped[int]
    """How many sessions the phases with a count come to; a last phase without one goes on beyond them."""
    status: Mapped[PlanStatus]
    started_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    provider_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))
    """The provider who leads the plan."""
    review_on: Mapped[date | None]
    """The day by which a provider looks at whether it helps."""
    product: Mapped[ProductSource] = mapped_column(default=ProductSource.CLINIC_STOCK)
    product_words: Mapped[Line | None]
    """What was assigned to this patient."""
    product_arrived_on: Mapped[date | None]

    protocol_version: Mapped[ProtocolVersion] = relationship()
    provider: Mapped[User | None] = relationship(foreign_keys=provider_id)
    phases: Mapped[list["PlanPhase"]] = relationship(order_by="PlanPhase.position", cascade="all, delete-orphan")


class PlanPhase(Base):
    """One stretch of a plan's pattern: so many sessions in so many days, `count` in all, or on and on without one."""

    __tablename__ = "plan_phases"
    __table_args__ = (
        sa.CheckConstraint("position > 0", name="position_positive"),
        sa.CheckConstraint("sessions > 0", name="sessions_positive"),
        sa.CheckConstraint("days > 0", name="days_positive"),
        sa.CheckConstraint('"count" > 0', name="count_positive"),
    )

    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plans.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    sessions: Mapped[int]
    days: Mapped[int]
    count: Mapped[int | None]
