"""Ways out of the door that were found and closed, and who saw what was wasted, on both databases."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Gate
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.models import Alert, Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking
from clinic_sessions.services.before.asking import Word
from clinic_sessions.services.drug import dose_controls
from clinic_sessions.services.leaving import leave_gate
from clinic_sessions.services.session import facts, recording
from clinic_sessions.services.session.recording import DoseAct
from tests import factories
from tests.services.day import a_nurse, take


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


def _treated(db: Session, clinic: Clinic, nurse: Actor, now: datetime, key: str, mg: int) -> TreatmentSession:
    one = factories.a_session(db, factories.a_patient(db, clinic), now, protocol=factories.a_protocol(db, key))
    take(db, one, Action.ARRIVE, now, nurse)
    take(db, one, Action.START, now, nurse, micrograms=mg)
    return one


def test_a_minimum_time_that_a_provider_has_lifted_stands_again_after_another_device(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = _treated(db, clinic, nurse, now, "in-esketamine", 28_000)
    then = now + timedelta(minutes=10)
    take(db, one, Action.FINISH_DOSE, then, nurse)
    word = Word(answer=Answer.GO_AHEAD, reasons=[Reason.MINIMUM_NOT_REACHED], words="Awake, wants to go.")
    asking.decide(db, one, Gate.MAY_LEAVE, word, now=then, by=a_nurse(db, clinic, Role.PROVIDER))
    assert Reason.MINIMUM_NOT_REACHED in leave_gate.departure(db, one, then).lifted
    more = then + timedelta(minutes=5)
    recording.record_dose(db, one, DoseAct(kind=DoseEventKind.DEVICE), now=more, by=nurse)
    assert not leave_gate.departure(db, one, more).lifted


def test_an_end_of_the_dose_that_is_explained_later_leaves_a_go_ahead_as_it_is(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = _treated(db, clinic, nurse, now, "iv-mood", 40_000)
    dose_controls.stop(db, one, now=now, by=nurse)
    then = now + timedelta(minutes=10)
    word = Word(answer=Answer.GO_AHEAD, reasons=[Reason.MINIMUM_NOT_REACHED], words="Hardly any was given.")
    asking.decide(db, one, Gate.MAY_LEAVE, word, now=then, by=a_nurse(db, clinic, Role.PROVIDER))
    stopped = facts.dose_events(db, one)[-1]
    dose_controls.explain(db, one, stopped, "Anxious", 2_000, now=then + timedelta(minutes=5), by=nurse)
    assert leave_gate.departure(db, one, then + timedelta(minutes=6)).lifted == [Reason.MINIMUM_NOT_REACHED]


def test_an_end_told_before_the_start_does_not_bring_leaving_nearer(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = _treated(db, clinic, nurse, now, "iv-mood", 40_000)
    take(db, one, Action.FINISH_DOSE, now, nurse, at=now - timedelta(hours=3))
    earliest = facts.earliest_leaving(one, facts.dose_events(db, one))
    assert earliest is not None
    assert earliest > now


def test_whoever_saw_a_waste_and_corrects_it_is_not_its_own_witness(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one, other = _treated(db, clinic, nurse, now, "iv-mood", 40_000), a_nurse(db, clinic)
    first = dose_controls.waste(db, one, 5_000, other, None, now=now, by=nurse)
    act = DoseAct(kind=DoseEventKind.WASTED, micrograms=5_000, words="The rest of the syringe.")
    again = recording.record_dose(db, one, act, now=now, by=other, corrects=first)
    assert (again.by_id, again.second_id, again.outside_rules) == (other.user_id, nurse.user_id, [])


def test_another_amount_of_waste_than_the_second_person_saw_is_marked_and_told(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one, other = _treated(db, clinic, nurse, now, "iv-mood", 40_000), a_nurse(db, clinic)
    seen = dose_controls.waste(db, one, 5_000, other, None, now=now, by=nurse)
    act = DoseAct(kind=DoseEventKind.WASTED, micrograms=6_000)
    again = recording.record_dose(db, one, act, now=now, by=nurse, corrects=seen)
    assert (again.second_id, again.outside_rules) == (None, [Reason.NO_WITNESS])
    assert db.scalars(sa.select(Alert.kind).where(Alert.session_id == one.id)).all() == [AlertKind.OUTSIDE_RULES]
