"""The pages of the drug: what is typed, what is named as a slip, who counts blind, and the dose at one tap."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.drawing import LabelSource
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.models import Clinic, DoseEvent, Draw, DrugLabel, SecondCount, TreatmentSession, User
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import dose_controls, drug
from clinic_sessions.services.session import facts
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import a_nurse, take

PASSWORD = "a long enough password"
HASHED = factories.hashed(PASSWORD)

VIAL = {"drug": "ketamine", "strength": "50", "volume": "10", "total": "500", "lot": "K4471", "expires": "11/2027"}
DEVICE = {"drug": "esketamine", "total": "28", "lot": "E1", "expires": "11/2027"}


@pytest.fixture
def first(db: Session, clinic: Clinic) -> User:
    return factories.a_user(db, clinic, Role.NURSE, name="Ana First")


@pytest.fixture
def second(db: Session, clinic: Clinic) -> User:
    return factories.a_user(db, clinic, Role.NURSE, name="Bo Second", password_hash=HASHED)


def here(db: Session, clinic: Clinic, now: datetime, key: str = "iv-mood") -> TreatmentSession:
    """Somebody who has come, with every answer and reading, and nothing of the drug; of ketamine 40 mg are ordered."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now, protocol=factories.a_protocol(db, key))
    take(db, made, Action.ARRIVE, now, a_nurse(db, clinic))
    factories.ready_to_start(db, made, now, drug=False)
    db.commit()
    return made


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    return here(db, clinic, now)


