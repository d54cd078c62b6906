"""What the database itself refuses, on both engines."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Base, Clinic, StatusChange, TreatmentSession
from tests import factories

TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


def test_the_migrations_build_what_the_models_say(db: Session) -> None:
    context = MigrationContext.configure(db.connection(), opts={"compare_type": True})
    differences = [d for d in compare_metadata(context, Base.metadata) if not str(d).startswith("('remove_index'")]
    assert differences == []


def test_a_second_session_in_the_same_chair_is_refused(db: Session, clinic: Clinic) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), TEN)
    with pytest.raises(DatabaseError, match="overlap_chair"):
        factories.a_session(db, factories.a_patient(db, clinic), TEN + timedelta(minutes=129))


def test_sessions_that_only_touch_stand_side_by_side(db: Session, clinic: Clinic) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), TEN)
    factories.a_session(db, factories.a_patient(db, clinic), TEN + timedelta(minutes=130))


def test_a_patient_is_never_in_two_chairs(db: Session, clinic: Clinic) -> None:
    patient = factories.a_patient(db, clinic)
    factories.a_session(db, patient, TEN)
    with pytest.raises(DatabaseError, match="overlap_patient"):
        factories.a_session(db, patient, TEN, chair=clinic.chairs[1])


def test_a_cancelled_session_takes_no_room_until_it_is_brought_back(db: Session, clinic: Clinic) -> None:
    cancelled = factories.a_session(db, factories.a_patient(db, clinic), TEN, status=Status.CANCELLED)
    factories.a_session(db, factories.a_patient(db, clinic), TEN)
    cancelled.status = Status.BOOKED
    with pytest.raises(DatabaseError, match="overlap_chair"):
        db.flush()


@pytest.mark.parametrize("statement", [sa.update(StatusChange).values(words="other"), sa.delete(StatusChange)])
def test_a_status_change_is_neither_changed_nor_removed(
    db: Session, clinic: Clinic, statement: sa.Update | sa.Delete
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), TEN)
    with pytest.raises(DatabaseError, match="append_only"):
        db.execute(statement)


def test_an_unknown_status_is_refused(db: Session, clinic: Clinic) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), TEN)
    with pytest.raises(DatabaseError):
        db.execute(sa.text("update treatment_sessions set status = 'done'"))


def test_a_block_that_ends_before_it_starts_is_refused(db: Session, clinic: Clinic) -> None:
    treatment = factories.a_session(db, factories.a_patient(db, clinic), TEN)
    treatment.ends_at = treatment.starts_at
    with pytest.raises(DatabaseError):
        db.flush()


def test_a_naive_instant_is_refused(db: Session, clinic: Clinic) -> None:
    with pytest.raises(sa.exc.StatementError, match="zone"):
        db.scalar(sa.select(TreatmentSession).where(TreatmentSession.starts_at > datetime(2026, 11, 24)))  # noqa: DTZ001
