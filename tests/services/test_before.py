"""Before the dose: fasting by real hours through every change of the clocks, and what stands against the start."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols import protocols
from clinic_sessions.domain.protocols.protocols import EscortKind, Measure
from clinic_sessions.domain.scheduling.reasons import MoveReason
from clinic_sessions.domain.session.arrivals import Lack
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.session_checks import Check, CheckItem, Intake, complete_at, wait_after
from clinic_sessions.domain.session.start_gate import BeforeDose, StartReason, item_of, may_start
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.domain.wall_time import SkippedHour, last_instant
from clinic_sessions.models import Alert, AuditEntry, Clinic, Message, SessionCheck, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import answering, before, later_today
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.booking import booking
from clinic_sessions.services.plans import papers
from clinic_sessions.services.refusals import ChangedMeanwhile, NotAllowed, Refusal
from clinic_sessions.services.session import recording
from clinic_sessions.services.today import arrivals
from tests import factories
from tests.domain.test_protocols import KEYS, shipped
from tests.services.day import a_nurse, take

ZONE = ZoneInfo("America/Los_Angeles")
BACK, FORWARD = date(2026, 11, 1), date(2027, 3, 14)
NIGHTS = st.builds(
    lambda first, minutes: first + timedelta(minutes=minutes),
    st.sampled_from([datetime(2026, 10, 31, tzinfo=UTC), datetime(2027, 3, 13, tzinfo=UTC)]),
    st.integers(0, 3 * 24 * 60),
)
"""Moments of the days around a change of the clocks."""
WALLS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 30, 59]))
SHIPPED = [shipped(key) for key in KEYS]
TIMED = st.sampled_from(
    [(CheckItem.FOOD, Intake.FOOD), (CheckItem.FOOD, Intake.HEAVY_MEAL), (CheckItem.DRINK, Intake.CLEAR_LIQUID)]
)


@given(NIGHTS, WALLS, st.integers(0, 1))
def test_a_time_that_is_told_is_the_last_of_its_name_that_has_been(now: datetime, wall: time, back: int) -> None:
    day = now.astimezone(ZONE).date() - timedelta(days=back)
    try:
        found = last_instant(day, wall, ZONE, now)
    except SkippedHour:
        assert (day, wall.hour) == (FORWARD, 2)
        return
    named = [now - timedelta(minutes=minutes) for minutes in range(60 * 50)]
    fit = [one.replace(second=0, microsecond=0) for one in named]
    fit = [one for one in fit if one.astimezone(ZONE).date() == day and one.astimezone(ZONE).time() == wall]
    assert found == max((one for one in fit if one <= now), default=None)


@given(st.sampled_from(SHIPPED), TIMED, NIGHTS, WALLS, st.integers(0, 1))
def test_fasting_is_complete_after_real_hours_to_the_second_through_every_change_of_the_clocks(
    protocol: protocols.Protocol, asked: tuple[CheckItem, Intake], now: datetime, wall: time, back: int
) -> None:
    item, intake = asked
    try:
        ate = last_instant(now.astimezone(ZONE).date() - timedelta(days=back), wall, ZONE, now)
    except SkippedHour:
        ate = None
    assume(ate is not None)
    assert ate is not None
    check = Check(item=item, clear=False, at=now, intake=intake, last_at=ate)
    done = complete_at(protocol, check)
    assert done is not None
    assert (done - ate) == wait_after(protocol, item, intake), "hours that have passed, not hours of the wall"
    facts = BeforeDose(
        protocol=protocol, asked=[item], checks={item: check}, measured=tuple(Measure), out_of_range_at=None,
        weight_needed=False, drug=(),
    )  # fmt: skip
    assert may_start(facts, done) == []
    against = may_start(facts, done - timedelta(seconds=1))
    assert [item_of(reason) for reason in against] == [item]


def test_in_the_night_the_clocks_go_back_a_time_that_comes_twice_is_the_later_of_those_that_have_been() -> None:
    first = datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    for now, meant in (
        (first + timedelta(minutes=20), first),
        (first + timedelta(hours=3), first + timedelta(hours=1)),
    ):
        assert last_instant(BACK, time(1, 30), ZONE, now) == meant


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def here(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> TreatmentSession:
    """A patient with every paper who came five minutes ago."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(minutes=10))
    take(db, made, Action.ARRIVE, now - timedelta(minutes=5), nurse)
    return made


