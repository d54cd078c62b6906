"""The only place that asks the time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

_offset_file: Path | None = None


def follow(offset_file: Path | None) -> None:
    """Let the clock run by the seconds written in `offset_file`; for demo and test databases only.

    Every process that follows the same file moves together, and moves while it runs.
    """
    global _offset_file
    _offset_file = offset_file


def now() -> datetime:
    """Give the present instant, aware UTC."""
    return datetime.now(UTC) + _offset()


def lease_now(db: Session) -> datetime:
    """Give the database's own present instant, aware UTC, so that machines agree about leases."""
    if db.get_bind().dialect.name == "postgresql":
        moment: datetime = db.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC) + _offset()
    text = db.execute(sa.select(sa.func.strftime("%Y-%m-%dT%H:%M:%f", "now"))).scalar_one()
    return datetime.fromisoformat(text).replace(tzinfo=UTC) + _offset()


def _offset() -> timedelta:
    if _offset_file is None:
        return timedelta()
    try:
        return timedelta(seconds=float(_offset_file.read_text()))
    except (FileNotFoundError, ValueError):
        return timedelta()
