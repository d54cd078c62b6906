"""Plans and their series: patterns that may change, dates that are saved together, and places that stay."""

import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import GRACE, MessageKind
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.pattern import read
from clinic_sessions.domain.scheduling.plans import PlanOutcome, PlanReason, PlanStatus, SeriesReason
from clinic_sessions.domain.scheduling.reasons import CancelReason
from clinic_sessions.domain.scheduling.series import Scope
from clinic_sessions.domain.scheduling.series_solver import Wish
from clinic_sessions.domain.scheduling.timetable import BookingReason
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import (
    ActorKind,
    AuditEntry,
    Clinic,
    Message,
    Patient,
    Plan,
    TreatmentSession,
    User,
)
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import changes
from clinic_sessions.services.messages import letters
from clinic_sessions.services.plans import plan_change, plan_life, plans
from clinic_sessions.services.plans.plan_change import PlanEdit
from clinic_sessions.services.plans.plans import PlanRequest
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.series import series, series_booking, series_dates
from clinic_sessions.services.series.series_booking import SeriesRefused, Slot
from clinic_sessions.services.series.series_dates import Row
from tests import factories

TUE_THU_AT_TEN = Wish(weekdays=frozenset({1, 3}), wall=time(10))
TUESDAY = date(2026, 12, 1)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    user = factories.a_user(db, clinic, Role.FRONT_DESK)
    return Actor(kind=ActorKind.USER, user=user, role=Role.FRONT_DESK)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Actor:
    user = factories.a_user(db, clinic, Role.PROVIDER)
    return Actor(kind=ActorKind.USER, user=user, role=Role.PROVIDER)


@pytest.fixture
def plan(db: Session, patient: Patient, provider: Actor, now: datetime) -> Plan:
    return a_plan(db, patient, provider, "6 over 3 weeks, then every 4 weeks", now)


def a_plan(db: Session, patient: Patient, by: Actor, words: str, now: datetime) -> Plan:
    request = PlanRequest(
        protocol_version_id=factories.a_protocol(db).id,
        condition=Condition.PTSD,
        pattern=read(words),
        provider_id=by.user_id or 0,
    )
    return plans.start(db, patient, request, now=now, by=by)


def previewed(
    db: Session, clinic: Clinic, plan: Plan, now: datetime, most: int = 6, first: date = TUESDAY
) -> list[Row]:
    ask = series_dates.for_booking(db, plan, TUE_THU_AT_TEN, first=first, most=most)
    return series_dates.preview(db, clinic, plan.patient_id, plan.protocol_version, ask, now=now)


def slots(rows: Sequence[Row]) -> list[Slot]:
    return [Slot(place=row.place, chair_id=row.time.chair_id, starts_at=row.time.starts_at) for row in rows if row.time]


def booked(db: Session, clinic: Clinic, plan: Plan, by: Actor, now: datetime, most: int = 6) -> list[TreatmentSession]:
    rows = previewed(db, clinic, plan, now, most)
    return series_booking.book(db, plan, slots(rows), tell_patient=True, now=now, by=by)


def walls(treatments: Sequence[TreatmentSession]) -> list[str]:
    return [f"{one.place_in_plan} {one.starts_at.astimezone(one.clinic.zone):%a %b %d %H:%M}" for one in treatments]


