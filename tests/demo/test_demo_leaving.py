"""Nobody in the demo left, or was called ready, against the gate before leaving."""

from datetime import datetime

import sqlalchemy as sa

from clinic_sessions.domain.session.leave_gate import may_be_ready, may_leave
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services.leaving import leave_gate
from clinic_sessions.services.session import facts
from tests.demo.conftest import Filled


def test_nothing_stood_against_anybody_who_was_called_ready_or_left(filled: Filled) -> None:
    query = sa.select(TreatmentSession).where(
        TreatmentSession.status.in_([Status.READY, Status.LEFT]), TreatmentSession.kind == SessionKind.TREATMENT
    )
    gone = filled.db.scalars(query).all()
    assert len(gone) > 50
    assert {reason for one in gone for reason in against(filled, one)} == set()


def against(filled: Filled, one: TreatmentSession) -> list[str]:
    """All that stood against the last step of a visit at its time."""
    ready_at = facts.ready_at(one)
    assert ready_at is not None
    stood = [*may_be_ready(leave_gate.departure(filled.db, one, ready_at), ready_at)]
    left_at: datetime | None = one.left_at
    if left_at is not None:
        stood += may_leave(leave_gate.departure(filled.db, one, left_at), left_at)
    return [reason.value for reason in stood]
