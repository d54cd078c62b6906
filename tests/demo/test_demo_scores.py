"""The demo's scores: the scales of each condition, never asked too soon, with every way to fare."""

import sqlalchemy as sa

from clinic_sessions.demo.clinic import ZONE
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Patient, PatientCondition, Plan, ScaleResult
from clinic_sessions.services.outcomes import scale_course, scale_results
from tests.demo.conftest import Filled


def test_patients_in_a_series_answered_the_scales_of_their_condition(filled: Filled) -> None:
    db = filled.db
    for plan in db.scalars(sa.select(Plan)):
        answered = set(db.scalars(sa.select(ScaleResult.scale).where(ScaleResult.patient_id == plan.patient_id)))
        assert set(CONDITIONS[plan.condition].scales) <= answered
    assert set(db.scalars(sa.select(PatientCondition.condition))) == set(CONDITIONS)


def test_no_scale_was_asked_sooner_than_it_allows_and_one_result_was_corrected(filled: Filled) -> None:
    db = filled.db
    courses = [
        scale_course.read(db, patient, local_day(filled.now, ZONE)) for patient in db.scalars(sa.select(Patient))
    ]
    readings = [reading for course in courses for reading in course.readings]
    assert not [reading for reading in readings if reading.too_soon]
    assert len([reading for reading in readings if not reading.standing]) == 1


def test_some_respond_some_do_not_and_some_relapse(filled: Filled) -> None:
    db = filled.db
    said = set()
    for patient_id in db.scalars(sa.select(Plan.patient_id)):
        totals = [
            total
            for row in scale_results.of_patient(db, patient_id, ScaleKey.PHQ_9)
            if (total := scale_results.total_of(row)) is not None
        ]
        if len(totals) < 3 or totals[0] < 15:
            continue
        best = min(totals)
        relapsed = totals[-1] >= 10 and totals[-1] >= best + 5 and 2 * best <= totals[0]
        said.add("relapse" if relapsed else "response" if 2 * totals[-1] <= totals[0] else "none")
    assert said == {"relapse", "response", "none"}
