"""What follows from a filed screening: the file is filled, old answers are called old, only what is sought is shown."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import ActorKind, AuditEntry, Clinic, Patient
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.screening import clearance, screening
from clinic_sessions.services.screening.screening import Typed
from tests import factories
from tests.conftest import SignIn, Visitor

pytestmark = pytest.mark.usefixtures("time_at")
YES, NO = ItemAnswer.YES, ItemAnswer.NO
MORE = "The screening says more than the file"


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody of whom nothing is on file."""
    made = factories.a_patient(db, clinic, papers=False)
    made.allergies, made.pregnancy_possible = None, PregnancyPossible.NOT_ASKED
    db.commit()
    return made


def _file(
    db: Session, patient: Patient, at: datetime, words: dict[str, str] | None = None, **given: ItemAnswer
) -> None:
    db.rollback()
    user = factories.a_user(db, db.get_one(Clinic, patient.clinic_id), Role.PROVIDER, name="Dr. Vale")
    items = screening.questionnaire_of(screening.published(db, Route.IV)).items
    typed = Typed(answers={item.key: given.get(item.key, NO) for item in items}, words=words or {})
    by = Actor(kind=ActorKind.USER, user=user, role=Role.PROVIDER)
    screening.file(db, patient, Route.IV, typed, version=0, now=at, by=by)
    db.commit()


def _take(browser: Visitor, patient: Patient, fact: str, **changed: str) -> Any:
    page = browser.get(f"/patients/{patient.id}/screening").text
    version = re.search(r'name="version" value="(\d+)"', page)
    data = {"version": version[1] if version else "0", **changed}
    return browser.post(f"/patients/{patient.id}/screening/into-file/{fact}", data=data)


def test_what_a_screening_says_is_taken_over_into_the_file_with_a_tap(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now, {"allergies": "Latex: rash"}, allergies=YES, pregnancy=YES)
    nurse, provider, front_desk = (signed_in(role) for role in (Role.NURSE, Role.PROVIDER, Role.FRONT_DESK))
    home = f"/patients/{patient.id}"
    assert MORE in nurse.get(f"{home}/screening").text
    assert MORE in provider.get(f"{home}/clearance/iv-mood").text
    assert MORE not in front_desk.get(f"{home}/screening").text
    assert _take(nurse, patient, "allergies").status_code == 303
    assert _take(nurse, patient, "pregnancy_possible").status_code == 303
    db.rollback()
    assert (patient.allergies, patient.pregnancy_possible) == ("Latex: rash", PregnancyPossible.YES)
    assert MORE not in nurse.get(f"{home}/screening").text
    kept = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "patient", AuditEntry.patient_id == patient.id))
    assert {"allergies", "pregnancy_possible"} <= {key for one in kept for key in one.changes or {}}


def test_what_the_file_says_stays_beside_what_the_screening_adds(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    patient.allergies = "Penicillin (hives in 2019)"
    db.commit()
    _file(db, patient, now, {"allergies": "Penicillin: hives", "hypersensitivity": "Propofol"}, allergies=YES,
          hypersensitivity=YES)  # fmt: skip
    assert _take(signed_in(Role.NURSE), patient, "allergies").status_code == 303
    db.rollback()
    assert patient.allergies == "Penicillin (hives in 2019)\nPropofol"


def test_no_allergy_in_a_screening_fills_only_an_empty_file_and_is_no_alert(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now)
    nurse = signed_in(Role.NURSE)
    assert _take(nurse, patient, "allergies").status_code == 303
    db.rollback()
    assert patient.allergies == "None known"
    assert "Allergy:" not in nurse.get(f"/patients/{patient.id}").text
    db.rollback()
    patient.allergies = "Latex"
    db.commit()
    assert MORE not in nurse.get(f"/patients/{patient.id}/screening").text


def test_a_file_that_has_changed_meanwhile_is_compared_again(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now, {"allergies": "Latex"}, allergies=YES)
    nurse, front_desk = signed_in(Role.NURSE), signed_in(Role.FRONT_DESK)
    late = _take(nurse, patient, "allergies", version="0")
    assert late.status_code == 409
    assert "changed meanwhile" in late.text
    assert MORE in late.text
    assert _take(nurse, patient, "pregnancy_possible").status_code == 409
    assert _take(front_desk, patient, "allergies").status_code == 403
    db.rollback()
    assert patient.allergies is None


def test_treatments_that_nobody_asked_for_are_folded_away(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    provider, path = signed_in(Role.PROVIDER), f"/patients/{patient.id}/screening"
    assert "Nothing was answered, planned or asked yet" in provider.get(path).text
    assert "To decide" not in provider.get(path).text
    _file(db, patient, now)
    page = provider.get(path).text
    assert page.count("To decide") == 2
    assert "Other treatments (3)" in page
    sent = {"form_key": "k" * 20, "decision": "not_suitable", "chips": "heart"}
    assert provider.post(f"/patients/{patient.id}/clearance/iv-mood", data=sent).status_code == 303
    page = provider.get(path).text
    assert "To decide" not in page
    assert "Other treatments (4)" in page


def test_old_answers_are_called_old_with_the_clinics_number_and_stop_nothing(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now - timedelta(days=30))
    provider, path = signed_in(Role.PROVIDER), f"/patients/{patient.id}/clearance/iv-mood"
    assert "days old" not in provider.get(path).text
    db.rollback()
    other = factories.a_patient(db, db.get_one(Clinic, patient.clinic_id), papers=False)
    db.commit()
    _file(db, other, now - timedelta(days=31))
    page = provider.get(f"/patients/{other.id}/clearance/iv-mood").text
    assert "These answers are 31 days old" in page
    assert "Old after 30 days" in page
    assert "31 days old" in provider.get(f"/patients/{other.id}/screening").text
    sent = {"form_key": "k" * 20, "decision": "cleared", "cleared_until": "12/1/2026"}
    assert provider.post(f"/patients/{other.id}/clearance/iv-mood", data=sent).status_code == 303


def test_only_what_belongs_to_a_decision_is_read_of_its_form(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now)
    provider, path = signed_in(Role.PROVIDER), f"/patients/{patient.id}/clearance/iv-mood"
    sent = {"form_key": "k" * 20, "decision": "cleared", "cleared_until": "12/1/2026", "deferred_until": "soon"}
    assert provider.post(path, data={**sent, "chips": "heart"}).status_code == 303
    db.rollback()
    (decided,) = clearance.of_patient(db, patient.id)
    assert decided.reasons == []
    wrong = provider.post(path, data={**sent, "form_key": "l" * 20, "decision": "deferred"})
    assert wrong.status_code == 422
    assert 'value="soon"' in wrong.text


def test_the_questionnaire_is_sent_from_the_patients_page(patient: Patient, signed_in: SignIn) -> None:
    front_desk = signed_in(Role.FRONT_DESK)
    assert f'href="/patients/{patient.id}/intake"' in front_desk.get(f"/patients/{patient.id}").text
    assert re.search(r'value="im" checked', front_desk.get(f"/patients/{patient.id}/intake?route=im").text)
    assert front_desk.get(f"/patients/{patient.id}/intake?route=%00").status_code == 200
