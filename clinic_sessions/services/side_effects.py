"""Side effects: noted in their moment, followed until they are over, told when they are severe."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.record import is_late
from clinic_sessions.domain.side_effects import (
    Grade,
    Outcome,
    Seriousness,
    SideEffectCatalogue,
    SideEffectEventKind,
    SideEffectKind,
    parse_side_effects,
)
from clinic_sessions.models import AuditAction, SideEffect, SideEffectEvent, TreatmentSession
from clinic_sessions.services import audit, recording, session_alerts
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """A side effect as it was noticed."""

    kind: SideEffectKind
    grade: Grade
    term: str | None = None
    seriousness: Seriousness | None = None
    words: str | None = None


@dataclass(frozen=True, kw_only=True)
class Followed:
    """What became of a side effect."""

    kind: SideEffectEventKind
    grade: Grade | None = None
    outcome: Outcome | None = None
    words: str | None = None


@cache
def catalogue() -> SideEffectCatalogue:
    """Give the closed lists with their words."""
    return parse_side_effects(resources.files("clinic_sessions.protocols").joinpath("side-effects.toml").read_text())


def label(effect: SideEffect) -> str:
    """Give staff's word for a side effect; one that is not on the list has its own."""
    if effect.kind is SideEffectKind.OTHER and effect.term:
        return effect.term
    return next(one.label for one in catalogue().kinds if one.kind is effect.kind)


def note(
    db: Session,
    treatment: TreatmentSession,
    noticed: Noticed,
    *,
    now: datetime,
    by: Actor,
    onset: datetime | None = None,
    corrects: SideEffect | None = None,
) -> SideEffect:
    """Add a side effect from its onset (default: now). Grade 3 and more, or a serious one, raises an alert.

    Refuses with ChangedMeanwhile when somebody else has corrected the same entry.
    """
    recording.guard_correction(db, treatment, corrects)
    effect = SideEffect(
        **recording.stamp(treatment, now=now, by=by, at=onset or now, against=[]),
        kind=noticed.kind,
        term=noticed.term,
        grade=noticed.grade,
        seriousness=noticed.seriousness,
        words=noticed.words,
        corrects_id=corrects.id if corrects else None,
    )
    recording.save(db, treatment, effect, now=now, by=by)
    _tell(db, treatment, effect, noticed.grade, f"side_effect:{effect.id}", now=now, by=by)
    return effect


def follow(
    db: Session,
    treatment: TreatmentSession,
    effect: SideEffect,
    followed: Followed,
    *,
    now: datetime,
    by: Actor,
    at: datetime | None = None,
) -> SideEffectEvent:
    """Add what became of a side effect at its true time; raises Absent when it belongs to another session."""
    if effect.session_id != treatment.id or by.user_id is None:
        raise Absent
    when = at or now
    event = SideEffectEvent(
        side_effect_id=effect.id,
        session_id=treatment.id,
        at=when,
        recorded_at=now,
        late=is_late(when, now),
        outside_rules=[],
        by_id=by.user_id,
        kind=followed.kind,
        grade=followed.grade,
        outcome=followed.outcome or (Outcome.RESOLVED if followed.kind is SideEffectEventKind.RESOLVED else None),
        words=followed.words,
    )
    effect.events.append(event)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "side_effect_events", event.id, now=now, by=by, patient_id=treatment.patient_id
    )  # fmt: skip
    if followed.grade is not None:
        _tell(db, treatment, effect, followed.grade, f"side_effect_event:{event.id}", now=now, by=by)
    return event


def _tell(
    db: Session, treatment: TreatmentSession, effect: SideEffect, grade: Grade, event: str, *, now: datetime, by: Actor
) -> None:
    """Tell of a severe side effect the same day, and at once from grade 4 or when it is serious [P]."""
    if grade < Grade.SEVERE and effect.seriousness is None:
        return
    urgent = grade >= Grade.LIFE_THREATENING or effect.seriousness is not None
    tier = AlertTier.NOW if urgent else AlertTier.SAME_DAY
    text = f"{label(effect)}, grade {int(grade)}"
    session_alerts.tell(db, treatment, AlertKind.SERIOUS_SIDE_EFFECT, tier, text, event, now=now, by=by)
