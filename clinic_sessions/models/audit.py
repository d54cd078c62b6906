"""Who did or saw what, when, from where. Append-only, readable by auditors only."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models.base import Base, Id, Line


class AuditAction(StrEnum):
    CREATE = "create"
    READ = "read"
    CHANGE = "change"
    SIGN = "sign"
    OVERRIDE = "override"
    EXPORT = "export"
    SIGN_IN = "sign_in"
    SIGN_OUT = "sign_out"
    REFUSED = "refused"


class ActorKind(StrEnum):
    USER = "user"
    PATIENT = "patient"
    SYSTEM = "system"


class AuditEntry(Base):
    """One act or one look."""

    __tablename__ = "audit_entries"
    __table_args__ = (sa.Index("ix_audit_entries_patient_at", "patient_id", "at"),)

    id: Mapped[Id]
    at: Mapped[datetime]
    actor: Mapped[ActorKind]
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    acting_role: Mapped[Role | None]
    sign_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("sign_ins.id"))
    address: Mapped[str | None] = mapped_column(sa.String(64))
    action: Mapped[AuditAction]
    entity: Mapped[str] = mapped_column(sa.String(60))
    entity_id: Mapped[int | None]
    patient_id: Mapped[int | None] = mapped_column(sa.ForeignKey("patients.id"))
    patient_ids: Mapped[list[str]] = mapped_column(default=list)
    """The patients of a page that showed many."""
    reason: Mapped[Line | None]
    changes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Field -> [before, after]."""
