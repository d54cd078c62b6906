"""Waiting for a ride: who is called when it does not come, what a call brings, and when it is late."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from clinic_sessions.domain.wall_time import Span


class Contact(StrEnum):
    """Who is called when the ride does not come, in this order."""

    ESCORT = "escort"
    EMERGENCY = "emergency"
    TRANSPORT = "transport"


class CallAnswer(StrEnum):
    """What came of a call about the way home."""

    ON_THE_WAY = "on_the_way"
    NO_ANSWER = "no_answer"
    CANNOT_COME = "cannot_come"


def is_long(ready_at: datetime, ride_after: int, now: datetime) -> bool:
    """Say whether somebody has waited so long for a ride that it is called for; `ride_after` in minutes, inclusive."""
    return now >= ready_at + timedelta(minutes=ride_after)


def closing_soon(openings: Iterable[Span], closing_notice: int, now: datetime) -> datetime | None:
    """Give when the clinic closes, once it is within `closing_notice` minutes or past; None before.

    `openings`: those of the day. None on a day without any as well.
    """
    closes_at = max((one.ends_at for one in openings), default=None)
    if closes_at is None or now < closes_at - timedelta(minutes=closing_notice):
        return None
    return closes_at
