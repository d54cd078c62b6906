"""Side effects: noted in their moment, followed until they are over, told when they are severe."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.session.record import is_late
from clinic_sessions.domain.session.side_effects import (
    ENDED,
    Grade,
    Outcome,
    Seriousness,
    SideEffectCatalogue,
    SideEffectEventKind,
    SideEffectKind,
    parse_side_effects,
)
from clinic_sessions.domain.words import say
from clinic_sessions.models import SideEffect, SideEffectEvent, TreatmentSession
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import follow_ups
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import facts, recording


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


def worst(one: facts.SideEffectNow) -> Grade:
    """Give the highest grade that a side effect had."""
    graded = [event.grade for event in one.effect.events if event.grade is not None]
    return Grade(max(one.effect.grade, one.grade, *graded))


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

    A serious one, and one of grade 4 and more, is owed a call besides. A correction tells only of what is worse than
    before. Refuses with ChangedMeanwhile when somebody else has corrected the same entry.
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
    if corrects is None or _is_worse(effect, corrects):
        _tell(db, treatment, effect, noticed.grade, f"side_effect:{effect.id}", now=now, by=by)
    return effect


def call_serious(
    db: Session, treatment: TreatmentSession, effect: SideEffect, why: Seriousness | None, *, now: datetime, by: Actor
) -> SideEffect:
    """Say that a side effect is serious, and by which criterion, or that it is not: a correction of its entry.

    Saying again what stands changes nothing. Refuses with ChangedMeanwhile when somebody else has corrected it.
    """
    if effect.seriousness is why:
        return effect
    noticed = Noticed(
        kind=effect.kind, grade=Grade(effect.grade), term=effect.term, seriousness=why, words=effect.words
    )  # fmt: skip
    return note(db, treatment, noticed, now=now, by=by, onset=effect.at, corrects=effect)


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
    """Add what became of a side effect at its true time; raises Absent when it belongs to another session.

    An outcome that ends it ends it, and a fatal one is grade 5. A grade that is severe and worse than the one before
    is told.
    """
    if effect.session_id != treatment.id or by.user_id is None:
        raise Absent
    when = at or now
    kind, grade = _meant(followed)
    before = _grade_before(effect, when)
    event = SideEffectEvent(
        side_effect_id=effect.id,
        session_id=treatment.id,
        at=when,
        recorded_at=now,
        late=is_late(when, now),
        outside_rules=[],
        by_id=by.user_id,
        kind=kind,
        grade=grade,
        outcome=followed.outcome or (Outcome.RESOLVED if kind is SideEffectEventKind.RESOLVED else None),
        words=followed.words,
    )
    recording.save(db, treatment, event, now=now, by=by)
    effect.events.append(event)
    if grade is not None and grade > before:
        _tell(db, treatment, effect, grade, f"side_effect_event:{event.id}", now=now, by=by)
    return event


def _meant(followed: Followed) -> tuple[SideEffectEventKind, Grade | None]:
    if followed.outcome in ENDED:
        return SideEffectEventKind.RESOLVED, followed.grade
    if followed.outcome is Outcome.FATAL:
        return followed.kind, Grade.DEATH
    return followed.kind, followed.grade


def _grade_before(effect: SideEffect, at: datetime) -> int:
    """Give how strong it was just before a moment; 0 when it was over."""
    grade = effect.grade
    for event in sorted(effect.events, key=lambda one: (one.at, one.id)):
        if event.at <= at:
            grade = 0 if event.kind is SideEffectEventKind.RESOLVED else event.grade or grade
    return grade


def _is_worse(effect: SideEffect, before: SideEffect) -> bool:
    newly_serious = effect.seriousness is not None and effect.seriousness is not before.seriousness
    return effect.grade > before.grade or newly_serious


def _tell(
    db: Session, treatment: TreatmentSession, effect: SideEffect, grade: Grade, event: str, *, now: datetime, by: Actor
) -> None:
    """Tell of a severe side effect the same day, and at once from grade 4 or when it is serious [P].

    Each is told for itself: one that waits for its answer hides no other.
    """
    serious = effect.seriousness is not None
    if grade < Grade.SEVERE and not serious:
        return
    urgent = grade >= Grade.LIFE_THREATENING or serious
    text = in_words(effect, grade)
    alerts.raise_alert(
        db, treatment.patient, AlertKind.SERIOUS_SIDE_EFFECT, AlertTier.NOW if urgent else AlertTier.SAME_DAY, text,
        dedup_key=f"session:{treatment.id}:{AlertKind.SERIOUS_SIDE_EFFECT.value}:{event}", now=now, by=by,
        session_id=treatment.id,
    )  # fmt: skip
    if urgent:
        follow_ups.owe(db, treatment, effect, text, now=now, by=by)


def in_words(effect: SideEffect, grade: Grade) -> str:
    """Say a side effect with a grade, and why it is serious."""
    why = f". Serious: {say(effect.seriousness).lower()}" if effect.seriousness else ""
    return f"{label(effect)}, grade {int(grade)}{why}"


def had_before(db: Session, treatment: TreatmentSession) -> Sequence[SideEffectKind]:
    """List the kinds on the list that were recorded in the patient's other sessions, the most frequent first."""
    newer = aliased(SideEffect)
    query = (
        sa.select(SideEffect.kind)
        .join(TreatmentSession, TreatmentSession.id == SideEffect.session_id)
        .where(
            TreatmentSession.patient_id == treatment.patient_id,
            TreatmentSession.id != treatment.id,
            SideEffect.kind != SideEffectKind.OTHER,
            ~sa.exists().where(newer.corrects_id == SideEffect.id),
        )
        .group_by(SideEffect.kind)
        .order_by(sa.func.count(SideEffect.session_id.distinct()).desc(), SideEffect.kind)
    )
    return db.scalars(query).all()


def entries(effect: SideEffect, rows: Sequence[SideEffect]) -> list[SideEffect]:
    """Give a side effect and the entries that it corrects, the newest first, out of the rows of its session."""
    by_id, found = {row.id: row for row in rows}, [effect]
    while (old := found[-1].corrects_id) is not None:
        found.append(by_id[old])
    return found


def standing(db: Session, treatment: TreatmentSession, effect: SideEffect) -> facts.SideEffectNow:
    """Give a side effect of a session as it is, or the correction that stands in its place."""
    rows = facts.all_side_effects(db, treatment)
    by_old = {row.corrects_id: row for row in rows}
    last = next((row for row in rows if row.id == effect.id), None)
    while last is not None and last.id in by_old:
        last = by_old[last.id]
    found = [one for one in facts.effects_now(rows) if one.effect is last]
    if not found:
        raise Absent
    return found[0]
