"""Waiting for a ride: who is called when it does not come, what a call brings, and when it is late."""

from collections.abc import Iterable
from dataclasses import dataclass
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


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call about the way home that was noted."""

    at: datetime
    answer: CallAnswer


def call_at(ready_at: datetime, ride_after: int, called: Call | None) -> datetime:
    """Give when the way home is called about next; `ride_after` in minutes, `called`: the newest call since then.

    Who is on the way has half of that time; after any other answer the next on the list is called at once. Proposal
    [P].
    """
    if called is None:
        return ready_at + timedelta(minutes=ride_after)
    wait = timedelta(minutes=ride_after) / 2
    return called.at + wait if called.answer is CallAnswer.ON_THE_WAY else called.at


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
