"""Booking and moving visits without a dose, on both databases: nobody is ever in two places at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.reasons import CancelReason, MoveReason
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.session.lifecycle import OCCUPYING, TRANSITIONS, Action, SessionKind, Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import ActorKind, CheckIn, Clinic, Closure, Message, Patient, Shift, TreatmentSession, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, changes, visit_room, visits
from clinic_sessions.services.booking.room import TimeTaken
from clinic_sessions.services.booking.visit_room import HostTaken, Wanted
from clinic_sessions.services.booking.visits import VisitMove, VisitRequest
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.series import series
from clinic_sessions.services.shifts import cover
from tests import factories
from tests.services.day import a_nurse, take

TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
SUNDAY_TEN = datetime(2026, 11, 29, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
TALK, EVALUATION = SessionKind.PSYCHOTHERAPY, SessionKind.EVALUATION


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Someone at the front desk."""
    return a_nurse(db, clinic, Role.FRONT_DESK)


@pytest.fixture
def host(db: Session, clinic: Clinic) -> User:
    """A provider on shift from 8 to 18."""
    return a_host(db, clinic)


def a_host(db: Session, clinic: Clinic, role: Role = Role.PROVIDER, *, starts: int = 480, ends: int = 1080) -> User:
    """Somebody who works at a clinic, on shift every day."""
    user = factories.a_user(db, clinic, role)
    factories.on_shift(db, user, clinic, SiteRole(role.value), starts=starts, ends=ends)
    return user


def a_wish(patient: Patient, host: User, at: datetime = TUESDAY_TEN, **given: Any) -> VisitRequest:
    """What is to be booked: a psychotherapy visit of 50 minutes."""
    fields = {"clinic_id": patient.clinic_id, "kind": TALK, "minutes": 50, "starts_at": at}
    return VisitRequest(patient_id=patient.id, host_id=host.id, **{**fields, **given})


def reasons_of(db: Session, wish: VisitRequest, now: datetime, by: Actor) -> set[Any]:
    """The reasons for which a booking is refused."""
    with pytest.raises(HostTaken) as refused:
        visits.book(db, wish, now=now, by=by)
    return set(refused.value.reasons)


