"""Why a session that stands ready does not go ahead, read from what is known against its start."""

from collections.abc import Sequence
from enum import StrEnum

from sqlalchemy.orm import Session

from clinic_sessions.domain.protocols.protocols import Measure
from clinic_sessions.domain.scheduling.reasons import CallOffReason
from clinic_sessions.domain.session import calling_off
from clinic_sessions.domain.session.lifecycle import SessionKind, Status
from clinic_sessions.models import TreatmentSession, VitalsReading
from clinic_sessions.services.session import facts, limits

_PRESSURE = frozenset({Measure.SYSTOLIC, Measure.DIASTOLIC})


def suggested(db: Session, treatment: TreatmentSession, against: Sequence[StrEnum]) -> list[CallOffReason]:
    """List the reasons to choose beforehand when a treatment is called off; none once its dose has begun.

    `against`: what stands against its start.
    """
    if treatment.kind is not SessionKind.TREATMENT or treatment.status is not Status.ARRIVED:
        return []
    return calling_off.suggested(against, pressure_out_of_range=_pressure_is_out(db, treatment))


def _pressure_is_out(db: Session, treatment: TreatmentSession) -> bool:
    """Whether the newest reading of blood pressure is outside its limits."""
    readings = facts.standing(facts.all_of(db, VitalsReading, treatment))
    newest = next((one for one in reversed(readings) if one.systolic_mmhg is not None), None)
    return newest is not None and any(mark.measure in _PRESSURE for mark in limits.marks(treatment, (), newest))
