"""Chooses days, times and chairs of the demo's visits: nothing overlaps, and now is in the midst of a working day."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache

from clinic_sessions.demo import shifts
from clinic_sessions.demo.clinic import CLOSES, OPENS, SUNDAY, ZONE, Staffing
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import PhaseKind, Protocol
from clinic_sessions.domain.scheduling.cover import DayCover, Demand, Profile, profile_of
from clinic_sessions.domain.wall_time import Span, day_span, first_instant, local_day
from clinic_sessions.models import Chair, Clinic
from clinic_sessions.services.catalogue import protocol_of

FIRST_DAY, LAST_DAY = -26, 21
GRID = 15
MOVED_TO_TODAY = 6
LONG_BLOCK = timedelta(hours=4)
_WEEKLY_AFTER = 8
_COMES_EARLY = timedelta(minutes=4)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A patient who is here now: in which chair, since when the dose has been running, and what is on the record.

    `dose_began`: minutes before now, negative for a dose still to come. `last_reading`: minutes after the dose began
    at which the last reading was taken, None when every due one was.
    """

    protocol: str
    chair: str
    dose_began: int
    last_reading: int | None = None
    story: str = ""


SCENES = (
    Scene(protocol="iv-mood", chair="Chair 1", dose_began=24, last_reading=13, story="overdue"),
    Scene(protocol="iv-mood", chair="Chair 2", dose_began=63, story="nausea"),
    Scene(protocol="iv-pain", chair="Room 3", dose_began=96, story="calm"),
    Scene(protocol="in-esketamine", chair="Chair 4", dose_began=49, story="dissociation"),
    Scene(protocol="im", chair="Chair 5", dose_began=121, story="ready"),
    Scene(protocol="in-racemic", chair="Room 6", dose_began=-9, story="arrived"),
)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit to be: whose, where, when; a scene when it is happening now."""

    on_file: OnFile
    chair: Chair
    block: Span
    scene: Scene | None = None
    dose_at: datetime | None = None

    @property
    def protocol(self) -> Protocol:
        """The protocol of the patient's plan."""
        assert self.on_file.plan is not None  # noqa: S101 - only patients with a plan have visits
        return protocol_of(self.on_file.plan.protocol_version)


