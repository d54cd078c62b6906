"""The people who work here: users, their roles and clinics, sign-ins, and one-use form keys."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from clinic_sessions.domain.permissions import CHARGE_NURSE, Permission, Role, allowed
from clinic_sessions.models.base import Base, Digest, Id, Line, Name, Versioned
from clinic_sessions.models.clinics import Clinic


class UserRole(Base):
    __tablename__ = "user_roles"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(primary_key=True)


class UserClinic(Base):
    __tablename__ = "user_clinics"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"), primary_key=True)


class User(Versioned, Base):
    """A person who signs in; their rights are the union of their roles'."""

    __tablename__ = "users"
    __mapper_args__ = {"version_id_col": Versioned.version}

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(sa.String(254), unique=True)
    name: Mapped[Name]
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    is_demo: Mapped[bool] = mapped_column(default=False)
    """A demo account never signs in outside a demo database."""
    is_charge_nurse: Mapped[bool] = mapped_column(default=False)
    disabled_at: Mapped[datetime | None]
    theme: Mapped[str] = mapped_column(sa.String(8), default="auto")

    role_rows: Mapped[list[UserRole]] = relationship(cascade="all, delete-orphan", lazy="selectin")
    clinics: Mapped[list[Clinic]] = relationship(secondary="user_clinics", lazy="selectin", order_by=Clinic.id)

    __table_args__ = (sa.CheckConstraint("theme in ('auto', 'light', 'dim')", name="theme_known"),)

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that this person holds."""
        return frozenset(row.role for row in self.role_rows)

    def may(self, permission: Permission) -> bool:
        """Say whether any of this person's roles grants `permission`, or the mark of a charge nurse does."""
        charge = self.is_charge_nurse and Role.NURSE in self.roles and permission in CHARGE_NURSE
        return charge or allowed(self.roles, permission)


class SignIn(Base):
    """One sign-in: the cookie holds a token, this row its hash; ending the row ends every copy of the cookie."""

    __tablename__ = "sign_ins"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(sa.String(64))
    clinic_id: Mapped[int | None] = mapped_column(sa.ForeignKey("clinics.id"))
    """The clinic that this person chose to work at; None: their first."""

    user: Mapped[User] = relationship(lazy="joined")


class SignInAttempt(Base):
    """A failed try, counted against the account and the address it came from."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (
        sa.Index("ix_sign_in_attempts_account_at", "account_hash", "at"),
        sa.Index("ix_sign_in_attempts_address_at", "address", "at"),
    )

    id: Mapped[Id]
    account_hash: Mapped[Digest]
    address: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime]


class FormKey(Base):
    """A form that has acted: the same key acts once, and answers the same again."""

    __tablename__ = "form_keys"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"))
    digest: Mapped[Digest]
    answer: Mapped[Line]
    """The path that the first post was sent on to."""
    created_at: Mapped[datetime]


class StaffFeed(Base):
    """A secret address at which a person's calendar reads a clinic's schedule; the row holds its hash."""

    __tablename__ = "staff_feeds"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("users.id"), index=True)
    clinic_id: Mapped[int] = mapped_column(sa.ForeignKey("clinics.id"))
    token_hash: Mapped[Digest] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    shown: Mapped[Digest | None]
    """Which picture was last given; that it was read stands in the audit."""
    shown_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
    clinic: Mapped[Clinic] = relationship()
