"""Booking over HTTP: what the desk types, what is refused, and what is kept."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Clinic, OpeningHours, Patient, Shift, TreatmentSession
from clinic_sessions.routes.booking.objections import shares
from clinic_sessions.services import form_keys
from tests import factories
from tests.conftest import SignIn

TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient of the clinic."""
    return factories.a_patient(db, clinic)


def _form(db: Session, patient: Patient, **given: str) -> dict[str, str]:
    chair = db.get_one(Clinic, patient.clinic_id).chairs[0]
    return {
        "patient": str(patient.id),
        "what": str(factories.a_protocol(db).id),
        "slot": f"{chair.id}@2026-11-24T18:00Z",
        "tell": "y",
        "form_key": form_keys.new(),
        **given,
    }


def _typed(db: Session, patient: Patient, day: str, wall: str, **given: str) -> dict[str, str]:
    chair = db.get_one(Clinic, patient.clinic_id).chairs[0]
    return _form(db, patient, slot="other", day=day, wall=wall, chair=str(chair.id), **given)


def _sessions(db: Session) -> list[TreatmentSession]:
    db.rollback()
    return list(db.scalars(sa.select(TreatmentSession)))


def test_a_known_patient_is_booked_from_the_first_chip(db: Session, patient: Patient, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    page = desk.get(f"/sessions/new?patient={patient.id}").text
    chosen = re.search(r'name="slot" [^>]*value="([^"]+)" checked', page)
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    assert chosen
    assert key
    answer = desk.post("/sessions/new", data=_form(db, patient, slot=chosen[1], form_key=key[1]))
    [made] = _sessions(db)
    assert (answer.status_code, answer.location) == (303, f"/sessions/{made.id}")


def test_the_same_form_twice_books_once_and_other_content_is_refused(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    desk, form = signed_in(Role.FRONT_DESK), _form(db, patient)
    answers = [desk.post("/sessions/new", data=form) for _ in range(2)]
    other = desk.post("/sessions/new", data={**form, "tell": ""})
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert (other.status_code, len(_sessions(db))) == (409, 1)


def test_a_taken_time_is_refused_on_the_same_page_with_the_next_three(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Chen"), TEN)
    page = signed_in(Role.FRONT_DESK).post("/sessions/new", data=_form(db, patient))
    assert page.status_code == 409
    assert "The chair is taken at that time." in page.text
    assert page.text.count('class="choice slot-chip"') == 3


@pytest.mark.parametrize(
    ("day", "wall", "said"),
    [
        ("", "10:00", "Enter the date"),
        ("11/24/2026", "", "Enter the time"),
        ("2/30/2027", "10:00", "Enter a date that exists"),
        ("11/24/0026", "10:00", "date"),
        ("9999-12-31", "10:00", "a year ahead"),
        ("11/24/2026", "25:99", "Enter a time"),
        ("11/24/2026", "\u0661\u0660:00", "Enter a time"),
        ("<script>", "x" * 5000, "Enter a date that exists"),
        ("3/14/2027", "2:30 am", "1:59 am, or 3:00 am"),
    ],
)
def test_what_cannot_be_read_is_answered_beside_the_field_and_kept(
    db: Session, patient: Patient, signed_in: SignIn, day: str, wall: str, said: str
) -> None:
    page = signed_in(Role.FRONT_DESK).post("/sessions/new", data=_typed(db, patient, day, wall))
    assert page.status_code == 422
    assert said in page.text
    assert str(wall).replace("<", "&lt;") in page.text
    assert _sessions(db) == []


@pytest.mark.parametrize(
    "given",
    [
        {"slot": ""},
        {"slot": "1@yesterday"},
        {"slot": "99999999999999999999@2026-11-24T18:00Z"},
        {"slot": "999999@2026-11-24T18:00Z"},
        {"slot": "1@9999-12-31T23:59Z"},
        {"slot": "\x00"},
        {"what": "999999"},
        {"what": "x' or 1=1 --"},
        {"what": "1-999999"},
        {"form_key": ""},
        {"form_key": "k" * 5000},
        {"wall": "10:00 am"},
    ],
)
def test_a_form_that_was_tampered_with_is_refused_on_its_page(
    db: Session, patient: Patient, signed_in: SignIn, given: dict[str, Any]
) -> None:
    page = signed_in(Role.FRONT_DESK).post("/sessions/new", data=_form(db, patient, **given))
    assert page.status_code in {409, 422}
    assert patient.name in page.text
    assert _sessions(db) == []


def test_a_repeated_hour_is_asked_about_on_the_same_page(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn
) -> None:
    clinic.opening_hours.append(OpeningHours(weekday=6, opens_minute=0, closes_minute=1440))
    db.commit()
    desk = signed_in(Role.FRONT_DESK)
    form = _typed(db, patient, "11/7/2027", "1:30 am")
    asked = desk.post("/sessions/new", data=form)
    assert asked.status_code == 422
    assert 'name="which"' in asked.text
    assert "1:30 am" in asked.text
    assert desk.post("/sessions/new", data={**form, "which": "second"}).status_code == 303
    assert [one.starts_at for one in _sessions(db)] == [datetime(2027, 11, 7, 9, 30, tzinfo=UTC)]


@pytest.mark.parametrize("role", list(Role))
def test_booking_is_open_to_staff_but_not_to_auditors(clinic: Clinic, signed_in: SignIn, role: Role) -> None:
    assert signed_in(role).get("/sessions/new").status_code == (403 if role is Role.AUDITOR else 200)


def test_a_patient_of_another_clinic_is_as_good_as_absent(db: Session, clinic: Clinic, signed_in: SignIn) -> None:
    stranger = factories.a_patient(db, factories.a_clinic(db))
    desk = signed_in(Role.FRONT_DESK)
    assert desk.get(f"/sessions/new?patient={stranger.id}").status_code == 404
    assert desk.post("/sessions/new", data=_form(db, stranger)).status_code == 404


def test_the_patient_is_found_as_they_are_typed(db: Session, patient: Patient, signed_in: SignIn) -> None:
    page = signed_in(Role.FRONT_DESK).get("/sessions/new?q=ana ru").text
    assert f"/sessions/new?patient={patient.id}" in page


def test_a_click_on_the_schedule_is_chosen_already(db: Session, patient: Patient, signed_in: SignIn) -> None:
    chair = db.get_one(Clinic, patient.clinic_id).chairs[1]
    address = f"/sessions/new?patient={patient.id}&chair={chair.id}&date=2026-11-25&time=13:20"
    assert f'value="{chair.id}@2026-11-25T21:20Z" checked' in signed_in(Role.FRONT_DESK).get(address).text


def _change(treatment: TreatmentSession, **given: Any) -> dict[str, Any]:
    return {"version": str(treatment.version), "patient": str(treatment.patient_id), "tell": "y", **given}


def test_a_session_is_moved_with_a_reason(db: Session, patient: Patient, signed_in: SignIn) -> None:
    treatment = factories.a_session(db, patient, TEN)
    to = f"{treatment.chair_id}@2026-11-25T18:00Z"
    form = _change(treatment, slot=to, reasons="patient_asked")
    answer = signed_in(Role.FRONT_DESK).post(f"/sessions/{treatment.id}/move", data=form)
    [moved] = _sessions(db)
    assert (answer.status_code, moved.starts_at) == (303, TEN + timedelta(days=1))


@pytest.mark.parametrize("path", ["move", "cancel"])
def test_a_change_without_a_reason_asks_for_one(db: Session, patient: Patient, signed_in: SignIn, path: str) -> None:
    treatment = factories.a_session(db, patient, TEN)
    form = _change(treatment, slot=f"{treatment.chair_id}@2026-11-25T18:00Z")
    page = signed_in(Role.FRONT_DESK).post(f"/sessions/{treatment.id}/{path}", data=form)
    assert page.status_code == 422
    assert "Choose at least one reason." in page.text


@pytest.mark.parametrize("path", ["move", "cancel", "confirm", "did-not-come"])
def test_a_change_from_a_page_that_is_no_longer_so_is_refused_with_the_present_state(
    db: Session, patient: Patient, signed_in: SignIn, path: str
) -> None:
    treatment = factories.a_session(db, patient, TEN, status=Status.CANCELLED)
    form = _change(treatment, slot=f"{treatment.chair_id}@2026-11-25T18:00Z", reasons=["no_ride"], version="999")
    page = signed_in(Role.FRONT_DESK).post(f"/sessions/{treatment.id}/{path}", data=form)
    assert page.status_code == 409
    assert "Someone changed this session meanwhile." in page.text
    assert "Cancelled" in page.text


def test_a_post_that_names_another_patient_than_the_sessions_does_nothing(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn
) -> None:
    treatment = factories.a_session(db, patient, TEN)
    other = factories.a_patient(db, clinic, "Bo Chen")
    form = _change(treatment, patient=str(other.id), reasons="cost")
    assert signed_in(Role.FRONT_DESK).post(f"/sessions/{treatment.id}/cancel", data=form).status_code == 404
    assert [one.status for one in _sessions(db)] == [Status.BOOKED]


def test_what_a_person_may_lift_is_offered_beside_the_reason_and_the_time_stays_chosen(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    db.execute(sa.update(Shift).where(Shift.role == SiteRole.NURSE).values(ends_minute=11 * 60))
    db.commit()
    form = _form(db, patient)
    desk, provider = signed_in(Role.FRONT_DESK), signed_in(Role.PROVIDER)
    asked = desk.post("/sessions/new", data=form)
    assert "At 11:00 am it needs 0.5 of a nurse, and nothing is free." in asked.text
    assert "A provider or the charge nurse can book this, with a reason." in asked.text
    shown = provider.post("/sessions/new", data=form)
    assert (asked.status_code, shown.status_code) == (409, 409)
    assert re.search(r'name="lift" [^>]*value="cover"', shown.text)
    assert re.search(rf'value="{re.escape(form["slot"])}" checked', shown.text)
    unsaid = provider.post("/sessions/new", data={**form, "lift": "cover"})
    assert (unsaid.status_code, _sessions(db)) == (422, [])
    assert re.search(r'name="lift" [^>]*value="cover" checked', unsaid.text)
    done = provider.post("/sessions/new", data={**form, "lift": "cover", "lift_words": "I stay with her"})
    [made] = _sessions(db)
    assert (done.status_code, made.overrides[0].words) == (303, "I stay with her")
    assert desk.post("/sessions/new", data=_form(db, patient, lift="cover", lift_words="Me")).status_code == 409


@pytest.mark.parametrize(
    ("milli", "said"), [(500, "0.5 of a nurse"), (1000, "1 nurse"), (1500, "1.5 nurses"), (333, "0.33 of a nurse")]
)
def test_shares_of_nurses_are_said_as_people_count_them(milli: int, said: str) -> None:
    assert shares(milli) == said


def test_coming_back_to_a_form_that_has_booked_tells_so_and_offers_no_next(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    desk, other, form = signed_in(Role.FRONT_DESK), signed_in(Role.FRONT_DESK), _form(db, patient)
    address = f"/sessions/new?patient={patient.id}&form={form['form_key']}"
    assert "Booked already" not in desk.get(address).text
    made = desk.post("/sessions/new", data=form).location
    page = desk.get(address).text
    assert "Booked already" in page
    assert f'href="{made}"' in page
    assert 'name="form_key"' not in page
    assert "Booked already" not in other.get(address).text
    assert "Booked already" not in desk.get(f"/sessions/new?patient={patient.id}&form=%00").text
