"""The change of a plan: another pattern, provider or version of its protocol, always with a reason."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.pattern import Pattern
from clinic_sessions.domain.scheduling.plans import GOING_ON, PlanChangeKind, PlanReason
from clinic_sessions.models import Patient, Plan, ProtocolVersion, User
from clinic_sessions.services import catalogue
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import waitlist
from clinic_sessions.services.plans import plan_history, plans
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.series import series


@dataclass(frozen=True, kw_only=True)
class PlanEdit:
    """What a plan is to become. `protocol_version_id`: the version that it moves to; None keeps its own."""

    pattern: Pattern
    provider_id: int
    protocol_version_id: int | None = None


def newer(db: Session, plan: Plan) -> ProtocolVersion | None:
    """Give the version in use of a plan's protocol, when it is another than the plan's own."""
    own = plan.protocol_version
    return next((one for one in catalogue.published(db) if one.key == own.key and one.id != own.id), None)


def change(db: Session, plan: Plan, wanted: PlanEdit, words: str, *, version: int, now: datetime, by: Actor) -> None:
    """Give a plan another pattern, provider and protocol version, with a reason; load it `to_change` first.

    Its sessions keep their dates and the version they were booked under; what is booked from then on, and whoever waits
    for a time, has the new one. Refuses with ChangedMeanwhile when the plan is no longer at `version`, or the wanted
    version is no longer the one in use; PlanReason when it has ended or when a place that a session holds would be
    beyond the new count. Raises Absent for a provider of other clinics.
    """
    plans.check(plan, version, GOING_ON)
    if not plans.leads(db, db.get_one(Patient, plan.patient_id), wanted.provider_id):
        raise Absent
    target = _target(db, plan, wanted.protocol_version_id)
    highest = max(series.held_days(series.placed(db, plan)), default=0)
    if not wanted.pattern.has(max(highest, 1)):
        raise Refusal(PlanReason.FEWER_THAN_BOOKED)
    lead = db.get_one(User, wanted.provider_id)
    changes = {
        "protocol": (_version_words(plan.protocol_version), _version_words(target)),
        "pattern": (pattern.in_words(series.pattern_of(plan)), pattern.in_words(wanted.pattern)),
        "provider": (plan.provider.name if plan.provider else None, lead.name),
    }
    plan.phases.clear()
    db.flush()
    plan.phases.extend(plans.rows(wanted.pattern))
    plan.session_count, plan.provider = wanted.pattern.count, lead
    if target.id != plan.protocol_version_id:
        plan.protocol_version = target
        waitlist.follow_plan(db, plan.id, target, now=now, by=by)
    db.flush()
    plan_history.add(db, plan, PlanChangeKind.CHANGE, changes, now=now, by=by, words=words)


def _target(db: Session, plan: Plan, version_id: int | None) -> ProtocolVersion:
    if version_id in (None, plan.protocol_version_id):
        return plan.protocol_version
    found = newer(db, plan)
    if found is None or found.id != version_id:
        raise ChangedMeanwhile(PlanReason.VERSION_REPLACED)
    return found


def _version_words(version: ProtocolVersion) -> str:
    return f"{version.title}, version {version.number}"
