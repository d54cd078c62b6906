"""The pages of consents: who sees what, signing in either language, on paper, choosing not to, and after."""

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel, Language
from clinic_sessions.domain.papers.papers import ConsentAnswer, ConsentEventKind, SigningWay
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import AuditEntry, Clinic, Consent, ContactConsent, Patient, Plan, User
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.plans import a_plan

DAY = timedelta(days=1)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody of whom no paper is on file."""
    made = factories.a_patient(db, clinic, papers=False)
    db.commit()
    return made


@pytest.fixture
def plan(db: Session, patient: Patient, now: datetime) -> Plan:
    """Their series."""
    made = a_plan(db, patient, now - DAY)
    db.commit()
    return made


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> User:
    """A nurse of the clinic."""
    return factories.a_user(db, clinic, Role.NURSE, name="Noor Haddad")


def sent(page: str) -> dict[str, str]:
    """What a form's hidden fields send."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


def typed(plan: Plan, nurse: User, **given: str) -> dict[str, str]:
    """What a nurse enters before the patient reads."""
    fields = {"plan": str(plan.id), "protocol": "iv-mood", "language": "en", "interpreted_by": "none"}
    return {**fields, "witness": str(nurse.id), **given}


def hand_over(client: Visitor, patient: Patient, form: dict[str, str]) -> TestResponse:
    """Hand the page over, and give what the patient sees."""
    answer = client.post(f"/patients/{patient.id}/consents/sign", data=form)
    assert (answer.status_code, answer.location) == (303, "/consent")
    return client.get(answer.location)


def rows(db: Session) -> list[Consent]:
    """Every consent on file, the oldest first."""
    db.rollback()
    return list(db.scalars(sa.select(Consent).order_by(Consent.id)))


