"""The demo's visits without a dose: some of each kind around today, past ones ended and written up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from clinic_sessions.demo.clinic import ZONE, office_hour
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.demo.world import World
from clinic_sessions.domain.scheduling import visits as rules
from clinic_sessions.domain.session.lifecycle import Action, SessionKind
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import changes, visit_room, visits
from clinic_sessions.services.booking.visit_room import Wanted
from clinic_sessions.services.session import recording, steps
from clinic_sessions.services.session.steps import Step

_AN_HOUR = timedelta(hours=1)
_SOON = timedelta(minutes=40)
_BOOKED_AHEAD = timedelta(days=3)
_COMES_EARLY, _NOT_COME_AFTER = timedelta(minutes=4), timedelta(minutes=25)


@dataclass(frozen=True, kw_only=True)
class _Idea:
    """A visit to be: of which kind, held by which nurse or provider, how many days from today, after which hour.

    `hour` None: as soon as there is time. `words`: what the host writes when it is over; None: nobody came.
    """

    kind: SessionKind
    day: int
    hour: int | None = 8
    nurse: int | None = None
    provider: int = 0
    words: str | None = "Went as planned."

    def host(self, world: World) -> Actor:
        return world.staff.providers[self.provider] if self.nurse is None else world.nurse(self.nurse)


_NEW = (
    _Idea(
        kind=SessionKind.EVALUATION,
        day=-6,
        hour=11,
        words="History taken, medicines gone through, no reason against. Talked about what to expect and the way home.",
    ),
    _Idea(kind=SessionKind.EVALUATION, day=-2, hour=15, words=None),
    _Idea(kind=SessionKind.EVALUATION, day=0, hour=None),
    _Idea(kind=SessionKind.EVALUATION, day=2, hour=13, provider=1),
)
_KNOWN = (
    _Idea(
        kind=SessionKind.INTEGRATION, day=-3, hour=9, nurse=1,
        words="Talked through the last session: calmer in the mornings, sleeps better. Keeps the diary.",
    ),
    _Idea(kind=SessionKind.PSYCHOTHERAPY, day=-1, hour=14, provider=1, words="Worked on getting through bad hours."),
    _Idea(kind=SessionKind.TELEHEALTH, day=0, hour=None, provider=1),
    _Idea(kind=SessionKind.PSYCHOTHERAPY, day=0, hour=16, provider=1),
    _Idea(kind=SessionKind.INTEGRATION, day=1, hour=10, nurse=3),
    _Idea(kind=SessionKind.TELEHEALTH, day=3, hour=9),
)  # fmt: skip


def add_visits(world: World, new: Sequence[OnFile], known: Sequence[OnFile]) -> None:
    """Book and live through the visits: evaluations of new patients, the other kinds with patients in a series."""
    for ideas, people in ((_NEW, list(new)), (_KNOWN, list(known))):
        for idea in ideas:
            _add(world, idea, people)


def _add(world: World, idea: _Idea, people: list[OnFile]) -> None:
    """Find a patient who comes for nothing else on that day, and time for them; nobody gets two of these visits."""
    for one in people:
        starts_at = _start(world, idea, one)
        if starts_at is not None and not _comes_anyway(world, one, starts_at):
            people.remove(one)
            _live(world, idea, _book(world, idea, one, starts_at), one)
            world.post.deliver(one.patient, world.now)
            return


def _comes_anyway(world: World, one: OnFile, starts_at: datetime) -> bool:
    span = day_span(local_day(starts_at, ZONE), ZONE)
    query = sa.select(sa.func.count(TreatmentSession.id)).where(
        TreatmentSession.patient_id == one.patient.id,
        TreatmentSession.starts_at >= span.starts_at,
        TreatmentSession.starts_at < span.ends_at,
    )
    return bool(world.db.scalar(query))


def _wanted(world: World, idea: _Idea, one: OnFile, earliest: datetime) -> Wanted:
    return Wanted(
        kind=idea.kind,
        patient_id=one.patient.id,
        host_id=idea.host(world).user_id or 0,
        minutes=rules.KINDS[idea.kind].minutes,
        earliest=earliest,
    )


def _start(world: World, idea: _Idea, one: OnFile) -> datetime | None:
    """Give a free time after the hour on the day, else on the next that has one; None when there is none for weeks."""
    day = day_span(world.diary.today + timedelta(days=idea.day), ZONE).starts_at
    earliest = world.now + _SOON if idea.hour is None else day + idea.hour * _AN_HOUR
    want = _wanted(world, idea, one, earliest)
    found = visit_room.next_times(world.db, world.diary.clinic, want, count=1)
    return found[0] if found else None


def _book(world: World, idea: _Idea, one: OnFile, starts_at: datetime) -> TreatmentSession:
    near = office_hour(min(starts_at - _BOOKED_AHEAD, world.now - 2 * _AN_HOUR), world.now)
    want = _wanted(world, idea, one, starts_at)
    request = visits.VisitRequest(
        clinic_id=world.diary.clinic.id,
        patient_id=want.patient_id,
        kind=want.kind,
        host_id=want.host_id,
        minutes=want.minutes,
        starts_at=starts_at,
    )
    return visits.book(world.db, request, now=max(near, one.patient.registered_at + _AN_HOUR), by=world.staff.desk)


def _live(world: World, idea: _Idea, visit: TreatmentSession, one: OnFile) -> None:
    """Let a visit come as far as it has by now."""
    at = visit.starts_at + _NOT_COME_AFTER
    if at > world.now:
        return
    world.post.deliver(one.patient, visit.starts_at)
    if idea.words is None:
        changes.note_absence(world.db, visit, version=visit.version, now=at, by=world.staff.desk)
        return
    host = idea.host(world)
    _step(world, visit, Action.ARRIVE, visit.starts_at - _COMES_EARLY, world.staff.desk)
    if visit.ends_at > world.now:
        return
    recording.record_note(world.db, visit, idea.words, now=visit.ends_at, by=host)
    _step(world, visit, Action.LEAVE, visit.ends_at, host)


def _step(world: World, visit: TreatmentSession, action: Action, at: datetime, by: Actor) -> None:
    steps.take(world.db, visit, Step(action=action, version=visit.version), now=at, by=by)
