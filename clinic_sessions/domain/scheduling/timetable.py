"""When a session may stand: hours, closures, what is taken, nurse cover, spacing; and which times are free."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from zoneinfo import ZoneInfo

from clinic_sessions.domain.scheduling.cover import MINUTE, DayCover, Demand, Profile, shortfalls
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.wall_time import Span, first_instant

GRID_MINUTES = 15
"""Free times are offered on the quarter hour."""

LONGEST_BLOCK = timedelta(hours=24)
"""No visit lasts longer: what may reach into a window of time began at most this long before it."""


class BookingReason(StrEnum):
    """Why a time cannot be booked."""

    IN_THE_PAST = "in_the_past"
    CLINIC_CLOSED = "clinic_closed"
    OUTSIDE_OPENING_HOURS = "outside_opening_hours"
    CLOSURE = "closure"
    CHAIR_TAKEN = "chair_taken"
    CHAIR_NOT_SUITABLE = "chair_not_suitable"
    PATIENT_ELSEWHERE = "patient_elsewhere"
    HOST_ELSEWHERE = "host_elsewhere"
    HOST_OFF_SHIFT = "host_off_shift"
    COVER_SHORT = "cover_short"
    ROLE_MISSING = "role_missing"
    TOO_CLOSE = "too_close"
    SECOND_DOSE = "second_dose"
    SAME_TIME_AND_CHAIR = "same_time_and_chair"
    NOT_TREATED_HERE = "not_treated_here"


class OverrideKind(StrEnum):
    """A rule of booking that a person may lift."""

    COVER = "cover"
    SPACING = "spacing"
    SECOND_DOSE = "second_dose"


class LiftingReason(StrEnum):
    """Why a rule was not lifted."""

    REASON_NEEDED = "reason_needed"
    MAY_NOT_LIFT = "may_not_lift"


LIFTED_BY: Mapping[BookingReason, OverrideKind] = MappingProxyType(
    {
        BookingReason.COVER_SHORT: OverrideKind.COVER,
        BookingReason.TOO_CLOSE: OverrideKind.SPACING,
        BookingReason.SECOND_DOSE: OverrideKind.SECOND_DOSE,
    }
)
"""What a person may lift by name; a taken chair, a patient elsewhere and a missing role are never lifted."""


@dataclass(frozen=True, kw_only=True)
class Objection:
    """One reason against a time; for cover, the first minute that lacks it and what is needed and spare there."""

    reason: BookingReason
    at: datetime | None = None
    needed_milli: int = 0
    spare_milli: int = 0


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
            Span(starts_at=wall_moment(day, o.opens_minute, zone), ends_at=wall_moment(day, o.closes_minute, zone))
            for o in hours
            if o.weekday == day.weekday()
        ),
        key=lambda span: span.starts_at,
    )


def wall_moment(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Give the instant of a minute after midnight on a day's wall clock; 1440 is the next midnight."""
    if minute == 24 * 60:
        return first_instant(day + timedelta(days=1), time(0), zone)
    return first_instant(day, time(minute // 60, minute % 60), zone)


@dataclass(frozen=True, kw_only=True)
class DayRoom:
    """What is known of one clinic day: its openings, what each suitable chair is taken for, and who is on shift.

    `taken` has a key for every suitable chair, in the order in which they are preferred. `shut`: stretches in which no
    chair may be had, as when the clinic is closed.
    """

    openings: Sequence[Span]
    taken: Mapping[int, Sequence[Span]]
    shut: Sequence[Span] = ()
    duties: Sequence[Duty] = ()
    demands: Sequence[Demand] = ()

    @cached_property
    def base(self) -> datetime:
        """The quarter hour from which the minutes of an open day are counted: that of its first opening."""
        first = self.openings[0].starts_at
        return first - timedelta(minutes=first.minute % GRID_MINUTES)

    @cached_property
    def cover(self) -> DayCover:
        """The cover of an open day, from its base to its last closing."""
        ends_at = max(opening.ends_at for opening in self.openings)
        return DayCover(Span(starts_at=self.base, ends_at=ends_at), self.duties, self.demands)


def objections(
    block: Span,
    room: DayRoom,
    profile: Profile,
    *,
    now: datetime,
    chair_id: int | None,
    patient_busy: Iterable[Span],
    suitable: bool = True,
) -> list[Objection]:
    """List every reason of time, place and cover against a block; empty when it can be had.

    A block must lie wholly within one opening of the clinic; blocks that only touch do not overlap. `chair_id`: None
    for a visit without a chair; `suitable`: the chair can be used for it. Spacing is asked of `spacing_objection`.
    """
    stands = {
        BookingReason.IN_THE_PAST: block.starts_at < now,
        BookingReason.CLINIC_CLOSED: not room.openings,
        BookingReason.OUTSIDE_OPENING_HOURS: bool(room.openings) and not any(o.holds(block) for o in room.openings),
        BookingReason.CLOSURE: any(block.overlaps(span) for span in room.shut),
        BookingReason.CHAIR_NOT_SUITABLE: not suitable,
        BookingReason.CHAIR_TAKEN: chair_id is not None and any(map(block.overlaps, room.taken.get(chair_id, ()))),
        BookingReason.PATIENT_ELSEWHERE: any(map(block.overlaps, patient_busy)),
    }
    found = [Objection(reason=reason) for reason, is_so in stands.items() if is_so]
    return found + _cover_objections(block, room, profile)


def _cover_objections(block: Span, room: DayRoom, profile: Profile) -> list[Objection]:
    if not any(opening.holds(block) for opening in room.openings):
        return []
    return [
        Objection(
            reason=BookingReason.ROLE_MISSING if short.role else BookingReason.COVER_SHORT,
            at=short.at,
            needed_milli=short.needed_milli,
            spare_milli=short.spare_milli,
        )
        for short in shortfalls(room.cover, block.starts_at, profile)
    ]


def spacing_objection(day: date, other_days: Collection[date], spacing_days: int) -> Objection | None:
    """Say whether a treatment on `day` is too near another of the patient's, in calendar days at the clinic.

    A second dose on one day is named as such: only a provider lifts it. Source: the protocol's `spacing`.
    """
    nearest = min((abs((day - other).days) for other in other_days), default=None)
    if nearest == 0:
        return Objection(reason=BookingReason.SECOND_DOSE)
    if nearest is not None and nearest < spacing_days:
        return Objection(reason=BookingReason.TOO_CLOSE)
    return None


def free_starts(room: DayRoom, profile: Profile, *, earliest: datetime, busy: Sequence[Span] = ()) -> list[FreeTime]:
    """Find every quarter hour of a day at which a block can start, in order, each with its first free chair.

    `busy`: when the patient is elsewhere. Chairs are asked first: cover is added up only for a day that has one free.
    """
    starts = dict[int, int]()
    for opening in room.openings:
        first = -((room.base - max(opening.starts_at, earliest)) // MINUTE)
        last = (opening.ends_at - room.base) // MINUTE
        for chair_id, taken in room.taken.items():
            for gap in _gaps(first, last, _minutes([*taken, *room.shut, *busy], room.base)):
                for start in _on_grid(gap, profile.minutes):
                    starts.setdefault(start, chair_id)
    return list(_covered(room, profile, starts)) if starts else []


def _covered(room: DayRoom, profile: Profile, starts: Mapping[int, int]) -> Iterator[FreeTime]:
    length = timedelta(minutes=profile.minutes)
    for start in sorted(starts):
        if room.cover.covers(start, profile):
            at = room.base + start * MINUTE
            yield FreeTime(chair_id=starts[start], span=Span(starts_at=at, ends_at=at + length))


def _minutes(spans: Iterable[Span], base: datetime) -> list[tuple[int, int]]:
    return sorted(((span.starts_at - base) // MINUTE, -((base - span.ends_at) // MINUTE)) for span in spans)


def _gaps(first: int, last: int, busy: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Give the stretches from `first` to `last` that nothing touches; `busy` is in order."""
    at = first
    for begin, end in busy:
        if begin >= last:
            break
        if begin > at:
            yield at, begin
        at = max(at, end)
    if at < last:
        yield at, last


def _on_grid(gap: tuple[int, int], minutes: int) -> range:
    return range(-(-gap[0] // GRID_MINUTES) * GRID_MINUTES, gap[1] - minutes + 1, GRID_MINUTES)