def test_a_patient_switches_the_language_and_signs_once_however_often_it_is_sent(
    db: Session, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client = signed_in(user=nurse)
    opened = hand_over(client, patient, typed(plan, nurse, interpreter="Rosa Vega", interpreted_by="phone"))
    assert "Ana Ruiz" not in opened.text.partition("</title>")[0]
    assert "Off-label use" in opened.text
    assert "Board" not in opened.text
    spanish = client.post("/consent", data={**sent(opened.text), "signed_name": "Ana R", "do": "es"})
    assert "Uso fuera de la etiqueta" in spanish.text
    assert 'value="Ana R"' in spanish.text
    assert "Uso fuera de la etiqueta" in client.get("/consent").text
    form = {**sent(spanish.text), "strokes": "[[[1,2],[30,40]]]", "do": "sign"}
    nothing = client.post("/consent", data={**form, "signed_name": " "})
    assert nothing.status_code == 422
    assert "Escriba su nombre completo." in nothing.text
    other = client.post("/consent", data={**form, "signed_name": "Eva Stern"})
    assert other.status_code == 409
    assert "Este no es el nombre que tenemos." in other.text
    assert rows(db) == []
    with client.session_transaction() as cookie:
        before = dict(cookie)
    answers = [client.post("/consent", data={**form, "signed_name": "ana ruiz"})]
    with client.session_transaction() as cookie:
        cookie.update(before)
    answers += [client.post("/consent", data={**form, "signed_name": "ana ruiz"})]
    assert [answer.location for answer in answers] == ["/consent/end"] * 2
    (row,) = rows(db)
    assert (row.answer, row.way, row.language, row.signed_name, row.strokes) == (
        ConsentAnswer.SIGNED, SigningWay.SCREEN, Language.ES, "ana ruiz", [[[1, 2], [30, 40]]],
    )  # fmt: skip
    assert (row.interpreter, row.witness_id, row.by_id, row.plan_id) == ("Rosa Vega", nurse.id, nurse.id, plan.id)
    assert "Gracias" in client.get("/consent/end").text
    shown = signed_in(user=nurse).get(f"/patients/{patient.id}/consents/{row.id}").text
    assert "1,2 30,40" in shown
    assert "Uso fuera de la etiqueta" in shown


def test_what_no_pad_draws_is_refused_and_a_confirmed_name_is_kept(
    db: Session, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client = signed_in(user=nurse)
    form = {**sent(hand_over(client, patient, typed(plan, nurse)).text), "do": "sign"}
    wrong = client.post("/consent", data={**form, "signed_name": "Ana Ruiz", "strokes": "[[[1,2000]]]"})
    assert wrong.status_code == 422
    assert "The drawing could not be read." in wrong.text
    assert client.post("/consent", data={**form, "signed_name": "Ana Ruiz", "form_key": ""}).status_code == 422
    assert client.post("/consent", data={**form, "signed_name": "Anita R.", "sure": "y"}).status_code == 303
    assert [row.signed_name for row in rows(db)] == ["Anita R."]


def test_who_holds_the_tablet_reaches_nothing_but_the_consent_until_staff_sign_in_again(
    db: Session, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client = signed_in(user=nurse)
    with client.session_transaction() as cookie:
        before = dict(cookie)
    opened = hand_over(client, patient, typed(plan, nurse))
    assert opened.headers["Cache-Control"] == "no-store"
    file = f"/patients/{patient.id}"
    for path in ("/", "/patients", file, f"{file}/consents", f"{file}/consents/new?plan={plan.id}", "/board"):
        assert client.get(path).location.startswith("/sign-in"), path
    for path in (f"{file}/consents/sign", f"{file}/consents/not", f"{file}/consents/wishes", "/theme"):
        assert client.post(path, data=typed(plan, nurse, words="No")).location.startswith("/sign-in"), path
    db.rollback()
    copy = signed_in(user=nurse)
    with copy.session_transaction() as cookie:
        cookie.clear()
        cookie.update(before)
    assert copy.get(file).location.startswith("/sign-in")
    not_now = client.get("/consent/end")
    assert "Nothing was signed" in not_now.text
    assert f"/sign-in?next={file}/consents" in not_now.text
    assert client.get("/consent").status_code == 200
    assert rows(db) == []


def test_a_page_handed_over_closes_once_signed_after_an_hour_and_with_the_giver_s_account(
    db: Session,
    patient: Patient,
    plan: Plan,
    nurse: User,
    now: datetime,
    time_at: time_machine.Traveller,
    signed_in: SignIn,
) -> None:
    client = signed_in(user=nurse)
    opened = hand_over(client, patient, typed(plan, nurse))
    form = {**sent(opened.text), "do": "sign", "signed_name": "Ana Ruiz"}
    time_at.move_to(now + timedelta(minutes=59))
    assert client.get("/consent").status_code == 200
    time_at.move_to(now + timedelta(minutes=61))
    late = client.post("/consent", data=form)
    assert late.status_code == 410
    assert "This page is closed" in late.text
    time_at.move_to(now)
    db.rollback()
    nurse.disabled_at = now
    db.commit()
    assert client.post("/consent", data=form).status_code == 410
    assert rows(db) == []
    db.rollback()
    nurse.disabled_at = None
    db.commit()
    assert client.post("/consent", data=form).status_code == 303
    closed = client.get("/consent")
    assert "It is saved." in closed.text
    assert len(rows(db)) == 1


def test_without_a_hand_over_there_is_no_page_to_sign(signed_in: SignIn) -> None:
    client = signed_in(Role.NURSE)
    assert client.get("/consent").status_code == 410
    assert client.post("/consent", data={"do": "es", "signed_name": "Ana Ruiz"}).status_code == 410


def test_that_nobody_interpreted_is_asked_where_the_file_names_an_interpreter(
    db: Session, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client, path = signed_in(user=nurse), f"/patients/{patient.id}/consents"
    preset = re.compile(r'name="interpreted_by"[^>]*value="none"\s+checked')
    assert preset.search(client.get(f"{path}/new?plan={plan.id}").text)
    db.rollback()
    patient.interpreter = "Greek, by phone"
    db.commit()
    page = client.get(f"{path}/new?plan={plan.id}").text
    assert "On file: Greek, by phone" in page
    assert not preset.search(page)
    form = {key: value for key, value in typed(plan, nurse).items() if key != "interpreted_by"}
    for way in ("sign", "paper", "not"):
        unsaid = client.post(f"{path}/{way}", data=form)
        assert unsaid.status_code == 422
        assert "Choose how an interpreter took part, or that there was none." in unsaid.text
    assert client.post(f"{path}/sign", data={**form, "interpreted_by": "phone"}).status_code == 422
    assert client.post(f"{path}/sign", data={**form, "interpreted_by": "none", "interpreter": "X"}).status_code == 422
    number = {**form, "interpreted_by": "phone", "interpreter": "4402"}
    assert client.post(f"{path}/sign", data=number).status_code == 303


def test_a_set_up_that_is_not_whole_is_shown_again_with_what_was_typed(
    patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client = signed_in(user=nurse)
    answer = client.post(
        f"/patients/{patient.id}/consents/sign", data=typed(plan, nurse, interpreter="Rosa Vega", until="xx")
    )
    assert answer.status_code == 422
    assert 'value="Rosa Vega"' in answer.text
    assert 'value="xx"' in answer.text
    assert "Leave this blank, or choose how the interpreter took part." in answer.text


def test_a_consent_on_paper_is_recorded_with_its_scan_and_time(
    db: Session, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client = signed_in(user=nurse)
    page = client.get(f"/patients/{patient.id}/consents/new?plan={plan.id}&how=paper").text
    text_id = re.findall(r'<option [^>]*value="(\d+)">Consent', page)[0]
    form = {
        **sent(page), **typed(plan, nurse), "document": text_id, "signed_name": "Ana Ruiz",
        "paper_reference": "Scan 17", "day": "11/22/2026", "wall": "3:15 pm",
    }  # fmt: skip
    path = f"/patients/{patient.id}/consents/paper"
    for missing in ("paper_reference", "signed_name", "day", "wall", "document"):
        assert client.post(path, data={**form, missing: ""}).status_code == 422, missing
    late = client.post(path, data={**form, "day": "11/24/2026"})
    assert late.status_code == 409
    assert "This time has not come yet." in late.text
    other = client.post(path, data={**form, "signed_name": "Eva Stern"})
    assert other.status_code == 409
    assert re.search(r'id="signed_name-error"[^<]*<.*The signed name is not the patient', other.text)
    assert 'name="sure"' in other.text
    assert client.post(path, data=form).status_code == 303
    (row,) = rows(db)
    assert (row.way, row.paper_reference, row.at.isoformat()) == (
        SigningWay.PAPER, "Scan 17", "2026-11-22T23:15:00+00:00",
    )  # fmt: skip
    assert "Scan 17" in client.get(f"/patients/{patient.id}/consents").text


def test_the_text_to_sign_on_paper_is_printed_in_either_language_with_its_lines(
    patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client, path = signed_in(user=nurse), f"/patients/{patient.id}/consents"
    assert f"{path}/sheet?plan={plan.id}" in client.get(f"{path}/new?plan={plan.id}&how=paper").text
    english = client.get(f"{path}/sheet?plan={plan.id}").text
    assert "Off-label use" in english
    assert english.count('class="sign-line"') == 5
    assert re.search(r'<p class="print-only strong">Ana Ruiz, \w+', english)
    assert "Uso fuera de la etiqueta" in client.get(f"{path}/sheet?protocol=iv-mood&lang=es").text
    assert client.get(f"{path}/sheet?protocol=nothing").status_code == 404


def test_who_chose_not_to_is_on_file_struck_through_once_they_signed(
    db: Session, patient: Patient, plan: Plan, nurse: User, now: datetime, signed_in: SignIn
) -> None:
    client = signed_in(user=nurse)
    page = client.get(f"/patients/{patient.id}/consents/new?plan={plan.id}&how=not").text
    path, form = f"/patients/{patient.id}/consents/not", {**sent(page), **typed(plan, nurse)}
    assert client.post(path, data={**form, "words": ""}).status_code == 422
    assert client.post(path, data={**form, "words": "I want to wait"}).status_code == 303
    assert "I want to wait" in client.get(f"/patients/{patient.id}/consents").text
    db.rollback()
    factories.the_papers(db, patient, plan_id=plan.id, key="iv-mood")
    db.commit()
    assert [row.answer for row in rows(db)] == [ConsentAnswer.CHOSE_NOT_TO, ConsentAnswer.SIGNED]


def test_a_changed_mind_is_kept_and_told_while_a_session_is_under_way(
    db: Session, patient: Patient, plan: Plan, nurse: User, now: datetime, signed_in: SignIn
) -> None:
    factories.a_session(db, patient, now, status=Status.IN_TREATMENT, plan_id=plan.id, place_in_plan=1)
    db.commit()
    (row,) = rows(db)
    client, path = signed_in(user=nurse), f"/patients/{patient.id}/consents/{row.id}"
    form = sent(client.get(path).text.partition("changed-mind")[2])
    assert client.post(f"{path}/changed-mind", data={**form, "words": ""}).status_code == 422
    answer = client.post(f"{path}/changed-mind", data={**form, "words": "It is too much"}, follow_redirects=True)
    assert "A session is under way: speak with the patient now." in answer.text
    assert re.search(r"<s><a[^>]*>Signed by Ana Ruiz", answer.text)
    assert [event.kind for event in rows(db)[0].events] == [ConsentEventKind.CHANGED_MIND]
    again = sent(client.get(path).text)
    refused = client.post(f"{path}/changed-mind", data={**again, "form_key": "x" * 20, "words": "Again"})
    assert refused.status_code == 409
    assert "This consent no longer counts." in refused.text


def test_the_front_desk_sees_only_that_it_is_missing(
    db: Session, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    client = signed_in(user=nurse)
    page = client.get(f"/patients/{patient.id}/consents/new?plan={plan.id}&how=not").text
    form = {**sent(page), **typed(plan, nurse), "words": "I am afraid of it"}
    client.post(f"/patients/{patient.id}/consents/not", data=form)
    (row,) = rows(db)
    desk = signed_in(Role.FRONT_DESK)
    seen = desk.get(f"/patients/{patient.id}/consents").text
    assert "Missing" in seen
    for hidden in ("afraid", "Chose not to", "IV infusion", "chose not"):
        assert hidden not in seen
    for path in ("new", "sheet", f"{row.id}"):
        assert desk.get(f"/patients/{patient.id}/consents/{path}").status_code == 403
    for path in ("sign", "paper", "not", f"{row.id}/changed-mind", f"{row.id}/mistake"):
        assert desk.post(f"/patients/{patient.id}/consents/{path}", data=form).status_code == 403
    db.rollback()
    assert signed_in(Role.AUDITOR).get(f"/patients/{patient.id}/consents").status_code == 403


def test_consents_of_other_clinics_and_patients_are_not_there(
    db: Session, clinic: Clinic, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    factories.the_papers(db, patient, plan_id=plan.id, key="iv-mood")
    other = factories.a_patient(db, clinic, "Eva Stern")
    stranger = signed_in(Role.NURSE, at=factories.a_clinic(db))
    db.commit()
    row = next(one for one in rows(db) if one.patient_id == patient.id)
    client = signed_in(user=nurse)
    assert client.get(f"/patients/{patient.id}/consents/{row.id}").status_code == 200
    assert client.get(f"/patients/{other.id}/consents/{row.id}").status_code == 404
    assert client.get(f"/patients/{other.id}/consents/new?plan={plan.id}").status_code == 404
    assert client.get(f"/patients/{other.id}/consents/new?protocol=none").status_code == 404
    assert stranger.get(f"/patients/{patient.id}/consents").status_code == 404


def test_looking_at_consents_is_audited(
    db: Session, patient: Patient, plan: Plan, nurse: User, signed_in: SignIn
) -> None:
    signed_in(user=nurse).get(f"/patients/{patient.id}/consents")
    db.rollback()
    seen = db.scalars(sa.select(AuditEntry.entity).where(AuditEntry.patient_id == patient.id)).all()
    assert "patient_consents" in seen


def test_what_a_patient_says_of_mail_and_texts_is_kept_with_channel_and_time(
    db: Session, patient: Patient, now: datetime, signed_in: SignIn
) -> None:
    desk, path = signed_in(Role.FRONT_DESK), f"/patients/{patient.id}/consents"
    for channel, wanted in (("sms", "yes"), ("sms", "yes"), ("email", "no")):
        form = {**sent(desk.get(path).text), "channel": channel, "wanted": wanted, "told_through": "phone"}
        assert desk.post(f"{path}/wishes", data={**form, "wanted": ""}).status_code == 422
        assert desk.post(f"{path}/wishes", data={**form, "told_through": "link"}).status_code == 422
        assert desk.post(f"{path}/wishes", data={**form, "channel": "pager"}).status_code == 422
        assert desk.post(f"{path}/wishes", data=form).status_code == 303
    db.rollback()
    said = db.scalars(sa.select(ContactConsent).order_by(ContactConsent.id)).all()
    assert [(one.channel, one.wanted, one.told_through, one.at) for one in said] == [
        (Channel.SMS, True, ToldThrough.PHONE, now),
        (Channel.EMAIL, False, ToldThrough.PHONE, now),
    ]
    assert db.get_one(Patient, patient.id).email_wanted is False
