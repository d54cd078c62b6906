"""Which nurse is named to treat in a session."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.session.lifecycle import OCCUPYING, StepReason
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import AuditAction, TreatmentSession, User, UserClinic, UserRole
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.session import lifecycle
from clinic_sessions.services.shifts import rota


class Nurse(NamedTuple):
    """Someone who can be named, and whether they are on shift for the whole session."""

    id: int
    name: str
    is_on_shift: bool


def candidates(db: Session, treatment: TreatmentSession) -> Sequence[Nurse]:
    """List the nurses of the session's clinic: those on shift for the whole of it first, then by name."""
    clinic, block = treatment.clinic, treatment.block
    first, last = (local_day(at, clinic.zone) for at in (block.starts_at, block.ends_at))
    duties = rota.read(db, clinic, first, last).duties(first, last)
    there = {duty.user_id for duty in duties if duty.role is SiteRole.NURSE and duty.span.holds(block)}
    here = sa.select(UserClinic.user_id).where(UserClinic.clinic_id == clinic.id)
    nurses = sa.select(UserRole.user_id).where(UserRole.role == Role.NURSE)
    query = sa.select(User.id, User.name).where(
        User.id.in_(here), sa.or_(User.id.in_(nurses), User.id.in_(there)), User.disabled_at.is_(None)
    )
    found = [Nurse(id=row.id, name=row.name, is_on_shift=row.id in there) for row in db.execute(query)]
    return sorted(found, key=lambda nurse: (not nurse.is_on_shift, nurse.name, nurse.id))


def assign(
    db: Session, treatment: TreatmentSession, nurse_id: int | None, *, version: int, now: datetime, by: Actor
) -> None:
    """Name a nurse for a session, or nobody.

    Refuses with ChangedMeanwhile when the session was changed since it was shown, and with StepReason.NOT_OFFERED once
    it is over; raises Absent for somebody who is no nurse there.
    """
    lifecycle.lock(db, treatment)
    if treatment.version != version:
        raise ChangedMeanwhile(StepReason.CHANGED_MEANWHILE)
    if treatment.status not in OCCUPYING or treatment.protocol_version_id is None:
        raise Refusal(StepReason.NOT_OFFERED)
    if nurse_id is not None and nurse_id not in {nurse.id for nurse in candidates(db, treatment)}:
        raise Absent
    if nurse_id == treatment.nurse_id:
        return
    audit.note(
        db, AuditAction.CHANGE, "session", treatment.id,
        now=now, by=by, patient_id=treatment.patient_id, changes={"nurse_id": [treatment.nurse_id, nurse_id]},
    )  # fmt: skip
    treatment.nurse_id = nurse_id
    db.flush()
