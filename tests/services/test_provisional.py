"""Booking under clearance: who may be booked, who only after an evaluation, and what stands as provisional."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import Clearance, PaperReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanOutcome, PlanReason
from clinic_sessions.domain.scheduling.reasons import CancelReason, MoveReason
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import ActorKind, ClearanceDecision, Clinic, Patient, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, changes, provisional
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.plans import papers, plan_life
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series import series_booking
from clinic_sessions.services.series.series_booking import SeriesRefused, Slot
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.plans import a_plan

TODAY = date(2026, 11, 23)
TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Someone at the front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody about whom nobody has decided."""
    return factories.a_patient(db, clinic, papers=False)


def _decided(
    db: Session, patient: Patient, decision: Clearance, until: date | None = None, *, at: datetime | None = None
) -> None:
    version = factories.a_protocol(db)
    db.add(
        ClearanceDecision(
            patient_id=patient.id, protocol_key=version.key, protocol_version_id=version.id, decision=decision,
            until=until, words="Because", at=at or datetime(2026, 11, 1, tzinfo=UTC), by_id=patient.registered_by_id,
        )
    )  # fmt: skip
    db.flush()


def _evaluation(db: Session, patient: Patient, clinic: Clinic, at: datetime) -> TreatmentSession:
    host = factories.a_user(db, clinic, Role.PROVIDER)
    visit = factories.a_session(db, patient, at)
    visit.kind, visit.host_id, visit.chair_id, visit.protocol_version_id = SessionKind.EVALUATION, host.id, None, None
    visit.ends_at = at + timedelta(minutes=60)
    visit.protocol_version, visit.chair = None, None
    db.flush()
    return visit


def _book(
    db: Session, patient: Patient, clinic: Clinic, now: datetime, desk: Actor, at: datetime = TUESDAY_TEN
) -> TreatmentSession:
    request = BookingRequest(
        patient_id=patient.id,
        protocol_version_id=factories.a_protocol(db).id,
        chair_id=clinic.chairs[0].id,
        starts_at=at,
    )
    return booking.book(db, request, now=now, by=desk)


def _refused(db: Session, patient: Patient, clinic: Clinic, now: datetime, desk: Actor) -> list[object]:
    with pytest.raises(Refusal) as raised:
        _book(db, patient, clinic, now, desk)
    return list(raised.value.reasons)


