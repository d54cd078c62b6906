"""Nurse cover, spacing and closures, as bookings meet them on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.cover import Shortfall
from clinic_sessions.domain.scheduling.reasons import CancelReason
from clinic_sessions.domain.scheduling.timetable import BookingReason, LiftingReason, Objection, OverrideKind
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import ActorKind, AuditEntry, BookingOverride, Clinic, Closure, Shift, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, changes
from clinic_sessions.services.booking.booking import BookingRequest, MoveRequest
from clinic_sessions.services.booking.room import Lifting, TimeTaken
from clinic_sessions.services.refusals import NotAllowed, Refusal
from clinic_sessions.services.session import steps
from clinic_sessions.services.shifts import cover
from tests import factories

TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
LIFTED = Lifting(kinds=frozenset(OverrideKind), words="Dr. Adler stays with the patient")


@pytest.fixture
def clinic(db: Session) -> Clinic:
    """A clinic whose one nurse is on shift from 8 to 18."""
    made = factories.a_clinic(db, nurses=0, providers=0)
    nurse = factories.a_user(db, made, Role.NURSE)
    factories.on_shift(db, nurse, made, SiteRole.NURSE, starts=480, ends=1080)
    db.commit()
    return made


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    return _actor(db, clinic, Role.FRONT_DESK)


def _actor(db: Session, clinic: Clinic, role: Role, *, charge: bool = False) -> Actor:
    user = factories.a_user(db, clinic, role, is_charge_nurse=charge)
    return Actor(kind=ActorKind.USER, user=user, role=role)


def _wish(
    db: Session, clinic: Clinic, at: datetime = TUESDAY_TEN, *, chair: int = 0, key: str = "iv-mood",
    patient_id: int = 0, lifting: Lifting | None = None,
) -> BookingRequest:  # fmt: skip
    return BookingRequest(
        patient_id=patient_id or factories.a_patient(db, clinic).id,
        protocol_version_id=factories.a_protocol(db, key).id,
        chair_id=clinic.chairs[chair].id,
        starts_at=at,
        lifting=lifting or Lifting(),
    )


def test_a_booking_beyond_the_nurses_is_refused_with_the_minute_and_times_that_fit(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    booking.book(db, _wish(db, clinic), now=now, by=desk)
    booking.book(db, _wish(db, clinic, chair=1), now=now, by=desk)
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, _wish(db, clinic, chair=2, key="im"), now=now, by=desk)
    assert refused.value.objections == [
        Objection(reason=BookingReason.COVER_SHORT, at=TUESDAY_TEN, needed_milli=500, spare_milli=0)
    ]
    for time in refused.value.next_times:
        again = _wish(db, clinic, time.span.starts_at, chair=2, key="im")
        with db.begin_nested() as try_out:
            booking.book(db, again, now=now, by=desk)
            try_out.rollback()


def test_a_break_of_the_only_nurse_is_time_without_cover(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    db.execute(sa.update(Shift).values(ends_minute=11 * 60))
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, _wish(db, clinic), now=now, by=desk)
    [found] = refused.value.objections
    assert (found.reason, found.at) == (BookingReason.COVER_SHORT, TUESDAY_TEN + timedelta(hours=1))


@pytest.mark.parametrize(("role", "charge"), [(Role.PROVIDER, False), (Role.NURSE, True)])
def test_a_provider_or_the_charge_nurse_lifts_cover_by_name_with_a_reason(
    db: Session, clinic: Clinic, now: datetime, role: Role, charge: bool
) -> None:
    db.execute(sa.update(Shift).values(ends_minute=11 * 60))
    by = _actor(db, clinic, role, charge=charge)
    treatment = booking.book(db, _wish(db, clinic, lifting=LIFTED), now=now, by=by)
    [kept] = treatment.overrides
    assert (kept.kind, kept.by_id, kept.words) == (OverrideKind.COVER, by.user_id, LIFTED.words)
    assert LIFTED.words in db.scalars(sa.select(AuditEntry.reason)).all()
    assert cover.short(db, clinic, [TUESDAY_TEN.date()]) == []
    with pytest.raises(DatabaseError, match="append_only"):
        db.execute(sa.delete(BookingOverride))


def test_cover_is_not_lifted_by_others_nor_without_a_reason(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    db.execute(sa.update(Shift).values(ends_minute=11 * 60))
    nurse, provider = _actor(db, clinic, Role.NURSE), _actor(db, clinic, Role.PROVIDER)
    for by in (desk, nurse):
        with pytest.raises(NotAllowed):
            booking.book(db, _wish(db, clinic, lifting=LIFTED), now=now, by=by)
    with pytest.raises(Refusal) as refused:
        booking.book(db, _wish(db, clinic, lifting=Lifting(kinds=frozenset(OverrideKind))), now=now, by=provider)
    assert refused.value.reasons == (LiftingReason.REASON_NEEDED,)
    assert db.scalar(sa.select(sa.func.count()).select_from(TreatmentSession)) == 0


def test_a_provider_who_must_be_on_site_is_never_lifted(db: Session, clinic: Clinic, now: datetime) -> None:
    provider = _actor(db, clinic, Role.PROVIDER)
    wish = _wish(db, clinic, key="in-esketamine", lifting=LIFTED)
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, wish, now=now, by=provider)
    dose = TUESDAY_TEN + timedelta(minutes=20)
    assert refused.value.objections == [Objection(reason=BookingReason.ROLE_MISSING, at=dose)]
    assert provider.user is not None
    factories.on_shift(db, provider.user, clinic, SiteRole.PROVIDER, starts=10 * 60 + 20, ends=12 * 60 + 30)
    booking.book(db, wish, now=now, by=provider)


def test_a_chair_and_a_patient_are_never_lifted(db: Session, clinic: Clinic, now: datetime) -> None:
    provider = _actor(db, clinic, Role.PROVIDER)
    first = booking.book(db, _wish(db, clinic), now=now, by=provider)
    for wish in (
        _wish(db, clinic, lifting=LIFTED),
        _wish(db, clinic, chair=1, patient_id=first.patient_id, lifting=LIFTED),
    ):
        with pytest.raises(TimeTaken):
            booking.book(db, wish, now=now, by=provider)


def test_closer_than_the_protocol_asks_is_noted_by_whoever_books_it(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    first = booking.book(db, _wish(db, clinic), now=now, by=desk)
    next_day = TUESDAY_TEN + timedelta(days=1)
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, _wish(db, clinic, next_day, patient_id=first.patient_id), now=now, by=desk)
    assert refused.value.reasons == (BookingReason.TOO_CLOSE,)
    assert {one.span.starts_at.astimezone(clinic.zone).date() for one in refused.value.next_times} == {
        (TUESDAY_TEN + timedelta(days=2)).date()
    }
    seen = Lifting(kinds=frozenset({OverrideKind.SPACING}))
    second = booking.book(db, _wish(db, clinic, next_day, patient_id=first.patient_id, lifting=seen), now=now, by=desk)
    assert [one.kind for one in second.overrides] == [OverrideKind.SPACING]


def test_a_second_dose_on_one_day_is_a_providers_to_lift(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    first = booking.book(db, _wish(db, clinic), now=now, by=desk)
    later = _wish(db, clinic, TUESDAY_TEN + timedelta(hours=4), patient_id=first.patient_id, lifting=LIFTED)
    with pytest.raises(NotAllowed):
        booking.book(db, later, now=now, by=desk)
    booking.book(db, later, now=now, by=_actor(db, clinic, Role.PROVIDER))


def test_a_closure_of_the_clinic_or_of_the_chair_is_no_time_to_book(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    assert desk.user_id is not None
    span = {
        "starts_at": TUESDAY_TEN,
        "ends_at": TUESDAY_TEN + timedelta(hours=1),
        "made_at": now,
        "by_id": desk.user_id,
    }
    closure = Closure(clinic_id=clinic.id, chair_id=clinic.chairs[0].id, reason="Repair", **span)
    db.add(closure)
    with pytest.raises(TimeTaken):
        booking.book(db, _wish(db, clinic), now=now, by=desk)
    booking.book(db, _wish(db, clinic, chair=1), now=now, by=desk)
    closure.chair_id = None
    with pytest.raises(TimeTaken) as refused:
        booking.book(db, _wish(db, clinic), now=now, by=desk)
    assert BookingReason.CLOSURE in refused.value.reasons
    closure.removed_at = now
    booking.book(db, _wish(db, clinic), now=now, by=desk)


def test_a_move_asks_cover_without_itself_and_a_lifted_rule_does_not_move_along(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    by = _actor(db, clinic, Role.PROVIDER)
    db.execute(sa.update(Shift).values(ends_minute=11 * 60))
    treatment = booking.book(db, _wish(db, clinic, lifting=LIFTED), now=now, by=by)
    to = MoveRequest(chair_id=treatment.chair_id or 0, starts_at=TUESDAY_TEN - timedelta(minutes=30), version=1)
    with pytest.raises(TimeTaken):
        booking.move(db, treatment, to, now=now, by=by)
    at_eight = MoveRequest(chair_id=treatment.chair_id or 0, starts_at=TUESDAY_TEN - timedelta(hours=2), version=1)
    booking.move(db, treatment, at_eight, now=now, by=by)
    assert [one.schedule_version for one in treatment.overrides] == [1]


def test_a_cancellation_is_undone_only_while_there_is_cover_for_it(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    first = booking.book(db, _wish(db, clinic), now=now, by=desk)
    changes.cancel(db, first, [CancelReason.COST], version=first.version, now=now, by=desk)
    db.execute(sa.update(Shift).values(ends_minute=11 * 60))
    with pytest.raises(Refusal) as refused:
        steps.take(db, first, steps.Step(action=Action.UNDO, version=first.version), now=now, by=desk)
    assert refused.value.reasons == (BookingReason.COVER_SHORT,)


def test_sessions_that_lose_their_nurse_are_listed_with_what_they_lack(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, clinic), now=now, by=desk)
    assert cover.short(db, clinic, [TUESDAY_TEN.date()]) == []
    db.execute(sa.delete(Shift))
    [found] = cover.short(db, clinic, [TUESDAY_TEN.date()])
    assert found.session_id == treatment.id
    assert found.shortfall == Shortfall(at=TUESDAY_TEN, needed_milli=500, spare_milli=-500)


def test_the_nurse_who_is_named_stays_named_when_a_session_moves_into_their_hours(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    treatment = booking.book(db, _wish(db, clinic), now=now, by=desk)
    treatment.nurse_id = named = db.scalars(sa.select(Shift.user_id)).first()
    db.flush()
    later = MoveRequest(chair_id=clinic.chairs[0].id, starts_at=TUESDAY_TEN + timedelta(hours=1), version=2)
    booking.move(db, treatment, later, now=now, by=desk)
    assert (treatment.nurse_id, named is None) == (named, False)
    factories.on_shift(db, factories.a_user(db, clinic, Role.NURSE), clinic, SiteRole.NURSE)
    db.execute(sa.update(Shift).where(Shift.user_id == named).values(ends_minute=12 * 60))
    booking.move(
        db, treatment, MoveRequest(**{**vars(later), "starts_at": TUESDAY_TEN, "version": 3}), now=now, by=desk
    )
    assert treatment.nurse_id is None
