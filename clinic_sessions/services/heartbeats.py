"""Signs of life of the workers."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.models import Heartbeat

SILENT_AFTER = timedelta(minutes=2)


def beat(db: Session, worker: str, now: datetime) -> None:
    """Note that a worker is alive."""
    row = db.get(Heartbeat, worker)
    if row is None:
        db.add(Heartbeat(worker=worker, at=now, started_at=now))
    else:
        row.at = now


LATEST = sa.select(sa.func.max(Heartbeat.at, type_=Heartbeat.at.type))
"""Asked by every page, so it is built once."""


def latest(db: Session) -> datetime | None:
    """Give when any worker was last heard of; None when none ever was."""
    return db.scalar(LATEST)


def is_silent(db: Session, now: datetime) -> bool:
    """Say whether no worker has been heard of for two minutes."""
    return is_long_ago(latest(db), now)


def is_long_ago(heard: datetime | None, now: datetime) -> bool:
    """Say whether a worker that was last heard of then counts as silent."""
    return heard is None or now - heard > SILENT_AFTER


def probe(db: Session, now: datetime) -> None:
    """Write a row that the caller rolls back: fails when the database takes no writes."""
    db.execute(sa.insert(Heartbeat).values(worker=f"probe-{secrets.token_hex(8)}", at=now, started_at=now))
