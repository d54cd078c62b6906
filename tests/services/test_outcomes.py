"""Outcomes as gathered: what belongs to a plan, what was corrected or undone, and a bounded number of queries."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus, Question
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.domain.scheduling.plans import PlanChangeKind, PlanStatus
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.side_effects import SideEffectEventKind, SideEffectKind
from clinic_sessions.models import (
    CheckIn,
    CheckInAnswer,
    Clinic,
    DoseEvent,
    Patient,
    Plan,
    PlanChange,
    ScaleResult,
    SideEffect,
    SideEffectEvent,
    StatusChange,
    TreatmentSession,
    User,
    VitalsReading,
    Weight,
)
from clinic_sessions.services.course import last_sessions
from clinic_sessions.services.outcomes import outcomes, scale_results
from clinic_sessions.services.outcomes.scale_results import Entry
from clinic_sessions.services.plans import paper_lines
from tests import factories
from tests.conftest import SignIn
from tests.services.test_query_shapes import reads

ZONE = ZoneInfo("America/Los_Angeles")
A_DAY = timedelta(days=1)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> User:
    """A nurse who writes things down."""
    return factories.a_user(db, clinic, Role.NURSE)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient of the clinic."""
    return factories.a_patient(db, clinic)


def a_score(
    db: Session, patient: Patient, at: datetime, total: int, by: User, corrects: int | None = None
) -> ScaleResult:
    """A PHQ-9 of this total, item 9 last to be filled."""
    items = {item: max(0, min(3, total - 3 * (item - 1))) for item in range(1, 10)}
    answers = Answers(items=items)
    entry = Entry(scale=ScaleKey.PHQ_9, answers=answers, language=Language.EN, mode=ScaleMode.PAPER, at=at)
    row = scale_results.add(db, entry, patient.id, now=at, by_id=by.id, corrects_id=corrects)
    db.flush()
    return row


def a_dose(
    db: Session, patient: Patient, at: datetime, by: User, *, micrograms: int = 40_000, plan: Plan | None = None,
    mood: int | None = None, protocol: str = "iv-mood",
) -> TreatmentSession:  # fmt: skip
    """A session that is over, with its dose, two pressures, a side effect, and mood a day later."""
    session = factories.a_session(
        db, patient, at - timedelta(minutes=30), status=Status.LEFT, protocol=factories.a_protocol(db, protocol),
        dose_started_at=at, left_at=at + timedelta(hours=2), by=by,
    )  # fmt: skip
    session.plan_id = plan.id if plan else None
    stamp = {"session_id": session.id, "recorded_at": at, "late": False, "by_id": by.id}
    db.add(DoseEvent(kind=DoseEventKind.STARTED, micrograms=micrograms, at=at, **stamp))
    db.add(DoseEvent(kind=DoseEventKind.GIVEN, micrograms=micrograms, at=at + timedelta(minutes=40), **stamp))
    for minutes, systolic, diastolic in ((20, 151, 88), (40, 139, 91)):
        db.add(
            VitalsReading(systolic_mmhg=systolic, diastolic_mmhg=diastolic, at=at + timedelta(minutes=minutes), **stamp)
        )
    effect = SideEffect(kind=SideEffectKind.NAUSEA, grade=1, at=at + timedelta(minutes=25), **stamp)
    effect.events = [
        SideEffectEvent(kind=SideEffectEventKind.GRADED, grade=2, at=at + timedelta(minutes=30), **stamp),
    ]
    db.add(effect)
    if mood is not None:
        check_in = CheckIn(
            patient_id=patient.id, session_id=session.id, kind=CheckInKind.AFTER_24H, due_at=at + A_DAY,
            expires_at=at + 3 * A_DAY, status=CheckInStatus.ANSWERED, answered_at=at + A_DAY,
        )  # fmt: skip
        check_in.answers = [CheckInAnswer(question=Question.MOOD, value={"value": mood}, at=at + A_DAY)]
        db.add(check_in)
    db.flush()
    return session


def a_plan(db: Session, patient: Patient, at: datetime, by: User, *, status: PlanStatus = PlanStatus.ACTIVE) -> Plan:
    """A plan of six infusions."""
    plan = Plan(
        patient_id=patient.id, protocol_version_id=factories.a_protocol(db).id, session_count=6, status=status,
        condition=Condition.TREATMENT_RESISTANT_DEPRESSION, started_at=at, by_id=by.id,
    )  # fmt: skip
    db.add(plan)
    db.flush()
    return plan