def test_a_visit_has_a_host_and_no_chair_and_the_patient_is_told(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    visit = visits.book(db, a_wish(factories.a_patient(db, clinic), host), now=now, by=desk)
    assert (visit.host_id, visit.chair_id, visit.nurse_milli) == (host.id, None, 0)
    assert visit.ends_at - visit.starts_at == timedelta(minutes=50)
    kinds = set(db.scalars(sa.select(Message.kind).where(Message.session_id == visit.id)))
    assert kinds >= {MessageKind.CONFIRMATION, MessageKind.REMINDER_EVENING}


def test_every_reason_against_a_visit_is_named_at_once(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    patient, early = factories.a_patient(db, clinic), a_host(db, clinic, ends=720)
    assert reasons_of(db, a_wish(patient, host, SUNDAY_TEN - timedelta(days=14)), now, desk) == {
        BookingReason.IN_THE_PAST, BookingReason.CLINIC_CLOSED
    }  # fmt: skip
    assert reasons_of(db, a_wish(patient, early, TUESDAY_TEN + 7.5 * HOUR), now, desk) == {
        BookingReason.OUTSIDE_OPENING_HOURS, BookingReason.HOST_OFF_SHIFT
    }  # fmt: skip
    shut = {"starts_at": TUESDAY_TEN, "ends_at": TUESDAY_TEN + HOUR, "reason": "Repair"}
    db.add(Closure(clinic_id=clinic.id, made_at=now, by_id=host.id, **shut))
    visits.book(db, a_wish(patient, host, TUESDAY_TEN + HOUR), now=now, by=desk)
    assert reasons_of(db, a_wish(patient, host, TUESDAY_TEN + timedelta(minutes=15)), now, desk) == {
        BookingReason.CLOSURE, BookingReason.PATIENT_ELSEWHERE, BookingReason.HOST_ELSEWHERE
    }  # fmt: skip


def test_host_and_patient_are_in_one_place_also_between_two_clinics(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    far = factories.a_clinic(db, "America/New_York", nurses=0, providers=0)
    for person in (host, desk.user):
        assert person is not None
        person.clinics = [clinic, far]
    factories.on_shift(db, host, far, SiteRole.PROVIDER)
    patient, other = factories.a_patient(db, clinic), factories.a_patient(db, far)
    patient.other_clinics = [far]
    db.flush()
    db.expire_all()
    visits.book(db, a_wish(patient, host), now=now, by=desk)
    assert reasons_of(db, a_wish(other, host), now, desk) == {BookingReason.HOST_ELSEWHERE}
    second = a_host(db, far)
    assert reasons_of(db, a_wish(patient, second, clinic_id=far.id), now, desk) == {BookingReason.PATIENT_ELSEWHERE}


def test_a_nurse_who_holds_a_visit_cares_for_no_other(db: Session, desk: Actor, now: datetime) -> None:
    small = factories.a_clinic(db, nurses=0)
    nurse, by = a_host(db, small, Role.NURSE), a_nurse(db, small, Role.FRONT_DESK)
    patient, other = factories.a_patient(db, small), factories.a_patient(db, small)
    held = visits.book(db, a_wish(patient, nurse), now=now, by=by)
    assert held.nurse_milli == 1000
    treat = booking.BookingRequest(
        patient_id=other.id, protocol_version_id=factories.a_protocol(db).id,
        chair_id=small.chairs[0].id, starts_at=TUESDAY_TEN,
    )  # fmt: skip
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, treat, now=now, by=by)
    assert set(refused.value.reasons) == {BookingReason.COVER_SHORT}
    changes.cancel(db, held, [CancelReason.PATIENT_ASKED], version=held.version, now=now, by=by)
    booking.book(db, treat, now=now, by=by)
    assert BookingReason.COVER_SHORT in reasons_of(db, a_wish(patient, nurse), now, by)


def test_a_visit_without_a_dose_is_no_step_of_a_series(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    treated = factories.a_session(db, patient, TUESDAY_TEN - timedelta(days=7), status=Status.LEFT)
    visits.book(db, a_wish(patient, host), now=now, by=desk)
    assert series.last_start(db, patient.id) == treated.starts_at


@pytest.mark.parametrize("given", [{"kind": EVALUATION}, {"minutes": 52}, {"kind": SessionKind.TREATMENT}])
def test_what_no_form_of_ours_asks_for_is_as_if_there_were_none(
    db: Session, clinic: Clinic, desk: Actor, now: datetime, given: dict[str, Any]
) -> None:
    nurse = a_host(db, clinic, Role.NURSE)
    with pytest.raises(Absent):
        visits.book(db, a_wish(factories.a_patient(db, clinic), nurse, **given), now=now, by=desk)


def test_the_free_times_of_a_host_are_exactly_those_that_can_be_booked(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    nurse, patient = a_host(db, clinic, Role.NURSE, starts=545, ends=900), factories.a_patient(db, clinic)
    for hours in (0, 2):
        factories.a_session(db, factories.a_patient(db, clinic), TUESDAY_TEN + hours * HOUR * 1.5)
    visits.book(db, a_wish(factories.a_patient(db, clinic), nurse, TUESDAY_TEN + HOUR), now=now, by=desk)
    visits.book(db, a_wish(patient, a_host(db, clinic), TUESDAY_TEN - HOUR, minutes=25), now=now, by=desk)
    day = local_day(TUESDAY_TEN, clinic.zone)
    want = Wanted(kind=TALK, patient_id=patient.id, host_id=nurse.id, minutes=50, earliest=TUESDAY_TEN - 3 * HOUR)
    starts = [TUESDAY_TEN + timedelta(minutes=15 * n) for n in range(-16, 40)]
    can_be = [at for at in starts if not visit_room.against(db, clinic, want.at(at), want, now=now)[0]]
    assert dict(visit_room.free_days(db, clinic, want))[day] == can_be
    assert can_be
    with pytest.raises(HostTaken) as refused:
        visits.book(db, a_wish(patient, nurse, TUESDAY_TEN + HOUR), now=now, by=desk)
    assert list(refused.value.next_times) == [at for at in can_be if at >= TUESDAY_TEN + HOUR][:3]


def test_a_move_takes_another_host_and_length_and_asks_the_patient_again(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    visit = visits.book(db, a_wish(factories.a_patient(db, clinic), host), now=now, by=desk)
    changes.confirm(db, visit, version=visit.version, now=now, by=desk)
    nurse = a_host(db, clinic, Role.NURSE)
    to: dict[str, Any] = {
        "starts_at": TUESDAY_TEN + timedelta(minutes=15), "minutes": 90, "reasons": [MoveReason.PATIENT_ASKED]
    }  # fmt: skip
    visits.move(db, visit, VisitMove(host_id=nurse.id, version=visit.version, **to), now=now, by=desk)
    assert (visit.host_id, visit.nurse_milli, visit.status) == (nurse.id, 1000, Status.BOOKED)
    assert (visit.schedule_version, visit.ends_at - visit.starts_at) == (2, timedelta(minutes=90))
    assert visit.changes[-1].details["host_id"] == [host.id, nurse.id]
    with pytest.raises(HostTaken) as refused:
        visits.move(db, visit, VisitMove(host_id=nurse.id, version=visit.version, **to), now=now, by=desk)
    assert refused.value.reasons == (BookingReason.SAME_TIME_AND_CHAIR,)
    other = factories.a_session(db, factories.a_patient(db, clinic), TUESDAY_TEN)
    with pytest.raises(Absent):
        visits.move(db, other, VisitMove(host_id=nurse.id, version=other.version, **to), now=now, by=desk)


def test_a_visit_does_not_come_back_to_a_host_who_is_taken_or_gone(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    first = visits.book(db, a_wish(factories.a_patient(db, clinic), host), now=now, by=desk)
    changes.cancel(db, first, [CancelReason.PATIENT_ASKED], version=first.version, now=now, by=desk)
    visits.book(db, a_wish(factories.a_patient(db, clinic), host), now=now, by=desk)
    db.commit()
    with pytest.raises(Refusal) as refused:
        take(db, first, Action.UNDO, now, desk)
    assert refused.value.reasons == (BookingReason.HOST_ELSEWHERE,)
    db.rollback()
    db.execute(sa.delete(Shift).where(Shift.user_id == host.id))
    with pytest.raises(Refusal) as gone:
        take(db, first, Action.UNDO, now, desk)
    assert set(gone.value.reasons) == {BookingReason.HOST_ELSEWHERE, BookingReason.HOST_OFF_SHIFT}


def test_the_database_itself_refuses_a_host_in_two_places(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    visits.book(db, a_wish(factories.a_patient(db, clinic), host), now=now, by=desk)
    second = visits.book(db, a_wish(factories.a_patient(db, clinic), host, TUESDAY_TEN + HOUR), now=now, by=desk)
    second.starts_at -= timedelta(minutes=15)
    with pytest.raises(DatabaseError, match="overlap_host"):
        db.flush()


def test_a_visit_ends_without_a_dose_and_asks_for_no_check_in(
    db: Session, clinic: Clinic, host: User, desk: Actor
) -> None:
    visit = visits.book(db, a_wish(factories.a_patient(db, clinic), host), now=TUESDAY_TEN - HOUR, by=desk)
    provider = Actor(kind=ActorKind.USER, user=host, role=Role.PROVIDER)
    take(db, visit, Action.ARRIVE, TUESDAY_TEN, desk)
    for action in (Action.START, Action.CALL_READY, Action.FINISH_DOSE):
        with pytest.raises(Refusal):
            take(db, visit, action, TUESDAY_TEN, provider)
    take(db, visit, Action.LEAVE, TUESDAY_TEN + HOUR, provider)
    assert (visit.status, visit.left_at) == (Status.LEFT, TUESDAY_TEN + HOUR)
    assert db.scalar(sa.select(sa.func.count(CheckIn.id))) == 0


def test_of_rivals_for_one_host_one_is_booked_and_the_others_are_told_why(
    db: Session, clinic: Clinic, host: User, desk: Actor, now: datetime
) -> None:
    people = [factories.a_patient(db, clinic) for _ in range(4)]
    wishes = [a_wish(patient, host, TUESDAY_TEN + n * timedelta(minutes=10)) for n, patient in enumerate(people)]
    db.commit()
    engine, desk_id = db.get_bind(), desk.user_id

    def book(wish: VisitRequest) -> tuple[Any, ...]:
        with Session(engine) as own:
            begin_write(own)
            by = Actor(kind=ActorKind.USER, user=own.get_one(User, desk_id), role=Role.FRONT_DESK)
            try:
                visits.book(own, wish, now=now, by=by)
            except HostTaken as refusal:
                return tuple(refusal.reasons)
            own.commit()
            return ()

    with ThreadPoolExecutor(len(wishes)) as pool:
        told = list(pool.map(book, wishes))
    assert sorted(told) == [(), *[(BookingReason.HOST_ELSEWHERE,)] * (len(wishes) - 1)]


class AClinicOfTalk(RuleBasedStateMachine):
    """Whatever is booked, moved, ended and undone: nobody is in two places, and no nurse cares for two."""

    db: Session
    begins: datetime
    booked = Bundle("booked")

    @initialize()
    def open(self) -> None:
        self.now = self.begins
        self.clinic = factories.a_clinic(self.db, nurses=0)
        self.hosts = [a_host(self.db, self.clinic, role) for role in (Role.NURSE, Role.PROVIDER)]
        self.people = [factories.a_patient(self.db, self.clinic) for _ in range(3)]
        self.by = a_nurse(self.db, self.clinic, Role.NURSE)

    @rule(target=booked, host=st.integers(0, 1), who=st.integers(0, 2), at=st.integers(0, 6), n=st.integers(3, 9))
    def book(self, host: int, who: int, at: int, n: int) -> Any:
        wish = a_wish(self.people[who], self.hosts[host], TUESDAY_TEN + at * HOUR / 3, minutes=10 * n)
        try:
            return visits.book(self.db, wish, now=self.now, by=self.by)
        except HostTaken:
            return multiple()

    @rule(visit=booked, host=st.integers(0, 1), at=st.integers(0, 6))
    def move(self, visit: TreatmentSession, host: int, at: int) -> None:
        to = VisitMove(
            host_id=self.hosts[host].id, minutes=40, starts_at=TUESDAY_TEN + at * HOUR / 3, version=visit.version
        )
        self._try(visit, lambda: visits.move(self.db, visit, to, now=self.now, by=self.by))

    @rule(visit=booked, action=st.sampled_from([*Action]))
    def step(self, visit: TreatmentSession, action: Action) -> None:
        if action not in {Action.MOVE, Action.HOLD, Action.BOOK}:
            self._try(visit, lambda: take(self.db, visit, action, self.now, self.by, happened=True))

    def _try(self, visit: TreatmentSession, act: Any) -> None:
        before = (visit.status, visit.block, visit.host_id)
        saved = self.db.begin_nested()
        try:
            act()
            saved.commit()
        except Refusal:
            saved.rollback()
            self.db.expire_all()
            assert (visit.status, visit.block, visit.host_id) == before

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        rows: Sequence[TreatmentSession] = self.db.scalars(
            sa.select(TreatmentSession).where(
                TreatmentSession.clinic_id == self.clinic.id, TreatmentSession.status.in_(OCCUPYING)
            )
        ).all()
        for n, one in enumerate(rows):
            for other in rows[n + 1 :]:
                shared = one.host_id == other.host_id or one.patient_id == other.patient_id
                assert not (shared and one.block.overlaps(other.block))
        assert min(cover.day_cover(self.db, self.clinic, local_day(TUESDAY_TEN, self.clinic.zone)).spare) >= 0

    @invariant()
    def every_status_is_one_of_a_visit(self) -> None:
        kept = self.db.scalars(sa.select(TreatmentSession.status).where(TreatmentSession.kind == TALK)).all()
        assert set(kept) <= set(TRANSITIONS[TALK])

    def teardown(self) -> None:
        self.db.rollback()


def test_no_order_of_bookings_and_steps_puts_anybody_in_two_places(db: Session, clinic: Clinic) -> None:
    db.commit()
    AClinicOfTalk.db, AClinicOfTalk.begins = db, TUESDAY_TEN - HOUR
    run_state_machine_as_test(AClinicOfTalk, settings=settings(max_examples=12, stateful_step_count=15, deadline=None))
