"""Cancelling and noting an absence over HTTP: what is said first, what can be taken back, and what comes next."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import Clinic, Patient, TreatmentSession, WaitlistWish
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM
from tests import factories
from tests.conftest import SignIn, Visitor

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
TEN = datetime(2026, 11, 24, 13, tzinfo=UTC) + timedelta(hours=5)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient of the clinic."""
    return factories.a_patient(db, clinic)


@pytest.fixture
def treatment(db: Session, patient: Patient) -> TreatmentSession:
    """A session a day ahead, less 5 hours."""
    return factories.a_session(db, patient, TEN - timedelta(hours=2))


def _change(treatment: TreatmentSession, **given: str) -> dict[str, str]:
    return {"version": str(treatment.version), "patient": str(treatment.patient_id), "tell": "y", **given}


def _undo_of(page: str) -> str:
    found = re.search(r'class="toast".*?<form method="post" action="([^"]+)"', page, re.DOTALL)
    assert found
    return found[1].replace("&amp;", "&")


def test_a_late_cancellation_says_so_before_and_after_and_leads_to_another_time(
    db: Session, patient: Patient, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    path = f"/sessions/{treatment.id}"
    assert "This is a late cancellation: 22 h before" in desk.get(f"{path}/cancel").text
    answer = desk.post(f"{path}/cancel", data=_change(treatment, reasons="no_ride"))
    assert (answer.status_code, answer.location) == (303, f"{path}/after")
    page = desk.get(answer.location).text
    assert "Late cancellation: 22 h before" in page
    assert "The patient is told at 10:03 am." in page
    assert f"/sessions/new?patient={patient.id}&amp;what=" in page
    assert "late cancellation, 22 h before" in desk.get(f"/patients/{patient.id}").text

    assert desk.post(_undo_of(page)).status_code == 303
    assert "It stands again." in desk.get(path).text
    db.rollback()
    assert db.get_one(TreatmentSession, treatment.id).status is Status.BOOKED
    again = desk.get(f"{path}/after").text
    assert "It was not called off, or that was taken back." in again
    assert f'href="{path}"' in again


def test_a_move_offers_its_undo_and_a_second_undo_of_it_is_refused(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    desk, path = signed_in(Role.FRONT_DESK), f"/sessions/{treatment.id}"
    before = treatment.starts_at
    form = _change(treatment, slot=f"{treatment.chair_id}@2026-11-25T18:00Z", reasons="patient_asked")
    page = desk.get(desk.post(f"{path}/move", data=form).location).text
    undo = _undo_of(page)
    assert "Undo before then and nobody is told." in desk.get(path).text
    assert desk.post(undo).status_code == 303
    assert "Nobody was told." in desk.get(path).text
    db.rollback()
    assert db.get_one(TreatmentSession, treatment.id).starts_at == before
    assert desk.post(undo).status_code == 409


def _absence(desk: Visitor, treatment: TreatmentSession, clock: time_machine.Traveller) -> str:
    clock.move_to(treatment.starts_at + timedelta(minutes=20))
    assert "did they come?" in desk.get("/").text
    assert f"/sessions/{treatment.id}/did-not-come" in desk.get("/waiting/absent").text
    assert "Did they come?" in desk.get(f"/sessions/{treatment.id}").text
    answer = desk.post(f"/sessions/{treatment.id}/did-not-come", data=_change(treatment))
    assert answer.location == f"/sessions/{treatment.id}/after"
    return desk.get(answer.location).text


def test_who_is_not_here_is_asked_about_and_put_on_the_waitlist_in_the_same_flow(
    db: Session, patient: Patient, signed_in: SignIn, time_at: time_machine.Traveller
) -> None:
    treatment = factories.a_session(db, patient, NOW - timedelta(minutes=15))
    desk = signed_in(Role.FRONT_DESK)
    assert "/waiting/absent" not in desk.get("/").text
    page = _absence(desk, treatment, time_at)
    assert "A clinician will call" not in page
    what = re.search(r'<option selected value="([^"]+)"', page)
    assert what
    wish = {"patient": str(patient.id), "what": what[1], "days": ["1", "3"], "from_time": "9:00 am"}
    bad = desk.post("/waitlist/new", data={**wish, "until_time": "8:00 am", "what": "999"})
    assert bad.status_code == 422
    assert desk.post("/waitlist/new", data={**wish, "until_time": "8:00 am"}).status_code == 422
    assert desk.post("/waitlist/new", data=wish).status_code == 303
    listed = desk.get("/waitlist").text
    assert "Tue, Thu, from 9:00 am" in listed
    assert f"/sessions/new?patient={patient.id}&amp;what={what[1]}" in listed
    assert "on the waitlist" in desk.get("/").text
    db.rollback()
    [row] = db.query(WaitlistWish).all()
    assert desk.post(f"/waitlist/{row.id}/close").status_code == 303
    assert "Nobody is waiting for a time." in desk.get("/waitlist").text


def test_the_desk_reads_that_a_clinician_will_call_but_never_why(
    db: Session, patient: Patient, signed_in: SignIn, time_at: time_machine.Traveller
) -> None:
    treatment = factories.a_session(db, patient, NOW - timedelta(minutes=15))
    lately, same_day = NOW - timedelta(days=3), AlertTier.SAME_DAY
    alerts.raise_alert(
        db, patient, AlertKind.SAFETY_ANSWER, same_day, "Item 9: 1", dedup_key="check_in:1", now=lately, by=SYSTEM
    )
    desk, nurse = signed_in(Role.FRONT_DESK), signed_in(Role.NURSE)
    page = _absence(desk, treatment, time_at)
    everything = page + desk.get(f"/sessions/{treatment.id}").text + desk.get(f"/patients/{patient.id}").text
    assert "A clinician will call" in page
    assert "tel:" not in page
    assert "safety alert was raised" not in everything
    assert "Item 9" not in everything
    assert "A safety alert was raised within the last 14 days." in nurse.get("/alerts").text


def test_the_waitlist_is_the_desks_and_not_an_auditors(clinic: Clinic, patient: Patient, signed_in: SignIn) -> None:
    for path in ("/waitlist", f"/waitlist/new?patient={patient.id}"):
        assert signed_in(Role.FRONT_DESK).get(path).status_code == 200
        assert signed_in(Role.AUDITOR).get(path).status_code == 403


def test_an_absence_is_offered_from_the_start_of_the_visit_and_not_before(
    db: Session, patient: Patient, signed_in: SignIn, time_at: time_machine.Traveller
) -> None:
    treatment = factories.a_session(db, patient, NOW + timedelta(minutes=1))
    desk, path, button = signed_in(Role.FRONT_DESK), f"/sessions/{treatment.id}", "They did not come</button>"
    early = desk.get(f"{path}/did-not-come").text
    assert "The visit has not begun yet: this can be noted from Mon Nov 23, 10:01 am on." in early
    assert button not in early
    assert "/did-not-come" not in desk.get(path).text
    time_at.move_to(NOW + timedelta(minutes=1))
    assert button in desk.get(f"{path}/did-not-come").text
    assert "/did-not-come" in desk.get(path).text
