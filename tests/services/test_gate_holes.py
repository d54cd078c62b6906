"""Ways around the gates of the day that were found and closed, on both databases."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Gate, StepReason
from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.domain.session.start_gate import Answer, StartReason
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking, before, checking
from clinic_sessions.services.before.asking import Word
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.booking import booking
from clinic_sessions.services.booking.booking import MoveRequest
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.plans import papers
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.session import facts, recording
from clinic_sessions.services.session.lifecycle import GateClosed
from tests import factories
from tests.services.day import a_nurse, take


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic, Role.FRONT_DESK)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic, Role.PROVIDER)


def _here(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> TreatmentSession:
    made = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, made, Action.ARRIVE, now, nurse)
    factories.ready_to_start(db, made, now)
    return made


def _comes_back(db: Session, one: TreatmentSession, now: datetime, then: datetime, by: Actor) -> None:
    """Take the arrival back, move the visit by days or hours, and note the patient here again."""
    soon = now + timedelta(minutes=1)
    take(db, one, Action.UNDO, soon, by)
    wanted = MoveRequest(chair_id=one.chair_id or 0, starts_at=one.starts_at + (then - now), version=one.version)
    booking.move(db, one, wanted, now=soon, by=by)
    take(db, one, Action.ARRIVE, then, by)


def _refused(db: Session, one: TreatmentSession, now: datetime, by: Actor, **more: Any) -> set[StrEnum]:
    with pytest.raises(GateClosed) as refused:
        take(db, one, Action.START, now, by, ready=False, **more)
    return set(refused.value.reasons)


ANEW = {
    StartReason.FOOD_NOT_ASKED, StartReason.RIDE_NOT_ASKED, StartReason.RISK_NOT_ASKED, StartReason.NO_PRESSURE,
}  # fmt: skip


def test_what_was_asked_read_and_drawn_on_another_day_of_the_visit_does_not_start_a_dose(
    db: Session, clinic: Clinic, desk: Actor, nurse: Actor, now: datetime
) -> None:
    one = _here(db, clinic, nurse, now)
    then = now + timedelta(days=7)
    _comes_back(db, one, now, then, desk)
    assert _refused(db, one, then, nurse) >= {*ANEW, StartReason.LABEL_MISSING}
    known = before.of(db, one, papers.of_treatment(db, one, then), then)
    assert known is not None
    assert [question.answer for question in known.questions] == [None] * len(known.questions), "all are asked again"
    factories.ready_to_start(db, one, then)
    take(db, one, Action.START, then, nurse, ready=False)


def test_answers_and_readings_before_the_patient_left_and_came_back_are_asked_anew(
    db: Session, clinic: Clinic, desk: Actor, nurse: Actor, now: datetime
) -> None:
    one = _here(db, clinic, nurse, now)
    then = now + timedelta(hours=3)
    _comes_back(db, one, now, then, desk)
    assert _refused(db, one, then, nurse) >= ANEW


def test_a_ride_arranged_before_the_day_counts_for_the_time_that_the_visit_has(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=1))
    assert one.protocol_version is not None
    said = Said(item=CheckItem.RIDE, clear=True, escort=protocol_of(one.protocol_version).escort.accepted[0])
    checking.record(db, one, said, now=now, by=nurse)
    checking.record(db, one, Said(item=CheckItem.FOOD, clear=True), now=now, by=nurse)
    then = now + timedelta(days=1)
    take(db, one, Action.ARRIVE, then, nurse)
    found = _refused(db, one, then, nurse)
    assert StartReason.RIDE_NOT_ASKED not in found
    assert StartReason.FOOD_NOT_ASKED in found


def test_a_visit_called_off_is_not_taken_up_again_on_another_day(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = _here(db, clinic, nurse, now)
    take(db, one, Action.CALL_OFF, now, nurse)
    with pytest.raises(Refusal) as refused:
        take(db, one, Action.UNDO, now + timedelta(days=3), nurse)
    assert refused.value.reasons == (StepReason.ENDED_BEFORE_TODAY,)


def test_a_start_is_not_told_to_be_before_the_patient_came(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    factories.ready_to_start(db, one, now - timedelta(hours=2))
    take(db, one, Action.ARRIVE, now, nurse)
    assert _refused(db, one, now, nurse, at=now - timedelta(hours=1)) >= ANEW - {StartReason.RIDE_NOT_ASKED}


def test_no_earlier_time_of_a_start_passes_by_a_reading_out_of_range(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one, later = _here(db, clinic, nurse, now), now + timedelta(minutes=10)
    high = Vitals(systolic=168, diastolic=102, heart_rate=70, spo2_percent=98)
    recording.record_vitals(db, one, high, now=later, by=nurse)
    assert _refused(db, one, later, nurse, at=now + timedelta(minutes=5)) == {StartReason.OUT_OF_RANGE}
    told = take(db, one, Action.START, later, nurse, ready=False, at=now + timedelta(minutes=5), happened=True)
    assert told.outside_rules == [], "what has happened is kept with what stood against it then"


@pytest.mark.parametrize("said", Answer)
def test_taking_an_arrival_back_keeps_no_go_ahead_and_loses_no_not_today(
    db: Session, clinic: Clinic, nurse: Actor, provider: Actor, now: datetime, said: Answer
) -> None:
    one = _here(db, clinic, nurse, now)
    checking.record(db, one, Said(item=CheckItem.MEDICINES, clear=False), now=now, by=nurse)
    until = now + timedelta(hours=8) if said is Answer.WAIT else None
    word = Word(answer=said, reasons=[StartReason.MEDICINES_CHANGED], words="Weighed.", until=until)
    asking.decide(db, one, Gate.MAY_START, word, now=now, by=provider)
    take(db, one, Action.UNDO, now, nurse)
    then = now + timedelta(hours=1)
    take(db, one, Action.ARRIVE, then, nurse)
    factories.ready_to_start(db, one, then)
    checking.record(db, one, Said(item=CheckItem.MEDICINES, clear=False), now=then, by=nurse)
    kept = {Answer.WAIT: {StartReason.PROVIDER_SAID_WAIT}, Answer.NOT_TODAY: {StartReason.PROVIDER_SAID_NOT_TODAY}}
    assert _refused(db, one, then, nurse) == {StartReason.MEDICINES_CHANGED, *kept.get(said, ())}


def test_a_dose_told_as_given_that_is_not_the_drawn_one_is_marked_and_told(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, one, Action.ARRIVE, now, nurse)
    factories.ready_to_start(db, one, now, micrograms=20_000)
    told = take(db, one, Action.START, now, nurse, ready=False, micrograms=40_000, happened=True)
    (begun,) = facts.dose_events(db, one)
    assert StartReason.OTHER_THAN_DRAWN in {*told.outside_rules, *begun.outside_rules}


@pytest.mark.parametrize("at", [timedelta(), timedelta(seconds=59)])
def test_a_wait_is_not_over_for_a_start_told_to_be_in_a_moment(
    db: Session, clinic: Clinic, nurse: Actor, provider: Actor, now: datetime, at: timedelta
) -> None:
    one = _here(db, clinic, nurse, now)
    word = Word(answer=Answer.WAIT, reasons=[], words="Rest.", until=now + timedelta(seconds=30))
    asking.decide(db, one, Gate.MAY_START, word, now=now, by=provider)
    assert _refused(db, one, now, nurse, at=now + at) == {StartReason.PROVIDER_SAID_WAIT}
