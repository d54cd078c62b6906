"""Two holds of the demo: one that waits for its patient's answer, one that nobody took."""

import uuid
from datetime import datetime, timedelta

from clinic_sessions.demo.patients import OnFile
from clinic_sessions.demo.world import World
from clinic_sessions.domain.session.lifecycle import Action, SessionKind, Status
from clinic_sessions.models import AuditAction, ProtocolVersion, StatusChange, TreatmentSession
from clinic_sessions.services import audit
from clinic_sessions.services.catalogue import protocol_of, published
from clinic_sessions.services.session import lifecycle

_AHEAD, _BEHIND = 2, -5
_KEPT = timedelta(hours=20)


def hold_two(world: World, waiting: OnFile, passed: OnFile) -> None:
    """Hold a time ahead for one patient, and one in the past, which has lapsed, for another."""
    version = next(one for one in published(world.db) if one.key == "iv-mood")
    _hold(world, waiting, version, _AHEAD, world.now - timedelta(hours=1))
    lapsed = _hold(world, passed, version, _BEHIND, world.now - timedelta(days=8))
    at = lapsed.booked_at + _KEPT
    lifecycle.do(world.db, lapsed, Action.LAPSE, now=at, by=world.staff.desk)


def _hold(world: World, one: OnFile, version: ProtocolVersion, day: int, at: datetime) -> TreatmentSession:
    chair, block = world.diary.first_free(day, protocol_of(version))
    treatment = TreatmentSession(
        uid=str(uuid.UUID(int=world.rng.getrandbits(128), version=4)),
        clinic_id=world.diary.clinic.id,
        patient_id=one.patient.id,
        kind=SessionKind.TREATMENT,
        protocol_version_id=version.id,
        chair_id=chair.id,
        starts_at=block.starts_at,
        ends_at=block.ends_at,
        status=Status.HELD,
        booked_at=at,
        booked_by_id=world.staff.desk.user_id,
    )
    held = StatusChange(
        action=Action.HOLD,
        from_status=None,
        to_status=Status.HELD,
        at=at,
        recorded_at=at,
        by_id=world.staff.desk.user_id,
    )
    treatment.changes.append(held)
    world.db.add(treatment)
    world.db.flush()
    audit.note(
        world.db, AuditAction.CREATE, "session", treatment.id, now=at, by=world.staff.desk,
        patient_id=treatment.patient_id, changes={"status": [None, Status.HELD]},
    )  # fmt: skip
    return treatment
