"""Booking, moving and cancelling, with what each leaves behind."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind, MessageStatus
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanReason, PlanStatus
from clinic_sessions.domain.scheduling.reasons import CancelReason, MoveReason
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.session.lifecycle import OCCUPYING, Action, Status
from clinic_sessions.models import ActorKind, AuditEntry, Clinic, Message, Patient, Plan, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, changes, free_times, room
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.booking.room import TimeTaken
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.series import series
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.plans import a_plan

TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Someone at the front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient with an email address."""
    return factories.a_patient(db, clinic)


def _wish(
    db: Session, patient: Patient, clinic: Clinic, at: datetime = TUESDAY_TEN, chair: int = 0, plan: Plan | None = None
) -> BookingRequest:
    return BookingRequest(
        patient_id=patient.id,
        protocol_version_id=factories.a_protocol(db).id,
        chair_id=clinic.chairs[chair].id,
        starts_at=at,
        plan_id=plan.id if plan else None,
    )


def _messages(db: Session, treatment: TreatmentSession) -> dict[MessageKind, MessageStatus]:
    rows = db.scalars(sa.select(Message).where(Message.session_id == treatment.id).order_by(Message.id))
    return {row.kind: row.status for row in rows}


def test_a_booking_takes_the_whole_block_and_tells_the_patient(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    assert treatment.ends_at - treatment.starts_at == timedelta(minutes=factories.a_protocol(db).block_minutes)
    assert [change.action for change in treatment.changes] == [Action.BOOK]
    assert MessageKind.CONFIRMATION in _messages(db, treatment)
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "session")).one()
    assert (entry.patient_id, entry.user_id) == (patient.id, desk.user_id)


def test_nobody_is_told_when_the_desk_says_so(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    wish = _wish(db, patient, clinic)
    quiet = BookingRequest(**{**vars(wish), "tell_patient": False})
    assert MessageKind.CONFIRMATION not in _messages(db, booking.book(db, quiet, now=now, by=desk))


def test_a_second_booking_of_the_same_chair_is_refused_with_the_next_three_free_times(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    other = factories.a_patient(db, clinic, "Bo Chen")
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, _wish(db, other, clinic, TUESDAY_TEN + timedelta(minutes=30)), now=now, by=desk)
    assert list(refused.value.reasons) == [BookingReason.CHAIR_TAKEN]
    assert [one.span.starts_at for one in refused.value.next_times] == [
        TUESDAY_TEN + timedelta(minutes=30 + 15 * n) for n in range(3)
    ]


def test_a_patient_cannot_be_in_two_chairs_at_once(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, _wish(db, patient, clinic, chair=1), now=now, by=desk)
    assert list(refused.value.reasons) == [BookingReason.PATIENT_ELSEWHERE]


@pytest.mark.parametrize(
    ("at", "chair", "reason"),
    [
        (datetime(2026, 11, 24, 13, tzinfo=UTC), 0, BookingReason.OUTSIDE_OPENING_HOURS),
        (datetime(2026, 11, 28, 18, tzinfo=UTC), 0, BookingReason.CLINIC_CLOSED),
        (datetime(2026, 11, 23, 17, tzinfo=UTC), 0, BookingReason.IN_THE_PAST),
        (TUESDAY_TEN, 2, BookingReason.CHAIR_NOT_SUITABLE),
    ],
)
def test_a_time_that_cannot_be_says_why(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime, at: datetime, chair: int, reason: str
) -> None:
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, _wish(db, patient, clinic, at, chair), now=now, by=desk)
    assert reason in refused.value.reasons
    assert len(refused.value.next_times) == 3


