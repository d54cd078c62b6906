"""Scales on their page: entered item by item, marked when too soon, told at once when an answer means danger."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Alert, Clinic, Patient, ScaleResult
from clinic_sessions.services import form_keys
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import patient_conditions
from tests import factories
from tests.by_link import visible
from tests.conftest import SignIn

WHOLE = {f"item_{item}": "2" for item in range(1, 9)} | {"item_9": "0"}


@pytest.fixture
def patient(db: Session, clinic: Clinic, now: datetime) -> Patient:
    """A patient who is treated for depression."""
    one = factories.a_patient(db, clinic)
    by = Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)
    patient_conditions.add(db, one, Condition.BIPOLAR_DEPRESSION, "F31.9", now=now, by=by)
    db.commit()
    return one


def post(client: FlaskClient, patient: Patient, scale: str, **given: Any) -> Any:
    """Send the form of a scale."""
    data = {"form_key": form_keys.new(), "language": "en", "mode": "paper", **given}
    return client.post(f"/patients/{patient.id}/scales/{scale}", data=data)


def results(db: Session) -> list[ScaleResult]:
    """Every result."""
    db.rollback()
    return list(db.scalars(sa.select(ScaleResult).order_by(ScaleResult.id)))


def raised(db: Session) -> list[Alert]:
    """Every alert."""
    db.rollback()
    return list(db.scalars(sa.select(Alert).order_by(Alert.id)))


def test_a_form_on_paper_is_entered_scored_and_shown_with_its_band(
    signed_in: SignIn, db: Session, patient: Patient, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    before = visible(nurse.get(f"/patients/{patient.id}/scales").text)
    assert "PHQ-9 Not asked yet" in before
    assert "Mania check Not asked yet" in before
    assert "Little interest or pleasure" in nurse.get(f"/patients/{patient.id}/scales/phq_9").text
    assert "Poco interés o placer" in nurse.get(f"/patients/{patient.id}/scales/phq_9?language=es").text

    key = form_keys.new()
    for _ in range(2):
        sent = post(nurse, patient, "phq_9", **WHOLE, item_10="2", language="es", form_key=key)
        assert (sent.status_code, sent.headers["Location"]) == (303, f"/patients/{patient.id}/scales")

    [kept] = results(db)
    assert (kept.scale, kept.total_thousandths, kept.band) == (ScaleKey.PHQ_9, 16_000, "moderately_severe")
    assert (kept.language.value, kept.mode, kept.instrument) == (
        "es",
        ScaleMode.PAPER,
        "Kroenke, Spitzer and Williams 1999",
    )
    assert kept.items == {**{str(item): 2 for item in range(1, 9)}, "9": 0, "10": 2}
    assert raised(db) == []
    page = visible(nurse.get(f"/patients/{patient.id}/scales").text)
    assert "16 of 27, moderately severe" in page
    assert "Ask again from Mon Nov 30" in page
    assert "do not ask it again before Mon, Nov 30, 2026" in visible(
        nurse.get(f"/patients/{patient.id}/scales/phq_9").text
    )


def test_an_unanswered_item_is_asked_about_and_then_leaves_the_total_unknown(
    signed_in: SignIn, db: Session, patient: Patient, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    given = {name: answer for name, answer in WHOLE.items() if name != "item_9"}
    refused = post(nurse, patient, "phq_9", **given)
    assert refused.status_code == 422
    assert "Question 9: choose an answer, or tick" in visible(refused.text)
    assert refused.text.count(" checked") >= 8
    assert results(db) == []
    assert post(nurse, patient, "phq_9", **given, blanks="y").status_code == 303
    [kept] = results(db)
    assert (kept.total_thousandths, kept.band, kept.flags) == (None, None, [])
    assert "1 not answered" in visible(nurse.get(f"/patients/{patient.id}/scales").text)


@pytest.mark.parametrize(
    ("scale", "given", "said"),
    [
        ("phq_9", {**WHOLE, "item_1": "4"}, "Choose one of the answers."),
        ("phq_9", {"blanks": "y"}, "No question is answered yet."),
        ("phq_9", {**WHOLE, "mode": "link"}, "Choose how it was asked."),
        ("phq_9", {**WHOLE, "day": "11/30/2026", "wall": "9 am"}, "This time has not come yet."),
        ("phq_9", {**WHOLE, "form_key": "no"}, "This page was open for too long"),
        ("madrs", {"total": "61"}, "Enter a whole number from 0 to 60."),
        ("risk_screen", {"item_1": "0", "item_2": "0", "item_4": "1", "item_6": "0"}, "Question 4 follows a yes"),
    ],
)
def test_what_a_scale_does_not_have_is_refused_with_what_to_do(
    signed_in: SignIn, db: Session, patient: Patient, scale: str, given: dict[str, str], said: str
) -> None:
    answer = post(signed_in(Role.NURSE), patient, scale, **given)
    assert answer.status_code == 422
    assert said in visible(answer.text)
    assert results(db) == []


def test_a_danger_on_paper_raises_the_same_alert_and_a_rise_calls_now(
    signed_in: SignIn, db: Session, patient: Patient, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    assert "a safety alert was raised" in _follow(nurse, post(nurse, patient, "phq_9", **{**WHOLE, "item_9": "1"}))
    [first] = raised(db)
    assert (first.kind, first.tier) == (AlertKind.SAFETY_ANSWER, AlertTier.SAME_DAY)
    assert first.words.startswith("Thoughts that you would be better off dead")
    [wrong] = results(db)
    form = nurse.get(f"/patients/{patient.id}/scales/results/{wrong.id}").text
    assert "In place of the result of" in visible(form)
    data = {**WHOLE, "item_9": "3", "form_key": form_keys.new(), "language": "en", "mode": "paper"}
    address = f"/patients/{patient.id}/scales/results/{wrong.id}"
    assert nurse.post(address, data=data).status_code == 303
    assert [alert.tier for alert in raised(db)] == [AlertTier.SAME_DAY, AlertTier.NOW]
    assert [row.corrects_id for row in results(db)] == [None, wrong.id]
    page = nurse.get(f"/patients/{patient.id}/scales").text
    assert "<s>17 of 27" in page
    again = nurse.post(address, data={**data, "form_key": form_keys.new()})
    assert again.status_code == 409
    assert "Someone has corrected this result already." in visible(again.text)


def test_a_total_that_was_typed_wrongly_is_shown_again_to_be_mended(
    signed_in: SignIn, db: Session, patient: Patient
) -> None:
    nurse = signed_in(Role.NURSE)
    assert post(nurse, patient, "madrs", total="34", mode="clinician").status_code == 303
    [wrong] = results(db)
    form = nurse.get(f"/patients/{patient.id}/scales/results/{wrong.id}").text
    assert 'value="34"' in form
    assert 'value="clinician" checked' in form
    assert "34 of 60, moderate" in visible(nurse.get(f"/patients/{patient.id}/scales").text)


def _follow(client: FlaskClient, answer: Any) -> str:
    return visible(client.get(answer.headers["Location"]).text)


def test_a_moderate_risk_is_told_even_when_questions_are_unanswered(
    signed_in: SignIn, db: Session, patient: Patient
) -> None:
    nurse = signed_in(Role.NURSE)
    given = {"item_1": "1", "item_2": "1", "item_3": "1", "blanks": "y", "mode": "clinician"}
    assert post(nurse, patient, "risk_screen", **given).status_code == 303
    [alert] = raised(db)
    assert (alert.kind, alert.tier, alert.words) == (
        AlertKind.SAFETY_ANSWER,
        AlertTier.NOW,
        "Suicide-risk screen: at least moderate",
    )
    [kept] = results(db)
    assert (kept.band, kept.total_thousandths) == (None, None)


def test_change_is_said_against_the_baseline_and_a_result_too_soon_is_kept_with_a_mark(
    signed_in: SignIn, db: Session, patient: Patient, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)
    post(nurse, patient, "phq_9", **WHOLE, day="11/2/2026", wall="9 am")
    later = dict.fromkeys(WHOLE, "1") | {"item_9": "0"}
    assert post(nurse, patient, "phq_9", **later, day="11/6/2026", wall="9 am").status_code == 303
    page = visible(nurse.get(f"/patients/{patient.id}/scales").text)
    assert "8 points better (50%), response" in page
    assert "Baseline" in page
    assert "Sooner than its recall" in page


def test_a_result_of_a_visit_stands_with_it_and_not_with_anothers(
    signed_in: SignIn, db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    visit = factories.a_session(db, patient, now)
    stranger = factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=1))
    db.commit()
    nurse = signed_in(Role.NURSE)
    data = {"form_key": form_keys.new(), "language": "en", "mode": "clinician", "item_1": "4"}
    sent = nurse.post(f"/patients/{patient.id}/scales/moaa_s?session={visit.id}", data=data)
    assert sent.headers["Location"] == f"/sessions/{visit.id}"
    assert [row.session_id for row in results(db)] == [visit.id]
    data["form_key"] = form_keys.new()
    other = nurse.post(f"/patients/{patient.id}/scales/moaa_s?session={stranger.id}", data=data)
    assert other.status_code == 404
    assert len(results(db)) == 1


def test_scales_are_for_those_who_read_and_write_the_clinical_file(
    signed_in: SignIn, db: Session, patient: Patient
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    assert desk.get(f"/patients/{patient.id}/scales").status_code == 403
    assert post(desk, patient, "phq_9", **WHOLE).status_code == 403
    db.rollback()
    nurse = signed_in(Role.NURSE)
    assert nurse.get(f"/patients/{patient.id}/scales/bdi").status_code == 404
    assert nurse.get(f"/patients/{patient.id}/scales/results/999").status_code == 404
    assert results(db) == []
