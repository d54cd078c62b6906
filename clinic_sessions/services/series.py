"""A patient's series: which steps can be booked next, and where a session stands in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.lifecycle import OCCUPYING, OTHER_ENDINGS, Status
from clinic_sessions.domain.plans import PlanStatus
from clinic_sessions.models import Patient, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services import catalogue

COUNTED = OCCUPYING | OTHER_ENDINGS | {Status.LEFT}
"""A session in one of these has, or keeps, its place in the series."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Something that can be booked for a patient: a protocol, and the step of the patient's series when it is one."""

    version: ProtocolVersion
    plan: Plan | None = None
    place: int | None = None


def next_place(db: Session, plan: Plan) -> int | None:
    """Give the first place of the series that no session has; None when every place has one."""
    query = sa.select(TreatmentSession.place_in_plan).where(
        TreatmentSession.plan_id == plan.id, TreatmentSession.status.in_(COUNTED)
    )
    had = set(db.scalars(query))
    return next((place for place in range(1, plan.session_count + 1) if place not in had), None)


def choices(db: Session, patient: Patient) -> list[Choice]:
    """List what can be booked: first the next step of each of the patient's series, then every other protocol."""
    plans = db.scalars(
        sa.select(Plan)
        .where(Plan.patient_id == patient.id, Plan.status == PlanStatus.ACTIVE)
        .options(joinedload(Plan.protocol_version))
        .order_by(Plan.id.desc())
    ).all()
    steps = [Choice(version=plan.protocol_version, plan=plan, place=next_place(db, plan)) for plan in plans]
    steps = [step for step in steps if step.place is not None]
    keys = {step.version.key for step in steps}
    return steps + [Choice(version=version) for version in catalogue.published(db) if version.key not in keys]


def last_start(db: Session, patient_id: int) -> datetime | None:
    """Give when the patient's latest session starts, or started, that counts."""
    return db.scalar(
        sa.select(TreatmentSession.starts_at)
        .where(TreatmentSession.patient_id == patient_id, TreatmentSession.status.in_(COUNTED))
        .order_by(TreatmentSession.starts_at.desc())
        .limit(1)
    )


def earliest(version: ProtocolVersion, last: datetime | None, now: datetime) -> datetime:
    """Give the first moment at which the protocol's spacing from the last session is kept, and that has not passed."""
    if last is None:
        return now
    return max(now, last + timedelta(days=catalogue.protocol_of(version).spacing.whole))
