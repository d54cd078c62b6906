"""What a patient may do about a visit, and what the front desk learns of it."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import EXPECTED, Status
from clinic_sessions.models import ActorKind, AuditEntry, Clinic, Message, MoveWish, Patient, TreatmentSession
from clinic_sessions.services.actor import Actor, patient_by_link
from clinic_sessions.services.booking import appointments
from clinic_sessions.services.refusals import Absent, Refusal
from tests import factories

BY_LINK = patient_by_link("127.0.0.1")
ACTS = (appointments.confirm, appointments.cancel, appointments.ask_to_move)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient."""
    return factories.a_patient(db, clinic)


@pytest.fixture
def treatment(db: Session, patient: Patient, now: datetime) -> TreatmentSession:
    """A visit in two days."""
    return factories.a_session(db, patient, now + timedelta(days=2))


def test_another_patients_visit_is_absent(db: Session, clinic: Clinic, treatment: TreatmentSession) -> None:
    with pytest.raises(Absent):
        appointments.load(db, treatment.id, factories.a_patient(db, clinic).id)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("status", sorted(set(Status) - EXPECTED - {Status.CANCELLED}))
def test_a_visit_that_is_not_to_come_takes_no_answer(
    db: Session, treatment: TreatmentSession, now: datetime, act: object, status: Status
) -> None:
    treatment.status = status
    assert callable(act)
    with pytest.raises(Refusal):
        act(db, treatment, seen=1, now=now, by=BY_LINK)
    assert treatment.status is status


@pytest.mark.parametrize("act", ACTS)
def test_an_answer_is_taken_until_the_visit_starts(
    db: Session, treatment: TreatmentSession, now: datetime, act: object
) -> None:
    assert callable(act)
    with pytest.raises(Refusal) as refused:
        act(db, treatment, seen=1, now=treatment.starts_at, by=BY_LINK)
    assert list(refused.value.reasons) == [appointments.AppointmentReason.STARTED]
    act(db, treatment, seen=1, now=treatment.starts_at - timedelta(seconds=1), by=BY_LINK)


def test_a_cancelled_visit_plans_one_notice_and_skips_the_reminders(
    db: Session, treatment: TreatmentSession, now: datetime
) -> None:
    appointments.confirm(db, treatment, seen=1, now=now, by=BY_LINK)
    appointments.cancel(db, treatment, seen=1, now=now, by=BY_LINK)
    appointments.cancel(db, treatment, seen=1, now=now, by=BY_LINK)
    waiting = db.scalars(sa.select(Message.kind).where(Message.status == "planned")).all()
    assert [kind.value for kind in waiting] == ["cancelled"]
    actors = set(db.scalars(sa.select(AuditEntry.actor).where(AuditEntry.entity == "session")))
    assert actors == {ActorKind.PATIENT}


def test_a_wish_to_move_is_met_by_moving_cancelling_or_a_call(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime
) -> None:
    desk = Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)
    appointments.ask_to_move(db, treatment, seen=1, now=now, by=BY_LINK)
    [wish] = appointments.open_move_wishes(db, clinic.id)
    assert appointments.open_move_wishes(db, factories.a_clinic(db).id) == []
    appointments.answer_move_wish(db, wish.id, [clinic.id], now=now, by=desk)
    assert appointments.open_move_wishes(db, clinic.id) == []
    appointments.ask_to_move(db, treatment, seen=1, now=now, by=BY_LINK)
    assert appointments.open_move_wishes(db, clinic.id) == [wish]
    treatment.schedule_version += 1
    assert appointments.open_move_wishes(db, clinic.id) == []
    appointments.ask_to_move(db, treatment, seen=2, now=now, by=BY_LINK)
    appointments.cancel(db, treatment, seen=2, now=now, by=BY_LINK)
    assert appointments.open_move_wishes(db, clinic.id) == []
    assert db.scalar(sa.select(sa.func.count()).select_from(MoveWish)) == 2


def test_a_wish_of_another_clinic_is_absent(
    db: Session, clinic: Clinic, treatment: TreatmentSession, now: datetime
) -> None:
    appointments.ask_to_move(db, treatment, seen=1, now=now, by=BY_LINK)
    [wish] = appointments.open_move_wishes(db, clinic.id)
    with pytest.raises(Absent):
        appointments.answer_move_wish(db, wish.id, [clinic.id + 1], now=now, by=BY_LINK)


def test_the_next_visit_is_the_first_that_is_expected(db: Session, patient: Patient, now: datetime) -> None:
    assert appointments.next_visit(db, patient.id, now) is None
    later = factories.a_session(db, patient, now + timedelta(days=4))
    factories.a_session(db, patient, now + timedelta(days=1), status=Status.CANCELLED)
    assert appointments.next_visit(db, patient.id, now) is later
