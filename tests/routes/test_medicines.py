"""The page of medicines: added once, warned of, acknowledged in the words shown, ended and never removed."""

import re
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.screening_kinds import MedicineClass
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocol_kinds import Drug
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import AuditEntry, Clinic, Medicine, MedicineAcknowledgement, Patient, PriorTreatment
from clinic_sessions.services.patients import medicines
from tests import factories
from tests.by_link import visible
from tests.conftest import SignIn, Visitor

pytestmark = pytest.mark.usefixtures("time_at")


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody of whom nothing is on file."""
    made = factories.a_patient(db, clinic, papers=False)
    db.commit()
    return made


def _add(browser: Visitor, patient: Patient, name: str, **given: Any) -> Any:
    key = (name + "-" * 20)[:20].replace(" ", "-")
    return browser.post(f"/patients/{patient.id}/medicines", data={"name": name, "form_key": key, **given})


def test_a_medicine_is_known_by_its_brand_and_its_warning_waits_to_be_acknowledged(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    for _ in range(3):
        assert _add(nurse, patient, "Ativan", daily="1").status_code == 303
    db.rollback()
    (row,) = db.scalars(sa.select(Medicine))
    assert (row.medicine_class, row.diazepam_micrograms, row.dose_words) == (
        MedicineClass.BENZODIAZEPINE, 10_000, "1 mg a day",
    )  # fmt: skip
    page = nurse.get(f"/patients/{patient.id}/medicines").text
    assert "Benzodiazepines come to 10 mg of diazepam a day, above 8 mg" in page
    assert "Frontiers 2020.00844" in page
    shown = medicines.warnings(db, patient.id, Drug.KETAMINE)
    assert len(shown) == 2
    for one in shown:
        sent = {"warning": one.words, "words": "Taper agreed"}
        for _ in range(2):
            path = f"/patients/{patient.id}/medicines/{row.id}/acknowledge"
            assert nurse.post(path, data=sent).status_code == 303
    db.rollback()
    assert medicines.warnings(db, patient.id, Drug.KETAMINE) == []
    kept = db.scalars(sa.select(MedicineAcknowledgement)).all()
    assert [(one.warning, one.words, one.at) for one in kept] == [(one.words, "Taper agreed", now) for one in shown]
    assert "Taper agreed" in nurse.get(f"/patients/{patient.id}/medicines").text


def test_a_sum_that_grows_is_read_anew(db: Session, patient: Patient, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    _add(nurse, patient, "lorazepam", daily="1")
    db.rollback()
    for one in medicines.warnings(db, patient.id, Drug.ESKETAMINE):
        path = f"/patients/{patient.id}/medicines/{one.medicine.id}/acknowledge"
        nurse.post(path, data={"warning": one.words})
    _add(nurse, patient, "Xanax", daily="0.5")
    db.rollback()
    fresh = [one.words for one in medicines.warnings(db, patient.id, Drug.ESKETAMINE)]
    assert any("come to 20 mg" in words for words in fresh)
    old = {"warning": "Benzodiazepines come to 10 mg of diazepam a day, above 8 mg: the response is worse."}
    (first, *_) = db.scalars(sa.select(Medicine).order_by(Medicine.id))
    stale = nurse.post(f"/patients/{patient.id}/medicines/{first.id}/acknowledge", data=old)
    assert stale.status_code == 409
    assert "has changed meanwhile" in stale.text


def test_an_ended_medicine_stays_readable_and_warns_no_more(db: Session, patient: Patient, signed_in: SignIn) -> None:
    provider = signed_in(Role.PROVIDER)
    _add(provider, patient, "Lamictal")
    again = provider.post(
        f"/patients/{patient.id}/medicines", data={"name": "LAMICTAL", "form_key": "again-again-again-ok"}
    )
    assert again.status_code == 409
    assert "on the list already" in again.text
    db.rollback()
    (row,) = db.scalars(sa.select(Medicine))
    path = f"/patients/{patient.id}/medicines/{row.id}/end"
    assert provider.post(path).status_code == 303
    assert provider.post(path).status_code == 409
    assert "<s>Lamictal" in provider.get(f"/patients/{patient.id}/medicines").text
    db.rollback()
    assert medicines.warnings(db, patient.id, Drug.KETAMINE) == []
    assert provider.post(f"/patients/{patient.id}/medicines/{row.id + 9}/end").status_code == 404


def test_bad_input_is_said_beside_its_field_and_everything_typed_is_still_there(
    patient: Patient, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    odd = _add(nurse, patient, "", dose_words="<b>at night</b>", daily="a lot")
    assert odd.status_code == 422
    assert "Enter the name of the medicine" in odd.text
    assert "&lt;b&gt;at night&lt;/b&gt;" in odd.text
    assert 'value="a lot"' in odd.text
    path = f"/patients/{patient.id}/medicines/earlier"
    odd = nurse.post(path, data={"treatment": "Sertraline", "form_key": "e" * 20})
    assert odd.status_code == 422
    assert 'value="Sertraline"' in odd.text
    assert "Choose how it went" in odd.text


def test_earlier_treatments_are_kept_and_a_mistake_is_struck_out(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/medicines/earlier"
    sent = {"treatment": "Sertraline 200 mg", "when": "2019", "response": "helped_some", "form_key": "e" * 20}
    for _ in range(2):
        assert nurse.post(path, data=sent).status_code == 303
    db.rollback()
    (row,) = db.scalars(sa.select(PriorTreatment))
    assert "Helped somewhat" in visible(nurse.get(f"/patients/{patient.id}/medicines").text)
    assert nurse.post(f"{path}/{row.id}/end").status_code == 303
    assert nurse.post(f"{path}/{row.id}/end").status_code == 409
    assert "<s>Sertraline 200 mg" in nurse.get(f"/patients/{patient.id}/medicines").text


def test_only_clinicians_read_and_change_medicines(db: Session, patient: Patient, signed_in: SignIn) -> None:
    for browser in [signed_in(role) for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR)]:
        assert browser.get(f"/patients/{patient.id}/medicines").status_code == 403
        assert _add(browser, patient, "Ativan").status_code == 403
    assert db.scalar(sa.select(sa.func.count()).select_from(Medicine)) == 0


def test_every_change_and_every_viewing_is_audited(db: Session, patient: Patient, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    _add(nurse, patient, "Nardil")
    nurse.get(f"/patients/{patient.id}/medicines")
    db.rollback()
    noted = db.execute(sa.select(AuditEntry.action, AuditEntry.entity).where(AuditEntry.patient_id == patient.id))
    assert {(action.value, entity) for action, entity in noted} >= {
        ("create", "medicine"), ("read", "patient_medicines"),
    }  # fmt: skip


def test_the_title_names_nobody(patient: Patient, signed_in: SignIn) -> None:
    page = signed_in(Role.NURSE).get(f"/patients/{patient.id}/medicines").text
    title = re.search(r"<title>(.*?)</title>", page)
    assert title
    assert patient.name not in title[1]


def test_what_nobody_has_read_stands_before_the_decision_and_before_the_start_and_stops_neither(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    treated = factories.a_patient(db, clinic)
    visit = factories.a_session(db, treated, now, status=Status.ARRIVED)
    provider = signed_in(Role.PROVIDER)
    assert visit.protocol_version is not None
    key = visit.protocol_version.key
    before = provider.get(f"/sessions/{visit.id}")
    _add(provider, treated, "Nardil")
    for path in (f"/patients/{treated.id}/clearance/{key}", f"/sessions/{visit.id}"):
        page = provider.get(path).text
        assert "read before treating" in page
        assert "MAO inhibitor: blood pressure may rise more" in page
    assert "read before treating" not in before.text
    assert _revision(before.text) != _revision(provider.get(f"/sessions/{visit.id}").text)


def _revision(page: str) -> str:
    found = re.search(r'id="session"[^>]*data-revision="([^"]*)"', page)
    assert found
    return found[1]


def test_a_medicine_without_a_warning_is_accepted_quietly_and_only_a_slip_of_spelling_is_doubted(
    patient: Patient, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/medicines"
    _add(nurse, patient, "Sertraline", dose_words="100 mg")
    page = nurse.get(path).text
    assert "No warning known to the list" in page
    assert "meant?" not in page
    _add(nurse, patient, "Lorazapam", dose_words="1 mg at night")
    page = nurse.get(path).text
    assert "Is lorazepam meant?" in page
    assert "written=lorazepam+1+mg+at+night" in page
