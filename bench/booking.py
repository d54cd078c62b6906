"""The search for free times and the booking itself, in process and in the database of the bench."""

import time
from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from clinic_sessions import clock
from clinic_sessions.domain.permissions import Role
from clinic_sessions.extensions import db
from clinic_sessions.models import ActorKind, Clinic, Patient, ProtocolVersion, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services import booking, free_times
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import BookingRequest

BOOKINGS = 100
Timed = Callable[[Callable[[], object]], float]


def search(app: Flask, timed: Timed) -> float:
    """Time the search for the next three free times of an infusion, from a day that is full."""
    with app.app_context():
        version, clinic = _version(), _clinic()
        want = free_times.wanted(version, 1, clock.now())
        return timed(lambda: free_times.next_three(db.session(), clinic, want))


def book_all(app: Flask) -> list[float]:
    """Book one patient after another at the next free time, and give how long each booking took, commit included."""
    took = list[float]()
    with app.app_context():
        version_id, clinic_id = _version().id, _clinic().id
        patients = list(db.session().scalars(sa.select(Patient.id).limit(BOOKINGS)))
        desk_id = db.session().scalars(sa.select(User.id).where(User.email == "desk@bench.example")).one()
        for patient_id in patients:
            begin_write(db.session())
            clinic, version = db.session().get_one(Clinic, clinic_id), db.session().get_one(ProtocolVersion, version_id)
            now = clock.now()
            want = free_times.wanted(version, patient_id, now + timedelta(days=2))
            free = free_times.next_three(db.session(), clinic, want)[0]
            by = Actor(kind=ActorKind.USER, user=db.session().get_one(User, desk_id), role=Role.FRONT_DESK)
            request = BookingRequest(
                patient_id=patient_id, protocol_version_id=version_id, chair_id=free.chair_id,
                starts_at=free.span.starts_at,
            )  # fmt: skip
            before = time.perf_counter()
            booking.book(db.session(), request, now=now, by=by)
            db.session.commit()
            took.append(time.perf_counter() - before)
    return took


def _version() -> ProtocolVersion:
    return db.session().scalars(sa.select(ProtocolVersion).where(ProtocolVersion.key == "iv-mood")).one()


def _clinic() -> Clinic:
    return db.session().scalars(sa.select(Clinic)).one()
