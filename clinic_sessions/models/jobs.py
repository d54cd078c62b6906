"""Signs of life of the workers, and the rows that periodic work takes so that it runs once."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from clinic_sessions.models.base import Base, Id, Line


class Heartbeat(Base):
    """When a worker was last heard of."""

    __tablename__ = "heartbeats"

    worker: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    started_at: Mapped[datetime]


class JobRun(Base):
    """One run of a periodic job: the first worker to insert the row for a period does the work."""

    __tablename__ = "job_runs"
    __table_args__ = (sa.UniqueConstraint("job", "period"),)

    id: Mapped[Id]
    job: Mapped[str] = mapped_column(sa.String(60))
    period: Mapped[str] = mapped_column(sa.String(40))
    worker: Mapped[str] = mapped_column(sa.String(80))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[Line | None]
