"""Sessions: one that is booked begins here, and is loaded through the clinics of the person who asks."""

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.wall_time import Span
from clinic_sessions.models import StatusChange, TreatmentSession, User
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent


def begin(block: Span, *, now: datetime, by: Actor, **fields: Any) -> TreatmentSession:
    """Give a session that is booked for a block, with the change that booked it; `fields` say what it is."""
    treatment = TreatmentSession(
        uid=str(uuid.uuid4()),
        starts_at=block.starts_at,
        ends_at=block.ends_at,
        status=Status.BOOKED,
        booked_at=now,
        booked_by_id=by.user_id,
        **fields,
    )
    booked = StatusChange(
        action=Action.BOOK, from_status=None, to_status=Status.BOOKED, at=now, recorded_at=now, by_id=by.user_id
    )
    treatment.changes.append(booked)
    return treatment


def load(db: Session, session_id: int, user: User) -> TreatmentSession:
    """Load a session of one of the person's clinics; raises Absent otherwise."""
    mine = [clinic.id for clinic in user.clinics]
    query = sa.select(TreatmentSession).where(TreatmentSession.id == session_id, TreatmentSession.clinic_id.in_(mine))
    treatment = db.scalar(query)
    if treatment is None:
        raise Absent
    return treatment
