"""Wishes for a time: kept in the order of asking, closed when they are met."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Clinic, Patient, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, waitlist
from clinic_sessions.services.booking.booking import BookingRequest
from clinic_sessions.services.booking.waitlist import Wish
from clinic_sessions.services.refusals import Absent
from tests import factories

TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Someone at the front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient of the clinic."""
    return factories.a_patient(db, clinic)


def test_a_wish_that_is_changed_keeps_its_turn(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    version = factories.a_protocol(db).id
    other = factories.a_patient(db, clinic, "Bo Chen")
    waitlist.add(db, patient, clinic.id, Wish(protocol_version_id=version), now=now, by=desk)
    waitlist.add(db, other, clinic.id, Wish(protocol_version_id=version), now=now + DAY, by=desk)
    later = Wish(protocol_version_id=version, days=(1, 3), from_minute=540, notice_hours=24)
    waitlist.add(db, patient, clinic.id, later, now=now + 2 * DAY, by=desk)

    found = waitlist.waiting(db, clinic.id)
    assert [(wish.patient_id, wish.days, wish.made_at) for wish in found] == [
        (patient.id, [1, 3], now),
        (other.id, [], now + DAY),
    ]


def test_booking_what_was_wished_for_closes_that_wish_only(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    wished = [factories.a_protocol(db, key).id for key in ("iv-mood", "im")]
    for version in wished:
        waitlist.add(db, patient, clinic.id, Wish(protocol_version_id=version), now=now, by=desk)
    request = BookingRequest(
        patient_id=patient.id, protocol_version_id=wished[0], chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN
    )
    booking.book(db, request, now=now, by=desk)
    assert [wish.protocol_version_id for wish in waitlist.waiting(db, clinic.id)] == wished[1:]
    assert waitlist.count(db, clinic.id) == 1


def test_a_wish_of_another_clinic_is_as_good_as_absent(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    version = factories.a_protocol(db).id
    wish = waitlist.add(db, patient, clinic.id, Wish(protocol_version_id=version), now=now, by=desk)
    with pytest.raises(Absent):
        waitlist.close(db, wish.id, [clinic.id + 1], now=now, by=desk)
    with pytest.raises(Absent):
        waitlist.add(db, patient, clinic.id, Wish(protocol_version_id=version, plan_id=99), now=now, by=desk)
    for _ in range(2):
        waitlist.close(db, wish.id, [clinic.id], now=now, by=desk)
    assert waitlist.waiting(db, clinic.id) == []


def test_a_wish_at_another_site_stays_as_it_is(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    elsewhere, version = factories.a_clinic(db), factories.a_protocol(db).id
    for site in (elsewhere, clinic):
        waitlist.add(db, patient, site.id, Wish(protocol_version_id=version, words=site.name), now=now, by=desk)
    for site in (elsewhere, clinic):
        assert [wish.words for wish in waitlist.waiting(db, site.id)] == [site.name]


def test_two_equal_wishes_at_once_are_one(
    db: Session, clinic: Clinic, patient: Patient, desk: Actor, now: datetime
) -> None:
    wish, ids = Wish(protocol_version_id=factories.a_protocol(db).id), (patient.id, clinic.id, desk.user_id)
    db.commit()

    def act() -> None:
        with Session(db.get_bind()) as other:
            begin_write(other)
            by = Actor(kind=ActorKind.USER, user=other.get_one(User, ids[2]), role=Role.FRONT_DESK)
            waitlist.add(other, other.get_one(Patient, ids[0]), ids[1], wish, now=now, by=by)
            other.commit()

    with Session(db.get_bind()) as first, ThreadPoolExecutor(1) as pool:
        begin_write(first)
        by = Actor(kind=ActorKind.USER, user=first.get_one(User, ids[2]), role=Role.FRONT_DESK)
        waitlist.add(first, first.get_one(Patient, ids[0]), ids[1], wish, now=now, by=by)
        second = pool.submit(act)
        wait([second], timeout=0.3)
        first.commit()
        second.result(timeout=30)
    assert len(waitlist.waiting(db, ids[1])) == 1
