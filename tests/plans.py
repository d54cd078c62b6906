"""Makes plans that tests speak of, as the app starts them."""

from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.models import ActorKind, Clinic, Patient, Plan
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.plans import plans
from clinic_sessions.services.plans.plans import PlanRequest
from tests import factories


def a_plan(db: Session, patient: Patient, now: datetime, *, count: int = 6, protocol: str = "iv-mood") -> Plan:
    """An active plan of so many sessions, twice a week, led by a provider of the clinic."""
    version = factories.a_protocol(db, protocol)
    lead = factories.a_user(db, db.get_one(Clinic, patient.clinic_id), Role.PROVIDER)
    request = PlanRequest(
        protocol_version_id=version.id,
        condition=Condition.TREATMENT_RESISTANT_DEPRESSION,
        pattern=pattern.read(f"{count} sessions twice weekly"),
        provider_id=lead.id,
    )
    return plans.start(db, patient, request, now=now, by=Actor(kind=ActorKind.USER, user=lead, role=Role.PROVIDER))
