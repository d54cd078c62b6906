"""Questions before a visit by link: asked by staff, saved as they go, a danger told at once, sent once, a draft."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.messages.messages import Language, MessageKind, MessageStatus, SkipReason
from clinic_sessions.domain.papers.intake import FreeText
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, ScreeningStatus
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.models import ActorKind, Alert, Clinic, Link, LinkPurpose, Medicine, Message, Patient, Screening
from clinic_sessions.services import links
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages import outbox
from clinic_sessions.services.screening import intake, screening
from clinic_sessions.services.today import today
from clinic_sessions.services.today.today import Work
from tests import by_link, factories
from tests.conftest import SignIn, Visitor

KEY = "k" * 20
FORTNIGHT = timedelta(days=14)
pytestmark = pytest.mark.usefixtures("time_at")


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """Somebody of whom nothing is on file."""
    made = factories.a_patient(db, clinic, papers=False)
    db.commit()
    return made


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Who asks."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


@pytest.fixture
def asked(db: Session, patient: Patient, desk: Actor, now: datetime) -> Screening:
    """The questions that the patient was asked."""
    row = intake.ask(db, patient, Route.IV, now=now, by=desk)
    db.commit()
    return row


def _phone(app: Flask, db: Session, row: Screening, now: datetime) -> Visitor:
    token = by_link.a_token(db, LinkPurpose.INTAKE, row.id, row.patient, now, now + FORTNIGHT)
    return by_link.opened(app, LinkPurpose.INTAKE, token)


def _post(phone: Visitor, row: Screening, path: str, **given: Any) -> Any:
    return phone.post(f"/i/{path}", data={"of": str(row.id), **given})


def _danger(row: Screening) -> str:
    return next(item.key for part in intake.parts(row) for item in part.items if item.danger)


def _alerts(db: Session) -> list[Alert]:
    db.rollback()
    return list(db.scalars(sa.select(Alert).order_by(Alert.id)))


def _fresh(db: Session, row: Screening) -> Screening:
    db.rollback()
    db.refresh(row)
    return row


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.NURSE, Role.PROVIDER])
def test_the_care_team_asks_by_mail_once_for_each_form(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime, role: Role
) -> None:
    browser, path = signed_in(role), f"/patients/{patient.id}/intake"
    for _ in range(3):
        assert browser.post(path, data={"route": "im", "form_key": KEY}).status_code == 303
    db.rollback()
    (row,) = db.scalars(sa.select(Screening))
    (message,) = db.scalars(sa.select(Message))
    assert (row.status, row.route, row.expires_at) == (ScreeningStatus.DRAFT, Route.IM, now + FORTNIGHT)
    assert (message.kind, message.screening_id, message.useful_until) == (MessageKind.INTAKE, row.id, row.expires_at)
    again = browser.post(path, data={"route": "iv", "form_key": "z" * 20})
    assert again.status_code == 409
    assert "has been asked already" in again.text
    assert "Not begun yet" in browser.get(path).text


def test_who_may_not_ask_is_refused(patient: Patient, signed_in: SignIn) -> None:
    for browser in [signed_in(role) for role in (Role.OWNER, Role.AUDITOR)]:
        assert browser.post(f"/patients/{patient.id}/intake", data={"route": "iv"}).status_code == 403


@pytest.mark.parametrize(
    ("given", "said"),
    [({"email": None}, "no good email"), ({"email_wanted": False}, "does not want email")],
)
def test_without_an_address_or_a_wish_nothing_is_asked(
    db: Session, patient: Patient, signed_in: SignIn, given: dict[str, Any], said: str
) -> None:
    for name, value in given.items():
        setattr(patient, name, value)
    db.commit()
    answer = signed_in(Role.NURSE).post(f"/patients/{patient.id}/intake", data={"route": "iv", "form_key": KEY})
    assert answer.status_code == 409
    assert said in answer.text
    assert db.scalar(sa.select(sa.func.count()).select_from(Message)) == 0


def test_the_mail_carries_the_link_and_the_list_shows_no_way_in(
    db: Session, asked: Screening, signed_in: SignIn, now: datetime
) -> None:
    (claim,) = outbox.claim(db, "w", now, most=5)
    letter = outbox.prepare(db, claim, now, "localhost")
    assert letter is not None
    assert set(letter.tokens) == {LinkPurpose.INTAKE, LinkPurpose.CONTACT_WISHES}
    db.commit()
    assert links.open_link(db, LinkPurpose.INTAKE, letter.tokens[LinkPurpose.INTAKE], now).object_id == asked.id
    db.rollback()
    page = signed_in(Role.FRONT_DESK).get(f"/messages/{claim.message_id}").text
    assert "A few health questions before your visit" in page
    assert letter.tokens[LinkPurpose.INTAKE] not in page


def test_a_mail_of_what_was_taken_back_does_not_leave_and_sent_again_is_a_new_row(
    db: Session, asked: Screening, signed_in: SignIn, now: datetime
) -> None:
    (message,) = db.scalars(sa.select(Message))
    message.status = MessageStatus.SENT
    db.commit()
    desk = signed_in(Role.FRONT_DESK)
    assert desk.post(f"/messages/{message.id}/resend").status_code == 303
    assert desk.post(f"/patients/{asked.patient_id}/intake/{asked.id}/take-back").status_code == 303
    db.rollback()
    first, again = db.scalars(sa.select(Message).order_by(Message.id))
    assert again.resend_of_id == first.id
    assert (again.status, again.skip_reason) == (MessageStatus.SKIPPED, SkipReason.UNDONE)
    assert desk.post(f"/patients/{asked.patient_id}/intake/{asked.id}/take-back").status_code == 409


def test_each_answer_is_saved_as_it_is_given_and_back_works(
    app: Flask, db: Session, asked: Screening, now: datetime
) -> None:
    phone = _phone(app, db, asked, now)
    first, second = [item.key for part in intake.parts(asked) for item in part.items][:2]
    answer = _post(phone, asked, f"at/{first}", answer="not_sure", words="Ask my doctor")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/i/at/{second}")
    assert f'action="/i/at/{second}"' in phone.get("/i").text
    back = phone.get(f"/i/at/{first}").text
    assert re.search(r'value="not_sure" checked', back)
    assert "Ask my doctor" in back
    kept = screening.typed_in(_fresh(db, asked))
    assert (kept.answers[first], kept.words[first]) == (ItemAnswer.NOT_SURE, "Ask my doctor")
    assert _post(phone, asked, f"at/{second}", skip="1").status_code == 303
    assert second not in screening.typed_in(_fresh(db, asked)).answers
    assert f'action="/i/at/{second}"' not in phone.get("/i").text


def test_bad_input_is_said_beside_its_field_and_stays(app: Flask, db: Session, asked: Screening, now: datetime) -> None:
    phone = _phone(app, db, asked, now)
    first = intake.parts(asked)[0].items[0].key
    nothing = _post(phone, asked, f"at/{first}", words="Only words")
    assert nothing.status_code == 422
    assert "Only words" in nothing.text
    assert _post(phone, asked, f"at/{first}", answer="maybe").status_code == 422
    many = _post(phone, asked, f"at/{FreeText.MEDICINES}", words="\n".join(f"m{n}" for n in range(41)))
    assert many.status_code == 422
    assert "at most 40 lines" in many.text
    assert "m40" in many.text
    assert _post(phone, asked, "at/nothing", answer="yes").status_code == 404
    assert _fresh(db, asked).draft == {}


def test_what_is_sent_is_a_draft_for_a_clinician_and_never_the_record(
    app: Flask, db: Session, asked: Screening, signed_in: SignIn, now: datetime
) -> None:
    phone = _phone(app, db, asked, now)
    for part in intake.parts(asked):
        for item in part.items:
            assert _post(phone, asked, f"at/{item.key}", answer="no").status_code == 303
    _post(phone, asked, f"at/{FreeText.MEDICINES}", words="Lorazepam 1 mg twice a day\n\nlevothyroxine")
    _post(phone, asked, f"at/{FreeText.ALLERGIES}", words="Penicillin: rash")
    last = _post(phone, asked, f"at/{FreeText.TREATMENTS}", words="Sertraline in 2019")
    assert last.headers["Location"] == "/i/at/send"
    assert "Penicillin: rash" in phone.get("/i").text
    for _ in range(2):
        assert _post(phone, asked, "send").status_code == 303
    assert "Your answers have been sent" in phone.get("/i").text
    assert _post(phone, asked, f"at/{_danger(asked)}", answer="yes").headers["Location"] == "/i"
    row = _fresh(db, asked)
    assert (row.status, row.submitted_at, row.answers) == (ScreeningStatus.SUBMITTED, now, [])
    assert db.scalar(sa.select(sa.func.count()).select_from(Medicine)) == 0
    assert row.patient.allergies is None
    nurse, home = signed_in(Role.NURSE), f"/patients/{row.patient_id}"
    assert "Sent in by the patient" in nurse.get(f"{home}/screening").text
    shown = by_link.visible(nurse.get(f"{home}/medicines").text)
    assert "not yet filed" in shown
    assert "Lorazepam 1 mg twice a day" in shown
    assert "Penicillin: rash" in shown
    proposed = nurse.get(f"{home}/medicines", query_string={"written": "Lorazepam 1 mg twice a day"}).text
    assert 'value="Lorazepam"' in proposed
    assert 'value="1 mg twice a day"' in proposed
    added = {"name": "Lorazepam", "dose_words": "1 mg twice a day", "daily": "2", "form_key": KEY}
    assert nurse.post(f"{home}/medicines", data=added).status_code == 303
    assert "written=Lorazepam" not in nurse.get(f"{home}/medicines").text


@pytest.mark.parametrize(("given", "tier"), [("yes", AlertTier.NOW), ("not_sure", AlertTier.SAME_DAY)])
def test_a_danger_opens_the_crisis_card_on_the_tap_and_is_told_when_it_is_saved(
    app: Flask, db: Session, asked: Screening, now: datetime, given: str, tier: AlertTier
) -> None:
    phone, step = _phone(app, db, asked, now), _danger(asked)
    shown = phone.get(f"/i/at/{step}").text
    assert re.search(rf'value="{given}" data-danger', shown)
    assert 'value="no" data-danger' not in shown
    assert "crisis-on-answer" in shown
    assert "988" in shown
    assert _post(phone, asked, f"at/{step}", answer=given, words="Since Friday").status_code == 303
    assert _post(phone, asked, f"at/{step}", answer=given).status_code == 303
    (alert,) = _alerts(db)
    assert (alert.kind, alert.tier, alert.patient_id) == (AlertKind.SAFETY_ANSWER, tier, asked.patient_id)
    assert "Are you having thoughts of ending your life?" in alert.words
    assert "Since Friday" in alert.words
    following = by_link.visible(phone.get("/i").text)
    assert "Our team" in following
    assert "988" in following


def test_a_danger_that_grows_is_told_again_and_one_that_shrinks_is_not(
    app: Flask, db: Session, asked: Screening, now: datetime
) -> None:
    phone, step = _phone(app, db, asked, now), _danger(asked)
    for given in ("no", "not_sure", "yes", "not_sure"):
        _post(phone, asked, f"at/{step}", answer=given)
    assert [alert.tier for alert in _alerts(db)] == [AlertTier.SAME_DAY, AlertTier.NOW]


def test_help_is_there_from_the_first_byte_and_can_be_asked_for(
    app: Flask, db: Session, asked: Screening, now: datetime
) -> None:
    phone = _phone(app, db, asked, now)
    page = phone.get("/i").text
    assert page.index("I need help now") < page.index("<main")
    assert _post(phone, asked, "help").status_code == 200
    (alert,) = _alerts(db)
    assert (alert.kind, alert.tier) == (AlertKind.HELP_WANTED, AlertTier.NOW)


def test_a_link_opens_for_its_purpose_and_as_long_as_it_holds(
    app: Flask, db: Session, asked: Screening, now: datetime, time_at: time_machine.Traveller
) -> None:
    token = by_link.a_token(db, LinkPurpose.INTAKE, asked.id, asked.patient, now, now + FORTNIGHT)
    browser = app.test_client()
    assert browser.head(f"/i/{token}").status_code == 303
    assert _fresh(db, asked).draft == {}
    for letter in "acw":
        assert browser.get(f"/{letter}/{token}").status_code == 404
    assert browser.get("/i/nothing-of-the-kind").status_code == 404
    assert app.test_client().get("/i").status_code == 404
    phone = by_link.opened(app, LinkPurpose.INTAKE, token)
    time_at.move_to(now + FORTNIGHT)
    for gone in (phone.get("/i"), browser.get(f"/i/{token}")):
        assert gone.status_code == 410
        assert "This link is no longer active" in gone.text
        assert "(310) 555-" in gone.text
    assert _post(phone, asked, "send").status_code == 410
    assert _fresh(db, asked).status is ScreeningStatus.DRAFT


def test_a_link_that_was_taken_back_says_so_kindly_and_takes_nothing(
    app: Flask, db: Session, asked: Screening, signed_in: SignIn, now: datetime
) -> None:
    phone = _phone(app, db, asked, now)
    first = intake.parts(asked)[0].items[0].key
    signed_in(Role.NURSE).post(f"/patients/{asked.patient_id}/intake/{asked.id}/take-back")
    assert phone.get("/i").status_code == 410
    assert _post(phone, asked, f"at/{first}", answer="yes").status_code == 410
    assert _fresh(db, asked).draft == {}
    assert all(link.revoked_at for link in db.scalars(sa.select(Link).where(Link.purpose == LinkPurpose.INTAKE)))


def test_a_form_of_another_link_is_refused(app: Flask, db: Session, asked: Screening, now: datetime) -> None:
    phone = _phone(app, db, asked, now)
    assert phone.post("/i/send", data={"of": str(asked.id + 1)}).status_code == 409
    assert phone.post("/i/send", data={"of": str(asked.id)}, csrf=False).status_code == 400


def test_the_first_page_is_light_in_spanish_and_says_nothing_of_what_the_visit_is_for(
    app: Flask, db: Session, asked: Screening, now: datetime
) -> None:
    asked.patient.language = Language.ES
    db.commit()
    page = _phone(app, db, asked, now).get("/i").text
    assert "Antes de su cita" in page
    assert "Pregunta 1 de" in page
    assert len(page.encode()) <= 30_000
    assert not re.search(r"ketamin|esketamin|intraven|nasal|psiqui|depres", page, re.IGNORECASE)


def test_not_answering_is_visible_until_it_is_asked_again(
    db: Session, asked: Screening, desk: Actor, now: datetime
) -> None:
    (one,) = intake.waiting(db, asked.patient.clinic_id, now)
    assert (one.patient_id, one.has_begun, one.has_ended) == (asked.patient_id, False, False)
    assert Work.QUESTIONS not in today.waiting(db, asked.patient.clinic, now)
    later = now + FORTNIGHT
    assert today.waiting(db, asked.patient.clinic, later)[Work.QUESTIONS] == 1
    (line,) = today.lines(db, asked.patient.clinic, Work.QUESTIONS, later)
    assert (line.patient_id, line.session_id, line.at) == (asked.patient_id, None, now)
    (one,) = intake.waiting(db, asked.patient.clinic_id, later)
    assert one.has_ended
    again = intake.ask(db, asked.patient, Route.IV, now=later, by=desk)
    (one,) = intake.waiting(db, asked.patient.clinic_id, later)
    assert one.screening_id == again.id
    intake.submit(db, again, now=later, by=desk)
    assert intake.waiting(db, asked.patient.clinic_id, later) == []
