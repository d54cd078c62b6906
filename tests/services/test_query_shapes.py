"""How much is read: bounded ranges, a fixed number of queries however full the day is, and indexes that are used."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.forms.booking import slot_value
from clinic_sessions.models import ActorKind, Chair, Clinic, Shift, TreatmentSession
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, day_rooms, free_times
from clinic_sessions.services.booking.booking import BookingRequest
from tests import factories
from tests.conftest import SignIn

TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
MOST = 10


@contextmanager
def reads(db: Session) -> Iterator[list[str]]:
    """Collect the queries that are sent meanwhile."""
    seen, engine = list[str](), db.get_bind()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith("SELECT"):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


def _fill(db: Session, clinic: Clinic, count: int) -> None:
    """Book sessions on Tuesday in chairs of their own, for nurses enough."""
    by = factories.a_user(db, clinic, Role.FRONT_DESK)
    version = factories.a_protocol(db)
    for number in range(count):
        patient = factories.a_patient(db, clinic, f"Patient {number}", registered_by=by)
        taking = {"allows_iv": False, "allows_in": False, "allows_im": False}
        chair = Chair(clinic_id=clinic.id, name=f"Bed {number}", position=9 + number, **taking)
        db.add(chair)
        db.flush()
        start = TUESDAY_TEN + timedelta(hours=3)
        factories.a_session(db, patient, start, chair=chair, protocol=version, by=by)
    db.commit()


@pytest.mark.parametrize("count", [8, 80])
def test_a_booking_reads_with_at_most_ten_queries_however_full_the_day_is(
    db: Session, clinic: Clinic, now: datetime, count: int
) -> None:
    _fill(db, clinic, count)
    user = factories.a_user(db, clinic, Role.FRONT_DESK)
    request = BookingRequest(
        patient_id=factories.a_patient(db, clinic).id,
        protocol_version_id=factories.a_protocol(db).id,
        chair_id=clinic.chairs[0].id,
        starts_at=TUESDAY_TEN,
    )
    db.commit()
    begin_write(db)
    by = Actor(kind=ActorKind.USER, user=db.merge(user), role=Role.FRONT_DESK)
    assert by.user is not None
    assert by.user.clinics
    with reads(db) as seen:
        booking.book(db, request, now=now, by=by)
    assert len(seen) <= MOST, "\n".join(seen)


@pytest.mark.parametrize("count", [8, 80])
def test_a_search_asks_for_the_sessions_once_a_week_and_for_shifts_and_closures_once(
    db: Session, clinic: Clinic, count: int
) -> None:
    _fill(db, clinic, count)
    db.execute(sa.delete(Shift))
    want = free_times.wanted(factories.a_protocol(db), 0, TUESDAY_TEN)
    assert clinic.opening_hours
    assert clinic.chairs
    with reads(db) as seen:
        assert list(free_times.open_days(db, clinic, want)) == []
    of = [("treatment_sessions", 9), ("FROM shifts", 1), ("FROM shift_exceptions", 1), ("FROM closures", 1)]
    for table, most in of:
        assert sum(table in one for one in seen) <= most
    assert len(seen) <= 12


def test_a_post_that_books_reads_the_same_at_eight_sessions_and_at_eighty(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    visitor = signed_in(Role.FRONT_DESK)
    what, chair_id, counts = factories.a_protocol(db).id, clinic.chairs[0].id, list[int]()
    for number, count in enumerate((8, 72)):
        day = timedelta(days=2 * number)
        _fill_again(db, clinic, count)
        patient = factories.a_patient(db, clinic).id
        db.commit()
        form = {
            "patient": str(patient), "what": str(what), "tell": "y", "form_key": f"key-of-the-form-{number}-0123456789",
            "slot": slot_value(chair_id, TUESDAY_TEN + day),
        }  # fmt: skip
        with reads(db) as seen:
            assert visitor.post("/sessions/new", data=form).status_code == 303
        counts.append(len(seen))
    assert counts[0] == counts[1]


def _fill_again(db: Session, clinic: Clinic, count: int) -> None:
    db.execute(sa.update(Chair).where(Chair.name.like("Bed %")).values(name=sa.literal("Old ") + Chair.name))
    _fill(db, clinic, count)


def test_what_stands_on_a_day_is_found_by_index(db: Session, clinic: Clinic) -> None:
    _fill(db, clinic, 2)
    span = Span(starts_at=TUESDAY_TEN, ends_at=TUESDAY_TEN + timedelta(days=1))
    query = day_rooms._query(clinic.id, span, 1).compile(db.get_bind(), compile_kwargs={"literal_binds": True})
    is_sqlite = db.get_bind().dialect.name == "sqlite"
    if not is_sqlite:
        db.execute(sa.text("SET LOCAL enable_seqscan = off"))
    plan = db.execute(sa.text(("EXPLAIN QUERY PLAN " if is_sqlite else "EXPLAIN ") + str(query))).all()
    said = "\n".join(str(row) for row in plan)
    assert "ix_treatment_sessions_clinic_starts" in said
    assert "ix_treatment_sessions_patient_starts" in said
    assert "SCAN treatment_sessions" not in said
    assert "Seq Scan on treatment_sessions" not in said
    assert TreatmentSession.__tablename__ in said
