"""Asking a provider over the web: the nurse asks, the provider answers on either screen, and everybody sees it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.reasons import CallOffReason, MoveReason
from clinic_sessions.domain.session.lifecycle import Action, Gate
from clinic_sessions.domain.session.readiness import Reason
from clinic_sessions.domain.session.start_gate import Answer, StartReason
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import (
    ActorKind,
    Clinic,
    ProviderAnswer,
    ProviderAsk,
    SignInAttempt,
    TreatmentSession,
    User,
)
from clinic_sessions.models import (
    SignIn as SignedInRow,
)
from clinic_sessions.services import form_keys
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking
from clinic_sessions.services.booking import booking, waitlist
from clinic_sessions.services.booking.waitlist import Wish
from clinic_sessions.services.session import lifecycle, recording
from tests import factories
from tests.conftest import SignIn, Visitor
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)
HIGH = Vitals(systolic=168, diastolic=102, heart_rate=88, spo2_percent=97)
PASSWORD = "correct horse battery"
GATES = ("may_start", "may_leave")


@pytest.fixture
def by(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def visit(db: Session, clinic: Clinic, by: Actor, now: datetime) -> TreatmentSession:
    """A patient who has come, of whom everything is in order but the blood pressure: 168/102."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now - 30 * MINUTE)
    take(db, made, Action.ARRIVE, now - 20 * MINUTE, by)
    factories.ready_to_start(db, made, now - 10 * MINUTE)
    recording.record_vitals(db, made, HIGH, now=now - 5 * MINUTE, by=by)
    db.commit()
    return made


@pytest.fixture
def asked(db: Session, visit: TreatmentSession, by: Actor, now: datetime) -> ProviderAsk:
    row = asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], "Same as last week", now=now, by=by)
    db.commit()
    return row


@pytest.fixture
def signer(db: Session, clinic: Clinic) -> User:
    """A provider whose password is known."""
    kept = factories.hashed(PASSWORD)
    user = factories.a_user(db, clinic, Role.PROVIDER, name="Dr. Sign", email="sign@example.org", password_hash=kept)
    db.commit()
    return user


@pytest.fixture
def signed_in(db: Session, signed_in: SignIn) -> SignIn:
    """As everywhere; the test's own transaction is left first, which would be stale by now."""

    def enter(*roles: Role, **given: Any) -> Visitor:
        db.rollback()
        return signed_in(*roles, **given)

    return enter


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found.group(1)


def an_answer(visitor: Visitor, path: str, answer: Answer, **more: object) -> dict[str, object]:
    """What the form of an answer sends, as it was shown."""
    page = visitor.get(path).text
    return {
        "form_key": value_of(page, "form_key"), "seen": value_of(page, "seen"), "answer": answer.value,
        "words": "Anxious, as every time.", "reasons": ["out_of_range"], **more,
    }  # fmt: skip


