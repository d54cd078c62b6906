"""The head of the session page and the cards of the board: one act before all others, also without JavaScript."""

import re
from datetime import datetime, timedelta
from html import unescape

import time_machine
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.models import Clinic, TreatmentSession
from clinic_sessions.services.drug import dose_controls
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)


def begun(
    db: Session, clinic: Clinic, at: datetime, key: str = "iv-mood", micrograms: int = 40_000
) -> TreatmentSession:
    """Somebody whose dose began at a moment."""
    one = factories.a_session(db, factories.a_patient(db, clinic), at, protocol=factories.a_protocol(db, key))
    by = a_nurse(db, clinic)
    take(db, one, Action.ARRIVE, at, by)
    take(db, one, Action.START, at, by, micrograms=micrograms)
    db.commit()
    return one


def page_of(client: Visitor, db: Session, one: TreatmentSession) -> str:
    db.rollback()
    path = f"/sessions/{one.id}"
    db.rollback()
    return unescape(client.get(path).text)


def head_of(page: str) -> str:
    return page.split('id="now-card"')[1].split("</section>")[0]


def primary(part: str) -> list[str]:
    """The words of each primary act of a part."""
    found = re.findall(r'<(?:a|button) class="button button-primary target".*?</(?:a|button)>', part, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", one).strip() for one in found]


def test_after_the_first_device_the_next_one_is_first_and_opens_its_own_form(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    one = begun(db, clinic, now, "in-esketamine", 28_000)
    page = page_of(signed_in(Role.NURSE), db, one)
    assert primary(head_of(page)) == ["Device 2"]
    assert f'href="/sessions/{one.id}/drug/device"' in head_of(page)
    assert "No further device" in page
    assert "Stop now" not in page
    assert f'href="/sessions/{one.id}/dose"' not in head_of(page)


def test_while_an_infusion_runs_only_pause_and_stop_are_offered(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    one = begun(db, clinic, now)
    page = page_of(signed_in(Role.NURSE), db, one)
    assert primary(head_of(page)) == []
    assert "Pause now" in head_of(page)
    assert "Stop now" in head_of(page)
    assert "Runs until about 10:40 am" in head_of(page)
    assert "Dose finished" not in head_of(page)
    assert "Stop the dose early" not in page


def test_while_it_is_paused_resume_is_first(db: Session, clinic: Clinic, signed_in: SignIn, now: datetime) -> None:
    one = begun(db, clinic, now - 20 * MINUTE)
    dose_controls.turn(db, one, DoseEventKind.PAUSED, now=now - 10 * MINUTE, by=a_nurse(db, clinic))
    db.commit()
    assert primary(head_of(page_of(signed_in(Role.NURSE), db, one))) == ["Resume now"]


def test_at_the_planned_end_the_check_that_is_due_comes_before_dose_finished(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    head = head_of(page_of(signed_in(Role.NURSE), db, begun(db, clinic, now - 40 * MINUTE)))
    assert primary(head) == ["Record vitals"]
    assert "Dose finished" in head


def test_an_injection_is_given_and_neither_paused_nor_stopped(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    page = page_of(signed_in(Role.NURSE), db, begun(db, clinic, now, "im"))
    assert primary(head_of(page)) == ["Dose given"]
    assert "Pause now" not in page
    assert "Stop now" not in page
    assert "Not all of it was given" in page
    assert 'value="paused"' not in page.split('id="dialog-dose"')[1].split("</dialog>")[0]


def test_an_early_end_that_was_typed_wrong_is_shown_again_with_what_was_typed(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    one = begun(db, clinic, now)
    data = {"action": "stop_early", "version": str(one.version), "patient": str(one.patient_id), "mg": "much"}
    path = f"/sessions/{one.id}/step"
    db.rollback()
    answer = signed_in(Role.NURSE).post(path, data=data)
    assert answer.status_code == 422
    assert 'value="much"' in answer.text


def test_nobody_named_leads_to_naming_a_nurse_for_those_who_may(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    db.commit()
    page = page_of(signed_in(Role.FRONT_DESK), db, one)
    assert "No nurse named" in page
    assert "Name one" in page
    assert "Name one" not in page_of(signed_in(Role.AUDITOR), db, one)


def test_an_open_page_is_made_anew_when_the_clock_changes_what_is_first(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime, time_at: time_machine.Traveller
) -> None:
    one, client = begun(db, clinic, now - 2 * MINUTE), signed_in(Role.NURSE)
    page = page_of(client, db, one)
    seen = page.split('id="session"')[1].split('data-revision="')[1].split('"')[0]
    path = f"/sessions/{one.id}?revision={seen}"
    db.rollback()
    answers = []
    for minute in (0, 7):
        time_at.move_to(now + minute * MINUTE)
        answers.append(client.get(path, headers={"X-Poll": "1"}).status_code)
    assert answers == [304, 200]


def test_what_the_status_does_not_need_is_folded_and_what_is_missing_is_not(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    infusion = page_of(client, db, begun(db, clinic, now))
    assert re.search(
        r'<details class="[^"]*fold[^"]*" id="fold-drug"><summary>.*?40 mg drawn, lot', infusion, re.DOTALL
    )
    assert 'id="fold-leaving"' in infusion
    came = factories.a_session(db, factories.a_patient(db, clinic), now, chair=clinic.chairs[1])
    take(db, came, Action.ARRIVE, now, a_nurse(db, clinic))
    db.commit()
    page = page_of(client, db, came)
    assert 'id="fold-drug"' not in page
    assert 'id="fold-start"' in page


def test_the_board_leads_to_what_is_missing_and_never_past_it(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, one, Action.ARRIVE, now, a_nurse(db, clinic))
    db.commit()
    db.rollback()
    card = unescape(signed_in(Role.NURSE).get("/board").text).split('id="board"')[1].split("</article>")[0]
    assert primary(card) == ["Before the dose"]
    assert "Start the dose" not in card