@pytest.fixture
def nasal(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    return here(db, clinic, now, "in-esketamine")


def post(client: Visitor, db: Session, one: TreatmentSession, page: str, **data: str) -> Any:
    """Send a form of the drug; the page is given as it stands in its address."""
    db.rollback()
    path = f"/sessions/{one.id}/drug/{page}"
    data = {"patient": str(one.patient_id), **data}
    db.rollback()
    return client.post(path, data=data)


def shown(client: Visitor, db: Session, one: TreatmentSession, page: str = "") -> str:
    db.rollback()
    path = f"/sessions/{one.id}{page}"
    db.rollback()
    answer = client.get(path)
    assert answer.status_code == 200
    text: str = answer.text
    return text


def label_of(db: Session, one: TreatmentSession) -> DrugLabel:
    db.rollback()
    found = start_gate.label_of(db, one)
    assert found is not None
    return found


def draw_of(db: Session, one: TreatmentSession) -> Draw:
    db.rollback()
    found = next(reversed(start_gate.so_far(db, one)), None)
    assert found is not None
    return found


def draws(client: Visitor, db: Session, one: TreatmentSession, **given: str) -> Any:
    """Read the label, then send what was drawn: 40 mg in 0.8 mL, or what is `given`."""
    post(client, db, one, "label", **VIAL)
    label = str(label_of(db, one).id)
    return post(client, db, one, "draw", **{"label": label, "mg": "40", "ml": "0.8", **given})


def start(client: Visitor, db: Session, one: TreatmentSession, **more: str) -> Any:
    db.rollback()
    data = {"action": "start", "version": str(one.version), "patient": str(one.patient_id), "identity": "y", **more}
    path = f"/sessions/{one.id}/step"
    db.rollback()
    return client.post(path, data=data)


def running(db: Session, clinic: Clinic, one: TreatmentSession, now: datetime) -> None:
    """The dose of 40 mg runs, drawn by somebody and counted."""
    take(db, one, Action.START, now, a_nurse(db, clinic))
    db.commit()


def test_the_form_of_a_label_is_never_filled_in_from_another_visit(
    db: Session, clinic: Clinic, treatment: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    earlier = factories.a_session(db, treatment.patient, now - timedelta(days=7))
    factories.ready_to_start(db, earlier, now - timedelta(days=7))
    db.commit()
    page = shown(signed_in(Role.NURSE), db, treatment, "/drug/label")
    assert "K4471" not in page
    assert not re.search(r'name="(lot|strength|volume|total|expires)"[^>]*value="[^"]+"', page)


def test_a_label_draw_count_and_start_of_what_was_drawn(
    db: Session, treatment: TreatmentSession, first: User, second: User, signed_in: SignIn
) -> None:
    client = signed_in(user=first)
    assert draws(client, db, treatment, made_up="100").status_code == 303
    page = shown(client, db, treatment)
    assert "0.8 mL" not in page, "no volume is on a screen of this room until it has been counted"
    draw = str(draw_of(db, treatment).id)
    count = shown(client, db, treatment, "/drug/count")
    assert "0.8" not in count.split("<form", 1)[1].replace("like 0.8", "")
    sent = {"draw": draw, "ml": "0.80", "strength": "50", "signer": second.email, "signer_password": PASSWORD}
    assert post(client, db, treatment, "count", **sent).status_code == 303
    page = shown(client, db, treatment)
    assert "0.8 mL" in page
    assert "100 mL ÷ 40 min × 60 = 150 mL/h" in page
    assert "Start 40 mg" in page
    for line in ("Label read: ketamine 50 mg/mL, lot K4471", "Dose drawn, 40 mg", "Counted by a second person"):
        assert line in page
    assert start(client, db, treatment).status_code == 303
    db.rollback()
    event = facts.dose_events(db, treatment)[0]
    assert (event.micrograms, event.label_id) == (40_000, label_of(db, treatment).id)
    assert (event.by_id, draw_of(db, treatment).counts[0].by_id) == (first.id, second.id)
    assert treatment.status is Status.IN_TREATMENT


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"ml": "40"}, "mg typed as mL"),
        ({"ml": "8"}, "Check the decimal point"),
        ({"ml": "0.08"}, "Check the decimal point"),
        ({"ml": "1.76"}, "Look at the syringe"),
        ({"mg": "400", "ml": "8"}, "above the protocol&#39;s limit of 60 mg"),
        ({"mg": "400", "ml": "8", "sure_dose": "y"}, "off by ten"),
        ({"mg": "4", "ml": "0.08"}, "off by ten"),
        ({"mg": "18.1", "ml": "0.36"}, "pounds taken for kilograms"),
    ],
)
def test_each_slip_of_a_draw_is_named_beside_its_field_and_nothing_is_kept(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, typed: dict[str, str], said: str
) -> None:
    answer = draws(signed_in(Role.NURSE), db, treatment, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    for name, value in typed.items():
        if name != "sure_dose":
            assert re.search(rf'name="{name}"[^>]*value="{value}"', answer.text), "what was typed is still there"
    db.rollback()
    assert db.scalars(sa.select(Draw)).all() == []


def test_another_dose_than_the_ordered_one_is_kept_with_a_tick_and_asked_about_again_at_the_start(
    db: Session, treatment: TreatmentSession, first: User, second: User, signed_in: SignIn
) -> None:
    client = signed_in(user=first)
    assert draws(client, db, treatment, mg="36", ml="0.72").status_code == 422
    assert draws(client, db, treatment, mg="36", ml="0.72", sure_dose="y").status_code == 303
    drawn = str(draw_of(db, treatment).id)
    sent = {"draw": drawn, "ml": "0.72", "strength": "50"}
    assert post(signed_in(user=second), db, treatment, "count", **sent).status_code == 303
    asked = start(client, db, treatment)
    assert asked.status_code == 422
    assert "The order comes to 40 mg, not 36 mg." in asked.text
    assert start(client, db, treatment, sure_dose="y").status_code == 303
    db.rollback()
    assert facts.dose_events(db, treatment)[0].outside_rules == ["other_than_ordered"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"strength": "10", "volume": "5", "total": "500"}, "off by ten"),
        ({"strength": "100"}, "Read all three again"),
        ({"strength": ""}, "Enter the strength"),
        ({"volume": "ten"}, "Enter mL as a number"),
        ({"lot": ""}, "Enter the lot"),
        ({"expires": "soon"}, "Enter the expiry"),
        ({"expires": "10/2026"}, "The drug is past its date."),
        ({"drug": "esketamine"}, "another drug than the protocol"),
        ({"drug": ""}, "Choose the drug"),
        ({"opened_day": "11/30/2026"}, "This has not come yet"),
        ({"beyond_clock": "9 am"}, "Enter the date too"),
        ({"beyond_day": "11/22/2026"}, "The drug is past its date."),
        ({"scan": "(01)00350458028003(17)271130(10)OTHER"}, "The barcode says OTHER"),
        ({"scan": "hello"}, "not a barcode of a drug"),
    ],
)
def test_a_label_that_cannot_be_so_is_refused_with_everything_typed_kept(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, typed: dict[str, str], said: str
) -> None:
    answer = post(signed_in(Role.NURSE), db, treatment, "label", **{**VIAL, **typed})
    assert answer.status_code in {409, 422}
    assert said in answer.text
    assert re.search(r'name="total"[^>]*value="500"', answer.text)
    db.rollback()
    assert db.scalars(sa.select(DrugLabel)).all() == []


