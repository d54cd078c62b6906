"""What every page says at once, read in one query: safety alerts that wait, and workers that are silent."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.services import alerts, heartbeats


class Warnings(NamedTuple):
    """What stands at the moment."""

    open_alerts: int
    worker_is_silent: bool


_BOTH = sa.select(alerts.OPEN.scalar_subquery(), heartbeats.LATEST.scalar_subquery())
"""Asked by every page, so it is built once."""


def read(db: Session, clinic_ids: Collection[int], now: datetime) -> Warnings:
    """Count the open alerts about patients of these clinics, and say whether no worker is heard of."""
    waiting, heard = db.execute(_BOTH, {"clinics": clinic_ids}).one()
    return Warnings(open_alerts=waiting, worker_is_silent=heartbeats.is_long_ago(heard, now))
