"""What stands beside a plan: its history, enrolment, monitoring checks, authorisations."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.scheduling.plans import PlanChangeKind, PlanOutcome
from clinic_sessions.models.base import Base, Body, Id, Line, Name
from clinic_sessions.models.people import User


class PlanChange(Base):
    """One change of a plan, with its reason. Append-only."""

    __tablename__ = "plan_changes"
    __table_args__ = (
        sa.CheckConstraint("kind in ('start', 'resume') or words is not null", name="changed_with_a_reason"),
        sa.CheckConstraint("(kind = 'end') = (outcome is not null)", name="ended_with_an_outcome"),
    )

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    kind: Mapped[PlanChangeKind]
    at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    words: Mapped[Body | None]
    outcome: Mapped[PlanOutcome | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """field -> [before, after]"""

    by: Mapped[User] = relationship()


class Enrolment(Base):
    """A patient's enrolment in the programme that esketamine asks for; one that has ended stays."""

    __tablename__ = "enrolments"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    enrolled_on: Mapped[date]
    number: Mapped[Name | None]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    by: Mapped[User] = relationship(foreign_keys=by_id)


class MonitoringCheck(Base):
    """A look into the state's prescription monitoring: when, by whom, and what was seen. Append-only."""

    __tablename__ = "monitoring_checks"

    id: Mapped[Id]
    patient_id: Mapped[int] = mapped_column(sa.ForeignKey("patients.id"), index=True)
    checked_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    nothing_unexpected: Mapped[bool]
    words: Mapped[Line | None]

    by: Mapped[User] = relationship()


class Authorisation(Base):
    """A payer's leave for so many sessions between two days; one entered by mistake is ended, never removed."""

    __tablename__ = "authorisations"
    __table_args__ = (
        sa.CheckConstraint("sessions_allowed > 0", name="sessions_positive"),
        sa.CheckConstraint("valid_until >= valid_from", name="ends_after_it_begins"),
    )

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("plans.id"), index=True)
    payer: Mapped[Name]
    number: Mapped[Name]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    sessions_allowed: Mapped[int]
    added_at: Mapped[datetime]
    added_by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"))

    added_by: Mapped[User] = relationship(foreign_keys=added_by_id)