def test_the_nurse_asks_once_and_the_session_says_that_it_waits(
    db: Session, visit: TreatmentSession, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{visit.id}/ask/may_start"
    before = nurse.get(f"/sessions/{visit.id}")
    assert "Ask a provider" in before.text
    page = nurse.get(path)
    assert 'value="out_of_range"' in page.text
    assert not re.search(r'name="reasons"[^>]*checked', page.text), "nothing is chosen beforehand"
    form = {"form_key": value_of(page.text, "form_key"), "reasons": "out_of_range", "words": "Same as last week"}
    for _ in range(2):
        assert nurse.post(path, data=form).status_code == 303
    db.rollback()
    assert len(db.scalars(sa.select(ProviderAsk)).all()) == 1
    revision = value_of_revision(before.text)
    after = nurse.get(f"/sessions/{visit.id}?revision={revision}", headers={"X-Poll": "1"})
    assert after.status_code == 200
    assert "Waiting for a provider" in after.text
    assert "Same as last week" in after.text


def value_of_revision(page: str) -> str:
    found = re.search(r'id="session"[^>]*data-revision="([^"]*)"', page)
    assert found
    return found.group(1)


def test_an_empty_question_is_asked_for_beside_its_field(visit: TreatmentSession, signed_in: SignIn) -> None:
    answered = signed_in(Role.NURSE).post(f"/sessions/{visit.id}/ask/may_start", data={"form_key": form_keys.new()})
    assert answered.status_code == 422
    assert "Choose what it is about" in answered.text


def test_every_page_of_a_provider_of_that_clinic_says_that_somebody_waits(
    db: Session, clinic: Clinic, asked: ProviderAsk, signed_in: SignIn
) -> None:
    provider = signed_in(Role.PROVIDER)
    for path in ("/", "/board", "/patients", "/asks"):
        assert "1 question waits for a provider" in provider.get(path).text, path
    assert "asked of a provider now" in provider.get("/").text
    assert asked.treatment.patient.name in provider.get("/asks").text
    for role in (Role.NURSE, Role.FRONT_DESK, Role.OWNER):
        assert "waits for a provider" not in signed_in(role).get("/").text
    db.rollback()
    elsewhere = factories.a_clinic(db)
    db.commit()
    other = signed_in(Role.PROVIDER, at=elsewhere)
    assert "waits for a provider" not in other.get("/").text
    assert "Nobody waits for your answer" in other.get("/asks").text
    assert other.get(f"/sessions/{asked.session_id}/decide/may_start").status_code == 404


def test_the_provider_reads_the_readings_the_words_and_answers_and_the_nurse_sees_it_at_once(
    db: Session, visit: TreatmentSession, asked: ProviderAsk, signed_in: SignIn
) -> None:
    provider, nurse = signed_in(Role.PROVIDER), signed_in(Role.NURSE)
    path = f"/sessions/{visit.id}/decide/may_start"
    page = provider.get(path).text
    for told in ("168/102", "118/76", "Same as last week", "Usual for them", "Medicines", "systolic 168"):
        assert told in page
    revision = value_of_revision(nurse.get(f"/sessions/{visit.id}").text)
    form = an_answer(provider, path, Answer.GO_AHEAD)
    for _ in range(2):
        assert provider.post(path, data=form).status_code == 303
    db.rollback()
    assert len(db.scalars(sa.select(ProviderAnswer)).all()) == 1
    after = nurse.get(f"/sessions/{visit.id}?revision={revision}", headers={"X-Poll": "1"})
    assert "Go ahead" in after.text
    assert "Anxious, as every time." in after.text
    assert "waits for a provider" not in provider.get("/").text


def test_an_answer_needs_its_words_its_ticks_and_its_time_and_keeps_what_was_typed(
    db: Session, visit: TreatmentSession, asked: ProviderAsk, signed_in: SignIn
) -> None:
    provider, path = signed_in(Role.PROVIDER), f"/sessions/{visit.id}/decide/may_start"
    untold = provider.post(path, data=an_answer(provider, path, Answer.GO_AHEAD, words=""))
    unticked = provider.post(path, data=an_answer(provider, path, Answer.GO_AHEAD, reasons=[]))
    timeless = provider.post(path, data=an_answer(provider, path, Answer.WAIT))
    never = provider.post(path, data=an_answer(provider, path, Answer.WAIT, minutes="100000"))
    nothing = provider.post(path, data={**an_answer(provider, path, Answer.WAIT), "answer": "perhaps"})
    for answered, text in (
        (untold, "Say why"), (unticked, "Tick what you have weighed"), (timeless, "Choose how long"),
        (never, "Choose how long"), (nothing, "Choose an answer"),
    ):  # fmt: skip
        assert answered.status_code == 422
        assert text in answered.text
    assert "Anxious, as every time." in unticked.text
    db.rollback()
    assert not db.scalars(sa.select(ProviderAnswer)).all()


def test_a_reading_that_came_while_the_provider_typed_is_shown_before_the_answer_counts(
    db: Session, visit: TreatmentSession, asked: ProviderAsk, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    provider, path = signed_in(Role.PROVIDER), f"/sessions/{visit.id}/decide/may_start"
    form = an_answer(provider, path, Answer.GO_AHEAD)
    db.rollback()
    recording.record_vitals(db, visit, Vitals(systolic=196, diastolic=118), now=now, by=by)
    db.commit()
    refused = provider.post(path, data=form)
    assert refused.status_code == 409
    assert "Something new was recorded meanwhile" in refused.text
    assert "196/118" in refused.text
    assert "Anxious, as every time." in refused.text
    again = {**form, "seen": value_of(refused.text, "seen"), "form_key": value_of(refused.text, "form_key")}
    assert provider.post(path, data=again).status_code == 303


def test_an_answer_after_the_dose_has_begun_is_refused(
    db: Session, visit: TreatmentSession, asked: ProviderAsk, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    provider, path = signed_in(Role.PROVIDER), f"/sessions/{visit.id}/decide/may_start"
    form = an_answer(provider, path, Answer.GO_AHEAD)
    db.rollback()
    take(db, visit, Action.CALL_OFF, now, by)
    db.commit()
    refused = provider.post(path, data=form)
    assert refused.status_code == 409
    assert "The session has gone on" in refused.text


def test_a_wait_says_beforehand_and_afterwards_whom_it_pushes(
    db: Session, clinic: Clinic, visit: TreatmentSession, asked: ProviderAsk, signed_in: SignIn
) -> None:
    factories.a_session(db, factories.a_patient(db, clinic, "Bo Lind"), visit.ends_at + 10 * MINUTE)
    db.commit()
    provider, path = signed_in(Role.PROVIDER), f"/sessions/{visit.id}/decide/may_start"
    assert "Bo Lind begins 20 minutes later, at 12:10 pm" in provider.get(path).text
    assert provider.post(path, data=an_answer(provider, path, Answer.WAIT, minutes="30")).status_code == 303
    page = signed_in(Role.NURSE).get(f"/sessions/{visit.id}").text
    assert "until 10:30 am" in page
    assert "Waiting changes the day" in page
    assert "20 minutes later" in page


def test_the_provider_signs_on_the_nurses_tablet_and_her_sign_in_goes_on(
    db: Session, visit: TreatmentSession, signer: User, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{visit.id}/sign/may_start"
    assert "Dr. Sign" in nurse.get(path).text
    form = an_answer(nurse, path, Answer.GO_AHEAD, signer="sign@example.org", signer_password=PASSWORD)
    for _ in range(2):
        assert nurse.post(path, data=form).status_code == 303
    db.rollback()
    row = db.scalars(sa.select(ProviderAnswer)).one()
    assert row.by_id == signer.id
    assert row.on_tablet_of_id not in {None, signer.id}
    assert not db.scalars(sa.select(SignedInRow).where(SignedInRow.user_id == signer.id)).all()
    page = nurse.get(f"/sessions/{visit.id}").text
    assert "Dr. Sign" in page
    assert "signed on a tablet here" in page


def test_a_wrong_password_on_the_tablet_is_said_beside_it_and_counted_and_keeps_what_was_typed(
    db: Session, visit: TreatmentSession, signer: User, signed_in: SignIn
) -> None:
    nurse, path = signed_in(Role.NURSE), f"/sessions/{visit.id}/sign/may_start"
    form = an_answer(nurse, path, Answer.GO_AHEAD, signer="sign@example.org", signer_password="wrong password")
    refused = nurse.post(path, data=form)
    assert refused.status_code == 422
    assert "do not go together" in refused.text
    assert "Anxious, as every time." in refused.text
    assert "wrong password" not in refused.text
    db.rollback()
    assert len(db.scalars(sa.select(SignInAttempt)).all()) == 1
    db.rollback()
    assert not db.scalars(sa.select(ProviderAnswer)).all()
    unnamed = nurse.post(path, data={**form, "signer": "nobody@example.org"})
    assert unnamed.status_code == 422
    assert "Choose your name" in unnamed.text


def test_nobody_but_those_who_treat_asks_and_nobody_but_a_provider_answers(
    visit: TreatmentSession, asked: ProviderAsk, signed_in: SignIn
) -> None:
    for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR):
        visitor = signed_in(role)
        for path in ("ask", "sign", "decide"):
            assert visitor.get(f"/sessions/{visit.id}/{path}/may_start").status_code == 403
        assert visitor.get("/asks").status_code == 403
    nurse = signed_in(Role.NURSE)
    assert nurse.get("/asks").status_code == 403
    assert nurse.get(f"/sessions/{visit.id}/decide/may_start").status_code == 403
    assert "168/102" not in signed_in(Role.FRONT_DESK).get(f"/sessions/{visit.id}").text


@pytest.mark.parametrize("gate", ["same_day", "x", "may_be_ready"])
def test_a_gate_that_nobody_asks_about_is_not_found(visit: TreatmentSession, signed_in: SignIn, gate: str) -> None:
    assert signed_in(Role.PROVIDER).get(f"/sessions/{visit.id}/decide/{gate}").status_code == 404


def test_pages_of_a_gate_that_is_not_ahead_offer_nothing_to_send(visit: TreatmentSession, signed_in: SignIn) -> None:
    provider = signed_in(Role.PROVIDER)
    assert 'name="seen"' not in provider.get(f"/sessions/{visit.id}/decide/may_leave").text
    assert 'name="form_key"' not in provider.get(f"/sessions/{visit.id}/ask/may_leave").text


def test_a_page_that_stays_open_is_told_once_that_somebody_waits(
    db: Session, asked: ProviderAsk, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    provider, poll = signed_in(Role.PROVIDER), {"X-Poll": "1"}
    told = provider.get("/asks/banner?revision=0", headers=poll)
    assert (told.status_code, "1 question waits" in told.text) == (200, True)
    assert provider.get("/asks/banner?revision=1", headers=poll).status_code == 304
    here = provider.get("/asks/first")
    assert here.headers["Location"].endswith(f"/sessions/{asked.session_id}/decide/may_start")
    db.rollback()
    take(db, asked.treatment, Action.CALL_OFF, now, by)
    db.commit()
    over = provider.get("/asks/banner?revision=1", headers=poll)
    assert (over.status_code, "waits" in over.text) == (200, False)
    assert provider.get("/asks/first").headers["Location"].endswith("/asks")


def test_not_today_leads_to_the_reasons_with_none_chosen_and_then_to_another_time_or_the_waitlist(
    db: Session, visit: TreatmentSession, asked: ProviderAsk, signed_in: SignIn
) -> None:
    provider, nurse, path = signed_in(Role.PROVIDER), signed_in(Role.NURSE), f"/sessions/{visit.id}"
    assert provider.post(
        f"{path}/decide/may_start", data=an_answer(provider, f"{path}/decide/may_start", Answer.NOT_TODAY)
    )
    assert f'href="{path}/call-off"' in nurse.get(path).text
    page = nurse.get(f"{path}/call-off").text
    assert not re.search(r'name="reasons"[^>]*checked', page)
    form = {"action": "call_off", "version": value_of(page, "version"), "reasons": ["blood_pressure", "unwell"]}
    done = nurse.post(f"{path}/step", data=form)
    assert done.headers["Location"].endswith(f"{path}/after")
    for visitor in (nurse, provider, signed_in(Role.FRONT_DESK), signed_in(Role.OWNER)):
        after = visitor.get(f"{path}/after").text
        assert "Book another time" in after
        assert "Put on the waitlist" in after
        assert "Did not go ahead: Mon Nov 23, 9:30 am" in after
        assert "lood pressure" not in after


def test_a_session_is_called_off_for_a_reason_at_least(visit: TreatmentSession, signed_in: SignIn) -> None:
    nurse = signed_in(Role.NURSE)
    page = nurse.get(f"/sessions/{visit.id}/call-off").text
    form = {"action": "call_off", "version": value_of(page, "version")}
    refused = nurse.post(f"/sessions/{visit.id}/step", data=form)
    assert refused.status_code == 422
    assert "Choose at least one reason" in refused.text


def test_a_wish_that_waits_already_is_shown_with_its_days_when_a_session_is_called_off(
    db: Session, visit: TreatmentSession, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    wish = Wish(protocol_version_id=visit.protocol_version_id or 0, days=[1], from_minute=9 * 60, words="Tuesdays")
    waitlist.add(db, visit.patient, visit.clinic_id, wish, now=now, by=by)
    take(db, visit, Action.CALL_OFF, now, by, reasons=(CallOffReason.LATE,))
    db.commit()
    page = signed_in(Role.NURSE).get(f"/sessions/{visit.id}/after").text
    assert 'value="Tuesdays"' in page
    assert 'value="9:00 am"' in page
    assert re.search(r'name="days"[^>]*value="1" checked', page)


def test_a_session_that_has_begun_cannot_be_called_off(
    db: Session, visit: TreatmentSession, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    take(db, visit, Action.CALL_OFF, now, by)
    db.commit()
    assert signed_in(Role.NURSE).get(f"/sessions/{visit.id}/call-off").status_code == 404


def test_whoever_asked_is_told_of_the_answer_on_their_other_pages_and_nobody_else_is(
    db: Session, clinic: Clinic, visit: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    kim = factories.a_user(db, clinic, Role.NURSE, name="Kim")
    asks = Actor(kind=ActorKind.USER, user=kim, role=Role.NURSE)
    asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], None, now=now, by=asks)
    db.commit()
    hers, other, poll = signed_in(user=kim), signed_in(Role.NURSE), {"X-Poll": "1"}
    assert hers.get("/asks/banner?revision=0", headers=poll).status_code == 304
    provider, path = signed_in(Role.PROVIDER), f"/sessions/{visit.id}/decide/may_start"
    assert provider.post(path, data=an_answer(provider, path, Answer.GO_AHEAD)).status_code == 303
    told = hers.get("/asks/banner?revision=0", headers=poll)
    assert "Chair 1: go ahead, says Person" in told.text
    assert "Ana Ruiz" not in told.text
    assert hers.get(f"/asks/banner?revision=0&but={visit.id}", headers=poll).status_code == 304
    assert other.get("/asks/banner?revision=0", headers=poll).status_code == 304
    assert 'id="ask-banner"' in hers.get("/patients").text
    assert 'id="ask-banner"' not in signed_in(Role.FRONT_DESK).get("/patients").text


def provided(db: Session, clinic: Clinic, visit: TreatmentSession, word: asking.Word, now: datetime) -> None:
    provider = Actor(
        kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.PROVIDER, name="Dr. Reyes"), role=Role.PROVIDER
    )  # fmt: skip
    asking.decide(db, visit, Gate.MAY_START, word, now=now, by=provider)
    db.commit()


def test_an_open_page_renews_itself_when_the_wait_is_over(
    db: Session, clinic: Clinic, visit: TreatmentSession, signed_in: SignIn, time_at: time_machine.Traveller,
    now: datetime,
) -> None:  # fmt: skip
    word = asking.Word(answer=Answer.WAIT, reasons=[], words="Let them rest", until=now + 20 * MINUTE)
    provided(db, clinic, visit, word, now)
    nurse = signed_in(Role.NURSE)
    page = nurse.get(f"/sessions/{visit.id}").text.split('id="session"')[1]
    seen = page.split('data-revision="')[1].split('"')[0]
    for minutes, status in ((0, 304), (10, 304), (19, 304), (20, 200)):
        time_at.move_to(now + minutes * MINUTE)
        assert nurse.get("/patients").status_code == 200, "a poll keeps nobody signed in"
        again = nurse.get(f"/sessions/{visit.id}?revision={seen}", headers={"X-Poll": "1"})
        assert again.status_code == status, minutes
    assert "The wait is over." in again.text


def test_what_is_asked_about_stands_once_on_the_page(
    visit: TreatmentSession, asked: ProviderAsk, signed_in: SignIn
) -> None:
    nurse, provider = signed_in(Role.NURSE), signed_in(Role.PROVIDER)
    page = nurse.get(f"/sessions/{visit.id}").text
    assert "Same as last week" in page
    assert page.split('id="session"')[1].split('id="drug"')[0].count("A reading is out of range.") == 1
    answering = provider.get(f"/sessions/{visit.id}/decide/may_start").text
    assert answering.count("A reading is out of range.") == 1


def test_not_today_of_another_day_is_told_with_its_day_and_asked_again(
    db: Session, clinic: Clinic, by: Actor, signed_in: SignIn, now: datetime
) -> None:
    then, desk = now - timedelta(days=7), a_nurse(db, clinic, Role.FRONT_DESK)
    visit = factories.a_session(db, factories.a_patient(db, clinic), then)
    take(db, visit, Action.ARRIVE, then, by)
    factories.ready_to_start(db, visit, then)
    provided(db, clinic, visit, asking.Word(answer=Answer.NOT_TODAY, reasons=[], words="Rest first"), then)
    lifecycle.undo(db, visit, now=then + MINUTE, by=by)
    to = booking.MoveRequest(
        chair_id=clinic.chairs[0].id, starts_at=now, version=visit.version, reasons=(MoveReason.PATIENT_ASKED,)
    )  # fmt: skip
    booking.put(db, visit, to, now=then + MINUTE, by=desk)
    take(db, visit, Action.ARRIVE, now, by)
    db.commit()
    page = signed_in(Role.NURSE).get(f"/sessions/{visit.id}").text
    card, drug = (page.split(f'id="{part}"')[1].split("</section>")[0] for part in ("asks", "drug"))
    assert "Dr. Reyes said not today on Mon Nov 16, 10:00 am" in card
    assert "ask again" in card
    assert "Cannot go ahead" not in card
    assert "Read on Mon Nov 16: read it again today" in drug
    assert "Enter the label" in drug


def test_not_today_of_today_leads_to_another_day(
    db: Session, clinic: Clinic, visit: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    provided(db, clinic, visit, asking.Word(answer=Answer.NOT_TODAY, reasons=[], words="Rest first"), now)
    card = signed_in(Role.NURSE).get(f"/sessions/{visit.id}").text.split('id="asks"')[1].split("</section>")[0]
    assert "Cannot go ahead" in card
    assert "ask again" not in card


def test_before_leaving_a_provider_reads_awake_breaths_and_minutes_and_what_was_not_asked_about_with_nothing_ticked(
    db: Session, visit: TreatmentSession, by: Actor, now: datetime, signed_in: SignIn
) -> None:
    recording.record_vitals(db, visit, Vitals(systolic=122, diastolic=78), now=now - 4 * MINUTE, by=by)
    take(db, visit, Action.START, now - 3 * MINUTE, by, ready=False)
    take(db, visit, Action.FINISH_DOSE, now - 2 * MINUTE, by)
    recording.record_vitals(db, visit, Vitals(respiratory_rate=16, moaa_s=4), now=now - MINUTE, by=by)
    asking.ask(db, visit, Gate.MAY_LEAVE, [Reason.MINIMUM_NOT_REACHED], "Wants to go", now=now, by=by)
    db.commit()
    provider = signed_in(Role.PROVIDER)
    page = provider.get(f"/sessions/{visit.id}/decide/may_leave").text
    readings = page[page.index("readings-today") : page.index("usual")]
    assert "+2 min" in readings
    assert "MOAA/S" in readings
    assert "breaths" in readings
    assert not re.search(r'name="reasons"[^>]*checked', page), "the provider ticks what they have weighed"
    assert page.count("The minimum observation time is not reached.") == 2, "what was asked, and what may be weighed"
    listed = provider.get("/asks").text
    besides = listed[listed.index("Stands besides, not asked about") :]
    assert "There is no safe way home yet." in besides
    assert "The minimum observation time is not reached." not in besides
