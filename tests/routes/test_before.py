"""Before the dose: from arrived to nothing against it, each question in a tap, each doubt with what mends it."""

import re
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import EscortKind
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.record import Arm, Cuff
from clinic_sessions.domain.session.session_checks import CheckItem, Intake
from clinic_sessions.domain.session.start_gate import StartReason
from clinic_sessions.models import (
    ActorKind,
    Alert,
    Clinic,
    FormKey,
    Patient,
    SessionCheck,
    TreatmentSession,
    VitalsReading,
    Weight,
)
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import checking, start_gate
from clinic_sessions.services.before.checking import Said
from clinic_sessions.services.session import lifecycle
from tests import factories
from tests.conftest import SignIn, Visitor

ALL_CLEAR = {
    "identity": "y", "food": "clear", "drink": "clear", "ride": "named_adult", "ride_person": "Luis Ruiz",
    "ride_phone": "(310) 555-0188", "pregnancy": "clear", "medicines": "clear", "risk": "clear",
}  # fmt: skip
_keys = count(1)


def key() -> dict[str, str]:
    """A key of its own for each form."""
    return {"form_key": f"one-use-key-of-a-form-{next(_keys):04}"}


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)


@pytest.fixture
def here(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> TreatmentSession:
    """A patient with every paper and no weight, here for an infusion."""
    return arrived(db, factories.a_patient(db, clinic), nurse, now)


def arrived(db: Session, patient: Patient, nurse: Actor, now: datetime, **given: Any) -> TreatmentSession:
    made = factories.a_session(db, patient, now - timedelta(minutes=5), **given)
    lifecycle.do(db, made, Action.ARRIVE, now=now - timedelta(minutes=2), by=nurse)
    db.commit()
    return made


def post(client: Visitor, one: TreatmentSession, part: str, /, **data: str) -> Any:
    return client.post(f"/sessions/{one.id}/before{part}", data={"patient": str(one.patient_id), **key(), **data})


def reasons(db: Session, one: TreatmentSession, at: datetime) -> list[StartReason]:
    db.rollback()
    db.expire_all()
    order = db.scalar(sa.text(f"select id from orders where patient_id = {one.patient_id} limit 1"))
    return [reason for reason in start_gate.unmet(db, one, order, at) if not reason.value.startswith(("label", "draw"))]


def checks(db: Session, one: TreatmentSession) -> dict[CheckItem, SessionCheck]:
    db.rollback()
    query = sa.select(SessionCheck).where(SessionCheck.session_id == one.id).order_by(SessionCheck.id)
    return {row.item: row for row in db.scalars(query)}


def test_three_forms_lead_from_arrived_to_nothing_against_the_dose(
    db: Session, here: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    page = client.get(f"/sessions/{here.id}").text
    for text in ("Nothing for 8 h", "Way home", "Thoughts of suicide", "First reading", "Not weighed yet"):
        assert text in page
    assert " checked" not in page[page.index("before-start") : page.index("<dialog")].replace("and checked", ""), (
        "nothing is said"
    )
    assert post(client, here, "", **ALL_CLEAR).status_code == 303
    assert post(client, here, "/reading", systolic="118/76", heart_rate="70", spo2_percent="98").status_code == 303
    assert post(client, here, "/weight", weight="80", unit="kg", sure="y").status_code == 303
    assert reasons(db, here, now) == []
    page = client.get(f"/sessions/{here.id}").text
    assert "Luis Ruiz, (310) 555-0188" in page
    assert "118/76" in page
    assert 'id="ask-food"' not in page


def test_answers_may_be_given_one_at_a_time_and_again(db: Session, here: TreatmentSession, signed_in: SignIn) -> None:
    client = signed_in(Role.NURSE)
    assert post(client, here, "", pregnancy="possible", pregnancy_words="Eight days late").status_code == 303
    page = client.get(f"/sessions/{here.id}").text
    assert "They may be pregnant." in page
    assert "Eight days late" in page
    assert 'id="ask-pregnancy"' not in page
    assert 'id="ask-pregnancy"' in client.get(f"/sessions/{here.id}/before?again=pregnancy").text
    assert post(client, here, "", pregnancy="tested").status_code == 303
    assert checks(db, here)[CheckItem.PREGNANCY].words == "Test today: negative"
    assert db.scalar(sa.select(sa.func.count(SessionCheck.id))) == 2, "the first answer stays"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Answer at least one question."),
        ({"food": "nonsense"}, "Choose one of these."),
        ({"food": "food"}, "Enter when they last ate"),
        ({"food_at": "7:30 am"}, "Choose what they ate."),
        ({"drink": "drank", "drink_at": "soon"}, "Enter a time"),
        ({"food": "food", "food_at": "11:55 pm"}, "not come yet today"),
        ({"ride": "named_adult", "ride_phone": "12"}, "Enter a phone number"),
        ({"ride": "named_adult", "ride_phone": "310 555 0188"}, "Enter the name of the person who takes them home."),
        ({"ride": "companion_in_hired_car", "ride_person": "Jo"}, "Enter the phone number at which this person"),
        ({"risk": "clear", "form_key": ""}, "This page was open for too long"),
        ({"medicines": "yes", "medicines_words": "x" * 400}, "Shorten it"),
        ({"identity": "y", "at": "11:55 pm"}, "This time has not come yet"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field_and_nothing_typed_is_lost(
    db: Session, here: TreatmentSession, signed_in: SignIn, typed: dict[str, str], said: str
) -> None:
    answer = post(signed_in(Role.NURSE), here, "", risk_words="words that stay", **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert "words that stay" in answer.text
    assert checks(db, here) == {}


def test_a_meal_is_counted_from_its_time_and_later_today_is_offered_first(
    db: Session, here: TreatmentSession, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    ate = (now - timedelta(hours=3)).astimezone(clinic.zone)
    assert post(client, here, "", food="food", food_at=f"{ate:%H:%M}").status_code == 303
    row = checks(db, here)[CheckItem.FOOD]
    assert (row.intake, row.clear) == (Intake.FOOD, False)
    assert row.last_at is not None
    complete = row.last_at + timedelta(hours=6)
    page = client.get(f"/sessions/{here.id}").text
    said = f"{complete.astimezone(clinic.zone):%-I:%M %p}".lower()
    assert f"The dose can be given from {said}" in page
    slot = re.search(r'name="slot" value="(\d+@[^"]+)"', page)
    assert slot is not None, page
    starts = datetime.strptime(slot[1].split("@")[1], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    assert starts + timedelta(minutes=30) >= complete, "the dose falls after the preparation"
    db.rollback()
    moved = post(client, here, "/later", slot=slot[1], version=str(here.version))
    assert moved.status_code == 303
    db.rollback()
    assert (here.status, here.starts_at) == (Status.BOOKED, starts)
    again = post(client, here, "/later", slot=slot[1], version="1")
    assert again.status_code in {404, 409}, "somebody has moved it"


def test_last_night_is_asked_about_and_then_kept(
    db: Session, here: TreatmentSession, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    late = {"food": "heavy_meal", "food_at": "11:50 pm"}
    assert "tick that it was yesterday" in post(client, here, "", **late).text
    assert post(client, here, "", **late, food_yesterday="y").status_code == 303
    row = checks(db, here)[CheckItem.FOOD]
    assert row.last_at is not None
    assert row.last_at.astimezone(clinic.zone).date() == now.astimezone(clinic.zone).date() - timedelta(days=1)


def test_yes_to_thoughts_of_suicide_reaches_a_clinician_and_leads_to_the_assessment(
    db: Session, here: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    answer = post(signed_in(Role.NURSE), here, "", risk="yes", risk_words="Since Sunday")
    assert answer.headers["Location"].endswith(f"/patients/{here.patient_id}/risk")
    db.rollback()
    assert db.scalars(sa.select(Alert)).one().kind is AlertKind.SAFETY_ANSWER
    assert StartReason.AT_RISK in reasons(db, here, now)


def test_a_reading_out_of_range_starts_a_timer_asks_for_cuff_and_arm_and_every_reading_is_kept(
    db: Session, here: TreatmentSession, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    high = {"systolic": "168/102", "heart_rate": "88", "spo2_percent": "98"}
    assert post(client, here, "/reading", **high).status_code == 303
    page = client.get(f"/sessions/{here.id}").text
    first = (now + timedelta(minutes=5)).astimezone(clinic.zone)
    assert f"take it again from {first:%-I:%M %p}".lower() in page.lower()
    refused = post(client, here, "/reading", **high)
    assert refused.status_code == 422
    assert "one too narrow reads too high" in refused.text
    assert post(client, here, "/reading", systolic="132/84", cuff="large", arm="left_arm").status_code == 303
    db.rollback()
    rows = db.scalars(sa.select(VitalsReading).order_by(VitalsReading.id)).all()
    assert [(row.systolic_mmhg, row.cuff, row.arm) for row in rows] == [
        (168, None, None), (132, Cuff.LARGE, Arm.LEFT_ARM)
    ]  # fmt: skip
    page = client.get(f"/sessions/{here.id}").text
    assert "168/102" in page
    assert "132/84" in page
    assert "take it again from" not in page
    assert StartReason.OUT_OF_RANGE not in reasons(db, here, now)


def test_pounds_taken_for_kilograms_are_seen_in_both_units_before_they_count(
    db: Session, here: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    asked = post(client, here, "/weight", weight="176", unit="kg")
    assert asked.status_code == 409
    assert "176.0 kg = 388.0 lb" in asked.text
    assert 'value="176"' in asked.text
    assert post(client, here, "/weight", weight="176", unit="lb", sure="y").status_code == 303
    asked = post(client, here, "/weight", weight="176", unit="kg")
    assert (asked.status_code, "far from the weight before" in asked.text) == (409, True)
    db.rollback()
    assert [row.grams for row in db.scalars(sa.select(Weight))] == [79_832]


def test_the_front_desk_asks_for_name_and_way_home_only(db: Session, here: TreatmentSession, signed_in: SignIn) -> None:
    client = signed_in(Role.FRONT_DESK)
    page = client.get(f"/sessions/{here.id}").text
    assert 'id="ask-ride"' in page
    assert 'id="ask-risk"' not in page
    assert "Thoughts of suicide" not in page
    assert post(client, here, "", **ALL_CLEAR).status_code == 303
    assert set(checks(db, here)) == {CheckItem.IDENTITY, CheckItem.RIDE}
    for part in ("/reading", "/weight"):
        assert post(client, here, part, systolic="118/76").status_code == 403
    db.rollback()
    clinical = post(signed_in(Role.NURSE), here, "", risk="yes", risk_words="Since Sunday")
    assert clinical.status_code == 303
    assert "Since Sunday" not in client.get(f"/sessions/{here.id}").text


def test_a_way_home_that_the_protocol_does_not_accept_and_none_at_all_stand_against_the_dose(
    db: Session, here: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    post(client, here, "", ride="transport_service")
    assert StartReason.RIDE_NOT_ACCEPTED in reasons(db, here, now)
    post(client, here, "", ride="none")
    assert StartReason.NO_RIDE in reasons(db, here, now)
    assert 'Ask again<span class="visually-hidden">: Way home arranged' in client.get(f"/sessions/{here.id}").text


def test_who_took_them_home_the_last_time_is_one_tap_and_never_filled_in_by_itself(
    db: Session, here: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    assert "As last time" not in client.get(f"/sessions/{here.id}").text
    db.rollback()
    before = factories.a_session(db, here.patient, here.starts_at - timedelta(days=7), status=Status.LEFT)
    db.add(
        SessionCheck(
            session_id=before.id, at=before.starts_at, recorded_at=before.starts_at, late=False,
            by_id=here.changes[0].by_id, item=CheckItem.WAY_HOME, clear=True, escort=EscortKind.NAMED_ADULT,
            person="Maria Ruiz", phone="+13105550177",
        )
    )  # fmt: skip
    db.commit()
    page = client.get(f"/sessions/{here.id}").text
    assert "As last time: Named adult, Maria Ruiz, (310) 555-0177" in page
    assert 'value="Maria Ruiz"' not in page
    assert post(client, here, "", ride="known").status_code == 303
    ride = checks(db, here)[CheckItem.RIDE]
    assert (ride.escort, ride.person, ride.phone) == (EscortKind.NAMED_ADULT, "Maria Ruiz", "+13105550177")


def test_a_named_adult_without_a_phone_from_before_stands_against_the_dose(
    db: Session, here: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    checking.record(
        db, here, Said(item=CheckItem.RIDE, clear=True, escort=EscortKind.NAMED_ADULT, person="Jo"), now=now, by=nurse
    )
    db.commit()
    assert StartReason.RIDE_NAMELESS in reasons(db, here, now)
    assert "Way home: name or phone is missing." in signed_in(Role.NURSE).get(f"/sessions/{here.id}").text


def test_the_head_counts_what_the_page_lists(db: Session, here: TreatmentSession, signed_in: SignIn) -> None:
    client = signed_in(Role.NURSE)
    for answers in ({}, {"food": "clear", "drink": "clear"}, ALL_CLEAR):
        if answers:
            post(client, here, "", **answers)
        page = client.get(f"/sessions/{here.id}").text
        asked = len(re.findall(r'id="ask-(?!banner)', page))
        rows = asked + sum(text in page for text in ("Save reading", "Save weight", "The label of the drug has not"))
        assert f"{rows} things missing" in page


def test_an_open_page_renews_itself_once_fasting_is_complete(
    db: Session, here: TreatmentSession, clinic: Clinic, signed_in: SignIn, time_at: time_machine.Traveller,
    now: datetime,
) -> None:  # fmt: skip
    client = signed_in(Role.NURSE)
    ate = (now - timedelta(hours=5, minutes=45)).astimezone(clinic.zone)
    post(client, here, "", food="food", food_at=f"{ate:%H:%M}")
    page = client.get(f"/sessions/{here.id}").text.split('id="session"')[1]
    seen = page.split('data-revision="')[1].split('"')[0]
    for minutes, status in ((0, 304), (14, 304), (15, 200)):
        time_at.move_to(now + timedelta(minutes=minutes))
        again = client.get(f"/sessions/{here.id}?revision={seen}", headers={"X-Poll": "1"})
        assert again.status_code == status, minutes


def test_a_form_sent_twice_answers_once(db: Session, here: TreatmentSession, signed_in: SignIn) -> None:
    client = signed_in(Role.NURSE)
    data = {"patient": str(here.patient_id), **key(), "identity": "y"}
    for _ in range(2):
        assert client.post(f"/sessions/{here.id}/before", data=data).status_code == 303
    assert len(checks(db, here)) == 1
    assert db.scalar(sa.select(sa.func.count(SessionCheck.id))) == 1
    assert db.scalar(sa.select(sa.func.count()).select_from(FormKey)) == 1


def test_an_answer_that_comes_after_the_start_is_kept_all_the_same(
    db: Session, here: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    lifecycle.do(db, here, Action.START, now=now, by=nurse, happened=True)
    db.commit()
    assert post(signed_in(Role.NURSE), here, "", medicines="yes", medicines_words="A new patch").status_code == 303
    assert checks(db, here)[CheckItem.MEDICINES].words == "A new patch"


def test_a_nasal_day_asks_for_the_spray_and_nobody_asks_about_pregnancy_where_it_cannot_be(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, pregnancy_possible=PregnancyPossible.NO)
    one = arrived(db, patient, nurse, now, protocol=factories.a_protocol(db, "in-esketamine"))
    page = signed_in(Role.NURSE).get(f"/sessions/{one.id}").text
    assert "None for 1 h" in page
    assert 'id="ask-pregnancy"' not in page


def test_on_arrival_what_is_missing_is_seen_at_one_glance(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    one = factories.a_session(db, patient, now + timedelta(minutes=30))
    db.commit()
    client = signed_in(Role.FRONT_DESK)
    page = client.get(f"/sessions/{one.id}").text
    for text in ("On arrival", "name and birth date", "No way home is noted", "Food until", "There is no consent"):
        assert text in page
    told = {"ride": "named_adult", "ride_person": "Luis", "ride_phone": "310 555 0188"}
    assert post(client, one, "", **told).status_code == 303, "told on the phone"
    assert "No way home is noted" not in client.get(f"/sessions/{one.id}").text


def test_a_start_that_has_happened_already_asks_for_words_and_keeps_them(
    db: Session, here: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    data = {
        "patient": str(here.patient_id),
        "action": "start",
        "version": str(here.version),
        "identity": "y",
        "mg": "40",
    }
    db.rollback()
    assert "It has already happened" in client.post(f"/sessions/{here.id}/step", data=data).text
    without = client.post(f"/sessions/{here.id}/step", data={**data, "happened": "y"})
    assert without.status_code == 422
    assert "Say what happened" in without.text
    assert "It has already happened" in without.text
    told = client.post(f"/sessions/{here.id}/step", data={**data, "happened": "y", "words": "Begun in the other room"})
    assert told.status_code == 303
    db.rollback()
    assert here.changes[-1].words == "Begun in the other room"
    assert StartReason.FOOD_NOT_ASKED in here.changes[-1].outside_rules


def test_two_people_who_answer_the_same_question_see_both_answers_before_the_second_counts(
    db: Session, clinic: Clinic, here: TreatmentSession, signed_in: SignIn
) -> None:
    first, second = signed_in(Role.NURSE), signed_in(Role.PROVIDER)
    page = second.get(f"/sessions/{here.id}").text
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    post(first, here, "", medicines="yes", medicines_words="A new patch", seen=seen[1])
    own = {"medicines": "yes", "medicines_words": "Stopped sertraline", "risk": "clear"}
    both = post(second, here, "", **own, seen=seen[1])
    assert both.status_code == 409
    for words in ("A new patch", "Stopped sertraline", "meanwhile"):
        assert words in both.text
    again = re.search(r'name="seen" value="(\d+)"', both.text)
    assert again is not None
    assert post(second, here, "", **own, seen=again[1]).status_code == 303
    assert checks(db, here)[CheckItem.MEDICINES].words == "Stopped sertraline"
    assert db.scalar(sa.select(sa.func.count(SessionCheck.id))) == 3


def test_a_reading_that_cannot_well_be_true_is_asked_about_and_kept_when_it_is(
    db: Session, here: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    asked = post(client, here, "/reading", systolic="80", diastolic="120")
    assert (asked.status_code, "Systolic must be above diastolic" in asked.text) == (422, True)
    assert post(client, here, "/reading", systolic="80", diastolic="120", sure="y").status_code == 303
    assert post(client, here, "/reading").status_code == 422
    assert post(client, here, "/reading", systolic="abc").status_code == 422
    db.rollback()
    assert db.scalar(sa.select(sa.func.count(VitalsReading.id))) == 1
