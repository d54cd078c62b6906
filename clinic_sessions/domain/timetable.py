"""When a session may stand: opening hours, what is taken, and the next times that are free."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from clinic_sessions.domain.wall_time import Span, first_instant, local_day

GRID = timedelta(minutes=15)
"""Free times are offered on the quarter hour."""

LONGEST_BLOCK = timedelta(hours=24)
"""No visit lasts longer: what may reach into a window of time began at most this long before it."""


class BookingReason(StrEnum):
    """Why a time cannot be booked."""

    IN_THE_PAST = "in_the_past"
    CLINIC_CLOSED = "clinic_closed"
    OUTSIDE_OPENING_HOURS = "outside_opening_hours"
    CHAIR_TAKEN = "chair_taken"
    CHAIR_NOT_SUITABLE = "chair_not_suitable"
    PATIENT_ELSEWHERE = "patient_elsewhere"
    SAME_TIME_AND_CHAIR = "same_time_and_chair"


class OverrideKind(StrEnum):
    """A rule of booking that a person may lift."""

    COVER = "cover"
    SPACING = "spacing"
    SECOND_DOSE = "second_dose"


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


@dataclass(frozen=True, kw_only=True)
class Offer:
    """How many free times to find, and how far they are spread: at least `apart`, at most `per_day` on one day."""

    count: int
    apart: timedelta = GRID
    per_day: int | None = None


def free_times(
    *,
    days: Iterable[date],
    minutes: int,
    earliest: datetime,
    hours: Sequence[Opening],
    zone: ZoneInfo,
    chair_busy: Mapping[int, Sequence[Span]],
    patient_busy: Sequence[Span],
    offer: Offer,
) -> list[FreeTime]:
    """Find the first free starts of a block of `minutes`, each with its first free chair, soonest first.

    `chair_busy` has a key for every suitable chair, in the order in which they are preferred. Days are read in order
    and reading stops at the last one found.
    """
    taken = {chair: _sorted([*busy, *patient_busy]) for chair, busy in chair_busy.items()}
    length, found = timedelta(minutes=minutes), list[FreeTime]()
    for day in days:
        most = min(offer.per_day or offer.count, offer.count - len(found))
        for opening in openings(day, hours, zone):
            window = Span(starts_at=max(opening.starts_at, earliest), ends_at=opening.ends_at)
            some = _in_window(window, length, taken, offer.apart, most)
            found += some
            most -= len(some)
        if len(found) == offer.count:
            break
    return found


def _sorted(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: span.starts_at)


def _in_window(
    window: Span, length: timedelta, taken: Mapping[int, Sequence[Span]], apart: timedelta, most: int
) -> list[FreeTime]:
    gaps = [(chair, _gaps(window, length, busy)) for chair, busy in taken.items()]
    found: list[FreeTime] = []
    cursor = window.starts_at
    while len(found) < most:
        starts = [(start, chair) for chair, free in gaps if (start := _first_fit(free, cursor, length)) is not None]
        if not starts:
            break
        start, chair = min(starts, key=lambda pair: pair[0])
        found.append(FreeTime(chair_id=chair, span=Span(starts_at=start, ends_at=start + length)))
        cursor = start + apart
    return found


def _gaps(window: Span, length: timedelta, busy: Sequence[Span]) -> list[Span]:
    """Give the stretches of a window that no busy span touches and in which `length` has room; `busy` is in order."""
    first = bisect_left(busy, window.starts_at - LONGEST_BLOCK, key=lambda span: span.starts_at)
    free, at = [], window.starts_at
    for span in islice(busy, first, None):
        if span.starts_at >= window.ends_at:
            break
        if span.starts_at - at >= length:
            free.append(Span(starts_at=at, ends_at=span.starts_at))
        at = max(at, span.ends_at)
    if window.ends_at - at >= length:
        free.append(Span(starts_at=at, ends_at=window.ends_at))
    return free


def _first_fit(free: Iterable[Span], cursor: datetime, length: timedelta) -> datetime | None:
    for gap in free:
        start = _on_grid(max(gap.starts_at, cursor))
        if start + length <= gap.ends_at:
            return start
    return None


def _on_grid(moment: datetime) -> datetime:
    over = timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
    return moment if not over else moment - over + GRID