def test_nobody_is_booked_whom_nobody_has_cleared(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    assert _refused(db, patient, clinic, now, desk) == [PaperReason.NOT_CLEARED]


def test_one_who_is_cleared_is_booked_firmly_without_consent_or_order(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    _decided(db, patient, Clearance.CLEARED, TODAY + 30 * DAY)
    booked = _book(db, patient, clinic, now, desk)
    lacking = papers.missing(db, [booked])[booked.id]
    assert provisional.ids(db, [booked]) == frozenset()
    assert PaperReason.CONSENT_MISSING in lacking.reasons
    assert PaperReason.ORDER_MISSING in lacking.reasons


def test_a_clearance_that_ends_before_the_day_leaves_the_session_provisional(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    _decided(db, patient, Clearance.CLEARED, TODAY)
    booked = _book(db, patient, clinic, now, desk)
    assert provisional.ids(db, [booked]) == {booked.id}
    assert papers.missing(db, [booked])[booked.id].clearance == [PaperReason.CLEARANCE_EXPIRED]


@pytest.mark.parametrize(
    ("decision", "until", "reason"),
    [
        (Clearance.CLEARED, TODAY - DAY, PaperReason.CLEARANCE_EXPIRED),
        (Clearance.DEFERRED, TODAY, PaperReason.DEFERRED),
        (Clearance.DEFERRED, TODAY - DAY, PaperReason.DEFERRAL_OVER),
        (Clearance.NOT_SUITABLE, None, PaperReason.NOT_SUITABLE),
        (Clearance.MORE_INFORMATION, None, PaperReason.MORE_INFORMATION),
    ],
)
def test_every_decision_but_a_clearance_that_holds_refuses_a_booking(
    db: Session,
    clinic: Clinic,
    patient: Patient,
    desk: Actor,
    now: datetime,
    decision: Clearance,
    until: date | None,
    reason: PaperReason,
) -> None:
    _decided(db, patient, Clearance.CLEARED, TODAY + 300 * DAY, at=datetime(2026, 10, 1, tzinfo=UTC))
    _decided(db, patient, decision, until)
    assert _refused(db, patient, clinic, now, desk) == [reason]
    _evaluation(db, patient, clinic, TUESDAY_TEN - timedelta(hours=2))
    assert provisional.ids(db, [_book(db, patient, clinic, now, desk)])


def test_an_evaluation_before_it_makes_a_booking_provisional_and_one_after_it_does_not(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    visit = _evaluation(db, patient, clinic, TUESDAY_TEN + DAY)
    assert _refused(db, patient, clinic, now, desk) == [PaperReason.NOT_CLEARED]
    stands = provisional.standing(db, patient.id, factories.a_protocol(db), TODAY)
    assert (stands.refused, stands.not_before) == (False, visit.ends_at)
    booked = _book(db, patient, clinic, now, desk, TUESDAY_TEN + 2 * DAY)
    assert provisional.ids(db, [booked]) == {booked.id}


def test_a_provisional_session_is_not_moved_to_before_its_evaluation(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    _evaluation(db, patient, clinic, TUESDAY_TEN + DAY)
    booked = _book(db, patient, clinic, now, desk, TUESDAY_TEN + 2 * DAY)
    move = MoveRequest(chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN, version=booked.version)
    with pytest.raises(Refusal) as refused:
        booking.move(db, booked, move, now=now, by=desk)
    assert list(refused.value.reasons) == [PaperReason.NOT_CLEARED]


def test_a_session_stays_when_its_evaluation_is_cancelled_and_can_still_be_moved(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    visit = _evaluation(db, patient, clinic, TUESDAY_TEN)
    booked = _book(db, patient, clinic, now, desk, TUESDAY_TEN + DAY)
    changes.cancel(db, visit, [CancelReason.PATIENT_ASKED], version=visit.version, now=now, by=desk)
    assert booked.status is Status.BOOKED
    assert provisional.ids(db, [booked]) == {booked.id}
    assert papers.missing(db, [booked])[booked.id].clearance == [PaperReason.NOT_CLEARED]
    move = MoveRequest(
        chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN + 2 * DAY, version=booked.version,
        reasons=[MoveReason.PATIENT_ASKED],
    )  # fmt: skip
    booking.move(db, booked, move, now=now, by=desk)
    assert booked.starts_at == TUESDAY_TEN + 2 * DAY
    with pytest.raises(Refusal):
        _book(db, patient, clinic, now, desk, TUESDAY_TEN + 3 * DAY)


def test_of_a_series_the_dates_before_the_evaluation_are_refused_by_place(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now, count=2)
    _evaluation(db, patient, clinic, TUESDAY_TEN + DAY)

    def slots(first: datetime) -> list[Slot]:
        return [
            Slot(place=1, chair_id=clinic.chairs[0].id, starts_at=first),
            Slot(place=2, chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN + 6 * DAY),
        ]

    with db.begin_nested(), pytest.raises(SeriesRefused) as raised:
        series_booking.book(db, plan, slots(TUESDAY_TEN), tell_patient=False, now=now, by=desk)
    assert {place: list(one.reasons) for place, one in raised.value.by_place.items()} == {1: [PaperReason.NOT_CLEARED]}


def test_a_cancelled_session_comes_back_only_if_it_could_be_booked(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    _decided(db, patient, Clearance.CLEARED, date(2027, 1, 1))
    one = _book(db, patient, clinic, now, desk)
    changes.cancel(db, one, [CancelReason.PATIENT_ASKED], version=one.version, now=now, by=desk)
    _decided(db, patient, Clearance.NOT_SUITABLE, at=now)
    with pytest.raises(Refusal) as refused:
        lifecycle.undo(db, one, now=now, by=desk)
    assert list(refused.value.reasons) == [PaperReason.NOT_SUITABLE]
    _decided(db, patient, Clearance.CLEARED, date(2027, 1, 1), at=now + timedelta(minutes=1))
    lifecycle.undo(db, one, now=now, by=desk)
    assert one.status is Status.BOOKED


def test_a_session_does_not_come_back_into_a_plan_that_is_over(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    _decided(db, patient, Clearance.CLEARED, date(2027, 1, 1))
    plan = a_plan(db, patient, now, count=2)
    slot = Slot(place=1, chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN)
    [one] = series_booking.book(db, plan, [slot], tell_patient=False, now=now, by=desk)
    changes.cancel(db, one, [CancelReason.PATIENT_ASKED], version=one.version, now=now, by=desk)
    plan_life.end(db, plan, PlanOutcome.OTHER, "Moved", version=plan.version, now=now, by=desk)
    with pytest.raises(Refusal) as refused:
        lifecycle.undo(db, one, now=now, by=desk)
    assert list(refused.value.reasons) == [PlanReason.NOT_ACTIVE]


def test_an_evaluation_of_an_earlier_day_that_nobody_closed_opens_no_booking(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    _evaluation(db, patient, clinic, now - 3 * DAY)
    assert _refused(db, patient, clinic, now, desk) == [PaperReason.NOT_CLEARED]
    _evaluation(db, patient, clinic, now - timedelta(hours=1))
    assert _book(db, patient, clinic, now, desk).status is Status.BOOKED
