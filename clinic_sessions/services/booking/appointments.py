"""What a patient may do about a visit by link: confirm it, ask to move it, cancel it. Nothing else."""

from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from clinic_sessions.domain.scheduling.reasons import CancelReason
from clinic_sessions.domain.session.lifecycle import EXPECTED, Action, Status
from clinic_sessions.models import AuditAction, MoveWish, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import changes
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.session import lifecycle

SOON = timedelta(hours=24)
"""A visit cancelled later than this is hard to give to someone else: the page then asks for a call as well."""


class AppointmentReason(StrEnum):
    CANCELLED = "cancelled"
    STARTED = "started"
    OTHER_TIME = "other_time"


def load(db: Session, session_id: int, patient_id: int, *, to_change: bool = False) -> TreatmentSession:
    """Load a patient's session; `to_change` locks its row, so that parallel answers queue. Raises Absent."""
    query = sa.select(TreatmentSession).where(
        TreatmentSession.id == session_id, TreatmentSession.patient_id == patient_id
    )
    locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    treatment = db.scalar(locked if to_change else query)
    if treatment is None:
        raise Absent
    return treatment


def is_to_come(treatment: TreatmentSession, now: datetime) -> bool:
    """Say whether the patient may still answer: expected, and not begun."""
    return treatment.status in EXPECTED and now < treatment.starts_at


def is_soon(treatment: TreatmentSession, now: datetime) -> bool:
    """Say whether the visit begins within 24 hours."""
    return treatment.starts_at - now < SOON


def next_visit(db: Session, patient_id: int, now: datetime) -> TreatmentSession | None:
    """Give the patient's next expected visit; None when none is booked."""
    query = sa.select(TreatmentSession).where(
        TreatmentSession.patient_id == patient_id,
        TreatmentSession.status.in_(EXPECTED),
        TreatmentSession.starts_at > now,
    )
    return db.scalar(query.order_by(TreatmentSession.starts_at).limit(1))


def require_to_come(treatment: TreatmentSession, seen: int, now: datetime) -> None:
    """Refuse with AppointmentReason unless the visit is to come, at the time (`seen`, a schedule version) shown."""
    if treatment.status is Status.CANCELLED:
        raise Refusal(AppointmentReason.CANCELLED)
    if not is_to_come(treatment, now):
        raise Refusal(AppointmentReason.STARTED)
    if treatment.schedule_version != seen:
        raise Refusal(AppointmentReason.OTHER_TIME)


def confirm(db: Session, treatment: TreatmentSession, *, seen: int, now: datetime, by: Actor) -> None:
    """Confirm the visit; again changes nothing. Refuses with AppointmentReason."""
    require_to_come(treatment, seen, now)
    if treatment.status is Status.BOOKED:
        lifecycle.do(db, treatment, Action.CONFIRM, now=now, by=by)
        outreach.align(db, treatment, now=now, by=by)


def cancel(db: Session, treatment: TreatmentSession, *, seen: int, now: datetime, by: Actor) -> None:
    """Cancel the visit and tell the patient so; again changes nothing. Refuses with AppointmentReason."""
    if treatment.status is Status.CANCELLED:
        return
    require_to_come(treatment, seen, now)
    changes.cancel_locked(db, treatment, [CancelReason.BY_LINK], now=now, by=by)


def ask_to_move(db: Session, treatment: TreatmentSession, *, seen: int, now: datetime, by: Actor) -> None:
    """Tell the front desk that the patient wants another time; once a time. Refuses with AppointmentReason."""
    require_to_come(treatment, seen, now)
    wish = move_wish(db, treatment)
    if wish is not None and wish.answered_at is None:
        return
    if wish is None:
        wish = MoveWish(session_id=treatment.id, schedule_version=treatment.schedule_version, made_at=now)
        db.add(wish)
    else:
        wish.made_at, wish.answered_at, wish.answered_by_id = now, None, None
    db.flush()
    audit.note(db, AuditAction.CREATE, "move_wish", wish.id, now=now, by=by, patient_id=treatment.patient_id)


def move_wish(db: Session, treatment: TreatmentSession) -> MoveWish | None:
    """Give the wish to move the visit away from its present time; None when there is none."""
    query = sa.select(MoveWish).where(MoveWish.session_id == treatment.id)
    return db.scalar(query.where(MoveWish.schedule_version == treatment.schedule_version))


def open_move_wishes(db: Session, clinic_id: int) -> list[MoveWish]:
    """List the wishes that wait for the front desk, the soonest visit first.

    A visit that was moved, cancelled or begun meanwhile has no open wish.
    """
    query = (
        sa.select(MoveWish)
        .join(MoveWish.treatment)
        .where(
            TreatmentSession.clinic_id == clinic_id,
            TreatmentSession.status.in_(EXPECTED),
            TreatmentSession.schedule_version == MoveWish.schedule_version,
            MoveWish.answered_at.is_(None),
        )
        .options(joinedload(MoveWish.treatment).joinedload(TreatmentSession.patient))
        .order_by(TreatmentSession.starts_at, MoveWish.id)
    )
    return list(db.scalars(query))


def answer_move_wish(db: Session, wish_id: int, clinic_ids: list[int], *, now: datetime, by: Actor) -> None:
    """Note that someone has spoken with the patient; again changes nothing. Raises Absent."""
    query = sa.select(MoveWish).join(MoveWish.treatment).where(MoveWish.id == wish_id)
    wish = db.scalar(query.where(TreatmentSession.clinic_id.in_(clinic_ids)))
    if wish is None:
        raise Absent
    if wish.answered_at is not None:
        return
    wish.answered_at, wish.answered_by_id = now, by.user_id
    audit.note(
        db, AuditAction.CHANGE, "move_wish", wish.id, now=now, by=by, patient_id=wish.treatment.patient_id,
        changes={"answered_at": [None, now]},
    )  # fmt: skip
