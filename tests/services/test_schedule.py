"""The day by chair: what it shows, and what it asks of the database."""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.lifecycle import Status
from clinic_sessions.domain.timetable import Offer
from clinic_sessions.domain.wall_time import day_span
from clinic_sessions.models import Clinic
from clinic_sessions.services import free_times, schedule
from tests import factories

DAY = date(2026, 11, 24)
TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


def test_a_day_shows_its_own_sessions_in_their_chairs(db: Session, clinic: Clinic, now: datetime) -> None:
    mine = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), TEN + timedelta(days=1))
    page = schedule.day_of(db, clinic, DAY, now=now)
    assert [card.id for card in page.cards] == [mine.id]
    assert [[one.card.id for one in lane.placed] for lane in page.lanes] == [[mine.id], [], []]
    assert [part.minutes for part in page.cards[0].parts] != []


def test_names_that_are_alike_on_one_day_are_marked(db: Session, clinic: Clinic, now: datetime) -> None:
    for chair, name in enumerate(("María López", "Maria Lopes", "Bo Chen")):
        protocol = factories.a_protocol(db, "im" if chair == 2 else "iv-mood")
        patient = factories.a_patient(db, clinic, name)
        factories.a_session(db, patient, TEN, chair=clinic.chairs[chair], protocol=protocol)
    marked = [card.name for card in schedule.day_of(db, clinic, DAY, now=now).cards if card.is_alike]
    assert marked == ["María López", "Maria Lopes"]


def test_free_cells_are_where_nothing_stands_and_the_clinic_is_open(db: Session, clinic: Clinic, now: datetime) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    page = schedule.day_of(db, clinic, DAY, now=now)
    assert page.grid is not None
    taken = page.grid.rows(treatment.block)
    assert all(cell.end <= taken.start or cell.start >= taken.end for cell in page.lanes[0].free)
    assert page.lanes[0].free[0].start == 0


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
    assert at == [False, True]


def test_a_closed_day_without_sessions_has_no_grid(db: Session, clinic: Clinic, now: datetime) -> None:
    page = schedule.day_of(db, clinic, date(2026, 11, 28), now=now)
    assert (page.grid, page.is_open) == (None, False)


def test_the_revision_of_a_day_changes_with_each_of_its_sessions(db: Session, clinic: Clinic, now: datetime) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    seen = [schedule.revision(db, clinic, DAY)]
    assert seen[0] == schedule.day_of(db, clinic, DAY, now=now).revision
    treatment.status = Status.CONFIRMED
    db.flush()
    seen.append(schedule.revision(db, clinic, DAY))
    treatment.starts_at, treatment.ends_at = TEN + timedelta(days=1), TEN + timedelta(days=1, hours=2)
    db.flush()
    seen.append(schedule.revision(db, clinic, DAY))
    assert len(set(seen)) == 3


def _plan_of(db: Session, query: sa.Select[*tuple[object, ...]]) -> str:
    text = query.compile(db.get_bind(), compile_kwargs={"literal_binds": True})
    word = "EXPLAIN QUERY PLAN " if db.get_bind().dialect.name == "sqlite" else "EXPLAIN "
    if db.get_bind().dialect.name == "postgresql":
        db.execute(sa.text("SET LOCAL enable_seqscan = off"))
    return "\n".join(" ".join(map(str, row)) for row in db.connection().exec_driver_sql(word + str(text)))


def test_the_day_and_the_search_for_free_times_read_a_range_of_an_index(db: Session, clinic: Clinic) -> None:
    for query in (
        schedule.query_of_day(clinic, DAY),
        free_times.occupying(clinic.id, day_span(DAY, clinic.zone)),
    ):
        plan = _plan_of(db, query)
        assert "ix_treatment_sessions_clinic_starts" in plan
        assert "SCAN treatment_sessions" not in plan


def test_a_search_for_free_times_stops_when_it_has_enough(db: Session, clinic: Clinic, now: datetime) -> None:
    asked: list[str] = []
    patient = factories.a_patient(db, clinic)
    protocol = factories.a_protocol(db)
    wanted = free_times.Wanted(
        route=protocol.route, minutes=protocol.block_minutes, patient_id=patient.id, earliest=now
    )
    assert clinic.chairs
    assert clinic.opening_hours
    sa.event.listen(db.get_bind(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = free_times.find(db, clinic, wanted, Offer(count=3))
    assert len(found) == 3
    assert len(asked) == 1


def test_a_search_that_finds_nothing_ends_after_sixty_days(db: Session, clinic: Clinic, now: datetime) -> None:
    protocol = factories.a_protocol(db)
    wanted = free_times.Wanted(route=protocol.route, minutes=11 * 60, patient_id=1, earliest=now)
    assert free_times.find(db, clinic, wanted, Offer(count=1)) == []