def test_a_series_is_booked_on_its_wished_days_with_one_message_that_tells_of_all(
    db: Session, clinic: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    treatments = booked(db, clinic, plan, desk, now)
    assert walls(treatments) == [
        "1 Tue Dec 01 10:00", "2 Thu Dec 03 10:00", "3 Tue Dec 08 10:00",
        "4 Thu Dec 10 10:00", "5 Tue Dec 15 10:00", "6 Thu Dec 17 10:00",
    ]  # fmt: skip
    kinds = db.execute(sa.select(Message.kind, Message.session_id).where(Message.due_at <= now + GRACE)).all()
    assert kinds == [(MessageKind.SERIES_CONFIRMATION, treatments[0].id)]
    assert series.due(db, plan) == date(2027, 1, 14)
    assert series.next_place(db, plan) == 7


def test_a_wished_hour_that_is_taken_says_why_and_offers_what_fits(
    db: Session, clinic: Clinic, plan: Plan, patient: Patient, now: datetime
) -> None:
    at = datetime(2026, 12, 3, 18, tzinfo=UTC)
    for number in (0, 1):
        other = factories.a_patient(db, clinic, f"Bo Chen {number}")
        factories.a_session(db, other, at, chair=clinic.chairs[number])
    row = previewed(db, clinic, plan, now)[1]
    assert not row.as_wished
    assert row.time is not None
    assert [one.reason for one in row.against] == [BookingReason.CHAIR_TAKEN]
    zone = clinic.zone
    assert all(date(2026, 12, 2) < one.starts_at.astimezone(zone).date() < date(2026, 12, 7) for one in row.others)
    assert row.time not in row.others


def test_one_date_that_cannot_be_had_leaves_every_other_unsaved_and_is_named(
    db: Session, clinic: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    wanted = slots(previewed(db, clinic, plan, now))
    taken = wanted[3]
    chair = next(one for one in clinic.chairs if one.id == taken.chair_id)
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), taken.starts_at, chair=chair)
    db.commit()
    with pytest.raises(SeriesRefused) as refused:
        series_booking.book(db, plan, wanted, tell_patient=True, now=now, by=desk)
    assert {place: list(one.reasons) for place, one in refused.value.by_place.items()} == {
        4: [BookingReason.CHAIR_TAKEN]
    }
    db.rollback()
    assert series.placed(db, plan) == []
    rest = [slot for slot in wanted if slot.place != 4]
    assert len(series_booking.book(db, plan, rest, tell_patient=True, now=now, by=desk)) == 5
    assert series.next_place(db, plan) == 4
    again = series_dates.for_booking(db, plan, TUE_THU_AT_TEN, first=date(2026, 12, 22), most=2)
    assert [(one.place, one.day) for one in again.places] == [(4, date(2026, 12, 22)), (7, date(2027, 1, 19))]


