"""Orders: what a provider wants given, and what became of each order. All append-only."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.papers.orders import DoseBasis, OrderEventKind
from clinic_sessions.domain.protocols.protocols import Drug, Route
from clinic_sessions.models.base import Base, Body, Id, Line, Name
from clinic_sessions.models.people import User
from clinic_sessions.models.protocols import Plan, ProtocolVersion


class Order(Base):
    """A dose ordered for a patient under a protocol, from one day to another. A change is a new order."""

    __tablename__ = "orders"
    __table_args__ = (
        sa.CheckConstraint("(basis = 'per_kg') = (micrograms_per_kg is not null)", name="per_kg_has_its_rate"),
        sa.CheckConstraint("(basis = 'fixed') = (micrograms is not null)", name="fixed_has_its_amount"),
        sa.CheckConstraint("(basis = 'devices') = (devices is not null)", name="devices_have_their_count"),
        sa.CheckConstraint(
            "micrograms_per_kg > 0 and micrograms > 0 and devices > 0 and cap_micrograms > 0", name="doses_positive"
        ),
        sa.CheckConstraint("valid_until >= valid_from", name="ends_after_it_begins"),
        sa.CheckConstraint("spoken = (read_back_at is not null)", name="spoken_is_read_back"),
        sa.CheckConstraint("pressure_limit_systolic_mmhg between 60 and 260", name="systolic_limit_possible"),
        sa.CheckConstraint("pressure_limit_diastolic_mmhg between 30 and 180", name="diastolic_limit_possible"),
        sa.Index("ix_orders_patient_protocol", "patient_id", "protocol_key"),
    )

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"))
    plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    protocol_key: Mapped[str] = mapped_column(sa.String(40))
    protocol_version_id: Mapped[int] = mapped_column(sa.ForeignKey("protocol_versions.id"))
    drug: Mapped[Drug]
    route: Mapped[Route]
    basis: Mapped[DoseBasis]
    micrograms_per_kg: Mapped[int | None]
    micrograms: Mapped[int | None]
    devices: Mapped[int | None]
    cap_micrograms: Mapped[int]
    round_down_micrograms: Mapped[int | None]
    duration_minutes: Mapped[int | None]
    premedication: Mapped[Line | None]
    pressure_limit_systolic_mmhg: Mapped[int | None]
    pressure_limit_diastolic_mmhg: Mapped[int | None]
    pressure_limit_until: Mapped[date | None]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    """The last day it holds, inclusive."""
    provider_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    """Who orders it, and signs."""
    spoken: Mapped[bool] = mapped_column(default=False)
    read_back_at: Mapped[datetime | None]
    written_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    """Who wrote it down."""
    replaces_id: Mapped[int | None] = mapped_column(sa.ForeignKey("orders.id"), unique=True)
    words: Mapped[Body | None]

    plan: Mapped[Plan | None] = relationship()
    protocol_version: Mapped[ProtocolVersion] = relationship()
    provider: Mapped[User] = relationship(foreign_keys=provider_id)
    by: Mapped[User] = relationship(foreign_keys=by_id)
    as_needed: Mapped[list["AsNeeded"]] = relationship(order_by="AsNeeded.id")
    events: Mapped[list["OrderEvent"]] = relationship(order_by="OrderEvent.id")


class AsNeeded(Base):
    """A drug that a nurse may give when its reason arises, up to its limit. Append-only."""

    __tablename__ = "orders_as_needed"

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    drug: Mapped[Name]
    dose_words: Mapped[Name]
    limit_words: Mapped[Name]
    reason: Mapped[Line]


class OrderEvent(Base):
    """What became of an order. Append-only."""

    __tablename__ = "order_events"
    __table_args__ = (sa.CheckConstraint("kind = 'signed' or words is not null", name="ended_with_a_reason"),)

    id: Mapped[Id]
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("orders.id"), index=True)
    kind: Mapped[OrderEventKind]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    words: Mapped[Line | None]

    by: Mapped[User] = relationship()