def test_what_the_database_itself_refuses_is_refused_like_what_the_rules_see(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    assert desk.user is not None
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), TUESDAY_TEN, by=desk.user)
    want, clinic_id = free_times.wanted(factories.a_protocol(db), patient.id, TUESDAY_TEN), clinic.id
    db.commit()
    with pytest.raises(DatabaseError) as error:
        factories.a_session(db, patient, TUESDAY_TEN, by=desk.user)
    reasons = room.refused_by_database(error.value)
    with pytest.raises(TimeTaken) as refused:
        room.roll_back(db, reasons, clinic_id, want)
    assert list(refused.value.reasons) == [BookingReason.CHAIR_TAKEN]
    assert len(refused.value.next_times) == 3


def test_a_chair_of_another_clinic_is_as_good_as_absent(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    elsewhere = factories.a_clinic(db)
    with pytest.raises(Absent):
        booking.book(db, _wish(db, patient, elsewhere), now=now, by=desk)


def test_a_session_takes_the_next_place_of_its_series_and_a_cancelled_one_gives_its_place_back(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now, count=3)
    places = []
    for week in range(3):
        at = TUESDAY_TEN + timedelta(weeks=week)
        treatment = booking.book(db, _wish(db, patient, clinic, at, plan=plan), now=now, by=desk)
        places.append(treatment.place_in_plan)
        if week == 0:
            changes.cancel(db, treatment, [CancelReason.COST], version=treatment.version, now=now, by=desk)
    assert places == [1, 1, 2]


def test_a_plan_that_is_not_under_way_is_refused_and_nothing_is_booked_beside_it(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now)
    plan.status = PlanStatus.ENDED
    with pytest.raises(Refusal) as refused:
        booking.book(db, _wish(db, patient, clinic, plan=plan), now=now, by=desk)
    assert list(refused.value.reasons) == [PlanReason.NOT_ACTIVE]
    assert series.placed(db, plan) == []


def test_a_session_beyond_a_full_series_stands_outside_it(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now, count=1)
    booking.book(db, _wish(db, patient, clinic, plan=plan), now=now, by=desk)
    later = TUESDAY_TEN + timedelta(days=7)
    beyond = booking.book(db, _wish(db, patient, clinic, later, plan=plan), now=now, by=desk)
    assert (beyond.plan_id, beyond.place_in_plan) == (None, None)


def test_a_move_grows_the_schedule_version_keeps_before_and_after_and_tells_the_patient(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    changes.confirm(db, treatment, version=treatment.version, now=now, by=desk)
    to = MoveRequest(
        chair_id=clinic.chairs[1].id,
        starts_at=TUESDAY_TEN + timedelta(hours=1),
        version=treatment.version,
        reasons=[MoveReason.PATIENT_ASKED],
    )
    booking.move(db, treatment, to, now=now, by=desk)
    assert (treatment.status, treatment.schedule_version) == (Status.BOOKED, 2)
    moved = treatment.changes[-1]
    assert moved.details["chair_id"] == [clinic.chairs[0].id, clinic.chairs[1].id]
    assert moved.details["starts_at"] == [TUESDAY_TEN.isoformat(), to.starts_at.isoformat()]
    assert MessageKind.MOVED in _messages(db, treatment)


def test_a_session_can_be_moved_into_its_own_time(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    to = MoveRequest(
        chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN + timedelta(minutes=15), version=treatment.version
    )
    booking.move(db, treatment, to, now=now, by=desk)
    assert treatment.starts_at == to.starts_at


def test_a_move_to_where_it_stands_already_is_refused(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    to = MoveRequest(chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN, version=treatment.version)
    with pytest.raises(TimeTaken):
        booking.move(db, treatment, to, now=now, by=desk)
    assert treatment.schedule_version == 1


def test_a_change_from_a_version_that_has_passed_is_refused(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    seen = treatment.version
    changes.confirm(db, treatment, version=seen, now=now, by=desk)
    with pytest.raises(ChangedMeanwhile):
        changes.cancel(db, treatment, [CancelReason.COST], version=seen, now=now, by=desk)
    assert treatment.status is Status.CONFIRMED


@pytest.mark.parametrize(
    ("reason", "notice"),
    [
        (CancelReason.PATIENT_ASKED, MessageKind.CANCELLED),
        (CancelReason.CLINIC_STAFF, MessageKind.CANCELLED_BY_CLINIC),
    ],
)
def test_a_cancellation_frees_the_chair_and_tells_the_patient_whose_side_it_was(
    db: Session,
    clinic: Clinic,
    patient: Patient,
    desk: Actor,
    now: datetime,
    reason: CancelReason,
    notice: MessageKind,
) -> None:
    treatment = booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    changes.cancel(db, treatment, [reason], version=treatment.version, now=now, by=desk)
    assert notice in _messages(db, treatment)
    other = factories.a_patient(db, clinic, "Bo Chen")
    assert booking.book(db, _wish(db, other, clinic), now=now, by=desk).status is Status.BOOKED


def test_nobody_can_be_said_not_to_have_come_before_the_start(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, patient, clinic), now=now, by=desk)
    with pytest.raises(lifecycle.GateClosed):
        changes.note_absence(db, treatment, version=treatment.version, now=now, by=desk)
    changes.note_absence(db, treatment, version=treatment.version, now=TUESDAY_TEN, by=desk)
    assert treatment.status is Status.DID_NOT_COME


def test_a_booking_across_a_clock_change_keeps_its_wall_time(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor
) -> None:
    for day, utc_hour in ((13, 18), (15, 17)):
        at = datetime(2027, 3, day, utc_hour, tzinfo=UTC)
        if day == 15:
            made = booking.book(db, _wish(db, patient, clinic, at), now=TUESDAY_TEN, by=desk)
            assert made.starts_at.astimezone(clinic.zone).hour == 10


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["book", "move", "cancel"]),
        st.integers(min_value=0, max_value=2),
        st.integers(min_value=0, max_value=1),
        st.integers(min_value=0, max_value=12),
    ),
    max_size=12,
)


@given(steps=_STEPS)
def test_whatever_is_booked_and_moved_no_two_sessions_overlap(
    db: Session, clinic: Clinic, now: datetime, steps: list[tuple[str, int, int, int]]
) -> None:
    here = db.scalars(sa.select(Clinic)).one()
    by = Actor(kind=ActorKind.USER, user=factories.a_user(db, here, Role.FRONT_DESK), role=Role.FRONT_DESK)
    people = [factories.a_patient(db, here, name, registered_by=by.user) for name in ("Ana", "Bo", "Cy")]
    for what, who, chair, quarter in steps:
        _try(db, here, people[who], by, now, what, chair, TUESDAY_TEN + timedelta(minutes=15 * quarter))
    _check_no_overlap(db)
    db.rollback()
    db.expunge_all()


def _try(
    db: Session, clinic: Clinic, who: Patient, by: Actor, now: datetime, what: str, chair: int, at: datetime
) -> None:
    mine = db.scalars(
        sa.select(TreatmentSession).where(
            TreatmentSession.patient_id == who.id, TreatmentSession.status == Status.BOOKED
        )
    ).first()
    with contextlib.suppress(Refusal):
        if what == "book":
            booking.book(db, _wish(db, who, clinic, at, chair), now=now, by=by)
        elif mine and what == "move":
            to = MoveRequest(chair_id=clinic.chairs[chair].id, starts_at=at, version=mine.version)
            booking.move(db, mine, to, now=now, by=by)
        elif mine:
            changes.cancel(db, mine, [CancelReason.COST], version=mine.version, now=now, by=by)


def _check_no_overlap(db: Session) -> None:
    rows = db.scalars(sa.select(TreatmentSession).where(TreatmentSession.status.in_(OCCUPYING))).all()
    for at, one in enumerate(rows):
        for other in rows[at + 1 :]:
            if one.chair_id == other.chair_id or one.patient_id == other.patient_id:
                assert not one.block.overlaps(other.block)