def test_a_plan_is_looked_at_from_its_start_to_the_next_with_the_baseline_from_before(
    db: Session, patient: Patient, nurse: User, now: datetime
) -> None:
    first = a_plan(db, patient, now - 200 * A_DAY, nurse, status=PlanStatus.ENDED)
    second = a_plan(db, patient, now - 60 * A_DAY, nurse)
    for day, total in ((-201, 20), (-190, 8), (-65, 16), (-40, 7)):
        a_score(db, patient, now + day * A_DAY, total, nurse)
    for day, plan in ((-199, first), (-195, first), (-58, second), (-50, second)):
        a_dose(db, patient, now + day * A_DAY, nurse, plan=plan, mood=6)
    db.commit()

    newest = outcomes.read(db, patient, ZONE)
    assert newest.plan is not None
    assert newest.plan.id == second.id
    assert [point.score.total for point in newest.courses[0].points] == [16, 7]
    assert newest.courses[0].baseline.total == 16
    response = newest.courses[0].response
    assert response is not None
    assert (response.days, response.doses) == (18, 2)
    earlier = outcomes.read(db, patient, ZONE, plan=str(first.id))
    assert [point.score.total for point in earlier.courses[0].points] == [20, 8, 16]
    assert len(earlier.doses) == len(newest.doses) == 2
    everything = outcomes.read(db, patient, ZONE, plan=outcomes.ALL)
    assert [point.score.total for point in everything.courses[0].points] == [20, 8, 16, 7]
    assert everything.courses[0].baseline.total == 20
    assert {one.total for one in (*earlier.totals, *newest.totals)} == {160_000}
    assert newest.main(patient) is newest.courses[0]


def test_what_was_corrected_withdrawn_or_undone_is_not_drawn(
    db: Session, patient: Patient, nurse: User, now: datetime
) -> None:
    wrong = a_score(db, patient, now - 9 * A_DAY, 25, nurse)
    a_score(db, patient, now - 9 * A_DAY, 15, nurse, corrects=wrong.id)
    session = a_dose(db, patient, now - 7 * A_DAY, nurse)
    given = db.query(DoseEvent).filter_by(session_id=session.id, kind=DoseEventKind.GIVEN).one()
    stamp = {"session_id": session.id, "recorded_at": now, "late": True, "by_id": nurse.id, "at": given.at}
    db.add(DoseEvent(kind=DoseEventKind.GIVEN, micrograms=31_500, corrects_id=given.id, **stamp))
    same = {"session_id": session.id, "at": now - 7 * A_DAY, "recorded_at": now, "by_id": nurse.id}
    step = StatusChange(action=Action.STOP_EARLY, to_status=Status.OBSERVING, **same)
    hospital = StatusChange(action=Action.TAKE_TO_HOSPITAL, to_status=Status.TAKEN_TO_HOSPITAL, words="Chest", **same)
    db.add_all([step, hospital])
    db.flush()
    db.add(StatusChange(action=Action.UNDO, to_status=Status.IN_TREATMENT, undoes_id=step.id, **same))
    db.commit()

    found = outcomes.read(db, patient, ZONE)
    assert [row.total for row in found.rows.scores] == ["15 of 27"]
    assert [row.dose for row in found.rows.doses] == ["31.5 mg IV"]
    assert [(row.short, row.words) for row in found.rows.events] == [("Hospital", "Chest")]
    assert found.totals[0].total == 31_500


def test_a_curve_that_turned_asks_for_a_review_until_there_was_one(
    db: Session, patient: Patient, nurse: User, now: datetime
) -> None:
    plan = a_plan(db, patient, now - 60 * A_DAY, nurse)
    for day, total in ((-59, 20), (-40, 6), (-10, 14)):
        a_score(db, patient, now + day * A_DAY, total, nurse)
    a_dose(db, patient, now - 58 * A_DAY, nurse, plan=plan)
    assert [one.scale.key for one in outcomes.read(db, patient, ZONE).due] == [ScaleKey.PHQ_9]
    db.add(PlanChange(plan_id=plan.id, kind=PlanChangeKind.REVIEW, at=now - A_DAY, by_id=nurse.id, words="Go on"))
    db.flush()
    found = outcomes.read(db, patient, ZONE)
    assert found.due == []
    assert [row.short for row in found.rows.events] == ["Plan started", "Reviewed"]


