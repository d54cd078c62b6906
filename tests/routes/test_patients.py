"""The patients' pages: who sees what, bad input of every kind, and two people at once."""

import html
import re
import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus, Question
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import (
    ActorKind,
    AuditEntry,
    CheckIn,
    CheckInAnswer,
    Clinic,
    Patient,
    PatientCondition,
    Weight,
)
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import patient_conditions, weights
from tests import factories
from tests.conftest import SignIn

GOOD = {
    "name": "Mia Chen",
    "birth_date": "4/12/1985",
    "phone": "(310) 555-0177",
    "language": "en",
    "form_key": "k" * 32,
}
CONTACT = {
    "version": "1", "name": "Ana Ruiz", "birth_date": "4/12/1985", "phone": "(310) 555-0100", "language": "en",
    "email_wish": "",
}  # fmt: skip
CLINICAL = {"version": "1", "pregnancy_possible": "not_asked"}
WEIGHT = {"weight": "180", "unit": "lb", "day": "11/20/2026", "wall": "9:00 am"}

NAMES = ["", "   ", "\0", "\u200b", "123", "\u202e", "a" * 201, "a" + "\u0301" * 1000, "'", "<>"]
DATES = ["", "2026-02-30", "2/29/2027", "1/1/0000", "1/1/10000", "٤/١٢/١٩٨٥", "1/1/1850", "11/24/2026", "x", "\0"]
PHONES = ["", "12", "555-0100", "call me", "310-555-0100 x12", "\0", "1" * 200]
EMAILS = [
    "a@b.com\r\nBcc: c@d.com", "a@b.com,c@d.com", "Ana <a@b.com>", "a(c)@b.com", '"a"@b.com', "a@[127.0.0.1]",
    "a@" + "b" * 255 + ".com", "a@b.com.",
]  # fmt: skip
NUMBERS = ["NaN", "inf", "-1", "1e309", "0x10", "1_000", "1,5", str(2**63), "١٢٠", "-0", "0.3", "999"]
TEXTS = ["a\0b", "a\x1bb", "a" * 5000, "a" + "\u0301" * 1000]
TIMES = ["24:00", "25:61", "+25:00", "noon", "٠١:٣٠"]
WEIGHTS = ["", "NaN", "-80", "1e2", "8_0", "١٨٠", "5", "9999", "\0", "1" * 400]

CONTACT_FORM = ("/patients/{id}/contact", Role.FRONT_DESK, CONTACT)
CLINICAL_FORM = ("/patients/{id}/clinical", Role.NURSE, CLINICAL)
WEIGHT_FORM = ("/patients/{id}/weights", Role.NURSE, WEIGHT)
REGISTER_FORM = ("/patients/new", Role.FRONT_DESK, GOOD)

BAD: list[tuple[tuple[str, Role, dict[str, str]], str, list[str]]] = [
    (REGISTER_FORM, "name", NAMES),
    (REGISTER_FORM, "birth_date", DATES),
    (REGISTER_FORM, "phone", PHONES),
    (CONTACT_FORM, "name", NAMES),
    (CONTACT_FORM, "preferred_name", NAMES[2:]),
    (CONTACT_FORM, "birth_date", DATES),
    (CONTACT_FORM, "phone", PHONES),
    (CONTACT_FORM, "emergency_phone", PHONES[1:]),
    (CONTACT_FORM, "emergency_name", NAMES[2:]),
    (CONTACT_FORM, "email", EMAILS),
    (CONTACT_FORM, "contact_wishes", TEXTS),
    (CONTACT_FORM, "street", TEXTS),
    (CONTACT_FORM, "postal_code", ["123", "1234567", *TEXTS]),
    (CONTACT_FORM, "therapist", TEXTS),
    (CLINICAL_FORM, "allergies", TEXTS),
    (CLINICAL_FORM, "other_alert", TEXTS),
    (CLINICAL_FORM, "pressure_limit_systolic_mmhg", NUMBERS),
    (CLINICAL_FORM, "pressure_limit_diastolic_mmhg", NUMBERS),
    (WEIGHT_FORM, "weight", WEIGHTS),
    (WEIGHT_FORM, "day", DATES[1:6]),
    (WEIGHT_FORM, "wall", TIMES),
]


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient of the clinic."""
    made = factories.a_patient(db, clinic, phone="+13105550100", email=None)
    db.commit()
    return made


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    """A nurse who writes things down."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)


def shown(answer: Any) -> str:
    """The page as a reader of its source sees it, entities read."""
    return html.unescape(answer.text)


