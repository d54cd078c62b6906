"""The session page: who sees what, which steps it takes, and what it says when it does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions import clock
from clinic_sessions.domain.lifecycle import Action, Status
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.side_effects import Grade, SideEffectKind
from clinic_sessions.domain.vitals import Vitals
from clinic_sessions.models import ActorKind, Clinic, TreatmentSession
from clinic_sessions.services import recording, side_effects, steps
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.side_effects import Noticed
from tests import factories
from tests.conftest import SignIn, Visitor

DAY = [Action.ARRIVE, Action.START, Action.FINISH_DOSE]


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A session of this morning, booked."""
    patient = factories.a_patient(db, clinic, name="Maximiliana Oyelaran-Featherstonehaugh")
    made = factories.a_session(db, patient, now - timedelta(minutes=30))
    db.commit()
    return made


def go(db: Session, treatment: TreatmentSession, by: Actor, now: datetime, *actions: Action) -> None:
    """Take steps, and keep them."""
    for action in actions:
        micrograms = 40_000 if action is Action.START else None
        step = steps.Step(action=action, version=treatment.version, micrograms=micrograms)
        steps.take(db, treatment, step, now=now, by=by)
    db.commit()


def stay(nurse: Visitor, time_at: Any, until: datetime) -> None:
    """Let the time pass with the page in use, so that the sign-in stays."""
    while clock.now() < until:
        time_at.move_to(min(until, clock.now() + timedelta(minutes=10)))
        assert nurse.get("/board").status_code == 200


def posted(treatment: TreatmentSession, action: Action, **more: Any) -> dict[str, Any]:
    """Give what the button of a step sends."""
    return {"action": action.value, "version": str(treatment.version), "patient": str(treatment.patient_id), **more}


def test_the_page_opens_in_every_status_for_a_nurse_and_for_the_front_desk(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    nurse, desk = signed_in(Role.NURSE), signed_in(Role.FRONT_DESK)
    patient = factories.a_patient(db, clinic)
    start = now - timedelta(minutes=30)
    ids = []
    for n, status in enumerate(Status):
        ids.append(factories.a_session(db, patient, start + timedelta(days=n), status=status).id)
    db.commit()
    for one in ids:
        assert nurse.get(f"/sessions/{one}").status_code == 200
        assert desk.get(f"/sessions/{one}").status_code == 200


def test_a_whole_session_runs_from_the_page(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, now: datetime, time_at: Any
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/sessions/{treatment.id}/step"
    start = {"identity": "y", "mg": "40"}
    for action, more, status, minutes in (
        (Action.ARRIVE, {}, Status.ARRIVED, 0),
        (Action.START, start, Status.IN_TREATMENT, 5),
        (Action.FINISH_DOSE, {}, Status.OBSERVING, 45),
    ):
        stay(nurse, time_at, now + timedelta(minutes=minutes))
        db.rollback()
        assert nurse.post(path, data=posted(treatment, action, **more)).status_code == 303
        db.rollback()
        assert treatment.status is status
    stay(nurse, time_at, now + timedelta(minutes=91))
    assert nurse.post(f"/sessions/{treatment.id}/vitals", data={"systolic": "118/76"}).status_code == 303
    for action, status in ((Action.CALL_READY, Status.READY), (Action.LEAVE, Status.LEFT)):
        db.rollback()
        assert nurse.post(path, data=posted(treatment, action)).status_code == 303
        db.rollback()
        assert treatment.status is status
    assert "118/76" in nurse.get(f"/sessions/{treatment.id}").text
