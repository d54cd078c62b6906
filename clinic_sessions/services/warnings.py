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
    still_here: int = 0


_BOTH = sa.select(alerts.OPEN.scalar_subquery(), heartbeats.LATEST.scalar_subquery())
_ALL = _BOTH.add_columns(go_aheads.OPEN.scalar_subquery(), waiting_for_ride.HERE.scalar_subquery())
"""Asked by every page, so they are built once."""


def read(db: Session, clinic_ids: Collection[int], now: datetime, *, treats: bool = False) -> Warnings:
    """Count the open alerts about patients of these clinics, and say whether no worker is heard of.

    `treats`: for a clinician; what is asked of a provider is counted too, and who is in the clinics now.
    """
    here = {"clinics": clinic_ids, "asks_since": go_aheads.since(now), "here_since": now - waiting_for_ride.BACK}
    waiting, heard, *more = db.execute(_ALL if treats else _BOTH, here).one()
    silent = heartbeats.is_long_ago(heard, now)
    asks, still_here = more or (0, 0)
    return Warnings(open_alerts=waiting, worker_is_silent=silent, open_asks=asks, still_here=still_here)
