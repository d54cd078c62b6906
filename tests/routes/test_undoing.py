"""Undoing a start whose dose is recorded: a page asks first, names what it strikes, and works without JavaScript."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.session import facts
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A visit whose dose was begun ten minutes ago."""
    nurse = a_nurse(db, clinic)
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(minutes=20))
    take(db, made, Action.ARRIVE, made.starts_at, nurse)
    take(db, made, Action.START, now - timedelta(minutes=10), nurse)
    db.commit()
    return made


def test_a_start_with_a_dose_behind_it_is_undone_only_once_it_is_said_that_it_was_not_given(
    signed_in: SignIn, db: Session, treatment: TreatmentSession
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{treatment.id}"
    said = {"patient": treatment.patient_id, "version": treatment.version}
    db.rollback()
    assert f'href="{path}/undo">Undo: Start the dose</a>' in nurse.get(path).text
    asked = nurse.post(f"{path}/step", data={**said, "action": "undo"})
    assert asked.status_code == 409
    assert "Say first that it was not given." in asked.text
    page = nurse.get(f"{path}/undo").text
    for words in ("Was the dose not given?", "Dose started", "40 mg", "9:50 am", "It was given: change nothing"):
        assert words in page
    stale = nurse.post(f"{path}/undo", data={**said, "version": 1})
    assert stale.status_code == 409
    assert nurse.post(f"{path}/undo", data={**said, "version": "x"}).status_code == 422
    assert nurse.post(f"{path}/undo", data=said).status_code == 303
    db.rollback()
    assert treatment.status is Status.ARRIVED
    assert not facts.dose_events(db, treatment)
    db.rollback()
    assert nurse.get(f"{path}/undo").status_code == 303, "there is nothing to ask any more"
    assert signed_in(Role.FRONT_DESK).get(f"{path}/undo").status_code == 403
