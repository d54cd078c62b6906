"""Versioned texts and numbers beside the protocols: thresholds, screening questionnaires, consent texts."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.models.base import Base, Body, Digest, Id, Name


class Edited:
    """What becomes of a version: who drafted, proposed, published and retired it. Only a draft's body may change."""

    drafted_at: Mapped[datetime | None]
    proposed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    copied_from: Mapped[int | None]
    """The number of the version that it began as a copy of."""
    reasons: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict)
    """Why a value lies outside the published range: place in the body -> words."""

    @declared_attr
    def drafted_by_id(cls) -> Mapped[int | None]:  # noqa: N805
        """Who changed it last; None: shipped."""
        return mapped_column(sa.ForeignKey("users.id"))

    @declared_attr
    def proposed_by_id(cls) -> Mapped[int | None]:  # noqa: N805
        """Who laid it before the other providers."""
        return mapped_column(sa.ForeignKey("users.id"))

    @declared_attr
    def published_by_id(cls) -> Mapped[int | None]:  # noqa: N805
        """Who published it; None: shipped."""
        return mapped_column(sa.ForeignKey("users.id"))

    @declared_attr
    def retired_by_id(cls) -> Mapped[int | None]:  # noqa: N805
        """Who retired it."""
        return mapped_column(sa.ForeignKey("users.id"))


class DocumentVersion(Edited, Base):
    """One version of a text or a set of numbers; what was answered or signed under it names it for good."""

    __tablename__ = "document_versions"
    __table_args__ = (
        sa.UniqueConstraint("kind", "key", "number"),
        sa.CheckConstraint("number > 0", name="number_positive"),
    )

    id: Mapped[Id]
    kind: Mapped[DocumentKind]
    key: Mapped[str] = mapped_column(sa.String(40))
    number: Mapped[int]
    title: Mapped[Name]
    body: Mapped[Body]
    """The whole document as canonical JSON."""
    digest: Mapped[Digest]
    status: Mapped[ProtocolStatus]
    loaded_at: Mapped[datetime]
