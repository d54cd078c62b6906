"""A patient's scales as staff read them: what is proposed, when each may be asked again, and every result in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.outcomes.scale_words import change_words, result_words
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.scales import scoring
from clinic_sessions.domain.scales.changes import baseline_place, change
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.scales.results import DANGER, Flag, Total
from clinic_sessions.domain.sourced import Sourced
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic, Patient, PatientCondition, Plan, ScaleResult, TreatmentSession
from clinic_sessions.services import documents
from clinic_sessions.services.outcomes import scale_data, scale_results


@dataclass(frozen=True, kw_only=True)
class Ask:
    """A scale that may be entered. `asked_from`: when it is to be asked at the soonest; None: today."""

    scale: Scale
    last_on: date | None
    asked_from: date | None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One result in words; `standing` unless it was corrected."""

    result: ScaleResult
    scale: Scale
    total: str
    change: str
    missing: int
    standing: bool
    too_soon: bool
    """Whether less time than the scale asks for lies between it and the one before."""

    @property
    def flags(self) -> list[Flag]:
        """What must be seen beside the total, dangers first."""
        found = [Flag(flag) for flag in self.result.flags]
        return sorted(found, key=lambda flag: flag not in DANGER)

    @property
    def in_danger(self) -> bool:
        """Whether an answer means danger."""
        return self.standing and bool(DANGER & set(self.flags))


@dataclass(frozen=True, kw_only=True)
class Course:
    """The page of a patient's scales."""

    proposed: Sequence[Ask]
    others: Sequence[Ask]
    readings: Sequence[Reading]
    response: Sourced
    """The clinic's own number for a response of a scale of depression."""

    @property
    def used(self) -> list[Scale]:
        """The scales with results and those proposed, for how they are read."""
        both = [*(one.scale for one in self.proposed), *(one.scale for one in self.readings)]
        return list({scale.key: scale for scale in both}.values())


def read(db: Session, patient: Patient, today: date) -> Course:
    """Gather a patient's scales."""
    rows = scale_results.listed(db, patient.id)
    last = scale_results.last_days(db, patient)
    wanted = proposed(db, patient.id)
    return Course(
        proposed=[_ask(key, last, today) for key in wanted],
        others=[_ask(key, last, today) for key in scale_data.KEYS if key not in wanted],
        readings=_readings(db, patient, rows),
        response=documents.thresholds(db).response,
    )


def proposed(db: Session, patient_id: int) -> list[ScaleKey]:
    """List the scales that the patient's present conditions propose, each once."""
    query = sa.select(PatientCondition.condition).where(
        PatientCondition.patient_id == patient_id, PatientCondition.ended_at.is_(None)
    )
    found = [
        key for condition in db.scalars(query.order_by(PatientCondition.id)) for key in CONDITIONS[condition].scales
    ]
    return list(dict.fromkeys(found))


def asked_from(db: Session, patient: Patient, scale: Scale, today: date) -> date | None:
    """Give the day from which a scale may be asked again; None: today."""
    return _ask(scale.key, scale_results.last_days(db, patient), today).asked_from


def _ask(key: ScaleKey, last: Mapping[ScaleKey, date], today: date) -> Ask:
    scale = scale_data.of(key)
    first = scoring.first_day(scale, last.get(key))
    return Ask(scale=scale, last_on=last.get(key), asked_from=first if first and first > today else None)


def first_dose_at(db: Session, patient_id: int) -> datetime | None:
    """Give when the first dose of the newest plan began, or, before it, of all; None before any dose."""
    newest = sa.select(sa.func.max(Plan.started_at)).where(Plan.patient_id == patient_id).scalar_subquery()
    begun = TreatmentSession.dose_started_at
    in_plan = sa.func.min(sa.case((begun >= newest, begun)))
    query = sa.select(in_plan, sa.func.min(begun)).where(TreatmentSession.patient_id == patient_id)
    of_plan, of_all = db.execute(query).one()
    first: datetime | None = of_plan or of_all
    return first


def _readings(db: Session, patient: Patient, rows: Sequence[ScaleResult]) -> list[Reading]:
    zone = db.get_one(Clinic, patient.clinic_id).zone
    stands = {row.id for row in scale_results.standing(rows)}
    kept = [row for row in reversed(rows) if row.id in stands]
    changes = _changes(db, patient.id, kept)
    days: dict[ScaleKey, date] = {}
    soon = set()
    for row in kept:
        day = local_day(row.at, zone)
        if not scoring.may_ask(scale_data.of(row.scale), days.get(row.scale), day):
            soon.add(row.id)
        days[row.scale] = day
    return [_reading(row, row.id in stands, changes.get(row.id, ""), row.id in soon) for row in rows]


def _reading(row: ScaleResult, standing: bool, changed: str, too_soon: bool) -> Reading:
    scale = scale_data.of(row.scale)
    return Reading(
        result=row,
        scale=scale,
        total=result_words(scale, scale_results.total_of(row), row.band, row.flags),
        change=changed,
        missing=len(scale_results.scored(row).missing),
        standing=standing,
        too_soon=too_soon,
    )


def _changes(db: Session, patient_id: int, kept: Sequence[ScaleResult]) -> dict[int, str]:
    """Say of each result, oldest first, what has changed since the baseline of its scale."""
    dosed = first_dose_at(db, patient_id)
    response = documents.thresholds(db).response
    by_scale: dict[ScaleKey, list[tuple[ScaleResult, Total]]] = {}
    for row in kept:
        total = scale_results.total_of(row)
        if total is not None:
            by_scale.setdefault(row.scale, []).append((row, total))
    said: dict[int, str] = {}
    for key, results in by_scale.items():
        scale = scale_data.of(key)
        start = baseline_place([row.at for row, _ in results], dosed)
        said[results[start][0].id] = "Baseline" if scale.change else ""
        for row, total in results[start + 1 :]:
            found = change(scale, results[start][1], total, clinic_response=response)
            said[row.id] = change_words(scale, found)
    return said
