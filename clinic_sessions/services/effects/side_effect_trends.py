"""Side effects over a patient's sessions: which came back, how strong at their worst, and how soon after the start."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.outcomes.outcome_rows import dose_words
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.models import SideEffect, TreatmentSession
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.outcomes import given_doses
from clinic_sessions.services.session import facts
from clinic_sessions.services.session.facts import SideEffectNow

MOST = 6
"""So many sessions stand side by side, this one among them."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One session: what was given, and whether anything was recorded."""

    treatment: TreatmentSession
    dose: str
    nothing: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """One kind over the sessions. `worst`: the highest grade in each, None where it was not recorded.

    `soonest`, `latest`: minutes from the start of the dose to the onset, None when it never began after a start.
    """

    label: str
    worst: Sequence[Grade | None]
    soonest: int | None
    latest: int | None

    @property
    def times(self) -> int:
        """In how many of the sessions it was recorded."""
        return sum(grade is not None for grade in self.worst)

    @property
    def peak(self) -> Grade:
        """The highest grade of all."""
        return max(grade for grade in self.worst if grade is not None)


@dataclass(frozen=True, kw_only=True)
class Trends:
    """The newest sessions, oldest first, and a row for each kind that was recorded, the most frequent first."""

    columns: Sequence[Column]
    rows: Sequence[Row]


def of(db: Session, treatment: TreatmentSession) -> Trends | None:
    """Set the side effects of a session beside those of the sessions before it; None when there are none before.

    A fixed number of queries, however many were recorded.
    """
    before = given_doses.sessions(db, treatment.patient_id, before=treatment.dose_started_at, newest=MOST)
    earlier = [one for one in before if one.id != treatment.id][: MOST - 1]
    if not earlier:
        return None
    begun = [treatment] if treatment.dose_started_at is not None else []
    shown = [*reversed(earlier), *begun]
    doses = {dose.session_id: dose for dose in given_doses.of(db, treatment.patient_id, shown)}
    felt = _felt(db, [one.id for one in shown])
    columns = [
        Column(treatment=one, dose=dose_words(doses[one.id]) if one.id in doses else "", nothing=not felt[one.id])
        for one in shown
    ]
    return Trends(columns=columns, rows=_rows(shown, felt))


def _felt(db: Session, ids: Sequence[int]) -> Mapping[int, Sequence[SideEffectNow]]:
    query = sa.select(SideEffect).where(SideEffect.session_id.in_(ids)).options(selectinload(SideEffect.events))
    found: dict[int, list[SideEffect]] = defaultdict(list)
    for row in db.scalars(query.order_by(SideEffect.at, SideEffect.id)):
        found[row.session_id].append(row)
    return {one: [now for now in facts.effects_now(found[one]) if not now.by_mistake] for one in ids}


def _rows(shown: Sequence[TreatmentSession], felt: Mapping[int, Sequence[SideEffectNow]]) -> list[Row]:
    kinds = {_key(one.effect): side_effects.label(one.effect) for ones in felt.values() for one in ones}
    rows = [_row(label, key, shown, felt) for key, label in kinds.items()]
    return sorted(rows, key=lambda row: (-row.times, -row.peak, row.label))


def _row(
    label: str,
    key: tuple[SideEffectKind, str],
    shown: Sequence[TreatmentSession],
    felt: Mapping[int, Sequence[SideEffectNow]],
) -> Row:
    mine = {one.id: [now for now in felt[one.id] if _key(now.effect) == key] for one in shown}
    minutes = [
        (now.effect.at - one.dose_started_at) // timedelta(minutes=1)
        for one in shown
        for now in mine[one.id]
        if one.dose_started_at is not None and now.effect.at >= one.dose_started_at
    ]
    return Row(
        label=label,
        worst=[max(map(side_effects.worst, mine[one.id]), default=None) for one in shown],
        soonest=min(minutes, default=None),
        latest=max(minutes, default=None),
    )


def _key(effect: SideEffect) -> tuple[SideEffectKind, str]:
    """Tell the kinds apart; one that is not on the list, by its word."""
    return effect.kind, (effect.term or "").casefold() if effect.kind is SideEffectKind.OTHER else ""
