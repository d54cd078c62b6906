"""What a visit asks for first, on its page and on its card: what is due or missing stands before any step."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.drug import dose_controls
from clinic_sessions.services.session import board, due, facts, first_act, recording
from clinic_sessions.services.session.first_act import Act, First
from clinic_sessions.services.session.recording import DoseAct
from tests import factories
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)
WHOLE = Vitals(systolic=120, diastolic=80, heart_rate=70, spo2_percent=98, moaa_s=5)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


def begun(
    db: Session, clinic: Clinic, now: datetime, by: Actor, key: str = "iv-mood", micrograms: int = 40_000
) -> TreatmentSession:
    """Somebody whose dose began at `now`."""
    one = factories.a_session(db, factories.a_patient(db, clinic), now, protocol=factories.a_protocol(db, key))
    take(db, one, Action.ARRIVE, now, by)
    take(db, one, Action.START, now, by, micrograms=micrograms)
    return one


def of_dose(db: Session, one: TreatmentSession, now: datetime) -> Act:
    return first_act.of_dose(one, facts.dose_events(db, one), due.numbers(db), now)


def on_card(db: Session, clinic: Clinic, now: datetime) -> Act:
    return next(card.act for card in board.build(db, clinic, now).cards if card.treatment)


def test_an_infusion_is_finished_only_near_its_planned_end(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = begun(db, clinic, now, nurse)
    acts = [of_dose(db, one, now + minute * MINUTE) for minute in (0, 37, 38, 45)]
    assert [act.kind for act in acts] == [First.RUNS, First.RUNS, First.STEP, First.STEP]
    assert acts[0].at == now + 40 * MINUTE


def test_a_paused_infusion_asks_to_be_resumed_and_ends_as_much_later(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = begun(db, clinic, now, nurse)
    dose_controls.turn(db, one, DoseEventKind.PAUSED, now=now + 10 * MINUTE, by=nurse)
    assert of_dose(db, one, now + 50 * MINUTE).kind is First.RESUME
    dose_controls.turn(db, one, DoseEventKind.RESUMED, now=now + 25 * MINUTE, by=nurse)
    assert of_dose(db, one, now + 45 * MINUTE) == Act(kind=First.RUNS, at=now + 55 * MINUTE)


def test_an_infusion_at_half_its_rate_takes_twice_as_long_for_what_is_left(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = begun(db, clinic, now, nurse)
    dose_controls.change_rate(db, one, 30_000, now=now + 20 * MINUTE, by=nurse)
    assert of_dose(db, one, now + 40 * MINUTE) == Act(kind=First.RUNS, at=now + 60 * MINUTE)


def test_the_next_device_comes_before_the_end_of_the_dose(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = begun(db, clinic, now, nurse, "in-esketamine", 28_000)
    shown = []
    for number in range(2):
        act = of_dose(db, one, now + (5 * number + 1) * MINUTE)
        shown.append(act.text or act.kind.value)
        moment = now + 5 * (number + 1) * MINUTE
        recording.record_dose(db, one, DoseAct(kind=DoseEventKind.DEVICE), now=moment, by=nurse)
    assert shown == ["Device 2", "step"]


@pytest.mark.parametrize(
    ("key", "moment"), [("im", True), ("in-racemic", True), ("in-esketamine", False), ("iv-mood", False)]
)
def test_an_injection_and_a_spray_without_devices_are_over_in_a_moment(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, key: str, moment: bool
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now, protocol=factories.a_protocol(db, key))
    assert first_act.is_moment(one) is moment


def test_an_injection_is_given_at_once(db: Session, clinic: Clinic, now: datetime, nurse: Actor) -> None:
    assert of_dose(db, begun(db, clinic, now, nurse, "im"), now).kind is First.STEP


def test_a_card_puts_a_check_that_is_late_before_the_end_of_the_dose(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = begun(db, clinic, now, nurse)
    assert on_card(db, clinic, now + 46 * MINUTE).kind is First.CHECK
    recording.record_vitals(db, one, WHOLE, now=now + 46 * MINUTE, by=nurse)
    assert on_card(db, clinic, now + 46 * MINUTE).kind is First.STEP


def test_a_card_says_when_to_assess_then_what_is_missing_then_offers_ready(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = begun(db, clinic, now, nurse)
    take(db, one, Action.FINISH_DOSE, now + 40 * MINUTE, nurse)
    recording.record_vitals(db, one, WHOLE, now=now + 41 * MINUTE, by=nurse)
    minimum = facts.earliest_leaving(one, facts.dose_events(db, one))
    assert minimum is not None
    assert on_card(db, clinic, now + 41 * MINUTE) == Act(kind=First.ASSESS, at=minimum)
    recording.record_vitals(db, one, WHOLE, now=minimum, by=nurse)
    missing = on_card(db, clinic, minimum)
    assert missing.kind is First.MISSING
    assert len(missing.missing) == 3
    factories.ready_to_leave(db, one, minimum)
    assert on_card(db, clinic, minimum) == first_act.STEP


def test_a_card_of_somebody_who_came_names_the_first_missing_thing_until_nothing_is(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, one, Action.ARRIVE, now, nurse)
    act = on_card(db, clinic, now)
    assert (act.kind, act.missing[0]) == (First.MISSING, StartReason.IDENTITY_NOT_CHECKED)
    factories.ready_to_start(db, one, now)
    assert on_card(db, clinic, now) == first_act.STEP


def test_the_board_is_made_anew_within_half_a_minute(db: Session, clinic: Clinic, now: datetime) -> None:
    assert board.revision(db, clinic, now) == board.revision(db, clinic, now)
    assert board.revision(db, clinic, now) != board.revision(db, clinic, now + MINUTE / 2)
