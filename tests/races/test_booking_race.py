"""Many people at many desks want the same chair, the same nurse or the same patient at the same moment."""

import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.wall_time import first_instant, local_day
from clinic_sessions.forms.booking import slot_value
from clinic_sessions.models import (
    BookingOverride,
    Chair,
    Clinic,
    Message,
    Patient,
    Shift,
    ShiftException,
    StatusChange,
    TreatmentSession,
    User,
)
from tests import factories
from tests.races.conftest import MONDAY_TEN, Desks
from tests.races.servers import Answer, Post

RIVALS = 20
NEXT_TIMES = "The next free times"
NO_NURSE = "of a nurse, and nothing is free."


def _weekdays(count: int) -> list[date]:
    first = MONDAY_TEN.date() + timedelta(days=1)
    days = (first + timedelta(days=n) for n in range(3 * count))
    return [day for day in days if day.weekday() < 5][:count]


def _at(clinic: Clinic, day: date, hour: int) -> datetime:
    return first_instant(day, time(hour), clinic.zone).astimezone(UTC)


def _starts(clinic: Clinic, count: int) -> list[datetime]:
    return [_at(clinic, day, hour) for day in _weekdays(count // 3 + 1) for hour in (8, 11, 14)][:count]


def _far_apart(clinic: Clinic, count: int) -> list[datetime]:
    """Give starts that are two days apart, so that no rival has been too close to the next one."""
    return [_at(clinic, day, 10) for day in _weekdays(2 * count)[::2]]


def _form(patient: Patient, what: int, chair: Chair, start: datetime, key: str | None = None) -> dict[str, str]:
    return {
        "patient": str(patient.id),
        "what": str(what),
        "slot": slot_value(chair.id, start),
        "tell": "y",
        "form_key": key or secrets.token_urlsafe(24),
    }


def _booked(db: Session, clinic: Clinic) -> Sequence[TreatmentSession]:
    db.rollback()
    return db.scalars(sa.select(TreatmentSession).where(TreatmentSession.clinic_id == clinic.id)).all()


def _more_chairs(db: Session, clinic: Clinic, count: int) -> None:
    taking = {"allows_iv": True, "allows_in": True, "allows_im": True}
    clinic.chairs += [Chair(name=f"More {n}", position=10 + n, **taking) for n in range(count)]
    db.flush()


def _people(db: Session, clinic: Clinic, count: int) -> list[Patient]:
    by = factories.a_user(db, clinic, Role.FRONT_DESK)
    return [factories.a_patient(db, clinic, f"Patient {n}", registered_by=by) for n in range(count)]


def _statuses(answers: Iterable[Answer]) -> Counter[int]:
    return Counter(answer.status for answer in answers)


@pytest.mark.parametrize("slots", [16, pytest.param(50, marks=pytest.mark.long)])
def test_of_many_rivals_for_each_slot_exactly_one_books_it(desks: Desks, db: Session, slots: int) -> None:
    clinic = factories.a_clinic(db)
    patients, what, chair = _people(db, clinic, RIVALS), factories.a_protocol(db, "im").id, clinic.chairs[0]
    cookie, starts = desks.cookie(db, clinic), _starts(clinic, slots)
    posts = [
        desks.post(n, "/sessions/new", _form(patient, what, chair, start))
        for start in starts
        for n, patient in enumerate(patients)
    ]
    answers = desks.send(posts, cookie, threads=RIVALS)
    assert _statuses(answers) == {303: slots, 409: slots * (RIVALS - 1)}
    assert all(NEXT_TIMES in answer.body for answer in answers if answer.status == 409)
    booked = _booked(db, clinic)
    assert sorted(one.starts_at for one in booked) == starts
    assert len(_changes(db, booked)) == slots


def _changes(db: Session, booked: Sequence[TreatmentSession]) -> Sequence[StatusChange]:
    return db.scalars(sa.select(StatusChange).where(StatusChange.session_id.in_({one.id for one in booked}))).all()


def test_the_same_form_sent_twenty_times_at_once_books_once_and_answers_the_same(desks: Desks, db: Session) -> None:
    clinic = factories.a_clinic(db)
    [patient], what = _people(db, clinic, 1), factories.a_protocol(db).id
    cookie = desks.cookie(db, clinic)
    form = _form(patient, what, clinic.chairs[0], _starts(clinic, 1)[0])
    answers = desks.send([desks.post(n, "/sessions/new", form) for n in range(20)], cookie, threads=20)
    assert {(answer.status, answer.location) for answer in answers} == {(303, answers[0].location)}
    [booked] = _booked(db, clinic)
    kinds = Counter(db.scalars(sa.select(Message.kind).where(Message.session_id == booked.id)))
    assert max(kinds.values()) == 1


def test_of_rivals_for_the_last_share_of_a_nurse_in_chairs_of_their_own_exactly_one_books(
    desks: Desks, db: Session
) -> None:
    clinic = factories.a_clinic(db, nurses=1)
    _more_chairs(db, clinic, 10)
    rivals, chairs = _people(db, clinic, 10), clinic.chairs[3:]
    [other], protocol, starts = _people(db, clinic, 1), factories.a_protocol(db), _far_apart(clinic, 6)
    for start in starts:
        factories.a_session(db, other, start, chair=clinic.chairs[0], protocol=protocol)
    what, cookie = protocol.id, desks.cookie(db, clinic)
    posts = [
        desks.post(n, "/sessions/new", _form(patient, what, chair, start))
        for start in starts
        for n, (patient, chair) in enumerate(zip(rivals, chairs, strict=True))
    ]
    answers = desks.send(posts, cookie)
    assert _statuses(answers) == {303: len(starts), 409: len(starts) * (len(rivals) - 1)}
    refused = [one.body for one in answers if one.status == 409]
    assert all(NO_NURSE in body and NEXT_TIMES in body for body in refused)
    assert Counter(one.starts_at for one in _booked(db, clinic)) == dict.fromkeys(starts, 2)


def test_of_rivals_for_one_patient_at_two_chairs_exactly_one_books(desks: Desks, db: Session) -> None:
    clinic = factories.a_clinic(db)
    starts, what = _starts(clinic, 8), factories.a_protocol(db, "im").id
    patients, chairs = _people(db, clinic, len(starts)), (clinic.chairs[0], clinic.chairs[2])
    cookie = desks.cookie(db, clinic)
    posts = [
        desks.post(n, "/sessions/new", _form(patient, what, chairs[n % 2], start + timedelta(minutes=15 * (n // 2))))
        for patient, start in zip(patients, starts, strict=True)
        for n in range(8)
    ]
    answers = desks.send(posts, cookie)
    assert _statuses(answers) == {303: len(starts), 409: len(starts) * 7}
    assert sorted(one.patient_id for one in _booked(db, clinic)) == sorted(patient.id for patient in patients)


def test_a_shift_that_is_shortened_while_bookings_run_is_refused_or_leaves_none_of_them_without_a_nurse(
    desks: Desks, db: Session
) -> None:
    clinic = factories.a_clinic(db, nurses=0)
    _more_chairs(db, clinic, 5)
    nurse, patients = factories.a_user(db, clinic, Role.NURSE), _people(db, clinic, 5)
    days = _weekdays(16)
    rows = [_one_day(db, nurse, clinic, day) for day in days]
    what, cookie = factories.a_protocol(db, "im").id, desks.cookie(db, clinic)
    posts, changes = list[Post](), list[int]()
    for n, (day, row) in enumerate(zip(days, rows, strict=True)):
        bookings = [
            desks.post(n + k, "/sessions/new", _form(patient, what, clinic.chairs[3 + k], _at(clinic, day, 14)))
            for k, patient in enumerate(patients)
        ]
        bookings.insert(n % 4, _shortening(desks, clinic, nurse, row, day, as_leave=n % 2 == 0))
        changes.append(len(posts) + n % 4)
        posts += bookings
    answers = desks.send(posts, cookie, threads=12)
    assert _statuses(answers).keys() == {303, 409}
    booked = Counter(local_day(one.starts_at, clinic.zone) for one in _booked(db, clinic))
    shortened = {day for day, at in zip(days, changes, strict=True) if answers[at].status == 303}
    assert booked == dict.fromkeys(set(days) - shortened, 1)
    assert _short_days(db, clinic) == shortened
    assert db.scalars(sa.select(BookingOverride).where(BookingOverride.by_id == nurse.id)).all() == []


def _one_day(db: Session, nurse: User, clinic: Clinic, day: date) -> Shift:
    row = Shift(
        clinic_id=clinic.id, user_id=nurse.id, role=SiteRole.NURSE, weekday=day.weekday(),
        starts_minute=8 * 60, ends_minute=18 * 60, first_day=day, last_day=day,
    )  # fmt: skip
    db.add(row)
    db.flush()
    return row


def _shortening(desks: Desks, clinic: Clinic, nurse: User, row: Shift, day: date, *, as_leave: bool) -> Post:
    """Ask that the nurse go at one o'clock: as leave, of which nobody has seen yet what it hits, or as other hours."""
    pages, first_day = f"/settings/sites/{clinic.id}/shifts", f"{day:%m/%d/%Y}"
    if as_leave:
        form = {"person": str(nurse.id), "first_day": first_day, "starts": "1 pm", "ends": "6 pm"}
        return desks.post(row.id, f"{pages}/leave", form)
    form = {"shifts": str(row.id), "first_day": first_day, "starts": "8 am", "ends": "1 pm", "act": "change"}
    return desks.post(row.id, f"{pages}/{row.id}", form)


def _short_days(db: Session, clinic: Clinic) -> set[date]:
    left = db.scalars(sa.select(ShiftException.day).where(ShiftException.clinic_id == clinic.id))
    early = db.scalars(sa.select(Shift.first_day).where(Shift.ends_minute == 13 * 60, Shift.clinic_id == clinic.id))
    return {*left, *early}