def test_a_barcode_alone_fills_in_lot_and_expiry_and_asks_for_the_rest(
    db: Session, nasal: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    scan = "]d2010035045802800317271100" + "10KT9"
    read = post(client, db, nasal, "label", scan=scan)
    assert read.status_code == 200
    assert re.search(r'name="lot"[^>]*value="KT9"', read.text)
    assert re.search(r'name="expires"[^>]*value="11/30/2027"', read.text)
    sent = {"scan": scan, "drug": "esketamine", "total": "28", "lot": "KT9", "expires": "11/30/2027"}
    assert post(client, db, nasal, "label", **sent).status_code == 303
    found = label_of(db, nasal)
    assert (found.source, found.ndc, found.lot) == (LabelSource.SCANNED, "5045802800", "KT9")


def test_a_vial_of_several_visits_keeps_when_it_was_opened_and_until_when_it_is_good(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    sent = {**VIAL, "opened_day": "11/22/2026", "beyond_day": "11/24/2026"}
    assert post(signed_in(Role.NURSE), db, treatment, "label", **sent).status_code == 303
    found = label_of(db, treatment)
    assert found.opened_at is not None
    assert found.opened_at.isoformat() == "2026-11-22T08:00:00+00:00"
    assert found.beyond_use_at is not None
    assert found.beyond_use_at.isoformat() == "2026-11-25T08:00:00+00:00", "the whole day of the clinic"


def test_the_second_person_is_somebody_else_with_the_right_password(
    db: Session, treatment: TreatmentSession, first: User, second: User, signed_in: SignIn
) -> None:
    client = signed_in(user=first)
    draws(client, db, treatment)
    sent = {"draw": str(draw_of(db, treatment).id), "ml": "0.8", "strength": "50"}
    for who in (
        {},
        {"signer": first.email, "signer_password": PASSWORD},
        {"signer": second.email, "signer_password": "x"},
    ):
        answer = post(client, db, treatment, "count", **sent, **who)
        assert answer.status_code == 422
    db.rollback()
    assert db.scalars(sa.select(SecondCount)).all() == []
    assert "Today" in shown(client, db, treatment), "the sign-in of the tablet goes on"


def test_a_count_that_differs_shows_neither_number_and_stands_against_the_start(
    db: Session, treatment: TreatmentSession, first: User, second: User, signed_in: SignIn
) -> None:
    client = signed_in(user=first)
    draws(client, db, treatment)
    sent = {"draw": str(draw_of(db, treatment).id), "ml": "0.9", "strength": "50"}
    assert post(signed_in(user=second), db, treatment, "count", **sent).status_code == 303
    page = shown(client, db, treatment)
    assert "different numbers" in page
    assert "0.8 mL" not in page
    assert "0.9 mL" not in page
    refused = start(client, db, treatment)
    assert refused.status_code == 409
    assert "The two people read different numbers" in refused.text


def test_the_same_form_sent_twice_draws_once(db: Session, treatment: TreatmentSession, signed_in: SignIn) -> None:
    client = signed_in(Role.NURSE)
    for _ in range(2):
        assert draws(client, db, treatment, form_key="k" * 32).status_code in {303, 409}
    db.rollback()
    assert len(db.scalars(sa.select(Draw)).all()) == 1


def test_stop_is_one_tap_and_asks_why_until_it_is_answered(
    db: Session, clinic: Clinic, treatment: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    running(db, clinic, treatment, now)
    client = signed_in(Role.NURSE)
    assert "Stop now" in shown(client, db, treatment)
    for _ in range(2):
        assert post(client, db, treatment, "stop").status_code == 303
    assert "Why was the dose stopped at 10:00 am?" in shown(client, db, treatment)
    event = facts.dose_events(db, treatment)[-1]
    assert event.kind is DoseEventKind.STOPPED
    why = f"why/{event.id}"
    assert post(client, db, treatment, why).status_code == 422
    too_much = post(client, db, treatment, why, reasons="side_effect", mg="220")
    assert too_much.status_code == 422
    assert "40 mg was drawn" in too_much.text
    assert post(client, db, treatment, why, reasons="side_effect", words="felt sick", mg="22").status_code == 303
    page = shown(client, db, treatment)
    assert "Why was the dose stopped" not in page
    assert "Drawn 40 mg = given 22 mg + wasted 0 mg" in page
    db.rollback()
    assert facts.dose_events(db, treatment)[-1].words == "Side effect: felt sick"


def test_pause_and_resume_are_one_tap_each(
    db: Session, clinic: Clinic, treatment: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    running(db, clinic, treatment, now)
    client = signed_in(Role.NURSE)
    assert post(client, db, treatment, "pause").status_code == 303
    page = shown(client, db, treatment)
    assert "Resume now" in page
    assert "Why was the dose paused" in page
    assert post(client, db, treatment, "resume").status_code == 303
    assert "Pause now" in shown(client, db, treatment)


def test_a_rate_is_typed_as_the_pump_shows_it_and_one_off_by_ten_is_asked_about(
    db: Session, clinic: Clinic, treatment: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    running(db, clinic, treatment, now)
    client = signed_in(Role.NURSE)
    assert "0.8 mL ÷ 40 min × 60 = 1.2 mL/h" in shown(client, db, treatment, "/drug/rate")
    slipped = post(client, db, treatment, "rate", ml_per_hour="12")
    assert slipped.status_code == 422
    assert "off by ten" in slipped.text
    assert post(client, db, treatment, "rate", ml_per_hour="0.6").status_code == 303
    db.rollback()
    event = facts.dose_events(db, treatment)[-1]
    assert (event.kind, event.rate_micrograms_per_hour) == (DoseEventKind.RATE_CHANGED, 30_000)
    assert "0.6 mL/h" in shown(client, db, treatment)


def test_waste_takes_a_second_name_and_asks_about_more_than_is_left(
    db: Session,
    clinic: Clinic,
    treatment: TreatmentSession,
    first: User,
    second: User,
    signed_in: SignIn,
    now: datetime,
) -> None:
    running(db, clinic, treatment, now)
    client = signed_in(user=first)
    post(client, db, treatment, "stop")
    db.rollback()
    event = facts.dose_events(db, treatment)[-1]
    post(client, db, treatment, f"why/{event.id}", reasons="patient_asked", pump_ml="0.44")
    signed = {"signer": second.email, "signer_password": PASSWORD}
    assert post(client, db, treatment, "waste", mg="18").status_code == 422
    more = post(client, db, treatment, "waste", mg="180", **signed)
    assert more.status_code == 422
    assert "18 mg of what was drawn is left" in more.text
    assert post(client, db, treatment, "waste", mg="18", **signed).status_code == 303
    assert "Even" in shown(client, db, treatment)
    db.rollback()
    row = facts.dose_events(db, treatment)[-1]
    assert (row.kind, row.micrograms, row.by_id, row.second_id) == (DoseEventKind.WASTED, 18_000, first.id, second.id)


def test_devices_one_by_one_with_their_lots_and_minutes(
    db: Session, nasal: TreatmentSession, signed_in: SignIn, time_at: Any, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    wrong = post(client, db, nasal, "label", **{**DEVICE, "total": "280"})
    assert wrong.status_code == 422
    assert "holds 28 mg, not 280 mg" in wrong.text
    assert post(client, db, nasal, "label", **DEVICE).status_code == 303
    assert start(client, db, nasal).status_code == 303
    page = shown(client, db, nasal)
    assert "Device 2 from 10:05 am" in page
    soon = post(client, db, nasal, "device", same="y")
    assert soon.status_code == 422
    assert "The next device is due in 5 min" in soon.text
    time_at.move_to(now + timedelta(minutes=5), tick=False)
    assert post(client, db, nasal, "device", same="y").status_code == 303
    db.rollback()
    found = drug.of(db, nasal, now + timedelta(minutes=5))
    assert found is not None
    assert [one.label.lot for one in found.devices if one.label] == ["E1", "E1"]
    assert [one.event.outside_rules for one in found.devices] == [[], []]


def test_an_expired_device_is_refused_unless_it_has_been_used_already(
    db: Session, nasal: TreatmentSession, signed_in: SignIn, time_at: Any, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    post(client, db, nasal, "label", **DEVICE)
    start(client, db, nasal)
    time_at.move_to(now + timedelta(minutes=6), tick=False)
    old = {**DEVICE, "expires": "10/2026"}
    refused = post(client, db, nasal, "device", **old)
    assert refused.status_code == 422
    assert "past its date" in refused.text
    assert post(client, db, nasal, "device", **old, sure_used="y").status_code == 303
    db.rollback()
    assert facts.dose_events(db, nasal)[-1].outside_rules == ["label_expired"]


def correct(client: Visitor, db: Session, one: TreatmentSession, old: int, **data: str) -> Any:
    db.rollback()
    path = f"/sessions/{one.id}/dose"
    data = {"patient": str(one.patient_id), "corrects": str(old), "kind": "wasted", **data}
    db.rollback()
    return client.post(path, data=data)


def wasted(db: Session, one: TreatmentSession) -> DoseEvent:
    db.rollback()
    found = facts.dose_events(db, one)[-1]
    assert found.kind is DoseEventKind.WASTED
    return found


def test_another_amount_of_waste_asks_the_second_person_again_and_is_marked_without_one(
    db: Session,
    clinic: Clinic,
    treatment: TreatmentSession,
    first: User,
    second: User,
    signed_in: SignIn,
    now: datetime,
) -> None:
    running(db, clinic, treatment, now)
    dose_controls.waste(db, treatment, 18_000, a_nurse(db, clinic), None, now=now, by=a_nurse(db, clinic))
    db.commit()
    client, seen, signer = signed_in(user=first), wasted(db, treatment).id, {"signer": second.email}
    assert "Another amount of waste takes a second person" in shown(client, db, treatment, f"/dose?corrects={seen}")
    asked = correct(client, db, treatment, seen, mg="17")
    assert (asked.status_code, "tick that nobody has" in asked.text) == (422, True)
    for password, said in (("", "Enter your password."), ("wrong", "do not go together")):
        answer = correct(client, db, treatment, seen, mg="17", signer_password=password, **signer)
        assert (answer.status_code, said in answer.text) == (422, True)
    signed = {**signer, "signer_password": PASSWORD}
    assert correct(client, db, treatment, seen, mg="17", **signed).status_code == 303
    again = wasted(db, treatment)
    assert (again.micrograms, again.second_id, again.outside_rules) == (17_000, second.id, [])
    assert correct(client, db, treatment, again.id, mg="17", words="Rest of the syringe").status_code == 303
    assert wasted(db, treatment).second_id == second.id, "the same amount was seen already"
    alone = correct(client, db, treatment, wasted(db, treatment).id, mg="16", alone="y")
    assert alone.status_code == 303
    last = wasted(db, treatment)
    assert (last.micrograms, last.second_id, last.outside_rules) == (16_000, None, ["no_witness"])


def test_another_vial_is_offered_while_the_order_is_not_drawn_and_its_slips_are_named(
    db: Session, treatment: TreatmentSession, first: User, signed_in: SignIn
) -> None:
    client = signed_in(user=first)
    few = {**VIAL, "total": "20", "volume": "0.4"}
    post(client, db, treatment, "label", **few)
    label = str(label_of(db, treatment).id)
    whole = post(client, db, treatment, "draw", label=label, mg="40", ml="0.8")
    assert "Enter what came from it, then add another vial." in whole.text
    part = post(client, db, treatment, "draw", label=label, mg="20", ml="0.4")
    assert "the rest comes from another vial" in part.text
    assert post(client, db, treatment, "draw", label=label, mg="20", ml="0.4", sure_dose="y").status_code == 303
    page = shown(client, db, treatment)
    assert "20 mg of the order not drawn" in page
    assert "Add another vial" in page
    form = shown(client, db, treatment, "/drug/vial")
    assert 'name="lot" value=""' in form or not re.search(r'name="lot"[^>]*value="[^"]+"', form)
    more = {**VIAL, "lot": "K9", "draw": str(draw_of(db, treatment).id), "mg": "20", "form_key": "m" * 32}
    for ml, said in (("20", "mg typed as mL"), ("4", "Check the decimal point")):
        answer = post(client, db, treatment, "vial", **more, ml=ml)
        assert (answer.status_code, said in answer.text) == (422, True)
    tenfold = post(client, db, treatment, "vial", **{**more, "strength": "5"}, ml="4")
    assert "off by ten: read all three again" in tenfold.text
    for _ in range(2):
        assert post(client, db, treatment, "vial", **more, ml="0.4").status_code == 303
    page = shown(client, db, treatment)
    assert "from 2 vials" in page
    assert "Count the volume: lot K9" in page
    assert "of the order not drawn" not in page
    db.rollback()
    assert len(db.scalars(sa.select(Draw)).all()) == 2, "the same form sent twice adds one vial"


def test_an_expiry_that_has_passed_says_how_it_was_read_and_keeps_what_was_typed(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    answer = post(signed_in(Role.NURSE), db, treatment, "label", **{**VIAL, "expires": "10/26"})
    assert answer.status_code == 409
    assert "This was read as October 31, 2026." in answer.text
    assert "K4471" in answer.text


PAGES = ("label", "draw", "vial", "count", "rate", "device", "waste")


@pytest.mark.parametrize("page", PAGES)
def test_only_clinicians_of_the_place_see_the_pages_of_the_drug(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, page: str
) -> None:
    foreign = factories.a_clinic(db)
    db.commit()
    path = f"/sessions/{treatment.id}/drug/{page}"
    db.rollback()
    assert signed_in(Role.FRONT_DESK).get(path).status_code == 403
    assert signed_in(Role.NURSE, at=foreign).get(path).status_code == 404
    assert signed_in(Role.NURSE).get(path).status_code in {200, 303}


def test_a_post_that_names_another_patient_is_answered_as_if_there_were_none(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    answer = post(client, db, treatment, "label", **{**VIAL, "patient": str(treatment.patient_id + 1)})
    assert answer.status_code == 404
    db.rollback()
    assert db.scalars(sa.select(DoseEvent)).all() == []