def test_the_last_sessions_tell_dose_weight_peak_and_worst_grade_newest_first(
    db: Session, patient: Patient, nurse: User, now: datetime
) -> None:
    for day, grams in ((-30, 80_000), (-8, 82_000)):
        at = now + day * A_DAY
        db.add(
            Weight(patient_id=patient.id, grams=grams, entered_unit=WeightUnit.KG, measured_at=at, recorded_at=at,
                   by_id=nurse.id)
        )  # fmt: skip
    days = (-40, -20, -12, -5)
    made = [a_dose(db, patient, now + day * A_DAY, nurse) for day in days]
    db.commit()
    found = last_sessions.of(db, patient.id)
    assert [one.treatment.id for one in found] == [one.id for one in reversed(made[1:])]
    assert [one.per_kg for one in found] == ["0.49 mg/kg", "0.50 mg/kg", "0.50 mg/kg"]
    peak = found[0].peak
    assert peak is not None
    assert (found[0].dose, peak.systolic_mmhg, peak.diastolic_mmhg) == ("40 mg IV", 151, 88)
    assert found[0].effects == ["Nausea, grade 2"]
    earlier = last_sessions.of(db, patient.id, before=now - 12 * A_DAY)
    assert [one.treatment.id for one in earlier] == [made[1].id, made[0].id]
    assert earlier[1].per_kg == ""


def _fill(db: Session, patient: Patient, nurse: User, now: datetime, count: int) -> None:
    plan = a_plan(db, patient, now - 400 * A_DAY, nurse)
    db.add(Weight(patient_id=patient.id, grams=80_000, entered_unit=WeightUnit.KG, by_id=nurse.id,
                  measured_at=now - 400 * A_DAY, recorded_at=now - 400 * A_DAY))  # fmt: skip
    for place in range(count):
        at = now - (count - place) * 7 * A_DAY
        a_score(db, patient, at - timedelta(hours=1), max(3, 20 - place), nurse)
        a_dose(db, patient, at, nurse, plan=plan, mood=5)
    factories.the_papers(db, patient, plan_id=plan.id, key="iv-mood")
    db.commit()
    db.expire_all()


def _queries(db: Session, patient: Patient, now: datetime) -> tuple[int, int, int]:
    assert patient.conditions == []
    with reads(db) as whole:
        outcomes.read(db, patient, ZONE)
    db.expire_all()
    assert patient.id
    with reads(db) as last:
        last_sessions.of(db, patient.id)
    with reads(db) as papers:
        paper_lines.of(db, patient, [], now=now, zone=ZONE)
    return len(whole), len(last), len(papers)


def test_the_number_of_queries_is_the_same_at_three_and_at_forty_sessions(
    db: Session, clinic: Clinic, nurse: User, now: datetime
) -> None:
    few, many = factories.a_patient(db, clinic), factories.a_patient(db, clinic)
    _fill(db, few, nurse, now, 3)
    _fill(db, many, nurse, now, 40)
    counts = _queries(db, many, now)
    assert counts == _queries(db, few, now)
    assert all(count <= most for count, most in zip(counts, (13, 9, 14), strict=True))


@pytest.mark.parametrize(("page", "most"), [("/outcomes", 36), ("", 77), ("/scales", 24)])
def test_a_page_reads_as_often_at_forty_sessions_as_at_three(
    db: Session, clinic: Clinic, nurse: User, now: datetime, signed_in: SignIn, page: str, most: int
) -> None:
    visitor, counts = signed_in(Role.PROVIDER), list[int]()
    for count in (3, 40):
        patient = factories.a_patient(db, clinic, f"Has {count}")
        _fill(db, patient, nurse, now, count)
        path = f"/patients/{patient.id}{page}"
        db.rollback()
        with reads(db) as seen:
            assert visitor.get(path).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= most


def test_the_papers_of_a_series_tell_since_when_until_when_and_what_is_missing(
    db: Session, clinic: Clinic, nurse: User, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    plan = a_plan(db, patient, now - A_DAY, nurse)
    db.commit()
    bare = paper_lines.of(db, patient, [], now=now, zone=ZONE)
    assert [part.value for part in bare[0].missing] == ["clearance", "consent", "order"]
    assert [line.part.value for line in bare[0].lines] == ["clearance", "consent", "order", "check"]
    factories.the_papers(db, patient)
    factories.the_papers(db, patient, plan_id=plan.id, key="iv-mood")
    plan.status = PlanStatus.PAUSED
    db.commit()
    full = paper_lines.of(db, patient, [], now=now, zone=ZONE)
    assert [part.value for part in full[0].missing] == ["plan"]
    assert {line.until for line in full[0].lines[:3]} == {factories.FAR}
    assert all(line.on for line in full[0].lines[:4])
