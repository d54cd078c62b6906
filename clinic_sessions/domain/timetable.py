"""When a session may stand: opening hours, what is taken, and the next times that are free."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from clinic_sessions.domain.wall_time import Span, first_instant, local_day

GRID = timedelta(minutes=15)
"""Free times are offered on the quarter hour."""


class BookingReason(StrEnum):
    """Why a time cannot be booked."""

    IN_THE_PAST = "in_the_past"
    CLINIC_CLOSED = "clinic_closed"
    OUTSIDE_OPENING_HOURS = "outside_opening_hours"
    CHAIR_TAKEN = "chair_taken"
    CHAIR_NOT_SUITABLE = "chair_not_suitable"
    PATIENT_ELSEWHERE = "patient_elsewhere"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One opening of a weekday: minutes after midnight on the wall clock; Monday is 0."""

    weekday: int
    opens_minute: int
    closes_minute: int


@dataclass(frozen=True, kw_only=True)
class FreeTime:
    chair_id: int
    span: Span


def openings(day: date, hours: Iterable[Opening], zone: ZoneInfo) -> list[Span]:
    """Give the day's opening hours as instants, in order; empty when the clinic is closed."""
    return sorted(
        (
            Span(starts_at=_wall(day, o.opens_minute, zone), ends_at=_wall(day, o.closes_minute, zone))
            for o in hours
            if o.weekday == day.weekday()
        ),
        key=lambda span: span.starts_at,
    )


def _wall(day: date, minute: int, zone: ZoneInfo) -> datetime:
    if minute == 24 * 60:
        return first_instant(day + timedelta(days=1), time(0), zone)
    return first_instant(day, time(minute // 60, minute % 60), zone)


def may_book(
    block: Span,
    *,
    now: datetime,
    hours: Iterable[Opening],
    zone: ZoneInfo,
    suitable: bool,
    chair_busy: Iterable[Span],
    patient_busy: Iterable[Span],
) -> list[BookingReason]:
    """List every reason why `block` cannot be booked; empty when it can.

    A block must lie wholly within one opening of the clinic; blocks that only touch do not overlap.
    """
    reasons = []
    if block.starts_at < now:
        reasons.append(BookingReason.IN_THE_PAST)
    if reason := _opening_reason(block, hours, zone):
        reasons.append(reason)
    if not suitable:
        reasons.append(BookingReason.CHAIR_NOT_SUITABLE)
    if any(block.overlaps(busy) for busy in chair_busy):
        reasons.append(BookingReason.CHAIR_TAKEN)
    if any(block.overlaps(busy) for busy in patient_busy):
        reasons.append(BookingReason.PATIENT_ELSEWHERE)
    return reasons


def _opening_reason(block: Span, hours: Iterable[Opening], zone: ZoneInfo) -> BookingReason | None:
    day = openings(local_day(block.starts_at, zone), hours, zone)
    if not day:
        return BookingReason.CLINIC_CLOSED
    if not any(opening.holds(block) for opening in day):
        return BookingReason.OUTSIDE_OPENING_HOURS
    return None


def free_times(
    *,
    days: Iterable[date],
    minutes: int,
    earliest: datetime,
    hours: Sequence[Opening],
    zone: ZoneInfo,
    chair_busy: Mapping[int, Sequence[Span]],
    patient_busy: Sequence[Span],
    count: int,
) -> list[FreeTime]:
    """Find the first `count` free starts of a block of `minutes`, each with its first free chair, soonest first.

    `chair_busy` has a key for every suitable chair. Days are read in order and reading stops at the last one found.
    """
    found: list[FreeTime] = []
    length = timedelta(minutes=minutes)
    for day in days:
        for opening in openings(day, hours, zone):
            start = _on_grid(max(opening.starts_at, earliest))
            while start + length <= opening.ends_at:
                block = Span(starts_at=start, ends_at=start + length)
                if (chair := _free_chair(block, chair_busy, patient_busy)) is not None:
                    found.append(FreeTime(chair_id=chair, span=block))
                    if len(found) == count:
                        return found
                start += GRID
    return found


def _on_grid(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not over else moment - over + GRID


def _free_chair(block: Span, chair_busy: Mapping[int, Sequence[Span]], patient_busy: Sequence[Span]) -> int | None:
    if any(block.overlaps(busy) for busy in patient_busy):
        return None
    return next((chair for chair, taken in chair_busy.items() if not any(block.overlaps(busy) for busy in taken)), None)
