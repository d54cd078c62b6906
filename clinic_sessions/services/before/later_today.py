"""Moves a visit to later on its day, for a patient who has come and must wait: fasting first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import MessageKind
from clinic_sessions.domain.protocols.protocols import PhaseKind, phase_minutes
from clinic_sessions.domain.scheduling.reasons import MoveReason
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking, free_times, offers
from clinic_sessions.services.booking.booking import MoveRequest
from clinic_sessions.services.booking.offers import OfferedTime
from clinic_sessions.services.catalogue import protocol_of
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.session import lifecycle

_OFFERED = 6


@dataclass(frozen=True, kw_only=True)
class Later:
    """From when on the dose may be given, and the times of the same day at which it then can."""

    complete_at: datetime
    times: Sequence[OfferedTime]


def of(db: Session, treatment: TreatmentSession, complete_at: datetime | None, now: datetime) -> Later | None:
    """Give the free times of today whose dose falls after `complete_at`; None when nobody has to wait."""
    version = treatment.protocol_version
    if complete_at is None or version is None:
        return None
    prepare = timedelta(minutes=phase_minutes(protocol_of(version), PhaseKind.PREPARE))
    want = free_times.wanted(
        version, treatment.patient_id, max(now, complete_at - prepare),
        without={treatment.id}, nurse_id=treatment.nurse_id,
    )  # fmt: skip
    clinic, today = treatment.clinic, local_day(now, treatment.clinic.zone)
    if local_day(want.earliest, clinic.zone) != today:
        return Later(complete_at=complete_at, times=())
    found = free_times.starts_by_day(db, clinic, want, today).get(today, ())
    others = [one for one in found if (one.chair_id, one.span.starts_at) != (treatment.chair_id, treatment.starts_at)]
    first = {one.span.starts_at: one for one in reversed(others)}
    return Later(
        complete_at=complete_at, times=offers.named(clinic, [first[at] for at in sorted(first)][:_OFFERED], None)
    )


def move(
    db: Session, treatment: TreatmentSession, chair_id: int, starts_at: datetime, version: int,
    *, now: datetime, by: Actor,
) -> None:  # fmt: skip
    """Move the visit of a patient who has come to a later time: the arrival is taken back, and noted anew then.

    Refuses with ChangedMeanwhile when the session is no longer at `version`, otherwise as undoing and moving do.
    """
    booking.queue_for(db, [(chair_id, starts_at)], treatment.patient_id)
    booking.check_version(db, treatment, version)
    lifecycle.undo(db, treatment, now=now, by=by)
    request = MoveRequest(chair_id=chair_id, starts_at=starts_at, version=treatment.version, reasons=(MoveReason.ATE,))
    booking.put(db, treatment, request, now=now, by=by)
    outreach.align(db, treatment, now=now, by=by, notice=MessageKind.MOVED)
