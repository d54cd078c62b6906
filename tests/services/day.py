"""Takes sessions through their day in tests."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import ActorKind, Clinic, StatusChange, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.session import steps
from tests import factories

DOSE = 40_000


def a_nurse(db: Session, clinic: Clinic, role: Role = Role.NURSE) -> Actor:
    """Somebody of a role, as services see them."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, role), role=role)


def take(
    db: Session,
    treatment: TreatmentSession,
    action: Action,
    now: datetime,
    by: Actor,
    *,
    ready: bool = True,
    **more: Any,
) -> StatusChange:
    """Take one step from the session as it stands; `ready`: what the step asks for besides its papers has been done."""
    if action is Action.START:
        more.setdefault("micrograms", DOSE)
        if ready:
            factories.ready_to_start(db, treatment, more.get("at", now), micrograms=more["micrograms"])
    if action is Action.CALL_READY and ready:
        factories.ready_to_leave(db, treatment, more.get("at", now))
    return steps.take(db, treatment, steps.Step(action=action, version=treatment.version, **more), now=now, by=by)
