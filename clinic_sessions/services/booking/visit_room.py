"""Whether there is room for a visit without a chair: its patient, whoever holds it, the hours and the nurses."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import NoReturn

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import timetable, visits
from clinic_sessions.domain.scheduling.cover import MINUTE, Profile, visit_profile
from clinic_sessions.domain.scheduling.shifts import Duty
from clinic_sessions.domain.scheduling.timetable import LONGEST_BLOCK, BookingReason, DayRoom, Objection
from clinic_sessions.domain.session.lifecycle import OCCUPYING, SessionKind
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import Clinic, TreatmentSession, User
from clinic_sessions.services.booking import day_rooms, free_times, room
from clinic_sessions.services.refusals import Refusal


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a time is looked for: a visit of a kind, its patient, its host and its minutes, not before `earliest`.

    `without`: visits that are being moved; their own present times count as free. No `weekdays`: any.
    """

    kind: SessionKind
    patient_id: int
    host_id: int
    minutes: int
    earliest: datetime
    without: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()

    @property
    def length(self) -> timedelta:
        """How long the visit is."""
        return timedelta(minutes=self.minutes)

    def at(self, starts_at: datetime) -> Span:
        """Give the time that the visit takes when it starts then."""
        return Span(starts_at=starts_at, ends_at=starts_at + self.length)


class HostTaken(Refusal):
    """The time cannot be had: `objections` say why and where, `next_times` are the next free starts of that host."""

    def __init__(self, *objections: Objection, next_times: Sequence[datetime] = ()) -> None:
        super().__init__(*(one.reason for one in objections))
        self.objections = objections
        self.next_times = next_times


@dataclass(frozen=True, kw_only=True)
class _Stretch:
    """Some days of a clinic, with when the patient and the host are somewhere already."""

    rooms: Sequence[tuple[date, DayRoom]]
    patient_busy: Sequence[Span]
    host_busy: Sequence[Span]


def queue(db: Session, clinic: Clinic, *, days: Collection[date], patient_id: int, host_id: int) -> None:
    """Let rivals for the same nurses, patient or host pass one at a time.

    Always in this order, so that no ring of waiting forms: the clinic, its days, (no chairs,) the patient, the host.
    """
    room.queue(db, clinic_id=clinic.id, days=days, chair_ids=(), patient_id=patient_id)
    db.execute(sa.select(User.id).where(User.id == host_id).with_for_update(key_share=True))


def check(db: Session, clinic: Clinic, block: Span, want: Wanted, *, now: datetime) -> int:
    """Refuse with HostTaken, naming every reason against the block and the next three free times of the host.

    Gives the share of the clinic's nurses that the visit takes, in thousandths.
    """
    found, milli = against(db, clinic, block, want, now=now)
    if found:
        refuse(db, found, clinic, want)
    return milli


def check_again(db: Session, treatment: TreatmentSession) -> None:
    """Refuse with BookingReason when a visit cannot come back to the time and the host that it had.

    Its share of the nurses becomes what the host's shifts now say. The host's row is not queued for: whoever moves the
    visit waits for the host first and for the visit then; of rivals for the host the database refuses the second.
    """
    want = Wanted(
        kind=treatment.kind, patient_id=treatment.patient_id, host_id=treatment.host_id or 0,
        minutes=(treatment.ends_at - treatment.starts_at) // MINUTE, earliest=treatment.starts_at,
        without=frozenset({treatment.id}),
    )  # fmt: skip
    found, milli = against(db, treatment.clinic, treatment.block, want, now=treatment.starts_at)
    if found:
        raise Refusal(*(one.reason for one in found))
    treatment.nurse_milli = milli


def against(db: Session, clinic: Clinic, block: Span, want: Wanted, *, now: datetime) -> tuple[list[Objection], int]:
    """List every reason against the block, and give the share of the nurses that it takes."""
    day = local_day(block.starts_at, clinic.zone)
    stretch = _read(db, day_rooms.frame_of(db, clinic, day, day), [day], want)
    here = stretch.rooms[0][1]
    profile = _profile(here.duties, block, want)
    found = timetable.objections(
        block, here, profile, now=now, chair_id=None, patient_busy=stretch.patient_busy
    )  # fmt: skip
    stands = {
        BookingReason.HOST_ELSEWHERE: any(map(block.overlaps, stretch.host_busy)),
        BookingReason.HOST_OFF_SHIFT: not any(duty.span.holds(block) for duty in _fitting(here.duties, want)),
    }
    found += [Objection(reason=reason) for reason, is_so in stands.items() if is_so]
    return found, max((need.nurse_milli for need in profile.needs), default=0)


