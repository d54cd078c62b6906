"""Undoing the end of a visit: on its day and within the hour, with all that hangs on it; after that it stands."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInStatus
from clinic_sessions.domain.messages.messages import MessageStatus
from clinic_sessions.domain.session.lifecycle import Action, Status, StepReason
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import CheckIn, Clinic, Message, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.session import board, recording, session_page
from tests import factories
from tests.services.day import a_nurse, take

EVENING = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
"""Monday, seven in the evening in Los Angeles: midnight is five hours away."""
WHOLE = Vitals(systolic=120, diastolic=80, heart_rate=70, spo2_percent=98, moaa_s=5)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def ready(db: Session, clinic: Clinic, nurse: Actor) -> TreatmentSession:
    """A patient who came at seven and waits for their ride since nine."""
    made = factories.a_session(db, factories.a_patient(db, clinic, email="one@example.org"), EVENING)
    take(db, made, Action.ARRIVE, EVENING, nurse)
    take(db, made, Action.START, EVENING + timedelta(minutes=20), nurse)
    take(db, made, Action.FINISH_DOSE, EVENING + timedelta(minutes=60), nurse)
    recording.record_vitals(db, made, WHOLE, now=EVENING + timedelta(minutes=118), by=nurse)
    take(db, made, Action.CALL_READY, EVENING + timedelta(minutes=120), nurse)
    return made


def _open(db: Session) -> tuple[list[CheckInStatus], int]:
    """Give how the check-ins stand, and how many messages wait to be sent."""
    waits = sa.select(sa.func.count(Message.id)).where(Message.status == MessageStatus.PLANNED)
    return list(db.scalars(sa.select(CheckIn.status).order_by(CheckIn.id))), db.scalar(waits) or 0


@pytest.mark.parametrize(
    ("ended", "undone", "may"),
    [
        (timedelta(hours=2.5), timedelta(hours=4.9), True),
        (timedelta(hours=4.5), timedelta(hours=5.4), True),
        (timedelta(hours=4.5), timedelta(hours=5.6), False),
        (timedelta(hours=2.5), timedelta(hours=20), False),
    ],
)
def test_an_ending_is_undone_on_its_day_or_within_the_hour(
    db: Session, ready: TreatmentSession, nurse: Actor, ended: timedelta, undone: timedelta, may: bool
) -> None:
    take(db, ready, Action.LEAVE, EVENING + ended, nurse)
    now = EVENING + undone
    assert session_page.undoable(ready, now) == (Action.LEAVE if may else None)
    if may:
        take(db, ready, Action.UNDO, now, nurse)
        assert ready.status is Status.READY
        return
    with pytest.raises(Refusal) as refused:
        take(db, ready, Action.UNDO, now, nurse)
    assert refused.value.reasons == (StepReason.ENDED_BEFORE_TODAY,)
    assert ready.status is Status.LEFT


def test_whoever_is_back_after_midnight_waits_in_sight_and_their_check_ins_are_planned_again_when_they_leave(
    db: Session, clinic: Clinic, ready: TreatmentSession, nurse: Actor
) -> None:
    take(db, ready, Action.LEAVE, EVENING + timedelta(hours=4.5), nurse)
    planned = _open(db)
    assert planned[1]
    now = EVENING + timedelta(hours=5, minutes=10)
    take(db, ready, Action.UNDO, now, nurse)
    assert [waits.treatment for waits in board.build(db, clinic, now).waiting] == [ready]
    assert _open(db) == ([CheckInStatus.WITHDRAWN] * len(planned[0]), 0)
    take(db, ready, Action.LEAVE, now + timedelta(minutes=5), nurse)
    assert _open(db) == planned


def test_a_step_within_a_visit_that_runs_since_yesterday_is_undone_the_next_day(
    db: Session, ready: TreatmentSession, nurse: Actor
) -> None:
    now = EVENING + timedelta(hours=20)
    assert session_page.undoable(ready, now) is Action.CALL_READY
    take(db, ready, Action.UNDO, now, nurse)
    assert ready.status is Status.OBSERVING
