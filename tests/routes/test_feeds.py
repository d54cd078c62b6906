"""Staff feeds over HTTP: who can make one, who can read it, what it says, and what it never says."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.models import ActorKind, AuditAction, AuditEntry, Chair, Clinic, StaffFeed, TreatmentSession, User
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.messages.letters import visit_of
from clinic_sessions.services.session import lifecycle
from clinic_sessions.services.sites import feeds
from tests import factories
from tests.conftest import SignIn
from tests.routes.test_schedule import _statements as statements

REVEALING = re.compile(
    r"ketami|infus|nasal|intra|depress|pain|treatment|dose|mood|\biv\b|\bim\b|ruiz|ana\b", re.IGNORECASE
)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> User:
    """A nurse of the clinic."""
    return factories.a_user(db, clinic, Role.NURSE)


@pytest.fixture
def by(nurse: User) -> Actor:
    """The nurse, acting."""
    return Actor(kind=ActorKind.USER, user=nurse, role=Role.NURSE)


@pytest.fixture
def path(db: Session, clinic: Clinic, nurse: User, by: Actor, now: datetime) -> str:
    """The address of a feed of the nurse's."""
    token = feeds.make(db, nurse, clinic, now=now, by=by)
    db.commit()
    return f"/feed/{token}.ics"


@pytest.fixture
def program(app: Flask) -> FlaskClient:
    """A calendar program: no cookies, nobody signed in."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A session tomorrow."""
    made = factories.a_session(db, factories.a_patient(db, clinic, "Ana Mar\u00eda Ruiz"), now + timedelta(days=1))
    db.commit()
    return made


def events(answer: Any) -> list[Any]:
    """The entries of a feed, read by a parser that is not ours."""
    return list(Calendar.from_ical(answer.data).walk("VEVENT"))


def test_an_address_is_made_shown_once_and_revoked(
    db: Session, signed_in: SignIn, program: FlaskClient, treatment: TreatmentSession
) -> None:
    nurse = signed_in(Role.NURSE)
    made = nurse.post("/feeds")
    [address] = re.findall(r">http://localhost(/feed/[A-Za-z0-9_-]{22}\.ics)<", made.text)
    assert made.headers["Cache-Control"] == "no-store"
    assert len(events(program.get(address))) == 1

    page = nurse.get("/feeds").text
    assert address not in page
    assert address.split("/")[2][:22] not in repr(
        [dict(row._mapping) for row in db.execute(sa.select(StaffFeed.__table__))]
    )
    [revoke] = re.findall(r'action="(/feeds/\d+/revoke)"', page)
    assert signed_in(Role.NURSE).post(revoke).status_code == 404
    assert nurse.post(revoke).status_code == 303
    assert program.get(address).status_code == 404
    assert revoke not in nurse.get("/feeds").text


def test_nobody_has_more_than_ten_addresses(signed_in: SignIn) -> None:
    desk = signed_in(Role.FRONT_DESK)
    answers = [desk.post("/feeds") for _ in range(feeds.MOST + 1)]
    assert [answer.status_code for answer in answers] == [200] * feeds.MOST + [409]
    assert "Revoke one that you do not use" in answers[-1].text


def test_a_feed_tells_initials_chair_and_time_and_nothing_else(
    program: FlaskClient, path: str, treatment: TreatmentSession
) -> None:
    answer = program.get(path)
    lines = answer.data.split(b"\r\n")
    [event] = events(answer)

    assert (event["SUMMARY"], event["LOCATION"], event["STATUS"]) == ("A. R.", "Chair 1", "CONFIRMED")
    assert event["URL"] == f"http://localhost/sessions/{treatment.id}"
    assert event["UID"] == treatment.uid
    assert b"DTSTART:20261124T180000Z" in lines
    assert b"CLASS:PRIVATE" in lines
    assert b"TRANSP:TRANSPARENT" in lines
    assert b"X-WR-CALNAME:Harbor Street Clinic" in lines
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT15M" in lines
    assert {line.split(b":")[0].split(b";")[0] for line in lines if line} <= {
        b"BEGIN", b"END", b"VERSION", b"PRODID", b"X-WR-CALNAME", b"X-WR-TIMEZONE", b"X-PUBLISHED-TTL",
        b"REFRESH-INTERVAL", b"SUMMARY", b"DTSTART", b"DTEND", b"DTSTAMP", b"UID", b"SEQUENCE", b"CLASS",
        b"LAST-MODIFIED", b"LOCATION", b"STATUS", b"TRANSP", b"URL",
    }  # fmt: skip
    assert all(len(line) <= 75 for line in lines)
    assert not REVEALING.search(answer.text.replace("Clinic Sessions//", ""))


def test_a_feed_sets_no_cookie_and_is_kept_by_nobody_between(
    program: FlaskClient, path: str, treatment: TreatmentSession
) -> None:
    for answer in (program.get(path), program.head(path), program.get("/feed/unknown.ics")):
        assert "Set-Cookie" not in answer.headers
    assert program.get(path).headers["Cache-Control"] == "private, no-cache"
    assert program.get(path).headers["Content-Type"].startswith("text/calendar")


def test_the_same_picture_is_given_once_and_audited_once_with_its_patients(
    db: Session, program: FlaskClient, path: str, treatment: TreatmentSession, nurse: User, now: datetime, by: Actor
) -> None:
    first = program.get(path)
    program.get(path)
    program.head(path)
    known = {"If-None-Match": first.headers["ETag"]}
    again = program.get(path, headers=known)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"

    db.rollback()
    lifecycle.do(db, treatment, Action.CANCEL, now=now, by=Actor(kind=ActorKind.PATIENT))
    db.commit()
    changed = program.get(path, headers=known)
    assert (changed.status_code, events(changed)[0]["STATUS"]) == (200, "CANCELLED")
    reads = db.scalars(sa.select(AuditEntry).where(AuditEntry.action == AuditAction.READ)).all()
    assert [(one.entity, one.user_id, one.patient_ids) for one in reads] == [
        ("staff_feed", nurse.id, [str(treatment.patient_id)])
    ] * 2