@dataclass
class Diary:
    """What is taken so far, by chair, and what it asks of the nurses, by day."""

    clinic: Clinic
    staff: Staffing
    now: datetime
    taken: dict[int, list[Span]] = field(default_factory=dict)
    asked: dict[date, list[Demand]] = field(default_factory=dict)
    covers: dict[date, DayCover] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The clinic's day of now."""
        return local_day(self.now, ZONE)

    def is_free(self, chair: Chair, block: Span) -> bool:
        """Say whether a chair is free for a whole block."""
        return not any(block.overlaps(span) for span in self.taken.get(chair.id, []))

    def take(self, chair: Chair, block: Span, protocol: Protocol) -> None:
        """Note a block as taken."""
        self.taken.setdefault(chair.id, []).append(block)
        day = local_day(block.starts_at, ZONE)
        self.asked.setdefault(day, []).append(Demand(starts_at=block.starts_at, profile=_profile(protocol)))
        self.covers.pop(day, None)

    def has_nurses(self, block: Span, protocol: Protocol) -> bool:
        """Say whether the nurses on shift suffice for one more block."""
        day = local_day(block.starts_at, ZONE)
        if day not in self.covers:
            duties = shifts.duties(self.staff, day)
            self.covers[day] = DayCover(day_span(day, ZONE), duties, self.asked.get(day, ()))
        cover = self.covers[day]
        return cover.covers(cover.minute(block.starts_at), _profile(protocol))

    def find(self, day: date, protocol: Protocol, minute: int) -> tuple[Chair, Span] | None:
        """Find a chair and a time on a day, as near after `minute` as there is room, else earlier; None when full."""
        length = timedelta(minutes=protocols.block_minutes(protocol))
        last = CLOSES - protocols.block_minutes(protocol)
        starts = [*range(minute, last + 1, GRID), *range(OPENS, min(minute, last + 1), GRID)]
        for start in starts:
            begins = first_instant(day, time(start // 60, start % 60), ZONE)
            block = Span(starts_at=begins, ends_at=begins + length)
            for chair in self._chairs(protocol, length) if self.has_nurses(block, protocol) else ():
                if self.is_free(chair, block):
                    return chair, block
        return None

    def first_free(self, day: int, protocol: Protocol, without: Collection[date] = ()) -> tuple[Chair, Span]:
        """Take a free time on a day, counted from today, or on the next one that has room and is not `without`."""
        for later in (self.today + timedelta(days=day + n) for n in range(8)):
            passed_over = later.weekday() == SUNDAY or later in without
            found = None if passed_over else self.find(later, protocol, OPENS)
            if found is not None:
                self.take(*found, protocol)
                return found
        raise LookupError("no room within a week")

    def elsewhere(self, visit: Visit, without: Collection[date]) -> tuple[Chair, Span]:
        """Give another time for a visit, on a working day soon after: where it stood before it was moved.

        `without`: the days on which the patient has other visits.
        """
        days = (local_day(visit.block.starts_at, ZONE) - self.today).days
        return self.first_free(days + 1, visit.protocol, without)

    def _chairs(self, protocol: Protocol, length: timedelta) -> list[Chair]:
        fit = [chair for chair in self.clinic.chairs if chair.allows(protocol.chair_needs)]
        return sorted(fit, key=lambda chair: (chair.name.startswith("Room") != (length > LONG_BLOCK), chair.position))


@cache
def _profile(protocol: Protocol) -> Profile:
    return profile_of(protocol)


def plan_visits(diary: Diary, people: Sequence[OnFile]) -> list[Visit]:
    """Give every visit from three weeks back to three weeks ahead, in order of time."""
    days = {one.patient.id: _days(one, diary.today) for one in people if one.plan is not None}
    visits: list[Visit] = []
    for scene in SCENES:
        one = _cast(scene, people, days, {visit.on_file.patient.id for visit in visits})
        visits.append(_here_now(diary, scene, one))
        days[one.patient.id] = [day for day in days[one.patient.id] if abs(day) > 1]
    _fill_today(people, days, {visit.on_file.patient.id for visit in visits})
    for number, one in enumerate(people):
        for day in days.get(one.patient.id, []):
            visits += _regular(diary, one, day, number)
    return sorted(visits, key=lambda visit: (visit.block.starts_at, visit.chair.id))


def _days(one: OnFile, today: date) -> list[int]:
    """Give the days of a series, counted from today: twice a week, then weekly; never on a closed Sunday."""
    found: list[int] = []
    day = one.person.first_day
    for place in range(one.plan.session_count if one.plan else 0):
        open_day = day + 1 if day != 0 and (today + timedelta(days=day)).weekday() == SUNDAY else day
        if FIRST_DAY <= open_day <= LAST_DAY:
            found.append(open_day)
        day += 7 if place >= _WEEKLY_AFTER - 1 else (3 if place % 2 == 0 else 4)
    return found


def _cast(scene: Scene, people: Sequence[OnFile], days: Mapping[int, list[int]], taken: set[int]) -> OnFile:
    """Choose who is here now: the one whose series has a day nearest to today."""
    fit = [one for one in people if one.person.protocol == scene.protocol and one.patient.id not in taken]
    return min(fit, key=lambda one: (min(abs(day) for day in days[one.patient.id]), one.patient.id))


def _fill_today(people: Sequence[OnFile], days: dict[int, list[int]], here: set[int]) -> None:
    """Bring some who are due yesterday or tomorrow to today, so that it is a full day whatever the weekday."""
    near = [one.patient.id for one in people if one.patient.id in days and one.patient.id not in here]
    movable = [key for key in near if 0 not in days[key] and {1, -1} & set(days[key])]
    for key in movable[:MOVED_TO_TODAY]:
        own = days[key]
        day = 1 if 1 in own else -1
        days[key] = sorted([0, *(other for other in own if other != day)])


def _here_now(diary: Diary, scene: Scene, one: OnFile) -> Visit:
    """Place a scene so that its dose began the minutes ago that it says, within one clinic day."""
    chair = next(chair for chair in diary.clinic.chairs if chair.name == scene.chair)
    dose_at = diary.now.replace(second=0, microsecond=0) - timedelta(minutes=scene.dose_began)
    visit = Visit(on_file=one, chair=chair, block=Span(starts_at=dose_at, ends_at=dose_at), scene=scene)
    wanted = dose_at - timedelta(minutes=protocols.phase_minutes(visit.protocol, PhaseKind.PREPARE)) - _COMES_EARLY
    length = timedelta(minutes=protocols.block_minutes(visit.protocol))
    day = day_span(local_day(min(dose_at, diary.now), ZONE), ZONE)
    starts = min(max(_on_five(wanted), day.starts_at), day.ends_at - length)
    block = Span(starts_at=starts, ends_at=starts + length)
    diary.take(chair, block, visit.protocol)
    return Visit(on_file=one, chair=chair, block=block, scene=scene, dose_at=dose_at)


def _on_five(moment: datetime) -> datetime:
    return moment - timedelta(minutes=moment.minute % 5, seconds=moment.second, microseconds=moment.microsecond)


def _regular(diary: Diary, one: OnFile, day: int, number: int) -> Iterator[Visit]:
    """Place a visit at the patient's usual time of day; a full day passes it over."""
    protocol = protocol_of(one.plan.protocol_version) if one.plan else None
    if protocol is None:
        return
    last = CLOSES - protocols.block_minutes(protocol)
    usual = min(OPENS + GRID * (number * 7 % 32), last - last % GRID)
    minute = OPENS if day == 0 and number % 2 else usual
    found = diary.find(diary.today + timedelta(days=day), protocol, minute)
    if found is not None:
        diary.take(*found, protocol)
        yield Visit(on_file=one, chair=found[0], block=found[1])
