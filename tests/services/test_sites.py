"""Closures and bookings at the same moment: neither overlooks the other. And how opening hours are typed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.scheduling.typed_clinic import ClinicUnreadable, day_text, read_day_hours
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import ActorKind, Clinic, TreatmentSession, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services import form_keys
from clinic_sessions.services.accounts import site_people
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking
from clinic_sessions.services.booking.room import TimeTaken
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.sites import closures
from clinic_sessions.services.sites.hits import WouldHit
from tests import factories

THURSDAY = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
Act = Callable[[Session], object]
PEOPLE = (Role.FRONT_DESK, Role.OWNER)


@pytest.fixture
def acts(db: Session, clinic: Clinic, now: datetime) -> tuple[Act, Act]:
    """A booking, and a closure that lies over it."""
    patient, user = factories.a_patient(db, clinic), factories.a_user(db, clinic, Role.OWNER)
    request = booking.BookingRequest(
        patient_id=patient.id,
        protocol_version_id=factories.a_protocol(db).id,
        chair_id=clinic.chairs[0].id,
        starts_at=THURSDAY,
    )
    span = Span(starts_at=THURSDAY - timedelta(hours=1), ends_at=THURSDAY + timedelta(hours=1))
    clinic_id, user_id = clinic.id, user.id
    db.commit()

    def by(other: Session) -> dict[str, Any]:
        return {"now": now, "by": Actor(kind=ActorKind.USER, user=other.get_one(User, user_id), role=Role.OWNER)}

    def book(other: Session) -> object:
        return booking.book(other, request, **by(other))

    def close(other: Session) -> object:
        site = other.get_one(Clinic, clinic_id)
        new = closures.NewClosure(span=span, reason="Holiday")
        return closures.add(other, site, new, version=site.version, kept=None, **by(other))

    return book, close


def one_after_the_other(db: Session, first: Act, second: Act) -> Refusal:
    """Begin `second` while `first` is under way, and give why it was refused once `first` had ended."""

    def act() -> Refusal:
        with Session(db.get_bind()) as other:
            begin_write(other)
            with pytest.raises(Refusal) as refused:
                second(other)
        return refused.value

    with Session(db.get_bind()) as under_way, ThreadPoolExecutor(1) as pool:
        begin_write(under_way)
        first(under_way)
        waiting = pool.submit(act)
        assert not wait([waiting], timeout=0.3).done
        under_way.commit()
        return waiting.result(timeout=20)


def test_a_closure_waits_for_a_booking_under_way_and_lists_it(db: Session, acts: tuple[Act, Act]) -> None:
    book, close = acts
    refusal = one_after_the_other(db, book, close)
    assert isinstance(refusal, WouldHit)
    assert [hit.name for hit in refusal.hits] == ["Ana Ruiz"]


def test_a_booking_waits_for_a_closure_under_way_and_is_refused(db: Session, acts: tuple[Act, Act]) -> None:
    book, close = acts
    refusal = one_after_the_other(db, close, book)
    assert isinstance(refusal, TimeTaken)
    assert refusal.reasons == (BookingReason.CLOSURE,)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("8 am-6 pm", [(480, 1080)]),
        ("1:00 pm – 6:00 pm, 8:00 am to 12:00 pm", [(480, 720), (780, 1080)]),
        ("8:00-24:00", None),
        ("20:00 - 12 am", [(1200, 1440)]),
        ("", []),
        ("9 to 5", None),
        ("9 am", None),
        ("5 pm - 9 am", None),
        ("8 am - 1 pm, 12 pm - 5 pm", None),
    ],
)
def test_a_days_hours_are_read_as_people_type_them(typed: str, read: list[tuple[int, int]] | None) -> None:
    if read is None:
        with pytest.raises(ClinicUnreadable):
            read_day_hours(typed)
    else:
        assert read_day_hours(typed) == read
        assert read_day_hours(day_text(read)) == read


def test_a_shared_patient_is_booked_at_either_site_by_its_own_people_and_never_at_both_at_once(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    second = factories.a_clinic(db, "America/Phoenix")
    patient, desk = factories.a_patient(db, clinic), factories.a_user(db, clinic, Role.FRONT_DESK)
    there = factories.a_user(db, second, Role.FRONT_DESK)

    def book(user: User, starts_at: datetime, at: Clinic = second) -> TreatmentSession:
        request = booking.BookingRequest(
            patient_id=patient.id,
            protocol_version_id=factories.a_protocol(db).id,
            chair_id=at.chairs[0].id,
            starts_at=starts_at,
        )
        return booking.book(db, request, now=now, by=Actor(kind=ActorKind.USER, user=user, role=Role.FRONT_DESK))

    with pytest.raises(Absent):
        book(there, THURSDAY)
    patient.other_clinics.append(second)
    db.commit()
    assert book(there, THURSDAY).clinic_id == second.id
    db.commit()
    with pytest.raises(Absent):
        book(desk, THURSDAY + timedelta(days=7))
    with pytest.raises(TimeTaken) as refused:
        book(desk, THURSDAY, at=clinic)
    assert BookingReason.PATIENT_ELSEWHERE in refused.value.reasons


def test_a_booking_and_a_change_of_its_makers_sites_never_wait_for_each_other(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient, desk, owner = factories.a_patient(db, clinic), *(factories.a_user(db, clinic, role) for role in PEOPLE)
    further = factories.a_clinic(db)
    desk.clinics = owner.clinics = [clinic, further]
    request = booking.BookingRequest(
        patient_id=patient.id,
        protocol_version_id=factories.a_protocol(db).id,
        chair_id=clinic.chairs[0].id,
        starts_at=THURSDAY,
    )
    db.flush()
    ids, desk_id, version = (clinic.id, further.id), desk.id, desk.version
    owner_id = owner.id
    db.commit()

    def take_away() -> None:
        with Session(db.get_bind()) as other:
            begin_write(other)
            by = Actor(kind=ActorKind.USER, user=other.get_one(User, owner_id), role=Role.OWNER)
            site_people.change(other, desk_id, ids[1:], version=version, now=now, by=by)
            other.commit()

    with Session(db.get_bind()) as own, ThreadPoolExecutor(1) as pool:
        begin_write(own)
        by = Actor(kind=ActorKind.USER, user=own.get_one(User, desk_id), role=Role.FRONT_DESK)
        form_keys.claim(own, form_keys.new(), {}, now=now, by=by)
        changing = pool.submit(take_away)
        wait([changing], timeout=0.3)
        booking.book(own, request, now=now, by=by)
        own.commit()
        changing.result(timeout=30)
