"""What the page of a session shows of side effects: each as it is, what was done, what may be given, the course."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import IN_CLINIC, SessionKind
from clinic_sessions.domain.session.side_effects import Grade, SideEffectEventKind
from clinic_sessions.models import FollowUp, Intervention, Note, SideEffect, TreatmentSession, User
from clinic_sessions.services.drug import as_needed
from clinic_sessions.services.drug.as_needed import Offered
from clinic_sessions.services.effects import follow_ups, none_observed, side_effect_trends, side_effects
from clinic_sessions.services.effects.side_effect_trends import Trends
from clinic_sessions.services.session import facts, interventions
from clinic_sessions.services.session.facts import SideEffectNow


@dataclass(frozen=True, kw_only=True)
class Done:
    """Something that was done about a side effect."""

    text: str
    at: datetime
    by: User
    late: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """A side effect as it is, with what was done. `offered`: the as-needed drugs whose reason names it; each once."""

    now: SideEffectNow
    label: str
    worst: Grade
    done: Sequence[Done]
    offered: Sequence[Offered]


@dataclass(frozen=True, kw_only=True)
class EffectPart:
    """The whole part: what is there first, then what is over.

    `none`: the newest answer that there was none; `may_ask`: it can be asked now. `as_needed`: the drugs that stand at
    no side effect, empty when nobody is here to have them.
    """

    lines: Sequence[Line]
    none: Note | None
    may_ask: bool
    as_needed: Sequence[Offered]
    trends: Trends | None
    calls: Sequence[FollowUp]


def of(db: Session, treatment: TreatmentSession, now: datetime) -> EffectPart | None:
    """Gather the part as it is at `now`; None for a visit without a dose."""
    if treatment.kind is not SessionKind.TREATMENT:
        return None
    rows = facts.all_side_effects(db, treatment)
    acts = facts.standing(facts.all_of(db, Intervention, treatment))
    may_have = as_needed.of(db, treatment, now) if treatment.status in IN_CLINIC else []
    standing = [one for one in facts.effects_now(rows) if not one.by_mistake]
    lines, beside = [], list(may_have)
    for one in sorted(standing, key=lambda one: not one.open):
        lines.append(line := _line(one, rows, acts, beside))
        beside = [drug for drug in beside if drug not in line.offered]
    begun = treatment.dose_started_at
    asked = none_observed.answers(facts.standing(facts.all_of(db, Note, treatment)), begun) if not lines else []
    return EffectPart(
        lines=lines,
        none=asked[-1] if asked else None,
        may_ask=not lines and begun is not None and treatment.status in IN_CLINIC,
        as_needed=beside,
        trends=side_effect_trends.of(db, treatment),
        calls=follow_ups.of_session(db, treatment),
    )


def line(db: Session, treatment: TreatmentSession, one: SideEffectNow, now: datetime) -> Line:
    """Give one side effect with what was done and what may be given."""
    rows = facts.all_side_effects(db, treatment)
    acts = facts.standing(facts.all_of(db, Intervention, treatment))
    return _line(one, rows, acts, as_needed.of(db, treatment, now), whole=True)


def _line(
    one: SideEffectNow,
    rows: Sequence[SideEffect],
    acts: Sequence[Intervention],
    may_have: Sequence[Offered],
    *,
    whole: bool = False,
) -> Line:
    label = side_effects.label(one.effect)
    return Line(
        now=one,
        label=label,
        worst=side_effects.worst(one),
        done=_done(side_effects.entries(one.effect, rows), acts),
        offered=[offered for offered in may_have if whole or (one.open and offered.is_for(label))],
    )


def _done(entries: Sequence[SideEffect], acts: Sequence[Intervention]) -> list[Done]:
    ids = {entry.id for entry in entries}
    by_order = [
        Done(text=interventions.told(act), at=act.at, by=act.by, late=act.late)
        for act in acts
        if act.side_effect_id in ids
    ]
    said = [
        Done(text=event.words, at=event.at, by=event.by, late=event.late)
        for entry in entries
        for event in entry.events
        if event.kind is SideEffectEventKind.ACTED_ON and event.words
    ]
    return sorted([*by_order, *said], key=lambda done: done.at)
