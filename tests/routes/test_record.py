"""Recording over the web: what may be typed, what is kept, and who never sees it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import (
    Alert,
    Clinic,
    DoseEvent,
    Intervention,
    Note,
    SideEffect,
    SideEffectEvent,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.services import form_keys
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.session import recording
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take

BAD_NUMBERS = [
    "NaN",
    "inf",
    "-1",
    "1e309",
    "0x10",
    "1_000",
    "1,5",
    str(2**63),
    "١١٨",
    "-0",
    "0.30000000000000004",
    "<b>",
]
BAD_TIMES = ["24:00", "25:61", "10:60", "-1:00", "١٠:٠٠", "noon", "+25:00"]
NUMBER_FIELDS = [
    ("vitals", "systolic"), ("vitals", "diastolic"), ("vitals", "heart_rate"), ("vitals", "spo2_percent"),
    ("vitals", "temperature_tenths"), ("vitals", "moaa_s"), ("vitals", "pain"), ("side-effects", "grade"),
]  # fmt: skip


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime, by: Actor) -> TreatmentSession:
    """A session whose dose began at ten, half an hour after the patient came."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(minutes=30))
    take(db, made, Action.ARRIVE, now - timedelta(minutes=30), by)
    take(db, made, Action.START, now, by)
    db.commit()
    return made


def rows(db: Session, model: type[Any]) -> list[Any]:
    """Give all rows of a table as they are in the database."""
    db.rollback()
    return list(db.scalars(sa.select(model).order_by(model.id)))


def later(db: Session) -> list[VitalsReading]:
    """Give the readings after the one that was taken before the dose."""
    return rows(db, VitalsReading)[1:]