def the_row(db: Session, patient_id: int) -> Patient:
    """The patient as they stand now."""
    db.rollback()
    return db.get_one(Patient, patient_id, populate_existing=True)


def test_four_fields_register_a_patient_once_however_often_they_are_sent(db: Session, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    first = desk.post("/patients/new", data=GOOD)
    again = desk.post("/patients/new", data=GOOD)
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    db.rollback()
    made = db.scalars(sa.select(Patient)).one()
    assert (made.name, made.birth_date, made.phone) == ("Mia Chen", date(1985, 4, 12), "+13105550177")
    assert desk.get(first.location).status_code == 200


def test_a_name_alike_warns_on_the_same_page_and_never_blocks(db: Session, patient: Patient, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    data = {**GOOD, "name": "Anna Ruíz"}
    warned = desk.post("/patients/new", data=data)
    assert warned.status_code == 409
    assert "This may be the same person" in warned.text
    assert f"/patients/{patient.id}" in warned.text
    assert 'value="Anna Ruíz"' in warned.text
    assert "(310) 555-0177" in warned.text
    db.rollback()
    assert db.scalar(sa.select(sa.func.count()).select_from(Patient)) == 1
    assert desk.post("/patients/new", data={**data, "seen": str(patient.id)}).status_code == 303


def test_someone_else_alike_than_was_shown_warns_again(db: Session, patient: Patient, signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    assert desk.post("/patients/new", data={**GOOD, "name": "Ana Ruiz", "seen": "999"}).status_code == 409


@pytest.mark.parametrize(("form", "field", "values"), BAD, ids=lambda value: value if isinstance(value, str) else "")
def test_bad_input_is_answered_beside_its_field_and_saves_nothing(
    db: Session,
    patient: Patient,
    signed_in: SignIn,
    form: tuple[str, Role, dict[str, str]],
    field: str,
    values: list[str],
) -> None:
    path, role, good = form
    visitor = signed_in(role)
    people = db.scalar(sa.select(sa.func.count()).select_from(Patient))
    db.rollback()
    for value in values:
        answer = visitor.post(path.format(id=patient.id), data={**good, field: value})
        assert answer.status_code == 422, value
        assert f'id="{field}-error"' in answer.text, value
        assert value.strip() in shown(answer), value
        assert "nvalid" not in answer.text.replace("aria-invalid", ""), value
    db.rollback()
    assert the_row(db, patient.id).version == 1
    assert db.scalar(sa.select(sa.func.count()).select_from(Patient)) == people
    assert db.scalars(sa.select(Weight)).all() == []


@pytest.mark.parametrize(
    "name",
    [
        "Ng",
        "O'Brien",
        "D\u2019Arcy-O\u2019Neil",
        "A" * 120,
        "李小龍",
        "محمد",
        "Nguyễn Thị",
        "<zxq>",
        "{{7*7}}a",
        "=1+1a",
        "%n",
    ],
)
def test_names_of_every_kind_pass_and_come_out_as_text(db: Session, signed_in: SignIn, name: str) -> None:
    desk = signed_in(Role.FRONT_DESK)
    made = desk.post("/patients/new", data={**GOOD, "name": name})
    assert made.status_code == 303
    page = desk.get(made.location).text
    assert html.escape(name, quote=False).replace("'", "&#39;") in page
    assert "<zxq>" not in page
    assert "49a" not in page
    found = desk.get("/patients", query_string={"q": name[:100]}).text
    assert "<zxq>" not in found
    assert made.location in found


@settings(max_examples=20)
@given(
    data=st.dictionaries(st.sampled_from(sorted({*GOOD, *CONTACT, "email", "street", "seen"})), st.text(max_size=60))
)
def test_no_text_whatever_breaks_the_forms(
    db: Session, patient: Patient, signed_in: SignIn, data: dict[str, str]
) -> None:
    desk = signed_in(Role.FRONT_DESK)
    for path in ("/patients/new", f"/patients/{patient.id}/contact"):
        assert desk.post(path, data=data).status_code in {303, 409, 422}


@settings(max_examples=30)
@given(text=st.text(max_size=120))
def test_no_search_whatever_breaks_the_page(patient: Patient, signed_in: SignIn, text: str) -> None:
    assert signed_in(Role.NURSE).get("/patients", query_string={"q": text}).status_code == 200


def test_a_search_lists_and_never_opens(db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn) -> None:
    twin = factories.a_patient(db, clinic, "Anna Ruiz")
    db.commit()
    answer = signed_in(Role.FRONT_DESK).get("/patients?q=ruiz")
    assert answer.status_code == 200
    assert answer.text.count("data-hit") == 2
    assert answer.text.count("Similar name") == 2
    assert ">Open<" not in answer.text
    db.rollback()
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "patient_list")).one()
    assert entry.patient_ids == [str(patient.id), str(twin.id)]


def test_a_whole_record_number_offers_to_open(patient: Patient, signed_in: SignIn) -> None:
    assert ">Open<" in signed_in(Role.NURSE).get(f"/patients?q={patient.record_number}").text


def test_the_list_costs_the_same_few_queries_however_many_it_shows(
    app: Flask, db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    nurse = signed_in(Role.NURSE)

    def cost() -> int:
        seen: list[str] = []

        def count(*args: Any) -> None:
            seen.append(args[2])

        sa.event.listen(sa.Engine, "before_cursor_execute", count)
        try:
            assert nurse.get("/patients?q=ana").status_code == 200
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", count)
        return len(seen)

    factories.a_patient(db, clinic)
    db.commit()
    nurse.get("/patients")
    one = cost()
    for number in range(19):
        factories.a_session(db, factories.a_patient(db, clinic), now + timedelta(days=number + 1))
    db.commit()
    assert cost() == one


def test_everything_on_the_contact_form_is_kept_one_way(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    typed = {
        **CONTACT, "preferred_name": " Anita ", "email": "Ana@Example.ORG", "email_wish": "no", "told_through": "phone",
        "state": "california", "postal_code": "900121234", "street": "1  Main St",
        "emergency_name": "Luis", "emergency_phone": "310 555 0199",
        "emergency_may_be_called": "y", "psychiatrist": "Dr. Wu",
    }  # fmt: skip
    assert signed_in(Role.FRONT_DESK).post(f"/patients/{patient.id}/contact", data=typed).status_code == 303
    row = the_row(db, patient.id)
    assert (row.preferred_name, row.email, row.state, row.postal_code) == (
        "Anita",
        "Ana@example.org",
        "CA",
        "90012-1234",
    )
    assert (row.email_wanted, row.email_wish_at) == (False, now)
    assert (row.emergency_phone, row.emergency_may_be_called, row.street) == ("+13105550199", True, "1 Main St")


def test_leave_to_call_needs_someone_to_call(patient: Patient, signed_in: SignIn) -> None:
    data = {**CONTACT, "emergency_may_be_called": "y"}
    answer = signed_in(Role.FRONT_DESK).post(f"/patients/{patient.id}/contact", data=data)
    assert answer.status_code == 422
    assert 'id="emergency_may_be_called"' in answer.text


@pytest.mark.parametrize(
    ("form", "mine", "theirs"),
    [
        (CONTACT_FORM, {"city": "Reno zxq"}, {"city": "Elko zxq"}),
        (CLINICAL_FORM, {"allergies": "Latex zxq"}, {"allergies": "Penicillin zxq"}),
    ],
)
def test_the_second_of_two_who_edit_sees_both_and_saves_nothing(
    db: Session,
    patient: Patient,
    signed_in: SignIn,
    form: tuple[str, Role, dict[str, str]],
    mine: dict[str, str],
    theirs: dict[str, str],
) -> None:
    path, role, good = form
    path = path.format(id=patient.id)
    visitor = signed_in(role)
    assert visitor.post(path, data={**good, **theirs}).status_code == 303
    answer = visitor.post(path, data={**good, **mine})
    assert answer.status_code == 409
    [field] = mine
    assert mine[field] in answer.text
    assert theirs[field] in answer.text
    assert getattr(the_row(db, patient.id), field) == theirs[field]
    assert 'name="version" type="hidden" value="2"' in answer.text
    assert visitor.post(path, data={**good, **mine, "version": "2"}).status_code == 303
    assert getattr(the_row(db, patient.id), field) == mine[field]


def test_of_many_who_save_at_once_one_is_kept(app: Flask, db: Session, patient: Patient, signed_in: SignIn) -> None:
    visitors = [signed_in(Role.FRONT_DESK) for _ in range(4)]
    codes: list[int] = []
    path = f"/patients/{patient.id}/contact"

    def save(number: int) -> None:
        data = {**CONTACT, "city": f"City {number}"}
        codes.append(visitors[number].post(path, data=data).status_code)

    threads = [threading.Thread(target=save, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409, 409, 409]


def test_a_weight_far_from_the_last_asks_for_a_tick(
    db: Session, patient: Patient, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    weights.record(db, patient, 120_000, WeightUnit.KG, now - timedelta(days=9), sure=True, now=now, by=nurse)
    db.commit()
    visitor = signed_in(Role.NURSE)
    asked = visitor.post(f"/patients/{patient.id}/weights", data=WEIGHT)
    assert asked.status_code == 409
    assert "Yes, this is right" in asked.text
    assert 'value="180"' in asked.text
    assert visitor.post(f"/patients/{patient.id}/weights", data={**WEIGHT, "sure": "y"}).status_code == 303
    page = visitor.get(f"/patients/{patient.id}/weights").text
    assert "180.0 lb" in page
    assert "81.6 kg" in page


def test_a_corrected_weight_stays_readable(
    db: Session, patient: Patient, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    wrong = weights.record(db, patient, 120_000, WeightUnit.KG, now, sure=True, now=now, by=nurse)
    db.commit()
    visitor = signed_in(Role.NURSE)
    path = f"/patients/{patient.id}/weights/{wrong.id}"
    assert "In place of" in visitor.get(path).text
    assert visitor.post(path, data={**WEIGHT, "sure": "y"}).status_code == 303
    assert "<s" in visitor.get(f"/patients/{patient.id}/weights").text
    again = visitor.post(path, data={**WEIGHT, "sure": "y"})
    assert again.status_code == 409
    assert "already" in again.text


def test_conditions_are_added_and_ended(db: Session, patient: Patient, signed_in: SignIn) -> None:
    visitor, path = signed_in(Role.PROVIDER), f"/patients/{patient.id}/conditions"
    for bad in ("", "ptsd:F33.1", "nothing", "\0", "ptsd"):
        assert visitor.post(path, data={"chosen": bad}).status_code == 422
    assert visitor.post(path, data={"chosen": "ptsd:F43.10"}).status_code == 303
    assert visitor.post(path, data={"chosen": "ptsd:F43.11"}).status_code == 409
    db.rollback()
    row = db.scalars(sa.select(PatientCondition)).one()
    assert visitor.post(f"{path}/{row.id}/end").status_code == 303
    assert visitor.post(f"{path}/{row.id}/end").status_code == 409
    assert "ended" in visitor.get(path).text


def fill(db: Session, patient: Patient, nurse: Actor, now: datetime) -> None:
    """Give the patient a clinical file in which every word can be told from all others."""
    patient.allergies, patient.other_alert, patient.escort_trouble = "zqallergy", "zqother", "zqescort"
    patient.pressure_limit_systolic_mmhg, patient.pregnancy_possible = 151, PregnancyPossible.YES
    weights.record(db, patient, 81_647, WeightUnit.LB, now, sure=True, now=now, by=nurse)
    patient_conditions.add(db, patient, Condition.PTSD, "F43.10", now=now, by=nurse)
    visit = factories.a_session(
        db, patient, now - timedelta(days=9), status=Status.LEFT, left_at=now - timedelta(days=9)
    )
    check_in = CheckIn(
        patient_id=patient.id, session_id=visit.id, kind=CheckInKind.AFTER_7D, due_at=now - timedelta(days=2),
        expires_at=now + timedelta(days=2), status=CheckInStatus.ANSWERED, answered_at=now - timedelta(days=1),
    )  # fmt: skip
    db.add(check_in)
    db.flush()
    phq9 = {"total": 17, "band": "moderately_severe", "items": {"9": 2}, "missing": []}
    for question, value in ((Question.MOOD, {"value": 3}), (Question.PHQ9, phq9)):
        db.add(CheckInAnswer(check_in_id=check_in.id, question=question, value=value, at=now))
    db.commit()


SECRET = (
    "zqallergy",
    "zqother",
    "zqescort",
    "151/",
    "180.0 lb",
    "81.6 kg",
    "F43.10",
    "Post-traumatic",
    "PHQ",
    "17 of 27",
    "Mood",
)


def test_a_clinician_reads_the_clinical_file_and_the_answers(
    db: Session, patient: Patient, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    fill(db, patient, nurse, now)
    page = signed_in(Role.NURSE).get(f"/patients/{patient.id}").text
    assert [word for word in SECRET if word not in page] == []
    assert "moderately severe" in page
    assert "2 of 3" in page


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER])
def test_whoever_is_no_clinician_gets_flags_only(
    db: Session, patient: Patient, nurse: Actor, signed_in: SignIn, now: datetime, role: Role
) -> None:
    fill(db, patient, nurse, now)
    visitor = signed_in(role)
    pages = [visitor.get(f"/patients/{patient.id}"), visitor.get("/patients?q=ana")]
    if role is Role.FRONT_DESK:
        pages.append(visitor.get(f"/patients/{patient.id}/contact"))
    for page in pages:
        assert page.status_code == 200
        assert [word for word in SECRET if word in page.text] == []
    assert "Allergy" in pages[0].text
    for part in ("clinical", "weights", "conditions"):
        assert visitor.get(f"/patients/{patient.id}/{part}").status_code == 403


def test_the_auditor_sees_no_patients(patient: Patient, signed_in: SignIn) -> None:
    auditor = signed_in(Role.AUDITOR)
    assert auditor.get("/patients").status_code == auditor.get(f"/patients/{patient.id}").status_code == 403


def test_a_patient_of_another_clinic_is_as_absent_as_one_who_is_not(
    db: Session, patient: Patient, signed_in: SignIn
) -> None:
    elsewhere = factories.a_clinic(db)
    stranger = signed_in(Role.FRONT_DESK, Role.NURSE, at=elsewhere)
    for number in (patient.id, 999_999):
        for part in ("", "/contact", "/clinical", "/weights", "/conditions", "/weights/1"):
            assert stranger.get(f"/patients/{number}{part}").status_code == 404
        for part in ("/contact", "/clinical", "/weights", "/conditions", "/conditions/1/end", "/weights/1"):
            assert stranger.post(f"/patients/{number}{part}", data={}).status_code == 404
    assert "Ana Ruiz" not in stranger.get("/patients?q=ana").text


def test_rows_of_one_patient_are_absent_under_another(
    db: Session, clinic: Clinic, patient: Patient, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    other = factories.a_patient(db, clinic)
    weight = weights.record(db, other, 80_000, WeightUnit.KG, now, sure=True, now=now, by=nurse)
    condition = patient_conditions.add(db, other, Condition.PTSD, "F43.10", now=now, by=nurse)
    db.commit()
    visitor = signed_in(Role.NURSE)
    assert visitor.get(f"/patients/{patient.id}/weights/{weight.id}").status_code == 404
    assert visitor.post(f"/patients/{patient.id}/weights/{weight.id}", data=WEIGHT).status_code == 404
    assert visitor.post(f"/patients/{patient.id}/conditions/{condition.id}/end").status_code == 404


def test_opening_a_patient_is_written_down(db: Session, patient: Patient, signed_in: SignIn) -> None:
    signed_in(Role.NURSE).get(f"/patients/{patient.id}")
    db.rollback()
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "patient")).one()
    assert (entry.action.value, entry.patient_id, entry.entity_id) == ("read", patient.id, patient.id)


def test_an_empty_file_says_what_to_do_next(patient: Patient, signed_in: SignIn) -> None:
    page = signed_in(Role.NURSE).get(f"/patients/{patient.id}").text
    for missing in (
        "No email address",
        "No emergency contact",
        "No weight",
        "No condition",
        "Not asked about pregnancy",
    ):
        assert missing in page
    assert "Ana Ruiz" not in page.partition("</title>")[0]


def test_the_days_that_suit_a_patient_are_kept_and_only_they_are_offered(
    db: Session, clinic: Clinic, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic)
    desk = signed_in(Role.FRONT_DESK)
    page = desk.get(f"/patients/{patient.id}/contact").text
    form = dict(re.findall(r'name="(version|name|birth_date|phone|email)"[^>]*value="([^"]*)"', page))
    form |= {"language": "en", "email_wish": "yes", "told_through": "in_person", "notice_hours": "72"}
    answer = desk.post(f"/patients/{patient.id}/contact", data={**form, "days_wanted": ["1", "3"]})
    assert answer.status_code == 303
    db.rollback()
    assert (patient.days_wanted, patient.notice_hours) == ([1, 3], 72)
    offered = re.findall(
        r'<span class="slot-chip-time">(\w{3}) \w+ (\d+),', desk.get(f"/sessions/new?patient={patient.id}").text
    )
    assert {day for day, _ in offered} == {"Tue", "Thu"}
    assert min(int(day) for _, day in offered if int(day) > 10) == 26


def test_a_new_wish_about_mail_asks_how_it_was_said(db: Session, patient: Patient, signed_in: SignIn) -> None:
    desk, path = signed_in(Role.FRONT_DESK), f"/patients/{patient.id}/contact"
    answer = desk.post(path, data={**CONTACT, "email_wish": "no"})
    assert answer.status_code == 422
    assert "Choose how they said so." in answer.text
    assert desk.post(path, data={**CONTACT, "email_wish": "no", "told_through": "link"}).status_code == 422
    assert desk.post(path, data={**CONTACT, "email_wish": "no", "told_through": "signed_form"}).status_code == 303
