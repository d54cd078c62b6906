"""What a session's record says now: entries that stand, the dose's moments, side effects as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.protocols.protocols import Anchor, AnchorUnknown, observation_ends
from clinic_sessions.domain.session.lifecycle import IN_CLINIC, OCCUPYING, Action, Status
from clinic_sessions.domain.session.readiness import DoseSoFar
from clinic_sessions.domain.session.record import BEGINS_DOSE, ENDS_DOSE, DoseEventKind
from clinic_sessions.domain.session.side_effects import Grade, Outcome, SideEffectEventKind, blocks_leaving
from clinic_sessions.models import (
    DoseEvent,
    Intervention,
    Note,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    VitalsReading,
)
from clinic_sessions.services.catalogue import protocol_of

Entry = TypeVar("Entry", VitalsReading, DoseEvent, SideEffect, Intervention, Note)


@dataclass(frozen=True, kw_only=True)
class SideEffectNow:
    """A side effect as it is after all its events."""

    effect: SideEffect
    grade: Grade
    resolved_at: datetime | None
    outcome: Outcome | None
    by_mistake: bool
    """Somebody has said that it never was."""

    @property
    def blocks_leaving(self) -> bool:
        """Whether the patient cannot leave as planned while it is so."""
        return self.kept_here(None)

    def kept_here(self, by: datetime | None) -> bool:
        """Whether the patient could not leave as planned then: begun and not over before `by`; None for now."""
        if by is not None and self.effect.at >= by:
            return False
        over = self.resolved_at is not None and (by is None or self.resolved_at < by)
        return not self.by_mistake and blocks_leaving(self.effect.kind, self.grade, over)

    @property
    def open(self) -> bool:
        """Whether it is still there."""
        return not self.by_mistake and self.resolved_at is None


def standing(entries: Sequence[Entry]) -> list[Entry]:
    """Give the entries that no later entry corrects."""
    corrected = {entry.corrects_id for entry in entries}
    return [entry for entry in entries if entry.id not in corrected]


def all_of(db: Session, model: type[Entry], treatment: TreatmentSession) -> list[Entry]:
    """List every entry of one kind, corrected ones too, in order of their true time, with their authors."""
    query = sa.select(model).where(model.session_id == treatment.id).options(selectinload(model.by))
    return list(db.scalars(query.order_by(model.at, model.id)).all())


def dose_events(db: Session, treatment: TreatmentSession) -> list[DoseEvent]:
    """List the standing dose events in order of their true time."""
    return standing_doses(all_of(db, DoseEvent, treatment))


def standing_doses(events: Sequence[DoseEvent]) -> list[DoseEvent]:
    """Give the dose events that stand: neither corrected nor withdrawn."""
    return [event for event in standing(events) if event.kind is not DoseEventKind.WITHDRAWN]


def other_person(corrects: DoseEvent | None, by_id: int | None, micrograms: int | None) -> int | None:
    """Give who saw a dose event besides the author of its correction: a witness who corrects has its first author.

    Nobody has seen another amount than the one that they signed.
    """
    if corrects is None or corrects.second_id is None or corrects.micrograms != micrograms:
        return None
    return corrects.by_id if corrects.second_id == by_id else corrects.second_id


def completes(old: DoseEvent, new: DoseEvent) -> bool:
    """Whether a correction only adds to what it corrects: a stop that was explained and counted is still that stop."""
    if (old.kind, old.at, old.device_number) != (new.kind, new.at, new.device_number):
        return False
    pairs = (
        (old.micrograms, new.micrograms),
        (old.rate_micrograms_per_hour, new.rate_micrograms_per_hour),
        (old.words, new.words),
    )
    return all(before is None or before == after for before, after in pairs)


def anchors(events: Sequence[DoseEvent]) -> dict[Anchor, datetime]:
    """Give the moments from which an observation minimum may count."""
    found: dict[Anchor, datetime] = {}
    for event in events:
        if event.kind in BEGINS_DOSE:
            found.setdefault(Anchor.START, event.at)
        if event.kind is DoseEventKind.DEVICE:
            found.setdefault(Anchor.FIRST_DEVICE, event.at)
            found[Anchor.LAST_DEVICE] = event.at
        if event.kind in ENDS_DOSE:
            found[Anchor.END] = event.at
    return found


def so_far(events: Sequence[DoseEvent]) -> DoseSoFar:
    """Sum up what the standing dose events say has been given in devices, and whether a dose was begun."""
    devices = [event for event in events if event.kind is DoseEventKind.DEVICE]
    return DoseSoFar(
        begun=any(event.kind in BEGINS_DOSE for event in events),
        micrograms=sum(event.micrograms or 0 for event in devices),
        device_times=[event.at for event in devices],
    )


def given_micrograms(events: Sequence[DoseEvent]) -> int | None:
    """Give the dose that was begun: the devices used so far, or the dose that was started."""
    if devices := so_far(events).micrograms:
        return devices
    return next((event.micrograms for event in events if event.kind is DoseEventKind.STARTED), None)


def earliest_leaving(treatment: TreatmentSession, events: Sequence[DoseEvent]) -> datetime | None:
    """Give the first moment at which the protocol's observation minimum is reached; None while it cannot be known.

    An end that is told before what it ends counts from that: an odd time never brings leaving nearer.
    """
    if treatment.protocol_version is None:
        return None
    known = anchors(events)
    for device in (Anchor.FIRST_DEVICE, Anchor.LAST_DEVICE):
        if Anchor.START in known:
            known.setdefault(device, known[Anchor.START])
    if Anchor.START in known and Anchor.END in known:
        known[Anchor.END] = max(known[Anchor.END], known[Anchor.START], known[Anchor.LAST_DEVICE])
    try:
        return observation_ends(protocol_of(treatment.protocol_version), known)
    except AnchorUnknown:
        return None


def standing_changes(treatment: TreatmentSession) -> list[StatusChange]:
    """List the steps that have not been undone, oldest first."""
    undone = {change.undoes_id for change in treatment.changes}
    return [c for c in treatment.changes if c.action is not Action.UNDO and c.id not in undone]


def arrived_at(treatment: TreatmentSession) -> datetime | None:
    """Give the moment at which the patient was checked in."""
    return next((c.at for c in standing_changes(treatment) if c.to_status in IN_CLINIC), None)


def ready_at(treatment: TreatmentSession) -> datetime | None:
    """Give the moment at which the patient was called ready to leave."""
    return next((c.at for c in reversed(standing_changes(treatment)) if c.to_status is Status.READY), None)


def ended_at(treatment: TreatmentSession) -> datetime | None:
    """Give the moment at which the session ended, however it did."""
    steps = standing_changes(treatment)
    return steps[-1].at if steps and treatment.status not in OCCUPYING else None


def side_effects(db: Session, treatment: TreatmentSession) -> list[SideEffectNow]:
    """List the standing side effects as they are now, in order of onset."""
    return effects_now(all_side_effects(db, treatment))


def all_side_effects(db: Session, treatment: TreatmentSession) -> list[SideEffect]:
    """List every side effect with its events, corrected ones too, in order of onset."""
    query = (
        sa.select(SideEffect)
        .where(SideEffect.session_id == treatment.id)
        .options(selectinload(SideEffect.by), selectinload(SideEffect.events).selectinload(SideEffectEvent.by))
        .order_by(SideEffect.at, SideEffect.id)
    )
    return list(db.scalars(query).all())


def effects_now(effects: Sequence[SideEffect]) -> list[SideEffectNow]:
    """Give each standing side effect as it is; what happened to an entry that was corrected since belongs to it too."""
    by_id = {effect.id: effect for effect in effects}
    return [_now(effect, _events(effect, by_id)) for effect in standing(effects)]


def _events(effect: SideEffect, by_id: dict[int, SideEffect]) -> list[SideEffectEvent]:
    events = list(effect.events)
    while effect.corrects_id is not None:
        effect = by_id[effect.corrects_id]
        events.extend(effect.events)
    return sorted(events, key=lambda event: (event.at, event.id))


def _now(effect: SideEffect, events: Sequence[SideEffectEvent]) -> SideEffectNow:
    grade, resolved_at, outcome, by_mistake = effect.grade, None, None, False
    for event in events:
        grade = event.grade or grade
        outcome = event.outcome or outcome
        by_mistake = by_mistake or event.kind is SideEffectEventKind.CORRECTED
        if event.kind is SideEffectEventKind.RESOLVED:
            resolved_at = event.at
        elif event.kind is SideEffectEventKind.GRADED:
            resolved_at, outcome = None, event.outcome or (None if resolved_at else outcome)
    return SideEffectNow(
        effect=effect, grade=Grade(grade), resolved_at=resolved_at, outcome=outcome, by_mistake=by_mistake
    )
