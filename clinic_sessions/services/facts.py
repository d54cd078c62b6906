"""What a session's record says now: entries that stand, the dose's moments, side effects as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.protocols import Anchor, AnchorUnknown, observation_ends
from clinic_sessions.domain.readiness import Departure
from clinic_sessions.domain.record import DoseEventKind
from clinic_sessions.domain.side_effects import Grade, Outcome, SideEffectEventKind, blocks_leaving
from clinic_sessions.models import DoseEvent, Intervention, Note, SideEffect, TreatmentSession, VitalsReading
from clinic_sessions.services.catalogue import protocol_of

Entry = TypeVar("Entry", VitalsReading, DoseEvent, SideEffect, Intervention, Note)
_ENDS = frozenset({DoseEventKind.STOPPED, DoseEventKind.GIVEN})


@dataclass(frozen=True, kw_only=True)
class SideEffectNow:
    """A side effect as it is after all its events."""

    effect: SideEffect
    grade: Grade
    resolved_at: datetime | None
    outcome: Outcome | None

    @property
    def blocks_leaving(self) -> bool:
        """Whether the patient cannot leave as planned while it is so."""
        return blocks_leaving(self.effect.kind, self.grade, self.resolved_at is not None)


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Give the entries that no later entry corrects."""
    corrected = {entry.corrects_id for entry in entries}
    return [entry for entry in entries if entry.id not in corrected]


def dose_events(db: Session, treatment: TreatmentSession) -> list[DoseEvent]:
    """List the standing dose events in order of their true time."""
    query = sa.select(DoseEvent).where(DoseEvent.session_id == treatment.id).order_by(DoseEvent.at, DoseEvent.id)
    return standing(db.scalars(query).all())


def anchors(events: Sequence[DoseEvent]) -> dict[Anchor, datetime]:
    """Give the moments from which an observation minimum may count."""
    found: dict[Anchor, datetime] = {}
    for event in events:
        if event.kind is DoseEventKind.STARTED:
            found.setdefault(Anchor.START, event.at)
        if event.kind is DoseEventKind.DEVICE:
            found.setdefault(Anchor.START, event.at)
            found.setdefault(Anchor.FIRST_DEVICE, event.at)
            found[Anchor.LAST_DEVICE] = event.at
        if event.kind in _ENDS:
            found[Anchor.END] = event.at
    return found


def earliest_leaving(treatment: TreatmentSession, events: Sequence[DoseEvent]) -> datetime | None:
    """Give the first moment at which the protocol's observation minimum is reached; None while it cannot be known."""
    if treatment.protocol_version is None:
        return None
    known = anchors(events)
    for device in (Anchor.FIRST_DEVICE, Anchor.LAST_DEVICE):
        if Anchor.START in known:
            known.setdefault(device, known[Anchor.START])
    try:
        return observation_ends(protocol_of(treatment.protocol_version), known)
    except AnchorUnknown:
        return None


def side_effects(db: Session, treatment: TreatmentSession) -> list[SideEffectNow]:
    """List the standing side effects as they are now, in order of onset."""
    query = (
        sa.select(SideEffect)
        .where(SideEffect.session_id == treatment.id)
        .options(selectinload(SideEffect.events))
        .order_by(SideEffect.at, SideEffect.id)
    )
    return [_now(effect) for effect in standing(db.scalars(query).all())]


def _now(effect: SideEffect) -> SideEffectNow:
    grade, resolved_at, outcome = effect.grade, None, None
    for event in effect.events:
        grade = event.grade or grade
        outcome = event.outcome or outcome
        if event.kind is SideEffectEventKind.RESOLVED:
            resolved_at = event.at
        elif event.kind is SideEffectEventKind.GRADED:
            resolved_at = None
    return SideEffectNow(effect=effect, grade=Grade(grade), resolved_at=resolved_at, outcome=outcome)


def departure(db: Session, treatment: TreatmentSession) -> Departure:
    """Gather what is known when the patient is to leave as planned."""
    events = dose_events(db, treatment)
    known = anchors(events)
    ended = known.get(Anchor.END)
    return Departure(
        dose_started_at=known.get(Anchor.START),
        dose_ended_at=ended,
        earliest_at=earliest_leaving(treatment, events),
        vitals_after_dose=ended is not None and _vitals_since(db, treatment, ended),
        unresolved_side_effects=sum(one.blocks_leaving for one in side_effects(db, treatment)),
    )


def _vitals_since(db: Session, treatment: TreatmentSession, moment: datetime) -> bool:
    query = sa.select(VitalsReading).where(VitalsReading.session_id == treatment.id)
    return any(reading.at >= moment for reading in standing(db.scalars(query).all()))
