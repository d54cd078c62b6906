"""Booking pages say what stands against a booking before a time is chosen, and lead to the evaluation and back."""

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanStatus, ProtocolStatus
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import Clinic, Patient, ProtocolVersion
from tests import factories
from tests.conftest import SignIn
from tests.plans import a_plan

pytestmark = pytest.mark.usefixtures("time_at")


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody about whom nobody has decided."""
    made = factories.a_patient(db, clinic, papers=False)
    db.commit()
    return made


def test_who_is_not_cleared_is_led_to_an_evaluation_and_back(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn
) -> None:
    what = str(factories.a_protocol(db).id)
    desk = signed_in(Role.FRONT_DESK)
    page = desk.get(f"/sessions/new?patient={patient.id}&what={what}").text
    assert "No provider has cleared this patient" in page
    assert ">Book</button>" not in page
    (way,) = re.findall(r'href="(/visits/new\?[^"]*then=[^"]*)"', page)
    form = desk.get(way.replace("&amp;", "&")).text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    (action,) = re.findall(r'<form method="post"[^>]*action="(/visits/new[^"]*)"', form)
    slot = re.findall(r'name="slot"[^>]* value="(\d[^"]+)"', form)[0]
    booked = desk.post(action.replace("&amp;", "&"), data={**fields, "slot": slot, "tell": "y"})
    assert booked.status_code == 303
    assert booked.location == f"/sessions/new?patient={patient.id}&what={what}"
    after = desk.get(booked.location).text
    assert "Provisional: No provider has cleared" in after
    assert ">Book</button>" in after


def test_a_series_of_one_who_is_not_cleared_shows_no_dates_to_choose(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    plan = a_plan(db, patient, now)
    db.commit()
    page = signed_in(Role.FRONT_DESK).get(f"/plans/{plan.id}/series").text
    assert "Evaluation first" in page
    assert f"then=plan-{plan.id}" in page
    assert "Book all" not in page


def test_a_way_back_that_leads_nowhere_is_left_out(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    assert desk.get(f"/visits/new?patient={patient.id}&kind=evaluation&then=//evil.example").status_code == 200
    assert desk.get(f"/sessions/new?patient={patient.id}&what=9999999-x").status_code == 200


def test_a_session_that_nobody_is_cleared_for_says_so_on_its_page_and_the_patients(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    stands = factories.a_session(db, patient, now + timedelta(days=3))
    firm = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=3), chair=clinic.chairs[1])
    db.commit()
    paths = [f"/sessions/{one.id}" for one in (stands, firm)]
    paths += [f"/patients/{one.patient_id}" for one in (stands, firm)]
    for who in (signed_in(Role.FRONT_DESK), signed_in(Role.PROVIDER)):
        assert ["Provisional" in who.get(path).text for path in paths] == [True, False, True, False]


def test_a_time_before_the_evaluation_that_was_pointed_at_is_not_chosen(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    visit = factories.a_session(db, patient, now + timedelta(days=2))
    visit.kind, visit.host_id = SessionKind.EVALUATION, visit.booked_by_id
    visit.protocol_version, visit.chair = None, None
    db.commit()
    desk = signed_in(Role.FRONT_DESK)
    pointed = f"/sessions/new?patient={patient.id}&chair={clinic.chairs[0].id}&time=10:00&date="
    assert "The time you chose" not in desk.get(pointed + "2026-11-24").text
    assert "The time you chose" in desk.get(pointed + "2026-11-30").text


def test_what_next_leads_to_an_evaluation_when_nobody_has_cleared_the_patient(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    one = factories.a_session(db, patient, now + timedelta(days=2), status=Status.CANCELLED)
    db.commit()
    page = signed_in(Role.FRONT_DESK).get(f"/sessions/{one.id}/after").text
    assert "Book an evaluation" in page
    assert "No time is free" not in page


def test_the_schedule_marks_what_is_provisional(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    at = now + timedelta(days=1)
    factories.a_session(db, patient, at)
    factories.a_session(db, factories.a_patient(db, clinic), at, chair=clinic.chairs[1])
    db.commit()
    page = signed_in(Role.FRONT_DESK).get("/schedule?date=2026-11-24").text
    grid, _, listed = page.partition('class="day-list"')
    assert (grid.count("Provisional"), listed.count("Provisional")) == (1, 1)


@pytest.mark.parametrize("is_only_one", [True, False])
def test_while_a_plan_is_paused_no_other_treatment_is_offered_in_its_place(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime, is_only_one: bool
) -> None:
    cleared = factories.a_patient(db, clinic)
    plan = a_plan(db, cleared, now)
    plan.status = PlanStatus.PAUSED
    at = now + timedelta(days=2)
    one = factories.a_session(db, cleared, at, status=Status.CANCELLED, plan_id=plan.id, place_in_plan=1)
    if is_only_one:
        others = sa.update(ProtocolVersion).where(ProtocolVersion.id != plan.protocol_version_id)
        db.execute(others.values(status=ProtocolStatus.RETIRED))
    db.commit()
    desk = signed_in(Role.FRONT_DESK)
    after = desk.get(f"/sessions/{one.id}/after")
    assert (after.status_code, "No more of this treatment can be booked" in after.text) == (200, True)
    assert "/sessions/new?" not in after.text.partition('id="rebook"')[2]
    booking = desk.get(f"/sessions/new?patient={cleared.id}")
    assert booking.status_code == (303 if is_only_one else 200)