def stands(db: Session, one: TreatmentSession, at: datetime) -> before.Before:
    found = before.of(db, one, papers.of_treatment(db, one, at), at)
    assert found is not None
    return found


def test_before_anything_is_asked_every_question_is_open_and_nothing_speaks_against_the_dose(
    db: Session, here: TreatmentSession, now: datetime
) -> None:
    found = stands(db, here, now)
    assert [one.item for one in found.questions if one.answer is None] == [one.item for one in found.questions]
    assert found.against == [StartReason.WEIGHT_NEEDED]
    assert found.drug_missing == [StartReason.LABEL_MISSING]
    assert {Measure.SYSTOLIC, Measure.SPO2_PERCENT} <= found.measures
    assert found.missing == len(found.reasons) - 2, "the three readings are one thing to do, of one form"


def test_all_that_the_gate_asks_leaves_nothing(db: Session, here: TreatmentSession, now: datetime) -> None:
    factories.ready_to_start(db, here, now)
    found = stands(db, here, now)
    assert (found.missing, found.against, found.repeat, found.later) == (0, [], None, None)


def test_a_missing_paper_counts_beside_the_questions(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic, papers=False), now)
    take(db, one, Action.ARRIVE, now, nurse)
    factories.ready_to_start(db, one, now)
    found = stands(db, one, now)
    assert PaperReason.CONSENT_MISSING in found.papers.reasons
    assert found.missing == len(found.papers.reasons) >= 3


