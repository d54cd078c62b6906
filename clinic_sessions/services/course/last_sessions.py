"""A patient's last sessions, told in short beside today's: what was given, the highest pressure, what was felt."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from clinic_sessions.domain.drug.given_doses import Dose
from clinic_sessions.domain.outcomes.outcome_rows import dose_words, per_kg_words
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import SideEffect, TreatmentSession, VitalsReading
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.outcomes import given_doses
from clinic_sessions.services.session import facts
from clinic_sessions.services.session.facts import SideEffectNow

MOST = 3

Row = TypeVar("Row", VitalsReading, SideEffect)


@dataclass(frozen=True, kw_only=True)
class LastSession:
    """One session in short. `ended`: how, when it did not end as planned; `peak`: the reading of highest systolic."""

    treatment: TreatmentSession
    dose: str
    per_kg: str
    grams: int | None
    peak: VitalsReading | None
    effects: Sequence[str]
    ended: Status | None


def of(db: Session, patient_id: int, *, before: datetime | None = None, newest: int = MOST) -> Sequence[LastSession]:
    """List the newest sessions whose dose was begun, those before a moment if one is given; five or six queries."""
    treatments = given_doses.sessions(db, patient_id, before=before, newest=newest)
    if not treatments:
        return []
    doses = {dose.session_id: dose for dose in given_doses.of(db, patient_id, treatments)}
    ids = [one.id for one in treatments]
    readings = _by_session(db, sa.select(VitalsReading).where(VitalsReading.session_id.in_(ids)))
    felt = _by_session(
        db,
        sa.select(SideEffect)
        .where(SideEffect.session_id.in_(ids))
        .options(selectinload(SideEffect.events))
        .order_by(SideEffect.at, SideEffect.id),
    )
    return [
        _short(one, doses[one.id], facts.standing(readings[one.id]), facts.effects_now(felt[one.id]))
        for one in treatments
        if one.id in doses
    ]


def _by_session(db: Session, query: sa.Select[Row]) -> Mapping[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in db.scalars(query):
        found[row.session_id].append(row)
    return found


def _short(
    treatment: TreatmentSession, dose: Dose, readings: Sequence[VitalsReading], effects: Sequence[SideEffectNow]
) -> LastSession:
    pressures = [(one.systolic_mmhg, one.diastolic_mmhg or 0, one) for one in readings if one.systolic_mmhg is not None]
    return LastSession(
        treatment=treatment,
        dose=dose_words(dose),
        per_kg=per_kg_words(dose),
        grams=dose.grams,
        peak=max(pressures, key=lambda one: one[:2])[2] if pressures else None,
        effects=[_felt(one) for one in effects if not one.by_mistake],
        ended=treatment.status if treatment.status in _UNPLANNED else None,
    )


_UNPLANNED = frozenset({Status.TAKEN_TO_HOSPITAL, Status.LEFT_AGAINST_ADVICE, Status.LEFT_WITHOUT_TELLING_US})


def _felt(one: SideEffectNow) -> str:
    """Name a side effect with the highest grade that it had."""
    graded = [event.grade for event in one.effect.events if event.grade is not None]
    return f"{side_effects.label(one.effect)}, grade {max([one.effect.grade, one.grade.value, *graded])}"
