"""Who works when: weekly shifts with their breaks, and the days that differ from them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import ExceptionKind
from clinic_sessions.models.base import Base, Id, Line
from clinic_sessions.models.people import User

WITHIN_THE_DAY = "starts_minute >= 0 and ends_minute <= 1440 and ends_minute > starts_minute"


class Shift(Base):
    """One person's weekly hours in a role, from a first day until it is ended; minutes after midnight on the wall."""

    __tablename__ = "shifts"
    __table_args__ = (
        sa.CheckConstraint("weekday between 0 and 6", name="weekday_of_the_week"),
        sa.CheckConstraint(WITHIN_THE_DAY, name="within_the_day"),
        sa.Index("ix_shifts_clinic", "clinic_id"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    role: Mapped[SiteRole]
    weekday: Mapped[int]
    """Monday is 0."""
    starts_minute: Mapped[int]
    ends_minute: Mapped[int]
    first_day: Mapped[date]
    last_day: Mapped[date | None]
    """The last day on which it holds; None while it goes on."""

    user: Mapped[User] = relationship()
    breaks: Mapped[list["ShiftBreak"]] = relationship(order_by="ShiftBreak.starts_minute", cascade="all, delete-orphan")


class ShiftBreak(Base):
    """A stretch of a shift in which its person takes care of nobody."""

    __tablename__ = "shift_breaks"
    __table_args__ = (sa.CheckConstraint(WITHIN_THE_DAY, name="within_the_day"),)

    id: Mapped[Id]
    shift_id: Mapped[int] = mapped_column(sa.ForeignKey("shifts.id"), index=True)
    starts_minute: Mapped[int]
    ends_minute: Mapped[int]


class ShiftException(Base):
    """One day on which a person is away, or works besides their weekly hours."""

    __tablename__ = "shift_exceptions"
    __table_args__ = (
        sa.CheckConstraint(WITHIN_THE_DAY, name="within_the_day"),
        sa.CheckConstraint("(kind = 'extra') = (role is not null)", name="role_for_extra_hours_only"),
        sa.Index("ix_shift_exceptions_clinic_day", "clinic_id", "day"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    day: Mapped[date]
    kind: Mapped[ExceptionKind]
    role: Mapped[SiteRole | None]
    starts_minute: Mapped[int]
    ends_minute: Mapped[int]
    words: Mapped[Line | None]
    made_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    removed_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=user_id)
