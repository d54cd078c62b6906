"""Dates of a series that somebody lifts a rule for: what can be lifted, by whom, and that the set is still whole."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.pattern import read
from clinic_sessions.domain.scheduling.reasons import MoveReason
from clinic_sessions.domain.scheduling.series_solver import Wish
from clinic_sessions.domain.scheduling.timetable import BookingReason, LiftingReason, OverrideKind
from clinic_sessions.models import (
    ActorKind,
    BookingOverride,
    Clinic,
    Patient,
    Plan,
    Shift,
    TreatmentSession,
)
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking.room import Lifting
from clinic_sessions.services.plans import plans
from clinic_sessions.services.plans.plans import PlanRequest
from clinic_sessions.services.series import series_booking, series_dates
from clinic_sessions.services.series.series_booking import SeriesRefused, Slot
from clinic_sessions.services.series.series_dates import Row
from tests import factories

AT_TEN = Wish(weekdays=frozenset({1, 3}), wall=time(10))
TUESDAY = date(2026, 12, 1)
THURSDAY_AT_TEN = datetime(2026, 12, 3, 18, tzinfo=UTC)
REASON = "The float nurse comes in."


@pytest.fixture
def here(db: Session) -> Clinic:
    """A clinic with one nurse."""
    return factories.a_clinic(db, nurses=1)


@pytest.fixture
def patient(db: Session, here: Clinic) -> Patient:
    return factories.a_patient(db, here)


def an_actor(db: Session, here: Clinic, role: Role, **given: Any) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, here, role, **given), role=role)


@pytest.fixture
def desk(db: Session, here: Clinic) -> Actor:
    return an_actor(db, here, Role.FRONT_DESK)


@pytest.fixture
def provider(db: Session, here: Clinic) -> Actor:
    return an_actor(db, here, Role.PROVIDER)


@pytest.fixture
def plan(db: Session, patient: Patient, provider: Actor, now: datetime) -> Plan:
    return a_plan(db, patient, provider, now)


def a_plan(db: Session, patient: Patient, by: Actor, now: datetime, key: str = "iv-mood") -> Plan:
    request = PlanRequest(
        protocol_version_id=factories.a_protocol(db, key).id,
        condition=Condition.PTSD,
        pattern=read("6 over 3 weeks"),
        provider_id=by.user_id or 0,
    )
    return plans.start(db, patient, request, now=now, by=by)


def previewed(
    db: Session, here: Clinic, plan: Plan, now: datetime, *, most: int = 3, wish: Wish = AT_TEN
) -> list[Row]:  # fmt: skip
    ask = series_dates.for_booking(db, plan, wish, first=TUESDAY, most=most)
    return series_dates.preview(db, here, plan.patient_id, plan.protocol_version, ask, now=now)


def wished(rows: Sequence[Row], **lifting: Lifting) -> list[Slot]:
    """The wished time of every place, with what is lifted for it: the best time where nothing has to be."""
    found = []
    for row in rows:
        time_ = row.despite.time if row.despite else row.time
        assert time_ is not None
        lifted = lifting.get(f"place_{row.place}", Lifting())
        found.append(Slot(place=row.place, chair_id=time_.chair_id, starts_at=time_.starts_at, lifting=lifted))
    return found


def kinds(rows: Sequence[Row]) -> list[set[OverrideKind]]:
    return [set(row.despite.kinds) if row.despite else set() for row in rows]


def take_the_nurse(db: Session, here: Clinic) -> None:
    other = factories.a_patient(db, here, "Bo Chen")
    factories.a_session(db, other, THURSDAY_AT_TEN, protocol=factories.a_protocol(db, "im"), chair=here.chairs[2])
    db.commit()


def overrides(db: Session) -> list[tuple[int | None, OverrideKind, str | None]]:
    rows = db.execute(
        sa.select(TreatmentSession.place_in_plan, BookingOverride.kind, BookingOverride.words)
        .join(BookingOverride, BookingOverride.session_id == TreatmentSession.id)
        .where(BookingOverride.schedule_version == TreatmentSession.schedule_version)
        .order_by(TreatmentSession.place_in_plan)
    )
    return [(row.place_in_plan, row.kind, row.words) for row in rows]


def test_a_date_short_of_nurses_is_booked_with_the_set_by_who_may_lift_cover_and_with_a_reason(
    db: Session, here: Clinic, plan: Plan, desk: Actor, provider: Actor, now: datetime
) -> None:
    take_the_nurse(db, here)
    rows = previewed(db, here, plan, now)
    assert kinds(rows) == [set(), {OverrideKind.COVER}, set()]
    assert [one.reason for one in rows[1].against] == [BookingReason.COVER_SHORT]
    cover = frozenset({OverrideKind.COVER})
    cases = (
        (provider, Lifting(), BookingReason.COVER_SHORT),
        (provider, Lifting(kinds=cover), LiftingReason.REASON_NEEDED),
        (desk, Lifting(kinds=cover, words=REASON), LiftingReason.MAY_NOT_LIFT),
    )
    for by, lifting, reason in cases:
        with pytest.raises(SeriesRefused) as refused:
            series_booking.book(db, plan, wished(rows, place_2=lifting), tell_patient=True, now=now, by=by)
        assert {place: set(one.reasons) for place, one in refused.value.by_place.items()} == {2: {reason}}
        db.rollback()
    slots = wished(rows, place_2=Lifting(kinds=cover, words=REASON))
    booked = series_booking.book(db, plan, slots, tell_patient=True, now=now, by=provider)
    assert [one.place_in_plan for one in booked] == [1, 2, 3]
    assert overrides(db) == [(2, OverrideKind.COVER, REASON)]


def test_a_date_too_close_to_another_session_is_a_tick_of_whoever_books(
    db: Session, here: Clinic, plan: Plan, patient: Patient, desk: Actor, now: datetime
) -> None:
    factories.a_session(db, patient, datetime(2026, 11, 30, 18, tzinfo=UTC))
    db.commit()
    rows = previewed(db, here, plan, now)
    assert kinds(rows)[0] == {OverrideKind.SPACING}
    noted = Lifting(kinds=frozenset({OverrideKind.SPACING}))
    series_booking.book(db, plan, wished(rows, place_1=noted), tell_patient=True, now=now, by=desk)
    assert overrides(db) == [(1, OverrideKind.SPACING, None)]


def test_a_second_dose_on_one_day_is_lifted_by_a_provider_only(
    db: Session, here: Clinic, plan: Plan, patient: Patient, desk: Actor, provider: Actor, now: datetime
) -> None:
    factories.a_session(db, patient, datetime(2026, 12, 1, 22, tzinfo=UTC))
    db.commit()
    rows = previewed(db, here, plan, now)
    assert kinds(rows)[0] == {OverrideKind.SECOND_DOSE}
    slots = wished(rows[:1], place_1=Lifting(kinds=frozenset({OverrideKind.SECOND_DOSE}), words="Split dose."))
    charge_nurse = an_actor(db, here, Role.NURSE, is_charge_nurse=True)
    db.commit()
    for by in (desk, charge_nurse):
        with pytest.raises(SeriesRefused) as refused:
            series_booking.book(db, plan, slots, tell_patient=True, now=now, by=by)
        assert set(refused.value.reasons) == {LiftingReason.MAY_NOT_LIFT}
        db.rollback()
    series_booking.book(db, plan, slots, tell_patient=True, now=now, by=provider)
    assert overrides(db) == [(1, OverrideKind.SECOND_DOSE, "Split dose.")]


def test_a_taken_chair_a_patient_elsewhere_closed_hours_and_a_missing_role_are_never_offered(
    db: Session, here: Clinic, plan: Plan, patient: Patient, provider: Actor, now: datetime
) -> None:
    for chair in here.chairs[:2]:
        at = datetime(2026, 12, 10, 18, tzinfo=UTC)
        factories.a_session(db, factories.a_patient(db, here, f"Bo {chair.id}"), at, chair=chair)
    im, at = factories.a_protocol(db, "im"), datetime(2026, 12, 1, 17, tzinfo=UTC)
    factories.a_session(db, patient, at, protocol=im, chair=here.chairs[2])
    db.commit()
    rows = previewed(db, here, plan, now, most=4)
    reasons = [{one.reason for one in row.against} for row in rows]
    assert reasons[0] == {BookingReason.PATIENT_ELSEWHERE, BookingReason.SECOND_DOSE}
    assert BookingReason.CHAIR_TAKEN in reasons[3]
    assert (kinds(rows)[0], kinds(rows)[3]) == (set(), set())
    for wish in (Wish(weekdays=frozenset({5}), wall=time(10)), Wish(weekdays=frozenset({1, 3}), wall=time(17))):
        assert kinds(previewed(db, here, plan, now, wish=wish)) == [set(), set(), set()]
    db.execute(sa.delete(Shift).where(Shift.role == SiteRole.PROVIDER))
    db.commit()
    other = a_plan(db, factories.a_patient(db, here, "Cy Dole"), provider, now, "in-esketamine")
    rows = previewed(db, here, other, now)
    assert all(BookingReason.ROLE_MISSING in {one.reason for one in row.against} for row in rows)
    assert kinds(rows) == [set(), set(), set()]


def test_the_date_for_which_spacing_is_lifted_answers_for_its_neighbors(
    db: Session, here: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    slots = wished(previewed(db, here, plan, now))
    noted = Lifting(kinds=frozenset({OverrideKind.SPACING}))
    slots[1] = replace(slots[1], starts_at=datetime(2026, 12, 2, 18, tzinfo=UTC), lifting=noted)
    slots[2] = replace(slots[2], starts_at=THURSDAY_AT_TEN)
    booked = series_booking.book(db, plan, slots, tell_patient=True, now=now, by=desk)
    assert [one.place_in_plan for one in booked] == [1, 2, 3]
    assert overrides(db) == [(2, OverrideKind.SPACING, None)]


def test_this_and_the_following_are_moved_with_a_rule_lifted_for_one_of_them(
    db: Session, here: Clinic, plan: Plan, provider: Actor, now: datetime
) -> None:
    slots = [
        replace(slot, starts_at=slot.starts_at.replace(hour=22)) for slot in wished(previewed(db, here, plan, now))
    ]
    booked = series_booking.book(db, plan, slots, tell_patient=True, now=now, by=provider)
    take_the_nurse(db, here)
    ask = series_dates.for_moving(plan, booked, AT_TEN, shift_days=0, first=TUESDAY)
    rows = series_dates.preview(db, here, plan.patient_id, plan.protocol_version, ask, now=now)
    assert kinds(rows) == [set(), {OverrideKind.COVER}, set()]
    lifting = Lifting(kinds=frozenset({OverrideKind.COVER}), words=REASON)
    versions = {one.place_in_plan: one.version for one in booked}
    moves = [replace(slot, version=versions[slot.place]) for slot in wished(rows, place_2=lifting)]
    series_booking.move(
        db, plan, moves, reasons=[MoveReason.PATIENT_ASKED], tell_patient=True, now=now, by=provider
    )  # fmt: skip
    assert overrides(db) == [(2, OverrideKind.COVER, REASON)]
    assert {one.starts_at.hour for one in booked} == {18}
