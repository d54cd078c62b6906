"""The day by chair and the week: what they show, and what they ask of the database."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.day_grid import Level
from clinic_sessions.domain.scheduling.timetable import OverrideKind
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import BookingOverride, Clinic, Closure, User
from clinic_sessions.services.booking import day_rooms
from clinic_sessions.services.schedule import schedule, week
from clinic_sessions.services.schedule.schedule_rows import Wanted
from tests import factories

DAY = date(2026, 11, 24)
TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> User:
    return factories.a_user(db, clinic, Role.FRONT_DESK)


def _closed(db: Session, clinic: Clinic, by: User, *, chair_id: int | None, hours: int = 1) -> None:
    db.add(
        Closure(
            clinic_id=clinic.id, chair_id=chair_id, starts_at=TEN, ends_at=TEN + timedelta(hours=hours),
            reason="Repair", made_at=TEN - timedelta(days=9), by_id=by.id,
        )
    )  # fmt: skip
    db.flush()


def test_a_day_shows_its_own_sessions_in_their_chairs(db: Session, clinic: Clinic, now: datetime) -> None:
    mine = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), TEN + timedelta(days=1))
    page = schedule.day_of(db, clinic, DAY, now=now)
    assert [card.id for card in page.cards] == [mine.id]
    assert [[one.card.id for one in lane.placed] for lane in page.lanes] == [[mine.id], [], []]
    assert page.cards[0].known is not None
    assert [part.minutes for part in page.cards[0].known.parts] != []


def test_a_day_is_laid_out_anew_only_when_something_has_changed(db: Session, clinic: Clinic, now: datetime) -> None:
    patient = factories.a_patient(db, clinic)
    factories.a_session(db, patient, TEN)
    first = schedule.day_of(db, clinic, DAY, now=now)
    assert schedule.day_of(db, clinic, DAY, now=now) is first
    patient.name = "Ana Maria Ruiz"
    db.flush()
    assert schedule.day_of(db, clinic, DAY, now=now).cards[0].name == "Ana Maria Ruiz"


def test_names_that_are_alike_on_one_day_are_marked(db: Session, clinic: Clinic, now: datetime) -> None:
    for chair, name in enumerate(("Mar\u00eda L\u00f3pez", "Maria Lopes", "Bo Chen")):
        protocol = factories.a_protocol(db, "im" if chair == 2 else "iv-mood")
        patient = factories.a_patient(db, clinic, name)
        factories.a_session(db, patient, TEN, chair=clinic.chairs[chair], protocol=protocol)
    page = schedule.day_of(db, clinic, DAY, now=now)
    assert [card.name for card in page.cards if card.is_alike] == ["Mar\u00eda L\u00f3pez", "Maria Lopes"]
    assert [card.is_alike for card in week.week_of(db, clinic, DAY, now=now).cards] == [True, True, False]


def test_a_free_stretch_is_where_nothing_stands_and_nothing_is_closed(
    db: Session, clinic: Clinic, desk: User, now: datetime
) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    _closed(db, clinic, desk, chair_id=clinic.chairs[1].id)
    page = schedule.day_of(db, clinic, DAY, now=now)
    assert page.grid is not None
    taken = page.grid.rows(treatment.block)
    assert [(one.start, one.end) for one in page.lanes[0].free] == [(0, taken.start), (taken.end, page.grid.count)]
    assert [(one.start, one.end) for one in page.lanes[1].free] == [(0, 24), (36, page.grid.count)]
    assert [[one.reason for one in lane.barred] for lane in page.lanes] == [[], ["Repair"], []]


def test_a_closure_of_the_clinic_bars_every_chair(db: Session, clinic: Clinic, desk: User, now: datetime) -> None:
    _closed(db, clinic, desk, chair_id=None)
    page = schedule.day_of(db, clinic, DAY, now=now)
    assert [[one.reason for one in lane.barred] for lane in page.lanes] == [["Repair"]] * 3


def test_a_removed_closure_bars_nothing(db: Session, clinic: Clinic, desk: User, now: datetime) -> None:
    _closed(db, clinic, desk, chair_id=None)
    db.scalars(sa.select(Closure)).one().removed_at = now
    db.flush()
    assert [lane.barred for lane in schedule.day_of(db, clinic, DAY, now=now).lanes] == [[], [], []]


def test_the_strip_counts_the_nurses_on_shift_and_what_is_asked_of_them(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    for n, chair in enumerate(clinic.chairs):
        patient = factories.a_patient(db, clinic, f"Patient {n}")
        factories.a_session(db, patient, TEN, chair=chair, protocol=factories.a_protocol(db, "im"))
    strip = schedule.day_of(db, clinic, DAY, now=now).strip
    assert {one.nurses_milli for one in strip} == {3000}
    assert max(one.used_milli for one in strip) == 3000
    assert {one.level for one in strip} == {Level.FREE, Level.PART, Level.FULL}


def test_who_lifted_a_rule_for_the_present_time_is_named(
    db: Session, clinic: Clinic, desk: User, now: datetime
) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    for version, kind in ((1, OverrideKind.SECOND_DOSE), (2, OverrideKind.SPACING), (2, OverrideKind.COVER)):
        db.add(
            BookingOverride(
                session_id=treatment.id, schedule_version=version, kind=kind, at=now, by_id=desk.id, words="Agreed"
            )
        )
    treatment.schedule_version = 2
    db.flush()
    [card] = schedule.day_of(db, clinic, DAY, now=now).cards
    assert (card.lifted, card.lifted_by) == (OverrideKind.COVER, desk.name)


def test_a_visit_without_a_chair_stands_in_the_lane_of_its_host(
    db: Session, clinic: Clinic, desk: User, now: datetime
) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    treatment.kind, treatment.protocol_version, treatment.chair = SessionKind.TELEHEALTH, None, None
    treatment.host_id = desk.id
    db.flush()
    lane = schedule.day_of(db, clinic, DAY, now=now).lanes[-1]
    assert (lane.name, lane.chair, [one.card.id for one in lane.placed]) == (desk.name, None, [treatment.id])
    assert not lane.placed[0].card.may_be_dragged


def test_filters_leave_out_the_others_but_not_their_place(
    db: Session, clinic: Clinic, desk: User, now: datetime
) -> None:
    mine = factories.a_session(db, factories.a_patient(db, clinic), TEN, nurse_id=desk.id)
    im = factories.a_protocol(db, "im")
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), TEN, chair=clinic.chairs[2], protocol=im)
    for wanted in (Wanted(route=Route.IV), Wanted(nurse_id=desk.id)):
        page = schedule.day_of(db, clinic, DAY, now=now, wanted=wanted)
        assert [card.id for card in page.shown] == [mine.id]
        assert [len(lane.placed) for lane in page.lanes] == [1, 0, 1]
        assert [card.id for card in week.week_of(db, clinic, DAY, now=now, wanted=wanted).shown] == [mine.id]
    assert schedule.day_of(db, clinic, DAY, now=now, wanted=Wanted(provider_id=desk.id)).shown == []


def test_a_cancelled_session_is_listed_but_not_drawn(db: Session, clinic: Clinic, now: datetime) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), TEN, status=Status.CANCELLED)
    page = schedule.day_of(db, clinic, DAY, now=now)
    assert len(page.cards) == 1
    assert page.lanes[0].placed == []


def test_what_ended_early_makes_room_for_what_came_after_it(db: Session, clinic: Clinic) -> None:
    left = factories.a_session(db, factories.a_patient(db, clinic), TEN, status=Status.LEFT)
    after = factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), TEN + timedelta(minutes=90))
    [first, second] = schedule.day_of(db, clinic, DAY, now=TEN).lanes[0].placed
    assert [first.card.id, second.card.id] == [left.id, after.id]
    assert first.rows.end == second.rows.start


def test_a_patient_who_has_not_come_by_ten_past_is_marked(db: Session, clinic: Clinic) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), TEN)
    at = [schedule.day_of(db, clinic, DAY, now=TEN + timedelta(minutes=m)).cards[0].is_late for m in (9, 10)]
    asked = [schedule.day_of(db, clinic, DAY, now=TEN + timedelta(minutes=m)).cards[0].is_proposed for m in (19, 20)]
    assert asked == [False, True]
    assert at == [False, True]


def test_a_closed_day_without_sessions_has_no_grid(db: Session, clinic: Clinic, now: datetime) -> None:
    assert schedule.day_of(db, clinic, date(2026, 11, 28), now=now).grid is None


def test_a_week_has_seven_days_with_their_sessions_and_closures(
    db: Session, clinic: Clinic, desk: User, now: datetime
) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN + timedelta(days=1))
    _closed(db, clinic, desk, chair_id=None, hours=12)
    found = week.week_of(db, clinic, date(2026, 11, 22), now=now)
    assert [one.is_open for one in found.days] == [False, True, True, True, True, True, False]
    assert [[card.id for card in one.shown] for one in found.days] == [[], [], [], [treatment.id], [], [], []]
    assert [[shut.reason for shut in one.closures] for one in found.days] == [[], [], ["Repair"], [], [], [], []]
    assert [one.fullest is not None for one in found.days] == [False, False, False, True, False, False, False]


def test_a_day_closed_through_all_its_hours_is_closed(db: Session, clinic: Clinic, desk: User, now: datetime) -> None:
    db.add(
        Closure(
            clinic_id=clinic.id, starts_at=TEN - timedelta(hours=10), ends_at=TEN + timedelta(hours=14),
            reason="Holiday", made_at=now, by_id=desk.id,
        )
    )  # fmt: skip
    db.flush()
    assert week.week_of(db, clinic, DAY, now=now).days[0].is_open is False


def test_the_revision_of_a_day_changes_with_each_of_its_sessions(db: Session, clinic: Clinic, now: datetime) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    seen = [schedule.revision(db, clinic, DAY, DAY, now=now)]
    cards = schedule.day_of(db, clinic, DAY, now=now).cards
    assert seen[0] == schedule.revision_of(clinic, cards, DAY, DAY, now=now)
    treatment.status = Status.CONFIRMED
    db.flush()
    seen.append(schedule.revision(db, clinic, DAY, DAY, now=now))
    treatment.starts_at, treatment.ends_at = TEN + timedelta(days=1), TEN + timedelta(days=1, hours=2)
    db.flush()
    seen.append(schedule.revision(db, clinic, DAY, DAY, now=now))
    assert len(set(seen)) == 3


def test_the_revision_changes_with_shifts_hours_and_closures_and_with_time(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    seen = [schedule.revision(db, clinic, DAY, DAY, now=at) for at in (TEN, TEN + timedelta(minutes=5))]
    clinic.turn += 1
    db.flush()
    seen.append(schedule.revision(db, clinic, DAY, DAY, now=TEN))
    assert len(set(seen)) == 3
    assert schedule.revision(db, clinic, DAY, DAY, now=TEN + timedelta(minutes=4)) == seen[2]


def _plan_of(db: Session, act: Callable[[], object]) -> str:
    """How the database reads sessions while `act` asks for them."""
    asked: list[tuple[str, Any]] = []

    def listen(*args: Any) -> None:
        if "FROM treatment_sessions" in args[2]:
            asked.append((args[2], args[3]))

    sa.event.listen(db.get_bind(), "before_cursor_execute", listen)
    act()
    sa.event.remove(db.get_bind(), "before_cursor_execute", listen)
    word = "EXPLAIN QUERY PLAN " if db.get_bind().dialect.name == "sqlite" else "EXPLAIN "
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text("SET LOCAL enable_seqscan = off"))
    rows = [row for text, values in asked for row in db.connection().exec_driver_sql(word + text, values)]
    return "\n".join(" ".join(map(str, row)) for row in rows)


def test_the_sessions_of_some_days_are_a_range_of_an_index(db: Session, clinic: Clinic, now: datetime) -> None:
    plans = (
        _plan_of(db, lambda: schedule.day_of(db, clinic, DAY, now=now)),
        _plan_of(db, lambda: week.week_of(db, clinic, DAY, now=now)),
        _plan_of(db, lambda: schedule.revision(db, clinic, DAY, DAY, now=now)),
    )
    for plan in plans:
        assert "ix_treatment_sessions_clinic_starts" in plan
        assert "SCAN treatment_sessions" not in plan


def test_a_search_for_free_times_reads_ranges_of_indexes(db: Session, clinic: Clinic) -> None:
    frame = day_rooms.frame_of(db, clinic, DAY, DAY)
    plan = _plan_of(db, lambda: day_rooms.read(db, frame, DAY, DAY, patient_id=1))
    for index in ("ix_treatment_sessions_clinic_starts", "ix_treatment_sessions_patient_starts"):
        assert index in plan
    assert "SCAN treatment_sessions" not in plan