def test_two_people_who_book_the_same_series_at_once_have_it_once(
    db: Session, clinic: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    wanted, plan_id, user = slots(previewed(db, clinic, plan, now)), plan.id, desk.user
    assert user is not None
    user_id = user.id
    db.commit()
    engine, results, start = db.get_bind(), list[str](), threading.Barrier(2)

    def run() -> None:
        with Session(engine) as own:
            begin_write(own)
            mine = own.get_one(Plan, plan_id)
            by = Actor(kind=ActorKind.USER, user=own.get_one(type(user), user_id), role=Role.FRONT_DESK)
            try:
                series_booking.book(own, mine, wanted, tell_patient=True, now=now, by=by)
                own.commit()
                results.append("booked")
            except SeriesRefused as refusal:
                results.append(f"refused {sorted(refusal.by_place)} {set(refusal.reasons)}")

    def begin() -> None:
        start.wait()
        run()

    threads = [threading.Thread(target=begin) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(results) == ["booked", f"refused {[1, 2, 3, 4, 5, 6]} {{{SeriesReason.PLACE_TAKEN!r}}}"]
    assert len(series.placed(db, plan)) == 6


def test_changing_this_and_the_following_keeps_places_and_never_touches_what_is_over_or_under_way(
    db: Session, clinic: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    treatments = booked(db, clinic, plan, desk, now)
    treatments[0].status, treatments[1].status = Status.LEFT, Status.OBSERVING
    db.commit()
    before = walls(treatments[:2])
    later = datetime(2026, 12, 3, 20, tzinfo=UTC)
    moving = series_booking.in_scope(db, treatments[0], Scope.ALL)
    assert moving == treatments[2:]
    assert series_booking.in_scope(db, treatments[3], Scope.FOLLOWING) == treatments[3:]
    assert series_booking.in_scope(db, treatments[3], Scope.THIS) == [treatments[3]]
    wish = Wish(weekdays=frozenset({0, 2}), wall=time(14))
    ask = series_dates.for_moving(plan, moving, wish, shift_days=0, first=date(2026, 12, 4))
    rows = series_dates.preview(db, clinic, plan.patient_id, plan.protocol_version, ask, now=later)
    versions = {one.place_in_plan: one.version for one in moving}
    wanted = [
        Slot(place=row.place, chair_id=row.time.chair_id, starts_at=row.time.starts_at, version=versions[row.place])
        for row in rows if row.time
    ]  # fmt: skip
    series_booking.move(db, plan, wanted, reasons=[], tell_patient=True, now=later, by=desk)
    assert walls(series.placed(db, plan)) == [
        *before, "3 Mon Dec 07 14:00", "4 Wed Dec 09 14:00", "5 Mon Dec 14 14:00", "6 Wed Dec 16 14:00",
    ]  # fmt: skip
    assert plan.session_count == 6
    told = db.scalars(sa.select(Message.session_id).where(Message.kind == MessageKind.MOVED)).all()
    assert told == [treatments[2].id]


def test_dates_shifted_onto_each_other_are_moved_in_the_order_that_leaves_room(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, provider, "4 sessions weekly", now)
    wish = Wish(weekdays=frozenset(), wall=time(10))
    ask = series_dates.for_booking(db, plan, wish, first=TUESDAY, most=4)
    rows = series_dates.preview(db, clinic, patient.id, plan.protocol_version, ask, now=now)
    treatments = series_booking.book(db, plan, slots(rows), tell_patient=False, now=now, by=provider)
    for shift in (7, -7):
        again = series_dates.for_moving(plan, treatments, wish, shift_days=shift, first=TUESDAY)
        found = series_dates.preview(db, clinic, patient.id, plan.protocol_version, again, now=now)
        versions = {one.place_in_plan: one.version for one in treatments}
        moves = [
            Slot(place=row.place, chair_id=row.time.chair_id, starts_at=row.time.starts_at, version=versions[row.place])
            for row in found if row.time
        ]  # fmt: skip
        assert all(row.as_wished for row in found)
        series_booking.move(db, plan, moves, reasons=[], tell_patient=False, now=now, by=provider)
    assert walls(treatments) == [f"{n} Tue Dec {1 + 7 * (n - 1):02d} 10:00" for n in range(1, 5)]
    assert all(one.schedule_version == 3 for one in treatments)


def test_a_session_that_someone_else_has_changed_leaves_the_whole_change_unsaved(
    db: Session, clinic: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    treatments = booked(db, clinic, plan, desk, now, most=2)
    old = {one.place_in_plan: one.version for one in treatments}
    changes.confirm(db, treatments[1], version=treatments[1].version, now=now, by=desk)
    db.commit()
    moves = [
        Slot(
            place=one.place_in_plan or 0, chair_id=one.chair_id or 0, starts_at=one.starts_at + timedelta(hours=1),
            version=old[one.place_in_plan],
        )
        for one in treatments
    ]  # fmt: skip
    with pytest.raises(SeriesRefused) as refused:
        series_booking.move(db, plan, moves, reasons=[], tell_patient=True, now=now, by=desk)
    assert list(refused.value.by_place) == [2]
    db.rollback()
    assert [one.starts_at.astimezone(clinic.zone).hour for one in series.placed(db, plan)] == [10, 10]


def test_cancelling_the_following_frees_their_places_and_tells_of_all_in_one_letter(
    db: Session, clinic: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    treatments = booked(db, clinic, plan, desk, now)
    seen = {one.id: one.version for one in series_booking.in_scope(db, treatments[4], Scope.FOLLOWING)}
    series_booking.cancel(db, plan, seen, [CancelReason.PATIENT_ASKED], words=None, tell_patient=True, now=now, by=desk)
    assert [one.status for one in treatments] == [Status.BOOKED] * 4 + [Status.CANCELLED] * 2
    assert series.next_place(db, plan) == 5
    [message] = db.scalars(sa.select(Message).where(Message.kind == MessageKind.CANCELLED))
    letter = letters.letter_of(message, now, {})
    assert {visit.uid for visit in letter.visits} == {one.uid for one in treatments[4:]}
    with pytest.raises(SeriesRefused):
        series_booking.cancel(db, plan, seen, [CancelReason.COST], words=None, tell_patient=True, now=now, by=desk)


def test_both_clock_changes_keep_the_hour_of_a_series_on_the_wall(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor
) -> None:
    for first, protocol_day in ((date(2026, 10, 27), "Oct"), (date(2027, 3, 9), "Mar")):
        moment = datetime(first.year, first.month, first.day - 6, 18, tzinfo=UTC)
        plan = a_plan(db, factories.a_patient(db, clinic, protocol_day), provider, "4 over 2 weeks", moment)
        rows = previewed(db, clinic, plan, moment, first=first)
        treatments = series_booking.book(db, plan, slots(rows), tell_patient=True, now=moment, by=provider)
        assert [one.starts_at.astimezone(clinic.zone).hour for one in treatments] == [10] * 4
        assert len({one.starts_at.hour for one in treatments}) == 2


def test_a_pattern_may_change_while_its_places_stay_and_the_count_is_never_below_what_is_booked(
    db: Session, clinic: Clinic, plan: Plan, provider: Actor, now: datetime
) -> None:
    treatments = booked(db, clinic, plan, provider, now, most=5)
    user_id = provider.user_id or 0
    with pytest.raises(Refusal) as refused:
        plan_change.change(
            db,
            plan,
            PlanEdit(pattern=read("4 over 2 weeks"), provider_id=user_id),
            "Asked.",
            version=plan.version,
            now=now,
            by=provider,
        )
    assert list(refused.value.reasons) == [PlanReason.FEWER_THAN_BOOKED]
    plan_change.change(
        db,
        plan,
        PlanEdit(pattern=read("5 over 3 weeks"), provider_id=user_id),
        "Asked.",
        version=plan.version,
        now=now,
        by=provider,
    )
    assert series.next_place(db, plan) is None
    plan_change.change(
        db,
        plan,
        PlanEdit(pattern=read("3 over 1 week, then weekly"), provider_id=user_id),
        "Asked.",
        version=plan.version,
        now=now,
        by=provider,
    )
    assert [one.place_in_plan for one in treatments] == [1, 2, 3, 4, 5]
    assert series.next_place(db, plan) == 6
    view = plans.overview(db, plan)
    assert [(place.number, place.treatment is None) for place in view.places][-2:] == [(5, False), (6, True)]
    said = db.scalars(sa.select(AuditEntry.changes).where(AuditEntry.entity == "plan").order_by(AuditEntry.id)).all()
    assert said[-1] == {"kind": [None, "change"], "pattern": ["5 over 3 weeks", "3 over 1 week, then weekly"]}


def test_a_plan_ends_once_nothing_of_it_is_to_come_and_only_one_a_protocol_is_under_way(
    db: Session, clinic: Clinic, patient: Patient, plan: Plan, provider: Actor, now: datetime
) -> None:
    with pytest.raises(Refusal) as refused:
        a_plan(db, patient, provider, "weekly 2 weeks", now)
    assert list(refused.value.reasons) == [PlanReason.UNDER_WAY]
    (treatment,) = booked(db, clinic, plan, provider, now, most=1)
    with pytest.raises(Refusal) as still:
        plan_life.end(db, plan, PlanOutcome.RESPONSE, "Done.", version=plan.version, now=now, by=provider)
    assert list(still.value.reasons) == [PlanReason.STILL_BOOKED]
    changes.cancel(db, treatment, [CancelReason.COST], version=treatment.version, now=now, by=provider)
    plan_life.end(db, plan, PlanOutcome.RESPONSE, "Done.", version=plan.version, now=now, by=provider)
    assert plan.status is PlanStatus.ENDED
    a_plan(db, patient, provider, "weekly 2 weeks", now)
    with pytest.raises(Refusal) as ended:
        series_booking.book(
            db, plan, [Slot(place=1, chair_id=clinic.chairs[0].id, starts_at=now)],
            tell_patient=True, now=now, by=provider,
        )  # fmt: skip
    assert list(ended.value.reasons) == [PlanReason.NOT_ACTIVE]


def test_a_cancelled_session_does_not_come_back_to_a_place_that_its_plan_has_no_more(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, desk: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, provider, "6 over 3 weeks", now)
    last = booked(db, clinic, plan, desk, now)[-1]
    changes.cancel(db, last, [CancelReason.PATIENT_ASKED], version=last.version, now=now, by=desk)
    plan_change.change(
        db,
        plan,
        PlanEdit(pattern=read("5 over 3 weeks"), provider_id=provider.user_id or 0),
        "Asked.",
        version=plan.version,
        now=now,
        by=provider,
    )
    with pytest.raises(Refusal) as refused:
        changes.undo_ending(db, last, version=last.version, now=now, by=desk)
    assert refused.value.reasons == (SeriesReason.BEYOND_PLAN,)


def test_sessions_of_a_series_at_another_site_are_left_to_the_people_of_that_site(
    db: Session, clinic: Clinic, patient: Patient, plan: Plan, desk: Actor, now: datetime
) -> None:
    elsewhere = factories.a_clinic(db)
    patient.other_clinics.append(elsewhere)
    theirs = Actor(kind=ActorKind.USER, user=factories.a_user(db, elsewhere, Role.FRONT_DESK), role=Role.FRONT_DESK)
    [far] = booked(db, elsewhere, plan, theirs, now, most=1)
    later = Slot(place=1, chair_id=far.chair_id or 0, starts_at=far.starts_at + timedelta(hours=1), version=far.version)
    why = [CancelReason.PATIENT_ASKED]
    with pytest.raises(SeriesRefused):
        series_booking.move(db, plan, [later], reasons=(), tell_patient=True, now=now, by=desk)
    with pytest.raises(SeriesRefused):
        series_booking.cancel(db, plan, {far.id: far.version}, why, words=None, tell_patient=True, now=now, by=desk)
    assert (far.status, far.schedule_version) == (Status.BOOKED, 1)


def test_moving_and_cancelling_the_same_series_at_once_ends_in_one_of_both(
    db: Session, clinic: Clinic, plan: Plan, desk: Actor, now: datetime
) -> None:
    stand = booked(db, clinic, plan, desk, now)
    later = [
        Slot(place=one.place_in_plan or 0, chair_id=one.chair_id or 0, version=one.version,
             starts_at=one.starts_at + timedelta(minutes=15))
        for one in reversed(stand)
    ]  # fmt: skip
    seen, plan_id, user_id = {one.id: one.version for one in stand}, plan.id, desk.user_id
    db.commit()
    both, results = threading.Barrier(2), list[object]()

    def act(moves: bool) -> None:
        with Session(db.get_bind()) as own:
            begin_write(own)
            by = Actor(kind=ActorKind.USER, user=own.get_one(User, user_id), role=Role.FRONT_DESK)
            its = own.get_one(Plan, plan_id)
            told: dict[str, Any] = {"tell_patient": True, "now": now, "by": by}
            if own.get_bind().dialect.name == "postgresql":
                both.wait(5)
            try:
                if moves:
                    series_booking.move(own, its, later, reasons=(), **told)
                else:
                    series_booking.cancel(own, its, seen, [CancelReason.PATIENT_ASKED], words=None, **told)
                own.commit()
                results.append("saved")
            except SeriesRefused:
                results.append("refused")

    acts = [threading.Thread(target=act, args=(moves,)) for moves in (True, False)]
    for one in acts:
        one.start()
    for one in acts:
        one.join(30)
    assert sorted(map(str, results)) == ["refused", "saved"]


def test_the_protocol_of_the_latest_treatment_stands_first_among_those_without_a_plan(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    for weeks, key in ((3, "iv-mood"), (2, "im")):
        past = now - timedelta(weeks=weeks)
        factories.a_session(db, patient, past, protocol=factories.a_protocol(db, key), status=Status.LEFT)
    assert [one.version.key for one in series.choices(db, patient)][:2] == ["im", "iv-mood"]


def test_dates_asked_for_from_an_earlier_day_still_come_after_the_places_before_them(
    db: Session, clinic: Clinic, plan: Plan, provider: Actor, now: datetime
) -> None:
    held = booked(db, clinic, plan, provider, now, most=3)
    rows = previewed(db, clinic, plan, now, first=TUESDAY, most=3)
    assert [row.place for row in rows] == [4, 5, 6]
    assert all(row.time is not None and row.time.starts_at > held[-1].starts_at for row in rows)
