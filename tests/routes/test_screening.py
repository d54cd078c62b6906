"""The pages of screening and decisions: who sees and does what, what is kept when something is refused."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, ScreeningSource, ScreeningStatus
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import ActorKind, Clinic, Patient, Screening
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.screening import clearance, screening
from clinic_sessions.services.screening.screening import Typed
from tests import factories
from tests.conftest import SignIn

pytestmark = pytest.mark.usefixtures("time_at")
KEY = "k" * 20


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody of whom nothing is on file."""
    made = factories.a_patient(db, clinic, papers=False)
    db.commit()
    return made


def _answers(db: Session, route: Route = Route.IV, **given: str) -> dict[str, Any]:
    items = screening.questionnaire_of(screening.published(db, route)).items
    typed = {f"answer_{item.key}": given.get(item.key, "no") for item in items}
    return {**typed, "form_key": KEY, "version": "0", "systolic": "118/76"}


def _file(db: Session, patient: Patient, now: datetime, **given: ItemAnswer) -> None:
    by = Actor(kind=ActorKind.USER, user=_a_provider(db, patient), role=Role.PROVIDER)
    items = screening.questionnaire_of(screening.published(db, Route.IV)).items
    typed = Typed(answers={item.key: given.get(item.key, ItemAnswer.NO) for item in items}, systolic=118, diastolic=76)
    screening.file(db, patient, Route.IV, typed, version=0, now=now, by=by)
    db.commit()


def _a_provider(db: Session, patient: Patient) -> Any:
    return factories.a_user(db, db.get_one(Clinic, patient.clinic_id), Role.PROVIDER, name="Dr. Vale")


def test_a_nurse_keeps_a_draft_and_files_it(db: Session, patient: Patient, signed_in: SignIn) -> None:
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/screening/iv"
    draft = {"form_key": KEY, "version": "0", "answer_avm": "yes", "words_avm": "In the leg", "draft": "y"}
    assert nurse.post(path, data=draft).status_code == 303
    shown = nurse.get(path).text
    assert "In the leg" in shown
    version = re.search(r'name="version" value="(\d+)"', shown)
    assert version
    sent = {**_answers(db, avm="not_sure"), "form_key": "f" * 20, "version": version[1], "file": "y"}
    assert nurse.post(path, data=sent).status_code == 303
    assert nurse.post(path, data=sent).status_code == 303
    db.rollback()
    (filed,) = screening.of_patient(db, patient.id)
    assert (filed.status, filed.systolic_mmhg, filed.diastolic_mmhg) == (ScreeningStatus.FILED, 118, 76)
    page = nurse.get(f"/patients/{patient.id}/screening/filed/{filed.id}").text
    assert "118/76" in page
    assert "Not sure" in page


