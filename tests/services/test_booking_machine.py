"""Anything in any order: whatever people do to a clinic's calendar, also as the clocks change, the rules hold."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.pattern import read
from clinic_sessions.domain.scheduling.reasons import CancelReason
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, Action, SessionKind
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.models import (
    ActorKind,
    BookingOverride,
    Chair,
    Clinic,
    Closure,
    OpeningHours,
    Patient,
    Plan,
    Shift,
    ShiftBreak,
    ShiftException,
    StatusChange,
    TreatmentSession,
    User,
)
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, changes, visits
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.booking.room import Lifting
from clinic_sessions.services.booking.visits import VisitRequest
from clinic_sessions.services.plans import plans
from clinic_sessions.services.plans.plans import PlanRequest
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.series import series, series_booking
from clinic_sessions.services.series.series_booking import Slot
from clinic_sessions.services.session import steps
from clinic_sessions.services.shifts import shift_days, shifts
from clinic_sessions.services.shifts.kept_cover import CoverShort, Keeping
from clinic_sessions.services.sites import closures
from clinic_sessions.services.sites.hits import WouldHit
from tests import factories
from tests.services import booking_model
from tests.services.booking_model import Gap

DAYS = 12
ERAS = [date(2026, 10, 31), date(2027, 3, 13), date(2026, 11, 22)]
"""The clocks go back on the day after the first, forward on the day after the second."""

_days = st.sampled_from([1, 1, 1, 1, 2, 3, 5])
_quarters = st.integers(min_value=0, max_value=16)
_minutes = st.sampled_from([0, 60, 90, 120, 135, 150, 180, 240, 300, 1440])
_any = st.integers(min_value=0, max_value=99)
_liftings = st.sampled_from(
    [
        Lifting(),
        Lifting(),
        Lifting(kinds=frozenset({OverrideKind.SPACING})),
        Lifting(kinds=frozenset(OverrideKind), words="The charge nurse stays"),
        Lifting(kinds=frozenset(OverrideKind)),
    ]
)
_WATCHED = (TreatmentSession, StatusChange, BookingOverride, Shift, ShiftException, Closure)


class Calendar(RuleBasedStateMachine):
    """A clinic that is open day and night, with two nurses whose shifts and breaks end in the hours that change."""

    db: Session
    clinic_id: int
    plan_id: int
    roles: dict[str, tuple[int, Role]]
    patients: list[int]

    @initialize(era=st.sampled_from(ERAS), quarters=st.lists(_quarters, min_size=3, max_size=3))
    def begin(self, era: date, quarters: list[int]) -> None:
        begin_write(self.db)
        self.clinic, self.plan = self.db.get_one(Clinic, self.clinic_id), self.db.get_one(Plan, self.plan_id)
        self.people = {
            name: Actor(kind=ActorKind.USER, user=self.db.get_one(User, user_id), role=role)
            for name, (user_id, role) in self.roles.items()
        }
        self.era, self.now = era, day_span(era, self.clinic.zone).starts_at + timedelta(hours=22)
        self.places = dict[int, int | None]()
        self.gaps, self.short = set[Gap](), set[Gap]()
        self.is_fact = False
        for number, quarter in enumerate(quarters):
            self.book(number, number, 1, quarter, Lifting(), "iv-mood" if number else "in-esketamine", "desk", False)
        self.book_visit(3, 1, quarters[0], "provider", 30, SessionKind.TELEHEALTH)

    def teardown(self) -> None:
        self.db.rollback()
        self.db.expunge_all()

    def act(self, what: Callable[..., Any], *given: Any, by: str, **named: Any) -> Refusal | None:
        """Do it, or find everything as it was before it was refused."""
        before = self._rows()
        tried = self.db.begin_nested()
        try:
            what(self.db, *given, now=self.now, by=self.people[by], **named)
            tried.commit()
        except (Refusal, Absent) as refusal:
            if tried.is_active:
                tried.rollback()
            assert self._rows() == before
            return refusal if isinstance(refusal, Refusal) else None
        return None

    def _rows(self) -> list[Any]:
        return [self.db.execute(sa.select(one.__table__).order_by(one.id)).all() for one in _WATCHED]

    def start(self, day: int, quarter: int) -> datetime:
        began = day_span(self.era + timedelta(days=day), self.clinic.zone).starts_at
        return began + timedelta(minutes=15 * quarter)

    def chair(self, number: int) -> int:
        return self.clinic.chairs[number % 3].id

    def one_of_the_sessions(self, number: int) -> TreatmentSession | None:
        rows = self.db.scalars(sa.select(TreatmentSession).order_by(TreatmentSession.id)).all()
        return rows[-1 - number % len(rows)] if rows else None

    @rule(
        who=_any, chair=_any, day=_days, quarter=_quarters, lifting=_liftings,
        key=st.sampled_from(["iv-mood", "im", "in-esketamine", "in-esketamine"]),
        by=st.sampled_from(["desk", "provider", "charge nurse"]), in_series=st.booleans(),
    )  # fmt: skip
    def book(
        self, who: int, chair: int, day: int, quarter: int, lifting: Lifting, key: str, by: str, in_series: bool
    ) -> None:
        plan = self.plan if in_series else None
        request = BookingRequest(
            patient_id=plan.patient_id if plan else self.patients[who % len(self.patients)],
            protocol_version_id=factories.a_protocol(self.db, "iv-mood" if plan else key).id,
            chair_id=self.chair(chair), starts_at=self.start(day, quarter), plan_id=plan.id if plan else None,
            lifting=lifting,
        )  # fmt: skip
        self.act(booking.book, request, by=by)

    book_another = book

    @rule(chair=_any, quarter=_quarters, count=st.integers(min_value=1, max_value=4), apart=st.sampled_from([1, 2, 2]))
    def book_series(self, chair: int, quarter: int, count: int, apart: int) -> None:
        held = series.held_days(series.placed(self.db, self.plan))
        slots = [
            Slot(place=place, chair_id=self.chair(chair), starts_at=self.start(1 + apart * n, quarter))
            for n, place in enumerate(series.open_places(self.plan, held, count))
        ]
        self.act(series_booking.book, self.plan, slots, tell_patient=True, by="desk")

    @rule(days=st.sampled_from([-2, -1, 0, 1, 2]), quarters=st.integers(min_value=-4, max_value=4), chair=_any)
    def move_series(self, days: int, quarters: int, chair: int) -> None:
        slots = [
            Slot(
                place=one.place_in_plan or 0, chair_id=self.chair(chair), version=one.version,
                starts_at=one.starts_at + timedelta(days=days, minutes=15 * quarters),
            )
            for one in series.placed(self.db, self.plan) if one.status in EXPECTED
        ]  # fmt: skip
        self.act(series_booking.move, self.plan, slots, reasons=[], tell_patient=True, by="desk")

    @rule(
        who=_any, day=_days, quarter=_quarters, host=st.sampled_from(["provider", "nurse", "charge nurse"]),
        minutes=st.sampled_from([30, 60]), kind=st.sampled_from([SessionKind.PSYCHOTHERAPY, SessionKind.TELEHEALTH]),
    )  # fmt: skip
    def book_visit(self, who: int, day: int, quarter: int, host: str, minutes: int, kind: SessionKind) -> None:
        request = VisitRequest(
            clinic_id=self.clinic.id, patient_id=self.patients[who % len(self.patients)], kind=kind,
            host_id=self.people[host].user_id or 0, minutes=minutes, starts_at=self.start(day, quarter),
        )  # fmt: skip
        self.act(visits.book, request, by="desk")

    @rule(
        which=_any, chair=_any, day=_days, quarter=_quarters, lifting=_liftings,
        by=st.sampled_from(["desk", "provider"]),
    )  # fmt: skip
    def move(self, which: int, chair: int, day: int, quarter: int, lifting: Lifting, by: str) -> None:
        one = self.one_of_the_sessions(which)
        if one is not None:
            to = MoveRequest(
                chair_id=self.chair(chair), starts_at=self.start(day, quarter), version=one.version, lifting=lifting
            )
            self.act(booking.move, one, to, by=by)

    @rule(which=_any, what=st.sampled_from([changes.confirm, changes.note_absence, changes.undo_ending, "cancel"]))
    def change(self, which: int, what: Any) -> None:
        one = self.one_of_the_sessions(which)
        if one is not None and what == "cancel":
            self.act(changes.cancel, one, [CancelReason.COST], version=one.version, by="desk")
        elif one is not None:
            self.act(what, one, version=one.version, by="desk")

    @rule(which=_any, chair=_any, day=_days, quarter=_quarters, by=st.sampled_from(["desk", "provider"]))
    def regret_a_cancellation(self, which: int, chair: int, day: int, quarter: int, by: str) -> None:
        """Cancel, give the patient another time, then take the cancellation back."""
        one = self.one_of_the_sessions(which)
        if one is None or one.protocol_version_id is None or one.status not in EXPECTED:
            return
        self.act(changes.cancel, one, [CancelReason.COST], version=one.version, by="desk")
        request = BookingRequest(
            patient_id=one.patient_id, protocol_version_id=one.protocol_version_id, plan_id=one.plan_id,
            chair_id=self.chair(chair), starts_at=self.start(day, quarter),
        )  # fmt: skip
        self.act(booking.book, request, by="desk")
        self.act(changes.undo_ending, one, version=one.version, by=by)

    @rule(which=_any)
    def undo_move(self, which: int) -> None:
        one = self.one_of_the_sessions(which)
        if one is not None:
            self.act(changes.undo_move, one, version=one.version, by="provider")

    @rule(which=_any, action=st.sampled_from([Action.ARRIVE, Action.LEAVE_WITHOUT_TELLING, Action.UNDO]))
    def step(self, which: int, action: Action) -> None:
        one = self.one_of_the_sessions(which)
        if one is not None:
            step = steps.Step(action=action, version=one.version)
            refusal = self.act(steps.take, one, step, by="charge nurse")
            self.is_fact = refusal is None and action is Action.UNDO and one.status in IN_CLINIC

    @rule(
        what=st.sampled_from(["leave", "leave", "extra", "back", "end", "change", "change"]),
        who=st.sampled_from(["nurse", "charge nurse", "provider"]), which=_any, day=_days,
        first=_minutes, last=_minutes, keep=st.booleans(), by=st.sampled_from(["owner", "owner", "provider", "desk"]),
    )  # fmt: skip
    def change_who_works(
        self, what: str, who: str, which: int, day: int, first: int, last: int, keep: bool, by: str
    ) -> None:
        user_id, on = self.people[who].user_id or 0, self.era + timedelta(days=day)
        hours = (min(first, last), max(first, last)) if first != last else (0, 1440)
        if what == "leave":
            self._call_in_sick(shift_days.Leave(user_id=user_id, first_day=on, last_day=on, hours=hours), keep, by)
        elif what == "extra":
            role = SiteRole.PROVIDER if who == "provider" else SiteRole.NURSE
            extra = shift_days.Extra(user_id=user_id, role=role, day=on, hours=hours)
            self.act(shift_days.add_extra, self.clinic, extra, by=by)
        elif what == "back":
            rows = self.db.scalars(sa.select(ShiftException.id).where(ShiftException.removed_at.is_(None))).all()
            self._answer_for(shift_days.remove, rows[which % len(rows)] if rows else 0, keep=keep, by=by)
        else:
            self._change_hours(which, hours, on, ends=what == "end", keep=keep, by=by)

    @rule(which=_any, who=st.sampled_from(["provider", "provider", "nurse"]), keep=st.booleans())
    def call_in_sick(self, which: int, who: str, keep: bool) -> None:
        """Someone whom a session counts on is away on its day: its host, or whoever is on shift."""
        one = self.one_of_the_sessions(which)
        if one is not None:
            on, user_id = local_day(one.starts_at, self.clinic.zone), one.host_id or self.people[who].user_id or 0
            self._call_in_sick(
                shift_days.Leave(user_id=user_id, first_day=on, last_day=on, hours=(0, 1440)), keep, "owner"
            )

    def _call_in_sick(self, leave: shift_days.Leave, keep: bool, by: str) -> None:
        """It is so, whatever is booked: whoever has seen what it hits saves it, with or without a word for it."""
        refusal = self.act(shift_days.take_leave, self.clinic, leave, by=by)
        if isinstance(refusal, CoverShort):
            seen = Keeping(session_ids=[hit.session_id for hit in refusal.hits], words="We manage" if keep else None)
            refusal = self.act(shift_days.take_leave, self.clinic, leave, keeping=seen, by=by)
            assert not isinstance(refusal, CoverShort)
        self.is_fact = refusal is None

    def _change_hours(self, which: int, hours: tuple[int, int], on: date, *, ends: bool, keep: bool, by: str) -> None:
        query = sa.select(Shift).where(Shift.clinic_id == self.clinic.id, Shift.weekday == on.weekday())
        rows = self.db.scalars(query.order_by(Shift.id)).all()
        if rows and ends:
            self._answer_for(shifts.end, [rows[which % len(rows)].id], on, keep=keep, by=by)
        elif rows:
            new = shifts.Hours(starts_minute=hours[0], ends_minute=hours[1])
            self._answer_for(shifts.change, [rows[which % len(rows)].id], new, on, keep=keep, by=by)

    def _answer_for(self, what: Callable[..., Any], *given: Any, keep: bool, by: str) -> None:
        """Ask for the change; where someone is to answer for sessions left short, do so."""
        refusal = self.act(what, self.clinic, *given, by=by)
        if keep and isinstance(refusal, CoverShort):
            keeping = Keeping(words="We manage", session_ids=[hit.session_id for hit in refusal.hits])
            self.act(what, self.clinic, *given, keeping=keeping, by=by)

    @rule(day=_days, quarter=_quarters, length=st.integers(min_value=1, max_value=16), chair=st.sampled_from([None, 0]))
    def close(self, day: int, quarter: int, length: int, chair: int | None) -> None:
        start = self.start(day, quarter)
        span = Span(starts_at=start, ends_at=start + timedelta(minutes=15 * length))
        new = closures.NewClosure(span=span, reason="Repair", chair_id=None if chair is None else self.chair(chair))
        refusal = self.act(closures.add, self.clinic, new, version=self.clinic.version, kept=None, by="owner")
        if isinstance(refusal, WouldHit):
            self.act(closures.add, self.clinic, new, version=self.clinic.version, kept=refusal.key, by="owner")

    @precondition(lambda self: local_day(self.now, self.clinic.zone) < self.era + timedelta(days=4))
    @rule(minutes=st.sampled_from([30, 60, 90, 240]))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def the_rules_hold(self) -> None:
        if hasattr(self, "now"):
            self._gaps_come_of_facts(booking_model.check(self.db, self.clinic, self.era, DAYS, self.now))
            self._places_stay()

    def _gaps_come_of_facts(self, gaps: set[Gap]) -> None:
        """Nothing is booked, moved or brought back where someone is missing: only someone's leave opens a gap.

        A session short of nurses may have been answered for meanwhile by whoever joined it, and no longer be.
        """
        if self.is_fact:
            self.short |= gaps
        else:
            new = gaps - self.gaps
            assert all(one.what == "nurses" and one in self.short for one in new), "a gap that no leave has opened"
        self.gaps, self.is_fact = gaps, False

    def _places_stay(self) -> None:
        for one in self.db.scalars(sa.select(TreatmentSession)):
            assert self.places.setdefault(one.id, one.place_in_plan) == one.place_in_plan


@pytest.fixture
def calendar(db: Session, clinic: Clinic) -> type[Calendar]:
    """The machine on a clinic that stands, so that each example begins with it."""
    db.execute(sa.delete(OpeningHours))
    db.execute(sa.delete(Shift))
    db.execute(sa.update(Chair).values(allows_iv=True, allows_in=True, allows_im=True))
    db.expire_all()
    clinic.opening_hours = [OpeningHours(weekday=day, opens_minute=0, closes_minute=1440) for day in range(7)]
    people = {
        "desk": _person(db, clinic, Role.FRONT_DESK),
        "nurse": _person(db, clinic, Role.NURSE),
        "charge nurse": _person(db, clinic, Role.NURSE, is_charge_nurse=True),
        "provider": _person(db, clinic, Role.PROVIDER),
        "owner": _person(db, clinic, Role.OWNER),
    }
    factories.on_shift(db, _user(people["nurse"]), clinic, SiteRole.NURSE)
    factories.on_shift(db, _user(people["charge nurse"]), clinic, SiteRole.NURSE, starts=90)
    factories.on_shift(db, _user(people["provider"]), clinic, SiteRole.PROVIDER, starts=0, ends=600)
    sunday = db.scalars(sa.select(Shift).where(Shift.weekday == 6).order_by(Shift.id)).first()
    assert sunday is not None
    sunday.breaks = [ShiftBreak(starts_minute=105, ends_minute=135)]
    patients = [
        factories.a_patient(db, clinic, name, registered_by=_user(people["desk"])).id
        for name in ("Ana", "Bo", "Cy", "Di")
    ]
    plan = _plan(db, patients[0], people["provider"])
    db.commit()
    roles = {name: (by.user_id, by.role) for name, by in people.items()}
    known = {"db": db, "clinic_id": clinic.id, "roles": roles, "patients": patients, "plan_id": plan.id}
    db.expunge_all()
    return type("CalendarHere", (Calendar,), known)


def _person(db: Session, clinic: Clinic, role: Role, **given: Any) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, role, **given), role=role)


def _user(actor: Actor) -> User:
    assert actor.user is not None
    return actor.user


def _plan(db: Session, patient_id: int, by: Actor) -> Plan:
    request = PlanRequest(
        protocol_version_id=factories.a_protocol(db).id, condition=Condition.PTSD, pattern=read("4 over 2 weeks"),
        provider_id=by.user_id or 0,
    )  # fmt: skip
    return plans.start(db, db.get_one(Patient, patient_id), request, now=datetime(2026, 10, 1, tzinfo=UTC), by=by)


def test_no_order_of_events_breaks_the_rules_of_the_calendar(calendar: type[Calendar]) -> None:
    assert settings.default is not None
    examples = settings.default.max_examples // 3
    run_state_machine_as_test(calendar, settings=settings(max_examples=examples, stateful_step_count=30))
