"""One minute past midnight of the clinic's day: who is in the clinic stays on every list until they have left."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.note import unsigned_notes
from clinic_sessions.services.session import board, due_now, recording
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take

STEPS = (Action.ARRIVE, Action.START, Action.FINISH_DOSE, Action.CALL_READY)
WHOLE = Vitals(systolic=120, diastolic=80, heart_rate=70, spo2_percent=98, moaa_s=5)
ENDED = Action.LEAVE_AGAINST_ADVICE


@pytest.fixture
def now() -> datetime:
    """One minute past midnight in Los Angeles, where it is Tuesday."""
    return datetime(2026, 11, 24, 8, 1, tzinfo=UTC)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


def _came(db: Session, clinic: Clinic, began: datetime, by: Actor, steps: int) -> TreatmentSession:
    chair = clinic.chairs[(steps - 1) % len(clinic.chairs)]
    made = factories.a_session(db, factories.a_patient(db, clinic, f"Patient {steps}"), began, chair=chair)
    for number, action in enumerate(STEPS[:steps]):
        at = began + timedelta(minutes=45 * number)
        if action is Action.CALL_READY:
            recording.record_vitals(db, made, WHOLE, now=at, by=by)
        take(db, made, action, at, by)
    return made


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
@pytest.mark.parametrize("days", [1, 3])
def test_whoever_is_here_since_a_day_before_stays_on_the_board_and_their_note_is_owed_until_they_leave(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime, steps: int, days: int
) -> None:
    one = _came(db, clinic, now - timedelta(days=days, hours=-20), nurse, steps)
    before = board.revision(db, clinic, now)
    shown = board.build(db, clinic, now)
    cards = [card.treatment for card in shown.cards if card.treatment]
    assert [*cards, *(waits.treatment for waits in shown.waiting)] == [one]
    assert [line.session_id for line in unsigned_notes.lines(db, clinic, now)] == [one.id]

    take(db, one, ENDED, now, nurse)
    assert board.revision(db, clinic, now) != before
    assert board.build(db, clinic, now).patient_ids == []
    assert [line.session_id for line in unsigned_notes.lines(db, clinic, now)] == [one.id]


def test_a_check_that_is_overdue_since_yesterday_presses_after_midnight(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = _came(db, clinic, now - timedelta(hours=4), nurse, 2)
    assert [(found.session_id, found.tone) for found in due_now.pressing(db, clinic, now)] == [(one.id, "overdue")]


def test_the_pages_name_who_is_here_since_yesterday_and_keep_the_chair_for_them(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    _came(db, clinic, now - timedelta(hours=4), nurse, 2)
    came_today = factories.a_session(db, factories.a_patient(db, clinic, "Came Today"), now, chair=clinic.chairs[1])
    take(db, came_today, Action.ARRIVE, now, nurse)
    db.commit()
    for role in (Role.NURSE, Role.PROVIDER, Role.OWNER, Role.FRONT_DESK):
        page = signed_in(role).get("/").text
        assert "Nobody is in the clinic." not in page
        assert "Patient 2" in page
        assert "Here since yesterday" in page
    shown = signed_in(Role.NURSE).get("/board").text
    assert "Patient 2" in shown
    assert "Here since yesterday" in shown
    assert "Here: the chair is still taken" in shown


def test_a_visit_of_yesterday_to_which_nobody_came_is_on_none_of_them(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(hours=4))
    assert board.build(db, clinic, now).patient_ids == []
    assert unsigned_notes.lines(db, clinic, now) == []
