"""Signing in and out, as people and as attackers do it."""

import html
import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import (
    AuditAction,
    AuditEntry,
    Clinic,
    Installation,
    Note,
    SignIn,
    SignInAttempt,
    TreatmentSession,
    User,
)
from clinic_sessions.services.accounts import sign_ins
from tests import factories
from tests.conftest import SignIn as SignInFixture

PASSWORD = "correct horse battery"


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> str:
    """The address of a nurse who has a password."""
    email = factories.a_user(db, clinic, Role.NURSE, password_hash=factories.hashed(PASSWORD)).email
    db.commit()
    return email


def post(app: Flask, email: str, password: str, **more: str) -> tuple[FlaskClient, TestResponse]:
    visitor = app.test_client()
    return visitor, visitor.post("/sign-in", data={"email": email, "password": password, **more})


def test_the_right_password_signs_in_and_leads_where_the_person_wanted_to_go(app: Flask, nurse: str) -> None:
    visitor, answer = post(app, nurse.upper(), PASSWORD, next="/board?x=1")
    assert (answer.status_code, answer.location) == (302, "/board?x=1")
    assert visitor.get("/").status_code == 200


def test_a_wrong_password_and_an_unknown_address_read_the_same(app: Flask, nurse: str) -> None:
    _, wrong = post(app, nurse, "wrong horse battery")
    _, unknown = post(app, "nobody@example.org", "wrong horse battery")
    assert wrong.status_code == unknown.status_code == 422
    assert b"do not go together" in wrong.data
    assert wrong.data.replace(nurse.encode(), b"") == unknown.data.replace(b"nobody@example.org", b"")


def test_what_was_typed_is_still_there_but_never_the_password(app: Flask, nurse: str) -> None:
    _, answer = post(app, nurse, "wrong horse battery")
    assert nurse.encode() in answer.data
    assert b"wrong horse" not in answer.data


def test_after_ten_failures_even_the_right_password_waits(
    app: Flask, db: Session, nurse: str, time_at: time_machine.Traveller, now: datetime
) -> None:
    for _ in range(sign_ins.TRIES_PER_ACCOUNT):
        post(app, nurse, "wrong horse battery")
    assert post(app, nurse, PASSWORD)[1].status_code == 429
    assert db.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == sign_ins.TRIES_PER_ACCOUNT
    time_at.move_to(now + sign_ins.WINDOW + timedelta(seconds=1))
    assert post(app, nurse, PASSWORD)[1].status_code == 302


def test_a_copied_cookie_is_dead_after_sign_out(app: Flask, nurse: str) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    cookie = visitor.get_cookie("clinic")
    assert cookie is not None
    copied = cookie.value
    visitor.post("/sign-out")
    thief = app.test_client()
    thief.set_cookie("clinic", copied)
    assert thief.get("/").status_code == 302


def test_a_disabled_account_is_out_at_the_next_request(app: Flask, db: Session, nurse: str, now: datetime) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    db.execute(sa.update(User).where(User.email == nurse).values(disabled_at=now))
    db.commit()
    assert visitor.get("/").status_code == 302
    assert post(app, nurse, PASSWORD)[1].status_code == 422


@pytest.mark.parametrize(("wait", "status"), [(timedelta(minutes=15), 200), (timedelta(minutes=15, seconds=1), 302)])
def test_a_left_workstation_signs_itself_out(
    app: Flask, nurse: str, time_at: time_machine.Traveller, now: datetime, wait: timedelta, status: int
) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    time_at.move_to(now + wait)
    assert visitor.get("/").status_code == status


def test_watching_a_page_refresh_itself_does_not_keep_a_sign_in_alive(
    app: Flask, db: Session, nurse: str, time_at: time_machine.Traveller, now: datetime
) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    time_at.move_to(now + timedelta(minutes=10))
    visitor.get("/", headers={"X-Poll": "1"})
    assert db.scalars(sa.select(SignIn)).one().last_seen_at == now
    time_at.move_to(now + timedelta(minutes=16))
    assert visitor.get("/", headers={"X-Poll": "1"}).status_code == 401


def test_no_sign_in_outlasts_twelve_hours(
    app: Flask, nurse: str, time_at: time_machine.Traveller, now: datetime
) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    for minutes in range(10, 12 * 60 + 1, 10):
        time_at.move_to(now + timedelta(minutes=minutes))
        assert visitor.get("/").status_code == 200
    time_at.move_to(now + timedelta(hours=12, seconds=1))
    assert visitor.get("/").status_code == 302


def test_each_sign_in_has_a_token_of_its_own(app: Flask, db: Session, nurse: str) -> None:
    post(app, nurse, PASSWORD)
    post(app, nurse, PASSWORD)
    assert len(set(db.scalars(sa.select(SignIn.token_hash)))) == 2


def test_signing_in_and_out_is_audited(app: Flask, db: Session, nurse: str) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    visitor.post("/sign-out")
    acts = list(db.scalars(sa.select(AuditEntry.action).where(AuditEntry.entity == "sign_in").order_by(AuditEntry.id)))
    assert acts == [AuditAction.SIGN_IN, AuditAction.SIGN_OUT]


@pytest.mark.parametrize("in_demo", [True, False])
def test_a_demo_account_works_in_a_demo_database_only(
    app: Flask, db: Session, clinic: Clinic, now: datetime, in_demo: bool
) -> None:
    hashed = sign_ins.hash_password(PASSWORD)
    user = factories.a_user(db, clinic, Role.NURSE, password_hash=hashed, is_demo=True)
    db.add(Installation(id=1, is_demo=in_demo, created_at=now))
    db.commit()
    assert post(app, user.email, PASSWORD)[1].status_code == (302 if in_demo else 422)


