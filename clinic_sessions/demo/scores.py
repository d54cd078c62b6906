"""How the demo's patients answer their scales over time: most get better, some do not, some relapse."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.demo.clinic import ZONE, Staffing
from clinic_sessions.demo.patients import OnFile
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.phq9 import DANGER_ITEM
from clinic_sessions.domain.scales.scoring import Answers, may_ask
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import ScaleResult, TreatmentSession
from clinic_sessions.services.outcomes import scale_data, scale_results
from clinic_sessions.services.outcomes.scale_results import Entry

_SEED = 904
_WORST, _BEST, _BACK = 0.7, 0.16, 0.55
_BETTER_WITHIN, _RELAPSE_FROM, _BACK_WITHIN = 8, 10, 9
_BEFORE_DOSE, _AFTER_START = timedelta(minutes=18), timedelta(minutes=35)


class Way(StrEnum):
    """How a patient fares."""

    BETTER = "better"
    UNCHANGED = "unchanged"
    RELAPSE = "relapse"


def way_of(patient_id: int) -> Way:
    """Give how a patient fares: one in six is unchanged, one in six relapses."""
    return {2: Way.UNCHANGED, 4: Way.RELAPSE}.get(patient_id % 6, Way.BETTER)


def severity(patient_id: int, days: float) -> float:
    """Give how ill a patient is so many days after the first dose, from 0 to 1."""
    worst = _WORST + patient_id % 4 * 0.05
    way = way_of(patient_id)
    if way is Way.UNCHANGED:
        return worst - min(days, 20) * 0.006
    best = worst - min(max(days, 0) / _BETTER_WITHIN, 1) * (worst - _BEST)
    if way is Way.RELAPSE and days > _RELAPSE_FROM:
        return best + min((days - _RELAPSE_FROM) / _BACK_WITHIN, 1) * (_BACK - best)
    return best


def answers_of(scale: Scale, ill: float, rng: Random) -> Answers:
    """Give answers of about that severity; item 9 of PHQ-9 is 0, a screen has no yes."""
    if scale.most == 1:
        asked = [item for item in scale.numbers if scale.key is ScaleKey.MANIA_CHECK or item in (1, 2, 6)]
        return Answers(items=dict.fromkeys(asked, 0))
    return Answers(
        items={
            item: 0 if (scale.key, item) == (ScaleKey.PHQ_9, DANGER_ITEM) else _one(ill, scale.most, rng)
            for item in scale.numbers
        }
    )


def _one(ill: float, most: int, rng: Random) -> int:
    return min(most, max(0, round(ill * most * 1.05 + rng.uniform(-0.25, 0.25) * most)))


def fill_in(db: Session, people: Sequence[OnFile], staff: Staffing, now: datetime) -> None:
    """Let every patient in a series have a baseline and what was asked since, never sooner than a scale allows."""
    rng = Random(_SEED)
    doses = _doses(db)
    known: dict[tuple[int, ScaleKey], list[datetime]] = {}
    for row in db.scalars(sa.select(ScaleResult)):
        known.setdefault((row.patient_id, row.scale), []).append(row.at)
    for one in people:
        if one.plan is None:
            continue
        for key in CONDITIONS[one.person.condition].scales:
            _fill_scale(db, one, key, doses.get(one.patient.id, []), known, staff, rng)
    db.flush()
    _correct_one(db, staff, now)


def _doses(db: Session) -> dict[int, list[TreatmentSession]]:
    found: dict[int, list[TreatmentSession]] = {}
    query = sa.select(TreatmentSession).where(TreatmentSession.dose_started_at.is_not(None))
    for visit in db.scalars(query.order_by(TreatmentSession.dose_started_at)):
        found.setdefault(visit.patient_id, []).append(visit)
    return found


def _fill_scale(
    db: Session,
    one: OnFile,
    key: ScaleKey,
    visits: Sequence[TreatmentSession],
    known: dict[tuple[int, ScaleKey], list[datetime]],
    staff: Staffing,
    rng: Random,
) -> None:
    scale = scale_data.of(key)
    taken = known.get((one.patient.id, key), [])
    for at, visit in _moments(one, scale, visits, taken):
        first = visits[0].dose_started_at if visits else None
        days = (at - first).total_seconds() / 86_400 if first else 0.0
        entry = Entry(
            scale=key,
            answers=answers_of(scale, severity(one.patient.id, days), rng),
            language=one.patient.language,
            mode=ScaleMode.CLINICIAN if scale.by_clinician else ScaleMode.PAPER,
            at=at,
            session_id=visit.id if visit else None,
        )
        scale_results.add(db, entry, one.patient.id, now=at, by_id=staff.nurses[0].user_id)


def _moments(
    one: OnFile, scale: Scale, visits: Sequence[TreatmentSession], taken: Sequence[datetime]
) -> Iterator[tuple[datetime, TreatmentSession | None]]:
    """Give the baseline and the visits at which the scale is asked: before the dose, and never too soon."""
    assert one.plan is not None  # noqa: S101 - only patients in a series are asked
    yield one.plan.started_at + _AFTER_START, None
    asked = sorted([one.plan.started_at + _AFTER_START, *taken])
    for visit in visits:
        at = (visit.dose_started_at or visit.starts_at) - _BEFORE_DOSE
        if all(_apart(scale, at, other) for other in asked):
            asked.append(at)
            yield at, visit


def _apart(scale: Scale, at: datetime, other: datetime) -> bool:
    early, late = sorted((local_day(at, ZONE), local_day(other, ZONE)))
    return may_ask(scale, early, late)


def _correct_one(db: Session, staff: Staffing, now: datetime) -> None:
    """Let one answer have been typed wrongly, and mended the same hour."""
    wrong = db.scalars(sa.select(ScaleResult).where(ScaleResult.scale == ScaleKey.PEG).order_by(ScaleResult.id)).first()
    if wrong is None:
        return
    items = {int(item): answer for item, answer in wrong.items.items()}
    entry = Entry(
        scale=wrong.scale,
        answers=Answers(items={**items, 1: min(10, items[1] + 1)}),
        language=wrong.language,
        mode=wrong.mode,
        at=wrong.at,
        session_id=wrong.session_id,
    )
    recorded = min(wrong.at + _AFTER_START, now)
    scale_results.add(db, entry, wrong.patient_id, now=recorded, by_id=staff.nurses[0].user_id, corrects_id=wrong.id)
    db.flush()
