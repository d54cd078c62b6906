"""Patients who wait for a time: what they wish, and that it was met."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.scheduling.plans import ProtocolStatus
from clinic_sessions.models import AuditAction, Patient, Plan, ProtocolVersion, TreatmentSession, WaitlistWish
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent

ALL_DAY = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a patient waits for: weekdays that suit (Monday is 0; none: any), hours in minutes after midnight."""

    protocol_version_id: int
    plan_id: int | None = None
    days: Sequence[int] = ()
    from_minute: int = 0
    until_minute: int = ALL_DAY
    notice_hours: int = 0
    words: str | None = None


def add(db: Session, patient: Patient, clinic_id: int, wish: Wish, *, now: datetime, by: Actor) -> WaitlistWish:
    """Put a patient on the waitlist of a clinic; its open wish for the same protocol is changed, and keeps its turn.

    Raises Absent for a protocol or plan that cannot be booked for the patient.
    """
    version = _version(db, patient, wish)
    # Rivals for the same patient wait here, so that one of two equal wishes finds the other.
    db.execute(sa.select(Patient.id).where(Patient.id == patient.id).with_for_update(key_share=True))
    row = next((one for one in _open_for(db, patient.id, version) if one.clinic_id == clinic_id), None)
    made = row is None
    if row is None:
        row = WaitlistWish(clinic_id=clinic_id, patient_id=patient.id, made_at=now, by_id=by.user_id)
        db.add(row)
    for field, value in asdict(wish).items():
        setattr(row, field, list(value) if field == "days" else value)
    changes = None if made else audit.changes_of(row)
    db.flush()
    audit.note(
        db, AuditAction.CREATE if made else AuditAction.CHANGE, "waitlist_wish", row.id,
        now=now, by=by, patient_id=patient.id, changes=changes,
    )  # fmt: skip
    return row


def waiting(db: Session, clinic_id: int) -> list[WaitlistWish]:
    """List the wishes that wait, the longest waiting first."""
    query = (
        sa.select(WaitlistWish)
        .where(WaitlistWish.clinic_id == clinic_id, WaitlistWish.closed_at.is_(None))
        .options(joinedload(WaitlistWish.patient), joinedload(WaitlistWish.protocol_version))
        .order_by(WaitlistWish.made_at, WaitlistWish.id)
    )
    return list(db.scalars(query))


def standing(db: Session, patient_id: int, clinic_id: int, version: ProtocolVersion) -> WaitlistWish | None:
    """Give the wish of a patient that waits at a clinic for the same protocol; None when none does."""
    query = (
        sa.select(WaitlistWish)
        .join(WaitlistWish.protocol_version)
        .where(
            WaitlistWish.patient_id == patient_id, WaitlistWish.clinic_id == clinic_id,
            WaitlistWish.closed_at.is_(None), ProtocolVersion.key == version.key,
        )
    )  # fmt: skip
    return db.scalars(query.order_by(WaitlistWish.id).limit(1)).first()


def count(db: Session, clinic_id: int) -> int:
    """Count the wishes that wait."""
    query = sa.select(sa.func.count()).select_from(WaitlistWish)
    return db.scalar(query.where(WaitlistWish.clinic_id == clinic_id, WaitlistWish.closed_at.is_(None))) or 0


def close(db: Session, wish_id: int, clinic_ids: Collection[int], *, now: datetime, by: Actor) -> None:
    """Take a patient off the waitlist; again changes nothing. Raises Absent."""
    query = sa.select(WaitlistWish).where(WaitlistWish.id == wish_id, WaitlistWish.clinic_id.in_(clinic_ids))
    row = db.scalar(query.with_for_update())
    if row is None:
        raise Absent
    if row.closed_at is None:
        _close(db, row, now=now, by=by)


def close_met(db: Session, treatment: TreatmentSession, *, now: datetime, by: Actor) -> None:
    """Close the wish that a booked session meets: one of its patient for the same protocol, whatever its version."""
    if treatment.protocol_version is None:
        return
    for row in _open_for(db, treatment.patient_id, treatment.protocol_version):
        _close(db, row, now=now, by=by)


def _close(db: Session, row: WaitlistWish, *, now: datetime, by: Actor) -> None:
    row.closed_at, row.closed_by_id = now, by.user_id
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, "waitlist_wish", row.id,
        now=now, by=by, patient_id=row.patient_id, changes={"closed_at": [None, now]},
    )  # fmt: skip


def follow_plan(db: Session, plan_id: int, version: ProtocolVersion, *, now: datetime, by: Actor) -> None:
    """Let the open wishes for a plan's sessions ask for the version that the plan has moved to."""
    query = sa.select(WaitlistWish).where(WaitlistWish.plan_id == plan_id, WaitlistWish.closed_at.is_(None))
    for row in db.scalars(query.with_for_update(of=WaitlistWish)):
        changes: dict[str, list[object]] = {"protocol_version_id": [row.protocol_version_id, version.id]}
        row.protocol_version = version
        audit.note(
            db, AuditAction.CHANGE, "waitlist_wish", row.id,
            now=now, by=by, patient_id=row.patient_id, changes=changes,
        )  # fmt: skip
    db.flush()


def _open_for(db: Session, patient_id: int, version: ProtocolVersion) -> Sequence[WaitlistWish]:
    query = (
        sa.select(WaitlistWish)
        .join(WaitlistWish.protocol_version)
        .where(
            WaitlistWish.patient_id == patient_id,
            WaitlistWish.closed_at.is_(None),
            ProtocolVersion.key == version.key,
        )
        .order_by(WaitlistWish.id)
    )
    return db.scalars(query.with_for_update(of=WaitlistWish)).all()


def _version(db: Session, patient: Patient, wish: Wish) -> ProtocolVersion:
    version = db.get(ProtocolVersion, wish.protocol_version_id)
    if version is None:
        raise Absent
    plan = db.get(Plan, wish.plan_id) if wish.plan_id is not None else None
    if wish.plan_id is not None and (
        plan is None or plan.patient_id != patient.id or plan.protocol_version_id != version.id
    ):
        raise Absent
    if plan is None and version.status is not ProtocolStatus.PUBLISHED:
        raise Absent
    return version
