"""Answers around a dose, read as the newest of each question; `services.before.checking` writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.session_checks import Check, CheckItem, asked_of, newest
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import SessionCheck, TreatmentSession
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.plans.papers import ANY_TIME
from clinic_sessions.services.session import facts

_EVER = datetime.min.replace(tzinfo=UTC)


def rows(db: Session, treatment: TreatmentSession) -> list[SessionCheck]:
    """List every answer of a visit in order of its true time, the last one given last."""
    query = sa.select(SessionCheck).where(SessionCheck.session_id == treatment.id)
    return list(db.scalars(query.order_by(SessionCheck.at, SessionCheck.id)))


def of_stay(db: Session, treatment: TreatmentSession, at: datetime) -> list[SessionCheck]:
    """List the answers of this stay for a dose at `at`, as `rows` does: the patient has come, on the dose's own day.

    The ride alone may be arranged before, for the day and time that the visit has now.
    """
    zone, since = treatment.clinic.zone, stay_began(treatment, at)
    booked = max((one.recorded_at for one in treatment.changes if one.action is Action.MOVE), default=_EVER)
    as_booked = local_day(treatment.starts_at, zone) == local_day(at, zone)
    return [
        row
        for row in rows(db, treatment)
        if row.at >= since or (row.item is CheckItem.RIDE and as_booked and row.recorded_at >= booked)
    ]


def stay_began(treatment: TreatmentSession, at: datetime) -> datetime:
    """Give from when on, to the minute, something counts for a dose at `at`: its own day, once the patient has come."""
    day = day_span(local_day(at, treatment.clinic.zone), treatment.clinic.zone).starts_at
    arrived = facts.arrived_at(treatment)
    return day if arrived is None else max(day, arrived.replace(second=0, microsecond=0))


def standing(
    db: Session, treatment: TreatmentSession, by: datetime = ANY_TIME, *, dose_at: datetime | None = None
) -> Mapping[CheckItem, Check]:
    """Give the answer that counts for each question.

    `by`: a good answer that became true at that moment or later does not count yet; one against counts always.
    `dose_at`: only what belongs to the stay of a dose at that moment.
    """
    found = rows(db, treatment) if dose_at is None else of_stay(db, treatment, dose_at)
    return newest(
        Check(
            item=row.item, clear=row.clear, at=row.at, intake=row.intake, last_at=row.last_at, escort=row.escort,
            known_at=row.recorded_at,
        )
        for row in found
        if row.at < by or not row.clear
    )  # fmt: skip


def asked(treatment: TreatmentSession) -> tuple[CheckItem, ...]:
    """List the questions that this visit's protocol asks this patient before the dose."""
    if treatment.protocol_version is None:
        return ()
    possible = treatment.patient.pregnancy_possible is not PregnancyPossible.NO
    return asked_of(protocol_of(treatment.protocol_version), pregnancy=possible)
