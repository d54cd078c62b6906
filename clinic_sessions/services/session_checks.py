"""Answers around a dose, read as the newest of each question; `services.checking` writes them."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import PregnancyPossible
from clinic_sessions.domain.session_checks import Check, CheckItem, asked_of, newest
from clinic_sessions.models import SessionCheck, TreatmentSession
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.papers import ANY_TIME


def rows(db: Session, treatment: TreatmentSession) -> list[SessionCheck]:
    """List every answer of a visit in order of its true time, the last one given last."""
    query = sa.select(SessionCheck).where(SessionCheck.session_id == treatment.id)
    return list(db.scalars(query.order_by(SessionCheck.at, SessionCheck.id)))


def standing(db: Session, treatment: TreatmentSession, by: datetime = ANY_TIME) -> Mapping[CheckItem, Check]:
    """Give the answer that counts for each question.

    `by`: a good answer that became true at that moment or later does not count yet; one against counts always.
    """
    return newest(
        Check(
            item=row.item, clear=row.clear, at=row.at, intake=row.intake, last_at=row.last_at, escort=row.escort,
            known_at=row.recorded_at,
        )
        for row in rows(db, treatment)
        if row.at < by or not row.clear
    )  # fmt: skip


def asked(treatment: TreatmentSession) -> tuple[CheckItem, ...]:
    """List the questions that this visit's protocol asks this patient before the dose."""
    if treatment.protocol_version is None:
        return ()
    possible = treatment.patient.pregnancy_possible is not PregnancyPossible.NO
    return asked_of(protocol_of(treatment.protocol_version), pregnancy=possible)
