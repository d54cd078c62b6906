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
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Alert, Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking
from clinic_sessions.services.before.asking import Word
from clinic_sessions.services.drug import dose_controls
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.leaving import leave_gate, leaving, waiting_for_ride
from clinic_sessions.services.session import facts, lifecycle, recording
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


WELL = Vitals(systolic=122, diastolic=78, heart_rate=70, spo2_percent=98, respiratory_rate=14, moaa_s=5)


@pytest.fixture
def observed(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> TreatmentSession:
    """A visit by vein two hours after its dose began, read and looked at: nothing stands against leaving."""
    began = now - timedelta(minutes=120)
    one = _treated(db, clinic, nurse, began, "iv-mood", 40_000)
    take(db, one, Action.FINISH_DOSE, began + timedelta(minutes=40), nurse)
    recording.record_vitals(db, one, WELL, now=now - timedelta(minutes=10), by=nurse)
    factories.ready_to_leave(db, one, now - timedelta(minutes=9))
    return one


def _stands(db: Session, one: TreatmentSession, at: datetime) -> list[str]:
    return [reason.value for reason in lifecycle.unmet(db, one, Gate.MAY_LEAVE, at)]


OUTSIDE = [
    Vitals(spo2_percent=88), Vitals(spo2_percent=93), Vitals(moaa_s=3), Vitals(respiratory_rate=8),
    Vitals(heart_rate=130), Vitals(heart_rate=45), Vitals(systolic=192, diastolic=104),
    Vitals(spo2_percent=88, moaa_s=3),
]  # fmt: skip


@pytest.mark.parametrize("read", OUTSIDE, ids=str)
def test_a_reading_outside_its_limits_stands_against_leaving_until_one_within_them(
    db: Session, observed: TreatmentSession, nurse: Actor, now: datetime, read: Vitals
) -> None:
    assert _stands(db, observed, now) == []
    recording.record_vitals(db, observed, read, now=now, by=nurse)
    later = now + timedelta(minutes=5)
    assert "reading_outside_limits" in _stands(db, observed, later)
    recording.record_vitals(db, observed, Vitals(pain=2), now=later, by=nurse)
    assert "reading_outside_limits" in _stands(db, observed, later + timedelta(minutes=1)), "it was not read again"
    recording.record_vitals(db, observed, WELL, now=later, by=nurse)
    assert _stands(db, observed, later + timedelta(minutes=1)) == []


def test_an_urgent_pressure_stands_also_while_it_falls_and_one_that_is_only_high_stands_until_it_has_settled(
    db: Session, observed: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    for minutes, systolic, diastolic in ((0, 198, 112), (1, 186, 108)):
        high = Vitals(systolic=systolic, diastolic=diastolic)
        recording.record_vitals(db, observed, high, now=now + timedelta(minutes=minutes), by=nurse)
    assert _stands(db, observed, now + timedelta(minutes=2)) == ["reading_outside_limits"]
    fallen = Vitals(systolic=168, diastolic=101)
    recording.record_vitals(db, observed, fallen, now=now + timedelta(minutes=3), by=nurse)
    assert _stands(db, observed, now + timedelta(minutes=4)) == []


def test_a_provider_lifts_a_reading_by_name_and_a_later_one_stands_again(
    db: Session, clinic: Clinic, observed: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    recording.record_vitals(db, observed, Vitals(heart_rate=45), now=now, by=nurse)
    provider, later = a_nurse(db, clinic, Role.PROVIDER), now + timedelta(minutes=1)
    word = Word(answer=Answer.GO_AHEAD, reasons=[Reason.READING_OUTSIDE_LIMITS], words="A runner: always 45.")
    asking.decide(db, observed, Gate.MAY_LEAVE, word, now=later, by=provider)
    assert _stands(db, observed, later + timedelta(minutes=1)) == []
    recording.record_vitals(db, observed, Vitals(spo2_percent=88), now=later + timedelta(minutes=1), by=nurse)
    assert _stands(db, observed, later + timedelta(minutes=2)) == ["reading_outside_limits"]


def test_a_go_ahead_is_told_only_beside_what_the_provider_named(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = _treated(db, clinic, nurse, now, "iv-mood", 40_000)
    then = now + timedelta(minutes=45)
    take(db, one, Action.FINISH_DOSE, now + timedelta(minutes=40), nurse)
    factories.ready_to_leave(db, one, then)
    word = Word(answer=Answer.GO_AHEAD, reasons=[Reason.MINIMUM_NOT_REACHED], words="Hardly any was given.")
    asking.decide(db, one, Gate.MAY_LEAVE, word, now=then, by=a_nurse(db, clinic, Role.PROVIDER))
    part = leaving.of(db, one, then + timedelta(minutes=1))
    assert part is not None
    assert [reason for line in part.lines for reason in line.lifted] == [Reason.MINIMUM_NOT_REACHED]


def test_an_answer_that_all_is_well_is_spoken_against_by_a_reading_and_by_a_side_effect_still_noted(
    db: Session, observed: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    assert not leaving.spoken_against(db, observed)
    recording.record_vitals(db, observed, Vitals(moaa_s=3), now=now, by=nurse)
    noticed = Noticed(kind=SideEffectKind.DISSOCIATION, grade=Grade.MODERATE)
    side_effects.note(db, observed, noticed, now=now, by=nurse)
    assert set(leaving.spoken_against(db, observed)) == {CheckItem.SEDATION, CheckItem.DISSOCIATION}


def test_whoever_waits_keeps_their_urgent_marks_and_open_side_effects_on_the_board(
    db: Session, clinic: Clinic, observed: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    noticed = Noticed(kind=SideEffectKind.HEADACHE, grade=Grade.MILD)
    headache = side_effects.note(db, observed, noticed, now=now, by=nurse)
    take(db, observed, Action.CALL_READY, now, nurse)
    recording.record_vitals(db, observed, Vitals(spo2_percent=88), now=now + timedelta(minutes=2), by=nurse)
    [one] = waiting_for_ride.of_clinic(db, clinic, now + timedelta(minutes=3))
    assert [mark.short for mark in one.urgent] == ["oxygen 88"]
    assert [effect.effect.id for effect in one.effects] == [headache.id]
    assert _stands(db, observed, now + timedelta(minutes=3)) == ["reading_outside_limits"]
