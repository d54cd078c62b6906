"""Many people at many desks want the same chair at the same moment."""

import secrets
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.lifecycle import Status
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.wall_time import first_instant, local_day
from clinic_sessions.forms.booking import slot_value
from clinic_sessions.models import Chair, Clinic, Installation, Message, Patient, StatusChange, TreatmentSession
from clinic_sessions.services import sign_ins
from tests import factories
from tests.races.servers import Post, all_at_once, cookie_of, serving

SLOTS, RIVALS, SERVERS = 50, 20, 3


def _weekdays(clinic: Clinic, now: datetime, count: int) -> list[date]:
    first = local_day(now, clinic.zone) + timedelta(days=1)
    days = (first + timedelta(days=n) for n in range(3 * count))
    return [day for day in days if day.weekday() < 5][:count]


def _slots(clinic: Clinic, chair: Chair, now: datetime, count: int) -> list[str]:
    starts = [
        first_instant(day, time(hour), clinic.zone)
        for day in _weekdays(clinic, now, count // 3 + 1)
        for hour in (8, 11, 14)
    ]
    return [slot_value(chair.id, start.astimezone(UTC)) for start in starts[:count]]


def _cookie(app: Flask, db: Session, clinic: Clinic, now: datetime) -> str:
    user = factories.a_user(db, clinic, Role.FRONT_DESK)
    db.add(Installation(id=1, is_demo=True, created_at=now))
    token = sign_ins.open_sign_in(db, user, now=now, address="127.0.0.1")
    db.commit()
    return cookie_of(app, token)


def _form(patient: Patient, what: int, slot: str, key: str | None = None) -> dict[str, str]:
    return {
        "patient": str(patient.id),
        "what": str(what),
        "slot": slot,
        "tell": "y",
        "form_key": key or secrets.token_urlsafe(24),
    }


def test_of_many_rivals_for_each_slot_exactly_one_books_it(
    app: Flask, db: Session, clinic: Clinic, database_url: str, tmp_path: Path, now: datetime
) -> None:
    patients = [factories.a_patient(db, clinic, f"Patient {n}") for n in range(RIVALS)]
    what = factories.a_protocol(db, "im").id
    cookie = _cookie(app, db, clinic, now)
    slots = _slots(clinic, clinic.chairs[0], now, SLOTS)
    with serving(database_url, tmp_path, SERVERS, now) as ports:
        posts = [
            Post(port=ports[n % SERVERS], path="/sessions/new", form=_form(patient, what, slot))
            for slot in slots
            for n, patient in enumerate(patients)
        ]
        answers = all_at_once(posts, cookie, threads=RIVALS)
    assert Counter(answer.status for answer in answers) == {303: SLOTS, 409: SLOTS * (RIVALS - 1)}
    assert all("The next free times" in answer.body for answer in answers if answer.status == 409)
    db.rollback()
    booked = db.scalars(sa.select(TreatmentSession).where(TreatmentSession.status == Status.BOOKED)).all()
    assert sorted(slot_value(one.chair_id or 0, one.starts_at) for one in booked) == sorted(slots)
    assert db.scalar(sa.select(sa.func.count()).select_from(StatusChange)) == SLOTS


def test_the_same_form_sent_twenty_times_at_once_books_once_and_answers_the_same(
    app: Flask, db: Session, clinic: Clinic, database_url: str, tmp_path: Path, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    what = factories.a_protocol(db, "iv-mood").id
    cookie = _cookie(app, db, clinic, now)
    [slot] = _slots(clinic, clinic.chairs[0], now, 1)
    form = _form(patient, what, slot)
    with serving(database_url, tmp_path, SERVERS, now) as ports:
        posts = [Post(port=ports[n % SERVERS], path="/sessions/new", form=form) for n in range(20)]
        answers = all_at_once(posts, cookie, threads=20)
    assert {(answer.status, answer.location) for answer in answers} == {(303, answers[0].location)}
    db.rollback()
    assert db.scalar(sa.select(sa.func.count()).select_from(TreatmentSession)) == 1
    kinds = Counter(db.scalars(sa.select(Message.kind)))
    assert max(kinds.values()) == 1