def test_each_kind_of_entry_is_saved_and_shown(db: Session, treatment: TreatmentSession, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    base = f"/sessions/{treatment.id}"
    for path, data in (
        ("vitals", {"systolic": "131", "diastolic": "84", "heart_rate": "77", "temperature_tenths": "98.6"}),
        ("dose", {"kind": "paused"}),
        ("dose", {"kind": "rate_changed", "rate": "9.75"}),
        ("side-effects", {"kind": "nausea", "grade": "1", "ago": "0"}),
        ("interventions", {"kind": "ondansetron", "dose_words": "4 mg IV", "side_effect": "1"}),
        ("notes", {"phrases": ["0"], "body": "Sleeps lightly."}),
        ("side-effects/1/events", {"kind": "resolved"}),
    ):
        assert nurse.get(f"{base}/{path}").status_code == 200
        assert nurse.post(f"{base}/{path}", data=data).status_code == 303, path
    page = nurse.get(base).text
    for shown in (
        "131/84", "37.0 °C", "Rate changed, 9.75 mg an hour", "Nausea, grade 1 (mild)", "Sleeps lightly.",
        "Ondansetron, 4 mg IV, for nausea", "Comfortable, vital signs steady.", "Nausea: resolved", "+0 min",
    ):  # fmt: skip
        assert shown in page
    counts = [len(rows(db, t)) for t in (VitalsReading, DoseEvent, SideEffect, Intervention, Note, SideEffectEvent)]
    assert counts == [2, 3, 1, 1, 1, 1]


@pytest.mark.parametrize(("path", "name"), NUMBER_FIELDS)
def test_a_number_that_cannot_be_read_is_kept_beside_its_message(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, path: str, name: str
) -> None:
    nurse = signed_in(Role.NURSE)
    for typed in BAD_NUMBERS:
        answer = nurse.post(f"/sessions/{treatment.id}/{path}", data={name: typed, "kind": "nausea"})
        assert answer.status_code == 422, typed
        assert 'id="error-summary-title"' in answer.text
    assert not later(db)
    assert not rows(db, SideEffect)


def test_what_was_typed_is_still_there(treatment: TreatmentSession, signed_in: SignIn) -> None:
    data = {"systolic": "1e309", "heart_rate": "72", "at": "25:61"}
    page = signed_in(Role.NURSE).post(f"/sessions/{treatment.id}/vitals", data=data).text
    assert 'value="1e309"' in page
    assert 'value="72"' in page
    assert 'value="25:61"' in page


@pytest.mark.parametrize("typed", [*BAD_TIMES, "10:05", "23:59"])
def test_a_time_that_is_none_or_has_not_come_is_refused_beside_its_field(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, typed: str
) -> None:
    answer = signed_in(Role.NURSE).post(f"/sessions/{treatment.id}/vitals", data={"systolic": "118/76", "at": typed})
    assert answer.status_code == 422
    assert 'id="at-error"' in answer.text
    assert not later(db)


def test_a_dose_in_anything_but_plain_mg_is_refused(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    for typed in [one for one in BAD_NUMBERS if one != "1,5"] + ["1,500", "0", "40000", "40 mg"]:
        answer = nurse.post(f"/sessions/{treatment.id}/dose", data={"kind": "given", "mg": typed})
        assert answer.status_code == 422, typed
    assert len(rows(db, DoseEvent)) == 1


def test_a_dose_above_the_limit_is_asked_about_then_kept_and_marked(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    data = {"kind": "given", "mg": "61"}
    asked = nurse.post(f"/sessions/{treatment.id}/dose", data=data)
    assert asked.status_code == 422
    assert "above the protocol&#39;s limit of 60 mg" in asked.text
    assert nurse.post(f"/sessions/{treatment.id}/dose", data={**data, "sure_dose": "y"}).status_code == 303
    assert rows(db, DoseEvent)[-1].outside_rules == ["above_cap", "other_than_ordered"]


def test_a_reading_that_cannot_well_be_true_is_asked_about_and_never_dropped(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/sessions/{treatment.id}/vitals"
    for data in ({"systolic": "80/120"}, {"systolic": "118"}, {"heart_rate": "15"}):
        asked = nurse.post(path, data=data)
        assert asked.status_code == 422
        assert "Yes, this is what I read" in asked.text
        assert nurse.post(path, data={**data, "sure": "y"}).status_code == 303
    assert [row.heart_rate_bpm for row in later(db)] == [None, None, 15]


def test_an_entry_at_its_true_time_is_marked_late(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, now: datetime, time_at: Any
) -> None:
    nurse = signed_in(Role.NURSE)
    time_at.move_to(now + timedelta(minutes=14))
    nurse.post(f"/sessions/{treatment.id}/notes", data={"body": "Looks well.", "at": "10:02"})
    nurse.post(f"/sessions/{treatment.id}/notes", data={"body": "Sat up.", "at": "9:58"})
    notes = rows(db, Note)
    assert [(note.at, note.late) for note in notes] == [
        (now + timedelta(minutes=2), False), (now - timedelta(minutes=2), True)
    ]  # fmt: skip
    page = nurse.get(f"/sessions/{treatment.id}").text
    assert "+2 min" in page
    assert "Written later" in page


def test_the_same_form_sent_twice_records_once(db: Session, treatment: TreatmentSession, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    key = form_keys.new()
    data = {"kind": "nausea", "grade": "1", "ago": "0", "form_key": key}
    answers = [nurse.post(f"/sessions/{treatment.id}/side-effects", data=data) for _ in range(3)]
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, f"/sessions/{treatment.id}")}
    assert len(rows(db, SideEffect)) == 1
    other = nurse.post(f"/sessions/{treatment.id}/side-effects", data={**data, "grade": "2"})
    assert other.status_code == 409
    assert len(rows(db, SideEffect)) == 1


def test_a_correction_names_the_old_entry_and_both_stay_readable(
    db: Session, treatment: TreatmentSession, signed_in: SignIn
) -> None:
    nurse = signed_in(Role.NURSE)
    path = f"/sessions/{treatment.id}/vitals"
    nurse.post(path, data={"systolic": "187/84"})
    first = later(db)[0].id
    assert 'value="187' in nurse.get(f"{path}?corrects={first}").text
    assert nurse.post(path, data={"systolic": "137/84", "corrects": str(first)}).status_code == 303
    page = nurse.get(f"/sessions/{treatment.id}").text
    assert "<s>187/84</s>" in page
    assert "137/84" in page
    again = nurse.post(path, data={"systolic": "136/84", "corrects": str(first)})
    assert again.status_code == 409
    assert 'value="136/84"' in again.text


def test_ids_that_do_not_belong_together_are_not_found(
    db: Session, clinic: Clinic, treatment: TreatmentSession, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    other = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(days=1))
    effect = side_effects.note(db, other, Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD), now=now, by=by)
    reading = recording.record_vitals(db, other, Vitals(heart_rate=70), now=now, by=by)
    foreign = factories.a_session(db, factories.a_patient(db, factories.a_clinic(db)), now)
    db.commit()
    nurse = signed_in(Role.NURSE)
    base = f"/sessions/{treatment.id}"
    follow = f"{base}/side-effects/{effect.id}/events"
    assert nurse.get(follow).status_code == 404
    assert nurse.post(follow, data={"kind": "resolved"}).status_code == 404
    assert nurse.get(f"{base}/vitals?corrects={reading.id}").status_code == 404
    assert nurse.post(f"{base}/vitals", data={"heart_rate": "72", "corrects": str(reading.id)}).status_code == 404
    assert nurse.post(f"{base}/notes", data={"body": "x", "patient": str(other.patient_id)}).status_code == 404
    for path in ("", "/vitals", "/notes"):
        assert nurse.get(f"/sessions/{foreign.id}{path}").status_code == 404
        assert nurse.get(f"/sessions/{2**63}{path}").status_code == 404
    assert not rows(db, SideEffectEvent)
    assert not rows(db, Note)


def test_nobody_but_clinicians_records(treatment: TreatmentSession, signed_in: SignIn) -> None:
    visitors = [signed_in(role) for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR)]
    for visitor in visitors:
        for path in ("vitals", "dose", "side-effects", "interventions", "notes"):
            assert visitor.get(f"/sessions/{treatment.id}/{path}").status_code == 403
            assert visitor.post(f"/sessions/{treatment.id}/{path}", data={}).status_code == 403


def test_vitals_after_the_end_are_stored_marked_and_told(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, by: Actor, now: datetime
) -> None:
    take(db, treatment, Action.LEAVE_AGAINST_ADVICE, now - timedelta(minutes=1), by)
    db.commit()
    nurse = signed_in(Role.NURSE)
    assert nurse.post(f"/sessions/{treatment.id}/vitals", data={"systolic": "118/76"}).status_code == 303
    assert later(db)[0].outside_rules == ["session_ended"]
    assert "outside_rules" in [alert.kind.value for alert in rows(db, Alert)]


@settings(max_examples=10)
@given(
    words=st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=6, max_size=20),
    systolic=st.integers(200, 299),
)
def test_the_front_desk_never_gets_a_byte_of_the_record(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime, words: str, systolic: int
) -> None:
    desk, by = signed_in(Role.FRONT_DESK), a_nurse(db, clinic)
    secret = f"secret{words}"
    one = factories.a_session(db, factories.a_patient(db, clinic, allergies=secret), now - timedelta(hours=2))
    take(db, one, Action.ARRIVE, now, by)
    take(db, one, Action.START, now, by, micrograms=43_210)
    recording.record_note(db, one, secret, now=now, by=by)
    recording.record_vitals(db, one, Vitals(systolic=systolic, diastolic=100), now=now, by=by)
    noticed = Noticed(kind=SideEffectKind.OTHER, grade=Grade.SEVERE, term=secret, words=secret)
    side_effects.note(db, one, noticed, now=now, by=by)
    take(db, one, Action.TAKE_TO_HOSPITAL, now, by, words=secret)
    path = f"/sessions/{one.id}"
    db.commit()
    answer = desk.get(path).text
    for hidden in (secret, f"{systolic}/100", "43.21", "Vitals", "Side effect", "urgent", "grade"):
        assert hidden not in answer