def _disable(db: Session, feed: StaffFeed, now: datetime) -> None:
    feed.user.disabled_at = now


def _send_away(db: Session, feed: StaffFeed, now: datetime) -> None:
    feed.user.clinics = [factories.a_clinic(db)]


def _make_auditor(db: Session, feed: StaffFeed, now: datetime) -> None:
    feed.user.role_rows[0].role = Role.AUDITOR


def _make_demo(db: Session, feed: StaffFeed, now: datetime) -> None:
    feed.user.is_demo = True


def _revoke(db: Session, feed: StaffFeed, now: datetime) -> None:
    feed.revoked_at = now


@pytest.mark.parametrize("act", [_disable, _send_away, _make_auditor, _make_demo, _revoke])
def test_who_may_no_longer_read_gets_what_a_stranger_gets(
    db: Session, program: FlaskClient, path: str, treatment: TreatmentSession, now: datetime, act: Any
) -> None:
    act(db, db.scalars(sa.select(StaffFeed)).one(), now)
    db.commit()
    refused, unknown = program.get(path), program.get("/feed/AAAAAAAAAAAAAAAAAAAAAA.ics")
    assert (
        (refused.status_code, refused.data) == (unknown.status_code, unknown.data) == (404, b"There is nothing here.\n")
    )
    drop = {"Date"}
    assert {k: v for k, v in refused.headers.items() if k not in drop} == {
        k: v for k, v in unknown.headers.items() if k not in drop
    }


def test_a_feed_shows_its_clinic_from_a_week_back_to_sixty_days_ahead(
    db: Session, clinic: Clinic, program: FlaskClient, path: str, now: datetime
) -> None:
    patient, other = factories.a_patient(db, clinic), factories.a_clinic(db)
    inside = [now - timedelta(days=7), now + timedelta(days=60)]
    for at in (*inside, now - timedelta(days=8), now + timedelta(days=61)):
        factories.a_session(db, patient, at)
    factories.a_session(db, factories.a_patient(db, other), now)
    db.commit()
    assert [event["DTSTART"].dt for event in events(program.get(path))] == inside


@pytest.mark.parametrize(
    ("status", "said"),
    [(Status.HELD, "TENTATIVE"), (Status.CONFIRMED, "CONFIRMED"), (Status.LAPSED, "CANCELLED")],
)
def test_a_hold_is_tentative_and_what_fell_away_is_cancelled(
    db: Session, program: FlaskClient, path: str, treatment: TreatmentSession, status: Status, said: str
) -> None:
    treatment.status = status
    db.commit()
    assert events(program.get(path))[0]["STATUS"] == said


def test_feed_and_mail_count_alike(
    db: Session, program: FlaskClient, path: str, treatment: TreatmentSession, now: datetime
) -> None:
    desk = Actor(
        kind=ActorKind.USER, user=factories.a_user(db, db.get_one(Clinic, treatment.clinic_id), Role.FRONT_DESK)
    )
    said = []
    for number, step in enumerate((None, Action.CONFIRM, Action.CANCEL, Action.UNDO, Action.CANCEL)):
        at = now + timedelta(minutes=number)
        if step is Action.UNDO:
            lifecycle.undo(db, treatment, now=at, by=desk)
        elif step is not None:
            lifecycle.do(db, treatment, step, now=at, by=desk)
        db.commit()
        visit, [event] = visit_of(treatment, treatment.patient.language), events(program.get(path))
        assert (event["SEQUENCE"], event["LAST-MODIFIED"].dt) == (visit.sequence, visit.changed_at)
        said.append((visit.sequence, visit.changed_at))
        db.rollback()
    later = [now + timedelta(minutes=minutes) for minutes in (2, 3, 4)]
    assert said == [(1, factories.LONG_AGO), (1, factories.LONG_AGO), (2, later[0]), (3, later[1]), (4, later[2])]


@pytest.mark.parametrize("count", [8, 80])
def test_a_poll_asks_two_queries_however_many_sessions_it_shows(
    app: Flask, db: Session, clinic: Clinic, program: FlaskClient, path: str, now: datetime, count: int
) -> None:
    by = factories.a_user(db, clinic, Role.FRONT_DESK)
    patient = factories.a_patient(db, clinic, registered_by=by)
    for n in range(count):
        clinic.chairs.append(Chair(name=f"C{n}", position=9 + n, allows_iv=True, allows_in=True, allows_im=True))
        db.flush()
        factories.a_session(db, patient, now + timedelta(hours=12 * n), chair=clinic.chairs[-1], by=by)
    db.commit()
    program.get(path)
    with statements(app) as said:
        answer = program.get(path)
    assert len(events(answer)) == count
    assert len(said) == 2
    assert "treatment_sessions.clinic_id = " in said[1]


def test_the_query_searches_indexes_only(app: Flask, db: Session, clinic: Clinic, now: datetime) -> None:
    if db.get_bind().dialect.name != "sqlite":
        return
    written = feeds.query_of(clinic, now).compile(db.get_bind(), compile_kwargs={"literal_binds": True})
    plan = [row[3] for row in db.execute(sa.text(f"EXPLAIN QUERY PLAN {written}"))]
    assert not [line for line in plan if line.startswith("SCAN")]
    assert any("ix_treatment_sessions_clinic_starts" in line for line in plan)
