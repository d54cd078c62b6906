"""A clinic with as much history as asked for: 12 chairs, 80 sessions a day, the same at every run."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import (
    Chair,
    ClearanceDecision,
    Clinic,
    Installation,
    OpeningHours,
    Patient,
    ProtocolVersion,
    Shift,
    TreatmentSession,
    User,
    UserRole,
)
from clinic_sessions.services import catalogue

CHAIRS = 12
SESSIONS_A_DAY = 80
PATIENTS = 400
NURSES = 6
ZONE = ZoneInfo("America/Los_Angeles")
OPENS = time(6, 0)
FIRST = ("Adele", "Bruno", "Carmen", "Dmitri", "Esther", "Farid", "Greta", "Hugo", "Imani", "Jasper")
LAST = (
    "Abara",
    "Bianchi",
    "Castillo",
    "Dvorak",
    "Eriksen",
    "Fontaine",
    "Gupta",
    "Haddad",
    "Ivanov",
    "Jansen",
    "Kowalski",
    "Lindqvist",
)


def build(db: Session, sessions: int, today: date) -> User:
    """Fill an empty database with `sessions` past sessions and a full day today; give a person of the front desk."""
    now = datetime.combine(today, time(12), UTC)
    db.add(Installation(id=1, is_demo=True, created_at=now))
    catalogue.load_shipped(db, now)
    clinic = Clinic(
        name="Bench", name_in_messages="Bench", zone_name=ZONE.key, phone="+13105550100", address="12 Harbor Street"
    )
    clinic.chairs = [
        Chair(name=f"Chair {n}", position=n, allows_iv=True, allows_in=True, allows_im=True)
        for n in range(1, CHAIRS + 1)
    ]
    clinic.opening_hours = [OpeningHours(weekday=day, opens_minute=360, closes_minute=1380) for day in range(7)]
    desk = User(email="desk@bench.example", name="Desk", password_hash="-", is_demo=True)  # noqa: S106
    desk.role_rows = [UserRole(role=Role.FRONT_DESK), UserRole(role=Role.NURSE)]
    desk.clinics = [clinic]
    db.add(desk)
    db.flush()
    db.execute(sa.insert(Shift), [_shift(clinic.id, n, day) for n in _nurses(db, clinic) for day in range(7)])
    db.execute(sa.insert(Patient), [_patient(n, clinic.id, desk.id, now) for n in range(PATIENTS)])
    db.execute(sa.insert(ClearanceDecision), _cleared(db, desk.id, now))
    _sessions(db, clinic, desk, sessions, today)
    db.commit()
    return desk


def _nurses(db: Session, clinic: Clinic) -> list[int]:
    """Add nurses enough for every chair."""
    people = [User(email=f"nurse{n}@bench.example", name=f"Nurse {n}", password_hash="-") for n in range(NURSES)]  # noqa: S106
    for user in people:
        user.role_rows, user.clinics = [UserRole(role=Role.NURSE)], [clinic]
    db.add_all(people)
    db.flush()
    return [user.id for user in people]


def _shift(clinic_id: int, user_id: int, weekday: int) -> dict[str, object]:
    return {
        "clinic_id": clinic_id, "user_id": user_id, "role": SiteRole.NURSE, "weekday": weekday,
        "starts_minute": 0, "ends_minute": 1440, "first_day": date(2020, 1, 1),
    }  # fmt: skip


def _patient(number: int, clinic_id: int, by_id: int, now: datetime) -> dict[str, object]:
    name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]}"
    return {
        "clinic_id": clinic_id,
        "record_number": f"B-{number}",
        "name": name,
        "name_folded": name.lower(),
        "birth_date": date(1960 + number % 40, 1 + number % 12, 1 + number % 28),
        "phone": f"+1310555{number:04d}",
        "language": Language.EN,
        "email": f"patient{number}@bench.example",
        "registered_at": now,
        "registered_by_id": by_id,
    }


def _sessions(db: Session, clinic: Clinic, desk: User, sessions: int, today: date) -> None:
    version = db.scalars(sa.select(ProtocolVersion).where(ProtocolVersion.key == "iv-mood")).one()
    patients = list(db.scalars(sa.select(Patient.id)))
    chairs = [chair.id for chair in clinic.chairs]
    first = today - timedelta(days=sessions // SESSIONS_A_DAY)
    rows = _rows(first, today, clinic.id, desk.id, version, chairs, patients)
    while batch := list(islice(rows, 5000)):
        db.execute(sa.insert(TreatmentSession), batch)


def _rows(
    first: date,
    today: date,
    clinic_id: int,
    by_id: int,
    version: ProtocolVersion,
    chairs: list[int],
    patients: list[int],
) -> Iterator[dict[str, object]]:
    length = timedelta(minutes=version.block_minutes)
    day = first
    while day <= today:
        opens = datetime.combine(day, OPENS, ZONE).astimezone(UTC)
        for n in range(SESSIONS_A_DAY):
            start = opens + (n // CHAIRS) * length
            yield {
                "uid": str(uuid.UUID(int=day.toordinal() * 1000 + n)),
                "clinic_id": clinic_id,
                "patient_id": patients[(day.toordinal() * SESSIONS_A_DAY + n) % len(patients)],
                "kind": SessionKind.TREATMENT,
                "protocol_version_id": version.id,
                "chair_id": chairs[n % CHAIRS],
                "starts_at": start,
                "ends_at": start + length,
                "status": Status.BOOKED if day == today else Status.LEFT,
                "booked_at": start - timedelta(days=7),
                "booked_by_id": by_id,
            }
        day += timedelta(days=1)


def _cleared(db: Session, by_id: int, now: datetime) -> list[dict[str, object]]:
    versions = db.execute(sa.select(ProtocolVersion.id, ProtocolVersion.key)).all()
    return [
        {"patient_id": patient_id, "protocol_key": version.key, "protocol_version_id": version.id, "by_id": by_id,
         "decision": Clearance.CLEARED, "until": date(2100, 1, 1), "reasons": [], "hard_stops": [], "at": now}
        for patient_id in db.scalars(sa.select(Patient.id))
        for version in versions
    ]  # fmt: skip
