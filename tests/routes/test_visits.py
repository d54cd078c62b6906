"""Booking, moving and ending visits without a dose, as people at the desk and hosts do it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import Clinic, Patient, TreatmentSession, User
from tests import factories
from tests.conftest import SignIn, Visitor

TUESDAY_TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)
KEY = "a-form-key-of-a-test-0001"


@pytest.fixture
def host(db: Session, clinic: Clinic) -> User:
    """A provider on shift all week."""
    user = factories.a_user(db, clinic, Role.PROVIDER, name="Dr. Ada Park")
    factories.on_shift(db, user, clinic, SiteRole.PROVIDER)
    db.commit()
    return user


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient with an email address."""
    made = factories.a_patient(db, clinic)
    db.commit()
    return made


def form(patient: Patient, host: User, **given: str) -> dict[str, str]:
    """What the booking form sends."""
    fields = {
        "kind": "integration",
        "minutes": "50",
        "slot": f"{TUESDAY_TEN:%Y-%m-%dT%H:%M}Z",
        "tell": "y",
        "form_key": KEY,
    }
    return {**fields, "patient": str(patient.id), "host": str(host.id), **given}


def visits(db: Session) -> list[TreatmentSession]:
    """What is booked, read anew."""
    db.rollback()
    return list(db.scalars(sa.select(TreatmentSession).order_by(TreatmentSession.id)))


def book(db: Session, desk: Visitor, patient: Patient, host: User, **given: str) -> TreatmentSession:
    """Book through the form."""
    assert desk.post("/visits/new", data=form(patient, host, **given)).status_code == 303
    return visits(db)[-1]


