"""Answers around a dose, read as the newest of each question; `services.before.checking` writes them."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.session_checks import (
    WITH_A_NAME,
    Check,
    CheckItem,
    asked_of,
    complete_at,
    is_nameless,
    newest,
)
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.models import SessionCheck, TreatmentSession
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.plans.papers import ANY_TIME
from clinic_sessions.services.session import facts


def rows(db: Session, treatment: TreatmentSession) -> list[SessionCheck]:
    """List every answer of a visit in order of its true time, the last one given last."""
    query = sa.select(SessionCheck).where(SessionCheck.session_id == treatment.id)
    return list(db.scalars(query.order_by(SessionCheck.at, SessionCheck.id)))


def of_stay(db: Session, treatment: TreatmentSession, at: datetime) -> list[SessionCheck]:
    """List the answers of this stay for a dose at `at`, as `rows` does: the patient has come, on the dose's own day.

    The ride alone may be arranged before, for the day and time that the visit has now.
    """
    zone, since = treatment.clinic.zone, stay_began(treatment, at)
    as_booked = local_day(treatment.starts_at, zone) == local_day(at, zone)
    return [row for row in rows(db, treatment) if row.at >= since or (as_booked and _is_ride(row, treatment))]


def _is_ride(row: SessionCheck, treatment: TreatmentSession) -> bool:
    """Whether an answer is of the way home, for the day and time that the visit has now."""
    moved = (one.recorded_at for one in treatment.changes if one.action is Action.MOVE)
    return row.item is CheckItem.RIDE and row.recorded_at >= max(moved, default=row.recorded_at)


def rides(db: Session, treatments: Collection[TreatmentSession]) -> Mapping[int, SessionCheck]:
    """Give by visit the way home as it is arranged for the time that it has now; one query if its changes are known."""
    known, row = {one.id: one for one in treatments}, SessionCheck
    query = sa.select(row).where(row.session_id.in_(known), row.item == CheckItem.RIDE)
    found = db.scalars(query.order_by(row.at, row.id))
    return {one.session_id: one for one in found if _is_ride(one, known[one.session_id])}


def ride_before(db: Session, treatment: TreatmentSession) -> SessionCheck | None:
    """Give who took the patient home, or was to, the last time that a name and a phone were noted; None for nobody."""
    row, visit = SessionCheck, TreatmentSession
    query = sa.select(row).join(visit, visit.id == row.session_id).where(
        visit.patient_id == treatment.patient_id, visit.id != treatment.id, row.clear, row.escort.in_(WITH_A_NAME),
        row.item.in_((CheckItem.RIDE, CheckItem.WAY_HOME)), row.person.is_not(None), row.phone.is_not(None),
    )  # fmt: skip
    return db.scalars(query.order_by(row.at.desc(), row.id.desc()).limit(1)).first()


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
    return newest(as_check(row) for row in found if row.at < by or not row.clear)


def completed(db: Session, treatment: TreatmentSession, now: datetime) -> int:
    """Count the meals, drinks and sprays of a patient who is here that stood against the dose, and do no longer."""
    if treatment.protocol_version is None or treatment.status is not Status.ARRIVED:
        return 0
    protocol = protocol_of(treatment.protocol_version)
    waits = [complete_at(protocol, one) for one in standing(db, treatment, dose_at=now).values()]
    return sum(one is not None and one <= now for one in waits)


def as_check(row: SessionCheck) -> Check:
    """Give a stored answer as the rules see it."""
    return Check(
        item=row.item, clear=row.clear, at=row.at, intake=row.intake, last_at=row.last_at, escort=row.escort,
        nameless=is_nameless(row.escort, row.person, row.phone), known_at=row.recorded_at,
    )  # fmt: skip


def asked(treatment: TreatmentSession) -> tuple[CheckItem, ...]:
    """List the questions that this visit's protocol asks this patient before the dose."""
    if treatment.protocol_version is None:
        return ()
    possible = treatment.patient.pregnancy_possible is not PregnancyPossible.NO
    return asked_of(protocol_of(treatment.protocol_version), pregnancy=possible)