def test_a_visit_without_a_dose_and_one_that_has_begun_have_no_such_page(
    db: Session, here: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    take(db, here, Action.START, now, nurse, identity=True)
    assert here.status is Status.IN_TREATMENT
    assert before.of(db, here, None, now) is None


def test_a_reading_out_of_range_is_taken_again_within_the_minutes_of_the_clinic(
    db: Session, here: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    high = Vitals(systolic=168, diastolic=102, heart_rate=88, spo2_percent=98)
    recording.record_vitals(db, here, high, now=now, by=nurse)
    found = stands(db, here, now + timedelta(minutes=1))
    assert found.repeat is not None
    assert (found.repeat.from_at, found.repeat.until_at) == (now + timedelta(minutes=5), now + timedelta(minutes=15))
    assert [bool(one.marks) for one in found.readings] == [True]
    low = Vitals(systolic=128, diastolic=82)
    recording.record_vitals(db, here, low, now=now + timedelta(minutes=6), by=nurse)
    found = stands(db, here, now + timedelta(minutes=7))
    assert found.repeat is None
    assert [bool(one.marks) for one in found.readings] == [True, False], "both are kept"


def test_an_answer_of_danger_tells_a_clinician_once_and_every_answer_is_audited(
    db: Session, here: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    answers = [
        Said(item=CheckItem.RISK, clear=False, words="Since Sunday"),
        Said(item=CheckItem.RIDE, clear=True, escort=EscortKind.NAMED_ADULT),
    ]
    for _ in range(2):
        assert answering.take(db, here, answers, now=now, by=nurse)
    assert not answering.take(db, here, answers[1:], now=now, by=nurse)
    assert db.scalar(sa.select(sa.func.count(Alert.id))) == 1
    kept = db.scalar(sa.select(sa.func.count(SessionCheck.id)))
    audited = sa.select(sa.func.count(AuditEntry.id)).where(AuditEntry.entity == "session_checks")
    assert (kept, db.scalar(audited)) == (5, 5)


def test_later_today_moves_the_visit_tells_the_patient_and_keeps_both_steps(
    db: Session, here: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    ate = Said(item=CheckItem.FOOD, clear=False, intake=Intake.FOOD, last_at=now - timedelta(hours=4))
    answering.take(db, here, [ate], now=now, by=nurse)
    found = stands(db, here, now).later
    assert found is not None
    assert found.complete_at == now + timedelta(hours=2)
    time = found.times[0]
    later_today.move(db, here, time.chair_id, time.starts_at, here.version, now=now, by=nurse)
    assert (here.status, here.starts_at) == (Status.BOOKED, time.starts_at)
    assert [change.action for change in here.changes[-2:]] == [Action.UNDO, Action.MOVE]
    assert here.changes[-1].reasons == [MoveReason.ATE.value]
    assert db.scalar(sa.select(sa.func.count(Message.id)).where(Message.session_id == here.id))
    take(db, here, Action.ARRIVE, time.starts_at, nurse)
    assert StartReason.ATE not in stands(db, here, found.complete_at).reasons


def test_a_visit_is_moved_to_later_only_as_it_stands_and_by_whoever_may_take_the_arrival_back(
    db: Session, clinic: Clinic, here: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    chair, starts, seen = clinic.chairs[1].id, here.starts_at + timedelta(hours=5), here.version
    with pytest.raises(ChangedMeanwhile):
        later_today.move(db, here, chair, starts, seen - 1, now=now, by=nurse)
    owner = a_nurse(db, clinic, Role.OWNER)
    with pytest.raises(NotAllowed):
        later_today.move(db, here, chair, starts, seen, now=now, by=owner)
    factories.ready_to_start(db, here, now)
    take(db, here, Action.START, now, nurse, ready=False)
    with pytest.raises(Refusal):
        later_today.move(db, here, chair, starts, here.version, now=now, by=nurse)


def test_who_is_to_come_is_listed_with_what_is_missing(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    bare = factories.a_session(
        db, factories.a_patient(db, clinic, papers=False), now + timedelta(hours=1), chair=clinic.chairs[1]
    )
    ready = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(hours=2))
    adult = Said(item=CheckItem.RIDE, clear=True, escort=EscortKind.NAMED_ADULT)
    answering.take(db, ready, [adult], now=now, by=nurse)
    assert list(arrivals.lacking(db, [ready.id])[ready.id]) == [Lack.WAY_HOME], "nobody can be called"
    named = replace(adult, person="Jo Ruiz", phone="+13105550142")
    answering.take(db, ready, [named], now=now, by=nurse)
    found = arrivals.lacking(db, [bare.id, ready.id])
    assert list(found[bare.id]) == [Lack.CLEARANCE, Lack.CONSENT, Lack.ORDER, Lack.WAY_HOME]
    assert list(found[ready.id]) == []
    answering.take(db, ready, [Said(item=CheckItem.RIDE, clear=False)], now=now + timedelta(minutes=1), by=nurse)
    assert list(arrivals.lacking(db, [ready.id])[ready.id]) == [Lack.WAY_HOME]
    assert arrivals.lacking(db, []) == {}


def test_a_ride_of_another_time_is_missing_on_every_list_once_the_visit_is_moved(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=1))
    ride = Said(
        item=CheckItem.RIDE, clear=True, escort=EscortKind.NAMED_ADULT, person="Jo Ruiz", phone="+13105550142"
    )  # fmt: skip
    answering.take(db, one, [ride], now=now, by=nurse)
    assert list(arrivals.lacking(db, [one.id])[one.id]) == []
    later = now + timedelta(minutes=5)
    to = booking.MoveRequest(
        chair_id=clinic.chairs[0].id, starts_at=one.starts_at + timedelta(days=1), version=one.version,
        reasons=(MoveReason.PATIENT_ASKED,),
    )  # fmt: skip
    booking.put(db, one, to, now=later, by=nurse)
    assert list(arrivals.lacking(db, [one.id])[one.id]) == [Lack.WAY_HOME]
    found = stands(db, one, later)
    assert next(one.answer for one in found.questions if one.item is CheckItem.RIDE) is None
