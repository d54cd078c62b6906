"""Lives the demo's visits in order of time, patient by patient, through the services that the clinic uses."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import count

import sqlalchemy as sa

from clinic_sessions.demo import answers, asked, attending
from clinic_sessions.demo.clinic import ZONE, office_hour
from clinic_sessions.demo.diary import Visit
from clinic_sessions.demo.fates import Fate
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.demo.world import World
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus
from clinic_sessions.domain.scheduling.plans import PlanOutcome
from clinic_sessions.domain.scheduling.reasons import CancelReason, MoveReason
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import CheckIn, TreatmentSession
from clinic_sessions.services.booking import absence, booking, changes
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.booking.room import Lifting
from clinic_sessions.services.plans import plan_life
from clinic_sessions.services.series import series

_AN_HOUR, _A_DAY = timedelta(hours=1), timedelta(days=1)
_BOOKED_AHEAD = timedelta(days=5)
_AFTER_REMINDER = timedelta(hours=46)
_CANCELLED_AHEAD = timedelta(hours=26)
_NOT_COME_AFTER = timedelta(minutes=35)
_CONFIRMS, _ANSWERS, _ANSWERS_SO_FAR, _ANSWERS_LAST = 0.65, 0.9, 0.5, 0.95
_LATELY = timedelta(days=3)
_SPACING_SEEN = Lifting(kinds=frozenset({OverrideKind.SPACING}))
_DANGER_AT = 8
"""Which of the answered check-ins tells of danger."""


@dataclass
class Life:
    """One patient's time at the clinic: what happens, when."""

    world: World
    one: OnFile
    events: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)

    def live(self, visits: Sequence[tuple[Visit, Fate]]) -> None:
        """Let everything happen up to now, each act at its own time, the mail of the time before it going first."""
        self.days = {local_day(visit.block.starts_at, ZONE) for visit, _ in visits}
        for visit, fate in visits:
            self._plan(visit, fate)
        while self.events:
            at, _, act = heapq.heappop(self.events)
            self.world.post.deliver(self.one.patient, at)
            act(at)
        self.world.post.deliver(self.one.patient, self.world.now)
        self._close_plan()

    def at(self, when: datetime, act: Callable[[datetime], None]) -> None:
        """Plan an act; what would be after now has not happened."""
        if when <= self.world.now:
            heapq.heappush(self.events, (when, next(self.numbers), act))

    def _plan(self, visit: Visit, fate: Fate) -> None:
        plan = self.one.plan
        assert plan is not None  # noqa: S101 - only patients with a plan have visits
        first = plan.started_at + _AN_HOUR
        near = office_hour(min(visit.block.starts_at - _BOOKED_AHEAD, self.world.now - 2 * _AN_HOUR), self.world.now)
        self.at(first if self.one.patient.id % 2 else max(first, near), lambda at: self._book(visit, fate, at))

    def _book(self, visit: Visit, fate: Fate, at: datetime) -> None:
        plan, world = self.one.plan, self.world
        assert plan is not None  # noqa: S101 - only patients with a plan have visits
        chair, block = world.diary.elsewhere(visit, self.days) if fate is Fate.MOVED else (visit.chair, visit.block)
        request = BookingRequest(
            patient_id=self.one.patient.id,
            protocol_version_id=plan.protocol_version_id,
            chair_id=chair.id,
            starts_at=block.starts_at,
            plan_id=plan.id,
            lifting=_SPACING_SEEN,
        )
        treatment = booking.book(world.db, request, now=at, by=world.staff.desk)
        if fate is Fate.MOVED:
            self.at(self._ahead_of(visit, at), lambda when: self._move(visit, treatment, when))
        self._next(visit, fate, treatment, at)

    def _ahead_of(self, visit: Visit, booked_at: datetime) -> datetime:
        wanted = office_hour(visit.block.starts_at - _CANCELLED_AHEAD, self.world.now)
        return max(wanted, booked_at + timedelta(minutes=20))

    def _next(self, visit: Visit, fate: Fate, treatment: TreatmentSession, booked_at: datetime) -> None:
        starts = visit.block.starts_at
        if fate in {Fate.CANCELLED, Fate.CANCELLED_BY_US}:
            self.at(self._ahead_of(visit, booked_at), lambda at: self._cancel(treatment, fate, at))
            return
        if self.world.rng.random() < _CONFIRMS and starts - _AFTER_REMINDER > booked_at:
            self.at(starts - _AFTER_REMINDER, lambda at: self._confirm(treatment, at))
        if starts > self.world.now and treatment.id % 3:
            self.at(starts - _AFTER_REMINDER, lambda at: asked.ride_ahead(self.world, treatment, at))
        if fate is Fate.DID_NOT_COME:
            self.at(starts + _NOT_COME_AFTER, lambda at: self._note_absence(treatment, at))
            return
        day = attending.day_of(self.world, visit, fate, treatment)
        self.at(day.course.arrived, lambda _: self._go(day))

    def _move(self, visit: Visit, treatment: TreatmentSession, at: datetime) -> None:
        request = MoveRequest(
            chair_id=visit.chair.id,
            starts_at=visit.block.starts_at,
            version=treatment.version,
            reasons=(MoveReason.PATIENT_ASKED,),
            lifting=_SPACING_SEEN,
        )
        booking.move(self.world.db, treatment, request, now=at, by=self.world.staff.desk)

    def _cancel(self, treatment: TreatmentSession, fate: Fate, at: datetime) -> None:
        ours = fate is Fate.CANCELLED_BY_US
        reason = CancelReason.CLINIC_STAFF if ours else self.world.rng.choice(
            (CancelReason.PATIENT_ASKED, CancelReason.PATIENT_UNWELL, CancelReason.NO_RIDE)
        )  # fmt: skip
        changes.cancel(self.world.db, treatment, [reason], version=treatment.version, now=at, by=self.world.staff.desk)

    def _confirm(self, treatment: TreatmentSession, at: datetime) -> None:
        if treatment.status is Status.BOOKED:
            changes.confirm(self.world.db, treatment, version=treatment.version, now=at, by=answers.PATIENT)

    def _note_absence(self, treatment: TreatmentSession, at: datetime) -> None:
        db = self.world.db
        changes.note_absence(db, treatment, version=treatment.version, now=at, by=self.world.staff.desk)
        attending.answer_alert(self.world, absence.call_of(db, treatment))

    def _go(self, day: attending.Day) -> None:
        day.live()
        query = sa.select(CheckIn).where(CheckIn.session_id == day.treatment.id).order_by(CheckIn.due_at)
        for check_in in self.world.db.scalars(query):
            if self.world.rng.random() < self._likely(check_in):
                at = check_in.due_at + timedelta(minutes=self.world.rng.randint(25, 600))
                self.at(at, partial(self._answer, check_in))

    def _likely(self, check_in: CheckIn) -> float:
        if check_in.kind is CheckInKind.AFTER_7D:
            return _ANSWERS_LAST
        return _ANSWERS_SO_FAR if check_in.due_at > self.world.now - _LATELY else _ANSWERS

    def _answer(self, check_in: CheckIn, at: datetime) -> None:
        world = self.world
        if check_in.status is CheckInStatus.PLANNED and at + _A_DAY < check_in.expires_at:
            self.at(at + _A_DAY, partial(self._answer, check_in))
        if check_in.status is not CheckInStatus.ASKED:
            return
        world.answered += 1
        if world.answered == _DANGER_AT:
            attending.answer_alert(world, answers.in_danger(world.db, check_in, at))
        else:
            answers.answer(world.db, check_in, at, world.rng)

    def _close_plan(self) -> None:
        plan = self.one.plan
        if plan is None or series.pattern_of(plan).goes_on:
            return
        done = sa.select(sa.func.count()).select_from(TreatmentSession).where(
            TreatmentSession.plan_id == plan.id, TreatmentSession.status == Status.LEFT
        )  # fmt: skip
        if self.world.db.scalar(done) == plan.session_count:
            by = self.world.staff.providers[0]
            outcome = PlanOutcome.REMISSION if plan.id % 2 else PlanOutcome.RESPONSE
            words = "Every session given. Follow-up by the patient's own psychiatrist."
            plan_life.end(self.world.db, plan, outcome, words, version=plan.version, now=self.world.now, by=by)
