"""What every page says at once, in one query: alerts and questions that wait, and workers that are silent."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.services import alerts, heartbeats
from clinic_sessions.services.before import go_aheads
from clinic_sessions.services.leaving import waiting_for_ride


class Warnings(NamedTuple):
    """What stands at the moment."""

    open_alerts: int
    worker_is_silent: bool
    open_asks: int
    waiting_for_ride: int = 0


_BOTH = sa.select(alerts.OPEN.scalar_subquery(), heartbeats.LATEST.scalar_subquery())
_ALL = _BOTH.add_columns(go_aheads.OPEN.scalar_subquery(), waiting_for_ride.READY.scalar_subquery())
"""Asked by every page, so they are built once."""


def read(db: Session, clinic_ids: Collection[int], now: datetime, *, answers: bool = False) -> Warnings:
    """Count the open alerts about patients of these clinics, and say whether no worker is heard of.

    `answers`: for somebody who answers what is asked of a provider; that is counted too, and who waits for a ride.
    """
    here = {"clinics": clinic_ids, "asks_since": go_aheads.since(now), "ready_since": now - waiting_for_ride.BACK}
    waiting, heard, *more = db.execute(_ALL if answers else _BOTH, here).one()
    silent = heartbeats.is_long_ago(heard, now)
    asks, rides = more or (0, 0)
    return Warnings(open_alerts=waiting, worker_is_silent=silent, open_asks=asks, waiting_for_ride=rides)
