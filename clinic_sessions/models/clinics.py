"""Clinics, their chairs, opening hours and closures, and what kind of installation this is."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models.base import Base, Id, Line, Name, Versioned, positive_span


class Installation(Base):
    """One row: whether this database holds a demo clinic."""

    __tablename__ = "installation"
    __table_args__ = (sa.CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[Id]
    is_demo: Mapped[bool]
    created_at: Mapped[datetime]


class Clinic(Versioned, Base):
    """A site, with its own zone, hours and phone."""

    __tablename__ = "clinics"
    __mapper_args__ = {"version_id_col": Versioned.version}
    __table_args__ = (
        sa.CheckConstraint("quiet_from_minute between 720 and 1439", name="quiet_from_in_the_evening"),
        sa.CheckConstraint("quiet_until_minute between 0 and 719", name="quiet_until_in_the_morning"),
    )

    id: Mapped[Id]
    name: Mapped[Name]
    name_in_messages: Mapped[Name]
    """What patients read: reveals no specialty."""
    zone_name: Mapped[str] = mapped_column(sa.String(64))
    phone: Mapped[str] = mapped_column(sa.String(32))
    transport_phone: Mapped[str | None] = mapped_column(sa.String(32))
    """E.164: a medical transport that takes patients home when their ride does not come."""
    address: Mapped[Line]
    quiet_from_minute: Mapped[int] = mapped_column(default=21 * 60)
    quiet_until_minute: Mapped[int] = mapped_column(default=8 * 60)
    propose_absence_minutes: Mapped[int] = mapped_column(default=20)
    """How long after the start the desk is asked whether a patient who is not here did not come [P]."""
    late_cancel_hours: Mapped[int] = mapped_column(default=24)
    """A visit cancelled by the patient's side less than this before its start was cancelled late [P]."""
    turn: Mapped[int] = mapped_column(default=0)
    """Counted up by every change of hours, shifts or closures; bookings wait for it, and pictures of a day know it."""

    chairs: Mapped[list["Chair"]] = relationship(back_populates="clinic", order_by="Chair.position")
    opening_hours: Mapped[list["OpeningHours"]] = relationship(
        order_by="OpeningHours.weekday, OpeningHours.opens_minute"
    )

    @property
    def zone(self) -> ZoneInfo:
        """The clinic's IANA zone."""
        return ZoneInfo(self.zone_name)


class Chair(Base):
    """A treatment place and the routes it is equipped for."""

    __tablename__ = "chairs"
    __table_args__ = (sa.UniqueConstraint("clinic_id", "name"),)

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    name: Mapped[str] = mapped_column(sa.String(60))
    position: Mapped[int]
    allows_iv: Mapped[bool]
    allows_in: Mapped[bool]
    allows_im: Mapped[bool]
    in_use: Mapped[bool] = mapped_column(default=True)
    turn: Mapped[int] = mapped_column(default=0)
    """Counted up by every writer who books here, so that rivals queue on the row."""

    clinic: Mapped[Clinic] = relationship(back_populates="chairs")

    def allows(self, route: Route) -> bool:
        """Say whether the chair is equipped for `route`."""
        return {Route.IV: self.allows_iv, Route.IN_: self.allows_in, Route.IM: self.allows_im}[route]


class OpeningHours(Base):
    """One opening of a weekday (Monday is 0), in minutes after midnight on the wall clock."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        sa.CheckConstraint("weekday between 0 and 6", name="weekday_of_the_week"),
        sa.CheckConstraint("opens_minute >= 0 and closes_minute <= 1440", name="within_the_day"),
        sa.CheckConstraint("closes_minute > opens_minute", name="closes_after_opening"),
        sa.UniqueConstraint("clinic_id", "weekday", "opens_minute"),
    )

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    weekday: Mapped[int]
    opens_minute: Mapped[int]
    closes_minute: Mapped[int]


class Closure(Base):
    """A stretch of time in which the clinic, or one chair of it, takes nobody: a holiday, a repair."""

    __tablename__ = "closures"
    __table_args__ = (positive_span(), sa.Index("ix_closures_clinic_ends", "clinic_id", "ends_at"))

    id: Mapped[Id]
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    chair_id: Mapped[int | None] = mapped_column(sa.ForeignKey("chairs.id"))
    """None: the whole clinic."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[Line]
    made_at: Mapped[datetime]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    removed_at: Mapped[datetime | None]

    chair: Mapped[Chair | None] = relationship()


class ClinicDay(Base):
    """A day of a clinic, on whose row rivals for its nurses' time queue."""

    __tablename__ = "clinic_days"

    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    turn: Mapped[int] = mapped_column(default=0)