def test_the_screen_offers_the_times_of_the_host_and_books_one_of_them_once(
    db: Session, signed_in: SignIn, patient: Patient, host: User
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    shown = desk.get(f"/visits/new?patient={patient.id}&kind=evaluation&host={host.id}&minutes=60").text
    offered = re.findall(r'name="slot"[^>]* value="(\d[^"]+)"', shown)
    assert len(offered) == 6
    assert len({start[:10] for start in offered}) >= 3
    assert "<title>Book a visit" in shown
    sent = form(patient, host, slot=offered[-1], kind="evaluation", minutes="60")
    answers = [desk.post("/visits/new", data=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    visit = visits(db)[0]
    assert len(visits(db)) == 1
    assert (visit.kind, visit.host_id, visit.ends_at - visit.starts_at) == (
        SessionKind.EVALUATION, host.id, timedelta(hours=1)
    )  # fmt: skip
    assert answers[0].headers["Location"] == answers[1].headers["Location"] == f"/sessions/{visit.id}"


def test_a_refusal_names_the_reason_and_the_next_times_and_keeps_the_choice(
    db: Session, signed_in: SignIn, clinic: Clinic, patient: Patient, host: User
) -> None:
    other = factories.a_patient(db, clinic)
    desk = signed_in(Role.FRONT_DESK)
    book(db, desk, other, host)
    refused = desk.post("/visits/new", data=form(patient, host, form_key=f"{KEY}2"))
    assert refused.status_code == 409
    text = unescape(refused.text)
    assert "The next free times" in text
    assert 'value="2026-11-24T19:00Z"' in text
    assert '<option value="50" selected>' in text
    assert len(visits(db)) == 1


@pytest.mark.parametrize(
    ("given", "status"), [({"slot": ""}, 422), ({"form_key": ""}, 422), ({"minutes": "7"}, 409), ({"host": "999"}, 409)]
)
def test_a_form_that_is_not_whole_books_nothing(
    db: Session, signed_in: SignIn, patient: Patient, host: User, given: dict[str, str], status: int
) -> None:
    assert signed_in(Role.FRONT_DESK).post("/visits/new", data={**form(patient, host), **given}).status_code == status
    assert visits(db) == []


def test_a_visit_is_moved_on_its_own_page(db: Session, signed_in: SignIn, patient: Patient, host: User) -> None:
    desk = signed_in(Role.FRONT_DESK)
    visit = book(db, desk, patient, host)
    page = desk.get(f"/sessions/{visit.id}").text
    assert f'href="/visits/{visit.id}/move"' in page
    assert desk.get(f"/visits/{visit.id}/move").status_code == 200
    sent = {
        "version": str(visit.version), "host": str(host.id), "minutes": "30", "slot": "other",
        "day": "11/25/2026", "wall": "9:20 am", "reasons": "patient_asked",
    }  # fmt: skip
    assert desk.post(f"/visits/{visit.id}/move", data={**sent, "reasons": ""}).status_code == 422
    assert desk.post(f"/visits/{visit.id}/move", data=sent).status_code == 303
    moved = visits(db)[0]
    assert moved.block.starts_at == datetime(2026, 11, 25, 17, 20, tzinfo=UTC)
    assert moved.ends_at - moved.starts_at == timedelta(minutes=30)
    assert desk.post(f"/visits/{visit.id}/move", data=sent).status_code == 409
    back = desk.post(f"/sessions/{visit.id}/undo-move?version={moved.version}", data={})
    assert back.status_code == 303
    stands = visits(db)[0]
    assert (stands.starts_at, stands.ends_at) == (TUESDAY_TEN, TUESDAY_TEN + timedelta(minutes=50))


def test_a_visit_is_cancelled_as_a_treatment_is_and_another_of_its_kind_is_offered(
    db: Session, signed_in: SignIn, patient: Patient, host: User
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    visit = book(db, desk, patient, host)
    sent = {"version": str(visit.version), "reasons": "patient_asked", "tell": "y"}
    answer = desk.post(f"/sessions/{visit.id}/cancel", data=sent)
    assert answer.status_code == 303
    assert f"/visits/new?patient={patient.id}&kind=integration&host={host.id}" in unescape(
        desk.get(answer.location).text
    )
    assert visits(db)[0].status is Status.CANCELLED


def test_a_visit_by_video_is_joined_and_done_without_a_word_of_a_dose(
    db: Session, signed_in: SignIn, patient: Patient, host: User, now: datetime
) -> None:
    visit = book(db, signed_in(Role.FRONT_DESK), patient, host, slot=f"{now:%Y-%m-%dT%H:%M}Z", kind="telehealth")
    provider = signed_in(user=host)
    page = provider.get(f"/sessions/{visit.id}").text
    assert "Telehealth visit" in page
    assert "Dr. Ada Park" in page
    assert "Patient has joined" in page
    for action in ("arrive", "leave"):
        sent = {"action": action, "version": str(visits(db)[0].version), "patient": str(patient.id)}
        assert provider.post(f"/sessions/{visit.id}/step", data=sent).status_code == 303
        page = provider.get(f"/sessions/{visit.id}").text
    assert visits(db)[0].status is Status.LEFT
    assert "Visit done" in page
    assert "Dose" not in page
    assert "ride" not in page


def test_today_says_with_whom_a_visit_is_and_how_a_patient_far_away_arrives(
    db: Session, signed_in: SignIn, patient: Patient, host: User, now: datetime
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    book(db, desk, patient, host, slot=f"{now:%Y-%m-%dT%H:%M}Z", kind="telehealth")
    page = desk.get("/").text
    assert "Telehealth visit, Dr. Ada Park" in page
    assert "Joined<" in page


def test_a_list_of_booked_visits_leads_to_the_page_that_moves_a_visit_without_a_chair(
    db: Session, signed_in: SignIn, patient: Patient, host: User
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    visit = book(db, desk, patient, host)
    led = desk.get(f"/sessions/{visit.id}/move")
    assert (led.status_code, led.location) == (303, f"/visits/{visit.id}/move")
    assert desk.get(led.location).status_code == 200