def refuse(db: Session, objections: Sequence[Objection], clinic: Clinic, want: Wanted) -> NoReturn:
    """Refuse with the reasons and the next three free times of the host."""
    raise HostTaken(*objections, next_times=next_times(db, clinic, want, count=3))


def next_times(db: Session, clinic: Clinic, want: Wanted, *, count: int) -> list[datetime]:
    """Give the next free starts of the host, the soonest first."""
    found = list[datetime]()
    for _, starts in free_days(db, clinic, want):
        found += starts[: count - len(found)]
        if len(found) == count:
            break
    return found


def free_days(db: Session, clinic: Clinic, want: Wanted) -> Iterator[tuple[date, list[datetime]]]:
    """Give the days on which the host has time for the visit, in order, each with its free starts on the quarter hour.

    Within 60 days; shifts, hours and closures are read once, what is booked week by week, as long as it is asked.
    """
    first = local_day(want.earliest, clinic.zone)
    last = first + timedelta(days=free_times.FURTHEST_DAYS - 1)
    frame = day_rooms.frame_of(db, clinic, first, last)
    for days in free_times.weeks(first, last):
        stretch = _read(db, frame, days, want)
        for day, here in stretch.rooms:
            starts = [] if want.weekdays and day.weekday() not in want.weekdays else _starts(here, stretch, want)
            if starts:
                yield day, starts


def _read(db: Session, frame: day_rooms.Frame, days: Sequence[date], want: Wanted) -> _Stretch:
    standing, own = day_rooms.read(
        db, frame, days[0], days[-1], without=want.without, patient_id=want.patient_id
    )  # fmt: skip
    zone = frame.clinic.zone
    span = Span(starts_at=day_span(days[0], zone).starts_at, ends_at=day_span(days[-1], zone).ends_at)
    return _Stretch(
        rooms=list(standing.rooms(days, [])),
        patient_busy=free_times.busy(own),
        host_busy=_host_busy(db, span, want),
    )


def _host_busy(db: Session, span: Span, want: Wanted) -> list[Span]:
    """Give when the host holds another visit, at any clinic: a range of one index."""
    one = TreatmentSession
    query = sa.select(one.id, one.starts_at, one.ends_at).where(
        one.host_id == want.host_id,
        one.starts_at >= span.starts_at - LONGEST_BLOCK,
        one.starts_at < span.ends_at,
        one.ends_at > span.starts_at,
        one.status.in_(OCCUPYING),
    )
    rows = db.execute(query.order_by(one.starts_at)).all()
    return [Span(starts_at=row.starts_at, ends_at=row.ends_at) for row in rows if row.id not in want.without]


def _fitting(duties: Sequence[Duty], want: Wanted) -> list[Duty]:
    return [one for one in duties if one.user_id == want.host_id and visits.may_hold(want.kind, [one.role])]


def _profile(duties: Sequence[Duty], block: Span, want: Wanted) -> Profile:
    meanwhile = [one.role for one in duties if one.user_id == want.host_id and one.span.overlaps(block)]
    return visit_profile(want.minutes, visits.nurse_milli(meanwhile))


def _starts(here: DayRoom, stretch: _Stretch, want: Wanted) -> list[datetime]:
    """Find the free starts of one day: as for a chair that is the host's, open while the host is on shift."""
    both = [_common(opening, duty.span) for opening in here.openings for duty in _fitting(here.duties, want)]
    theirs = replace(
        here,
        openings=sorted((span for span in both if span is not None), key=lambda span: span.starts_at),
        taken={want.host_id: stretch.host_busy},
    )
    anywhere = visit_profile(want.minutes, 0)
    found = timetable.free_starts(theirs, anywhere, earliest=want.earliest, busy=stretch.patient_busy)
    return [time.span.starts_at for time in found if _covered(here, time.span, want)]


def _covered(here: DayRoom, block: Span, want: Wanted) -> bool:
    return here.cover.covers(here.cover.minute(block.starts_at), _profile(here.duties, block, want))


def _common(one: Span, other: Span) -> Span | None:
    starts_at, ends_at = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    return Span(starts_at=starts_at, ends_at=ends_at) if starts_at < ends_at else None