def test_what_is_not_answered_is_listed_and_everything_typed_is_still_there(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/screening/iv"
    sent = {**_answers(db), "words_allergies": "Latex gloves", "file": "y"}
    del sent["answer_mania"]
    answer = nurse.post(path, data=sent)
    assert answer.status_code == 422
    assert '<a href="#answer_mania-0">' in answer.text
    assert "Latex gloves" in answer.text
    assert answer.text.count(" checked") == len([key for key in sent if key.startswith("answer_")])
    odd = nurse.post(path, data={**sent, "systolic": "76", "diastolic": "118"})
    assert odd.status_code == 422
    assert "Systolic must be higher" in odd.text


def test_the_second_of_two_sees_both_versions(db: Session, patient: Patient, signed_in: SignIn) -> None:
    one, two = signed_in(Role.NURSE), signed_in(Role.PROVIDER)
    path = f"/patients/{patient.id}/screening/iv"
    one.post(path, data={"form_key": KEY, "version": "0", "answer_avm": "yes", "draft": "y"})
    late = two.post(path, data={"form_key": "z" * 20, "version": "0", "answer_avm": "no", "draft": "y"})
    assert late.status_code == 409
    assert "Stands now" in late.text
    version = re.search(r'name="version" value="(\d+)"', late.text)
    again = {"form_key": "y" * 20, "version": version and version[1], "answer_avm": "no", "draft": "y"}
    assert two.post(path, data=again).status_code == 303


def test_what_the_patient_sent_is_filed_by_a_clinician(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    row = Screening(
        patient_id=patient.id, route=Route.IV, document_version=screening.published(db, Route.IV),
        source=ScreeningSource.PATIENT, status=ScreeningStatus.SUBMITTED, draft={}, started_at=now,
        by_id=patient.registered_by_id, expires_at=now + timedelta(days=14), submitted_at=now,
    )  # fmt: skip
    screening.put(row, Typed(answers={"avm": ItemAnswer.YES}, words={"avm": "They told me so"}))
    db.add(row)
    db.commit()
    nurse, path = signed_in(Role.NURSE), f"/patients/{patient.id}/screening/sent/{row.id}"
    assert "They told me so" in nurse.get(path).text
    sent = {**_answers(db), "version": str(row.version)}
    refused = nurse.post(path, data=sent)
    assert refused.status_code == 422
    assert "#confirmed_avm" in refused.text
    assert nurse.post(path, data={**sent, "confirmed_all": "y"}).status_code == 303
    assert nurse.get(path).status_code == 404


def test_a_provider_clears_and_the_page_shows_earlier_decisions_struck_through(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now)
    provider, path = signed_in(Role.PROVIDER), f"/patients/{patient.id}/clearance/iv-mood"
    assert 'value="5/22/2027"' in provider.get(path).text
    first = {"form_key": KEY, "decision": "not_suitable", "chips": "heart"}
    assert provider.post(path, data=first).status_code == 303
    db.rollback()
    seen = clearance.of_patient(db, patient.id)[0].id
    db.rollback()
    second = {"form_key": "c" * 20, "decision": "cleared", "cleared_until": "5/22/2027", "seen": str(seen)}
    assert provider.post(path, data=second).status_code == 303
    assert provider.post(path, data=second).status_code == 303
    page = provider.get(f"/patients/{patient.id}/screening").text
    assert "Cleared until Sat, May 22, 2027" in page
    assert "<s>Not suitable now</s>" in page
    stale = provider.post(path, data={**second, "form_key": "d" * 20})
    assert stale.status_code == 409
    assert "newer decision" in stale.text


def test_a_refused_decision_says_what_stands_against_it_and_where_that_comes_from(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now, pressure_hazard=ItemAnswer.YES, psychosis=ItemAnswer.YES)
    provider, path = signed_in(Role.PROVIDER), f"/patients/{patient.id}/clearance/iv-mood"
    refused = provider.post(path, data={"form_key": KEY, "decision": "cleared", "cleared_until": "11/1/2026"})
    assert refused.status_code == 409
    assert "Source: Ketamine injection label" in refused.text
    assert "That day has passed" in refused.text
    assert "Type why you clear" in refused.text
    blank = provider.post(path, data={"form_key": KEY, "decision": "deferred"})
    assert blank.status_code == 422
    assert provider.post(path, data={"form_key": KEY}).status_code == 422
    far = provider.post(path, data={"form_key": KEY, "decision": "cleared", "cleared_until": "12/31/9998"})
    assert far.status_code == 422
    assert "within two years" in far.text


def test_a_hard_stop_cleared_all_the_same_stays_on_the_strip_for_clinicians_alone(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    _file(db, patient, now, psychosis=ItemAnswer.YES)
    provider, path = signed_in(Role.PROVIDER), f"/patients/{patient.id}/clearance/iv-mood"
    front_desk, words = signed_in(Role.FRONT_DESK), "Stable; Dr. Ito agrees"
    sent = {"form_key": KEY, "decision": "cleared", "cleared_until": "12/1/2026", "words": words}
    assert provider.post(path, data=sent).status_code == 303
    assert "Hard stop: Uncontrolled psychosis" in provider.get(f"/patients/{patient.id}").text
    assert words in provider.get(path).text
    desk = front_desk.get(f"/patients/{patient.id}/screening").text
    assert "Cleared until" in desk
    assert "psychosis" not in desk
    assert words not in desk


def test_who_may_not_is_refused(db: Session, patient: Patient, signed_in: SignIn) -> None:
    who = {role: signed_in(role) for role in Role}
    elsewhere = signed_in(Role.PROVIDER, at=factories.a_clinic(db))
    home = f"/patients/{patient.id}"
    decision, screen, index = f"{home}/clearance/iv-mood", f"{home}/screening/iv", f"{home}/screening"
    for role in set(Role) - {Role.PROVIDER}:
        assert who[role].get(decision).status_code == who[role].post(decision).status_code == 403
    for role in set(Role) - {Role.PROVIDER, Role.NURSE}:
        assert who[role].get(screen).status_code == who[role].post(screen).status_code == 403
    assert [role for role in Role if who[role].get(index).status_code == 403] == [Role.AUDITOR]
    assert [elsewhere.get(path).status_code for path in (decision, screen, index)] == [404, 404, 404]
    assert who[Role.PROVIDER].get(f"{home}/clearance/other").status_code == 404


@pytest.mark.parametrize("path", ["screening", "screening/iv", "screening/in", "clearance/im"])
def test_no_title_names_what_it_is_about(patient: Patient, signed_in: SignIn, path: str) -> None:
    page = signed_in(Role.PROVIDER).get(f"/patients/{patient.id}/{path}").text
    title = re.search("<title>(.*?)</title>", page, re.S)
    assert title
    assert title[1].split("\u00b7")[0].strip() in {"Screening", "Decision"}
