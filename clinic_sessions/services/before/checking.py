"""Writes the answers around a dose as they are given; an earlier answer stays."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import EscortKind
from clinic_sessions.domain.session.session_checks import CheckItem, Intake
from clinic_sessions.models import SessionCheck, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.session import recording


@dataclass(frozen=True, kw_only=True)
class Said:
    """An answer as it was given. `clear`: nothing stands against it."""

    item: CheckItem
    clear: bool
    intake: Intake | None = None
    last_at: datetime | None = None
    escort: EscortKind | None = None
    person: str | None = None
    phone: str | None = None
    words: str | None = None


def record(
    db: Session, treatment: TreatmentSession, said: Said, *, now: datetime, by: Actor, at: datetime | None = None
) -> SessionCheck:
    """Add an answer at its true time `at` (default: now); the newest of a question counts, earlier ones stay."""
    row = SessionCheck(
        **recording.stamp(treatment, now=now, by=by, at=at or now, against=[]),
        item=said.item, clear=said.clear, intake=said.intake, last_at=said.last_at, escort=said.escort,
        person=said.person, phone=said.phone, words=said.words,
    )  # fmt: skip
    recording.save(db, treatment, row, now=now, by=by)
    return row