FOREIGN = [
    "//evil.test",
    "/\\evil.test",
    "\\\\evil.test",
    "https://evil.test",
    "http:evil.test",
    "javascript:alert(1)",
    "/\t/evil.test",
    "/%0d%0aLocation:x\r\n",
    " //evil.test",
    "",
    "evil.test",
    "///evil.test",
    "/" + "a" * 100_000,
]


@pytest.mark.parametrize("wanted", FOREIGN, ids=lambda wanted: repr(wanted[:30]))
def test_nobody_is_sent_to_a_foreign_place_after_signing_in(app: Flask, nurse: str, wanted: str) -> None:
    _, answer = post(app, nurse, PASSWORD, next=wanted)
    assert answer.location == "/"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"email": "", "password": ""},
        {"email": "x" * 300, "password": "y" * 300},
        {"email": "\x00", "password": "\x00"},
    ],
)
def test_a_form_that_cannot_be_right_says_so_on_the_same_page(app: Flask, clinic: Clinic, data: dict[str, str]) -> None:
    answer = app.test_client().post("/sign-in", data=data)
    assert answer.status_code == 422
    assert b"Sign in" in answer.data


def test_a_person_can_pin_the_theme(signed_in: SignInFixture) -> None:
    visitor = signed_in(Role.NURSE)
    assert visitor.post("/theme", data={"name": "dim", "next": "/"}).location == "/"
    assert b'data-theme="dim"' in visitor.get("/").data


WORDS = "Slept through. Woke calm, and asked for water."


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A session under way, in whose record something is written."""
    made = factories.a_session(db, factories.a_patient(db, clinic), now, status=Status.OBSERVING)
    db.commit()
    return made


def hidden(page: str) -> dict[str, str]:
    """What a page's own form would send unseen."""
    named = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.split("<main")[1])
    return {name: html.unescape(value) for name, value in named if name != "csrf_token"}


def test_words_typed_after_the_sign_in_ended_are_sent_once_the_person_is_back(
    app: Flask, db: Session, nurse: str, treatment: TreatmentSession, time_at: time_machine.Traveller
) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    path = f"/sessions/{treatment.id}/notes"
    fields = hidden(visitor.get(path).text)
    time_at.shift(timedelta(minutes=20))
    asked = visitor.post(path, data={**fields, "body": WORDS})
    assert asked.status_code == 401
    assert WORDS not in asked.text, "a screen that anybody may see keeps the words sealed"
    back = visitor.post("/sign-in", data={**hidden(asked.text), "email": nurse, "password": PASSWORD})
    assert WORDS in back.text
    assert db.scalars(sa.select(Note.body)).all() == [], "nothing is sent by itself"
    db.rollback()
    sent = visitor.post(path, data=hidden(back.text))
    assert sent.status_code == 303
    assert db.scalars(sa.select(Note.body)).all() == [WORDS]


def test_a_wrong_password_keeps_what_was_typed(
    app: Flask, nurse: str, treatment: TreatmentSession, time_at: time_machine.Traveller
) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    time_at.shift(timedelta(minutes=20))
    asked = visitor.post(f"/sessions/{treatment.id}/notes", data={"body": WORDS})
    wrong = visitor.post("/sign-in", data={**hidden(asked.text), "email": nurse, "password": "wrong horse battery"})
    assert wrong.status_code == 422
    right = visitor.post("/sign-in", data={**hidden(wrong.text), "email": nurse, "password": PASSWORD})
    assert WORDS in right.text


def test_what_one_person_typed_is_not_shown_to_the_next(
    app: Flask,
    db: Session,
    clinic: Clinic,
    nurse: str,
    treatment: TreatmentSession,
    time_at: time_machine.Traveller,
) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    other = factories.a_user(db, clinic, Role.FRONT_DESK, password_hash=factories.hashed(PASSWORD)).email
    db.commit()
    time_at.shift(timedelta(minutes=20))
    asked = visitor.post(f"/sessions/{treatment.id}/notes", data={"body": WORDS})
    back = visitor.post("/sign-in", data={**hidden(asked.text), "email": other, "password": PASSWORD})
    assert back.status_code == 200
    assert WORDS not in back.text
    assert "Somebody else had typed" in back.text


def test_a_form_open_from_before_signing_out_in_another_tab_keeps_its_words(
    app: Flask, nurse: str, treatment: TreatmentSession
) -> None:
    visitor, _ = post(app, nurse, PASSWORD)
    visitor.post("/sign-out")
    asked = visitor.post(f"/sessions/{treatment.id}/notes", data={"body": WORDS}, csrf=False)
    assert asked.status_code == 401
    back = visitor.post("/sign-in", data={**hidden(asked.text), "email": nurse, "password": PASSWORD})
    assert WORDS in back.text
    stale = visitor.post(f"/sessions/{treatment.id}/notes", data={"body": WORDS}, csrf=False)
    assert stale.status_code == 400
    assert WORDS in stale.text


@pytest.mark.parametrize("typed", ["", "x.y.z", "e30.aaaa.bbbb"])
def test_what_was_not_sealed_here_is_not_taken(app: Flask, nurse: str, typed: str) -> None:
    _, answer = post(app, nurse, PASSWORD, typed=typed)
    assert (answer.status_code, answer.location) == (302, "/")
