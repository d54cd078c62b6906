"""The session page: who sees what, which steps it takes, and what it says when it does not."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions import clock
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import ActorKind, Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import session_checks
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.session import recording
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import take

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
        take(db, treatment, action, now, by)
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
        if action is Action.START:
            factories.ready_to_start(db, treatment, clock.now())
            db.commit()
        assert nurse.post(path, data=posted(treatment, action, **more)).status_code == 303
        db.rollback()
        assert treatment.status is status
    stay(nurse, time_at, now + timedelta(minutes=91))
    assert nurse.post(f"/sessions/{treatment.id}/vitals", data={"systolic": "118/76"}).status_code == 303
    db.rollback()
    factories.ready_to_leave(db, treatment, clock.now())
    db.commit()
    for action, status in ((Action.CALL_READY, Status.READY), (Action.LEAVE, Status.LEFT)):
        db.rollback()
        assert nurse.post(path, data=posted(treatment, action)).status_code == 303
        db.rollback()
        assert treatment.status is status
    assert "118/76" in nurse.get(f"/sessions/{treatment.id}").text


def test_a_refused_step_shows_every_reason_on_the_same_page(
    db: Session, treatment: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    go(db, treatment, nurse, now - timedelta(minutes=10), Action.ARRIVE, Action.START)
    go(db, treatment, nurse, now, Action.FINISH_DOSE)
    visitor = signed_in(Role.NURSE)
    db.refresh(treatment)
    data = posted(treatment, Action.CALL_READY)
    db.rollback()
    answer = visitor.post(f"/sessions/{treatment.id}/step", data=data)
    assert answer.status_code == 409
    assert "The minimum observation time is not reached." in answer.text
    assert "No vitals since the end of the dose." in answer.text
    for assessed in ("Sedation", "Dissociation", "Breathing"):
        assert f"{assessed} has not been assessed" in answer.text, "in the words of the refusal"
    assert "Before leaving" in answer.text


def test_the_dose_starts_only_with_the_spoken_name_and_a_dose(
    db: Session, treatment: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    go(db, treatment, nurse, now, Action.ARRIVE)
    visitor = signed_in(Role.NURSE)
    path, data = f"/sessions/{treatment.id}/step", posted(treatment, Action.START, words="")
    db.rollback()
    bare = visitor.post(path, data=data)
    assert bare.status_code == 422
    assert "then tick this" in bare.text
    assert "Enter the dose in mg" in bare.text
    too_much = visitor.post(path, data={**data, "identity": "y", "mg": "400"})
    assert too_much.status_code == 422
    assert 'value="400"' in too_much.text
    factories.ready_to_start(db, treatment, now)
    db.commit()
    unnamed = visitor.post(path, data=data)
    assert unnamed.status_code == 422
    assert "Enter the dose in mg" not in unnamed.text, "it was drawn"
    other = visitor.post(path, data={**data, "identity": "y", "mg": "41", "sure_dose": "y"})
    assert other.status_code == 409, "what is started is what was drawn"
    assert visitor.post(path, data={**data, "identity": "y"}).status_code == 303
    db.rollback()
    assert treatment.dose_started_at == now
    asked = [row.item for row in session_checks.rows(db, treatment)]
    assert asked.count(CheckItem.IDENTITY) == 2, "before, and in the moment of the start"


def test_a_second_tap_is_answered_like_the_first_and_a_second_person_is_told(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    one, other = signed_in(Role.NURSE), signed_in(Role.NURSE)
    path, data = f"/sessions/{treatment.id}/step", posted(treatment, Action.ARRIVE)
    db.rollback()
    assert [one.post(path, data=data).status_code for _ in range(2)] == [303, 303]
    late = other.post(path, data=data)
    assert late.status_code == 409
    assert "Someone else changed this session meanwhile" in late.text
    db.rollback()
    assert len(treatment.changes) == 2


def test_a_departure_that_has_happened_is_offered_after_the_refusal(
    db: Session, treatment: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    go(db, treatment, nurse, now - timedelta(hours=2), *DAY)
    recording.record_vitals(
        db, treatment, Vitals(systolic=118, diastolic=76), now=now - timedelta(minutes=60), by=nurse
    )
    go(db, treatment, nurse, now - timedelta(minutes=60), Action.CALL_READY)
    noticed = Noticed(kind=SideEffectKind.SEDATION, grade=Grade.MILD)
    side_effects.note(db, treatment, noticed, now=now, by=nurse)
    db.commit()
    visitor = signed_in(Role.NURSE)
    path, data = f"/sessions/{treatment.id}/step", posted(treatment, Action.LEAVE)
    db.rollback()
    refused = visitor.post(path, data=data)
    assert refused.status_code == 409
    assert "It has already happened" in refused.text
    without = visitor.post(path, data={**data, "happened": "y"})
    assert without.status_code == 422
    assert "Say what happened: how they left, and with whom." in without.text
    assert visitor.post(path, data={**data, "happened": "y", "words": "Gone with the sister"}).status_code == 303
    db.rollback()
    assert treatment.status is Status.LEFT
    assert treatment.changes[-1].outside_rules == ["side_effect_unresolved"]


def test_a_session_that_cannot_go_ahead_says_why_and_leads_to_booking(
    db: Session, treatment: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    go(db, treatment, nurse, now, Action.ARRIVE)
    visitor = signed_in(Role.NURSE)
    path, data = f"/sessions/{treatment.id}/step", posted(treatment, Action.CALL_OFF)
    patient = treatment.patient_id
    db.rollback()
    assert visitor.post(path, data=data).status_code == 422
    assert visitor.post(path, data={**data, "reasons": ["ate", "nonsense"]}).status_code == 422
    answer = visitor.post(path, data={**data, "reasons": ["ate", "no_escort"]})
    assert (answer.status_code, answer.location) == (303, f"/sessions/{treatment.id}/after")
    page = visitor.get(f"/sessions/{treatment.id}").text
    assert "Ate or drank, No way home" in page
    assert answer.location in page
    assert f"/sessions/new?patient={patient}" in visitor.get(answer.location).text


@pytest.mark.parametrize("typed", ["", "nonsense", "move", "cancel", "book", "note_absence"])
def test_a_step_that_is_none_is_refused(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, typed: str
) -> None:
    visitor = signed_in(Role.NURSE)
    answer = visitor.post(f"/sessions/{treatment.id}/step", data={"action": typed, "version": "1"})
    assert answer.status_code == 422
