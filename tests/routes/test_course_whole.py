"""What must not be missing in a patient's course, what stands there once, and dates from the ends of the calendar."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus, Question
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.domain.session.lifecycle import Action, Gate
from clinic_sessions.domain.session.side_effects import Grade, InterventionKind, Seriousness, SideEffectKind
from clinic_sessions.domain.session.start_gate import Answer, StartReason
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import CheckIn, CheckInAnswer, Clinic, FollowUp, Patient, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking
from clinic_sessions.services.effects import follow_ups, side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.outcomes import scale_results
from clinic_sessions.services.session import interventions, recording
from clinic_sessions.services.session.interventions import InterventionAct
from clinic_sessions.services.sites import patient_clinics
from tests import factories
from tests.conftest import SignIn
from tests.routes.test_course import read
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic)


def test_what_was_done_asked_and_called_stands_in_the_course(
    db: Session, clinic: Clinic, patient: Patient, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    visit = factories.a_session(db, patient, now)
    take(db, visit, Action.ARRIVE, now, nurse)
    high = Vitals(systolic=168, diastolic=102, heart_rate=88, spo2_percent=97)
    recording.record_vitals(db, visit, high, now=now, by=nurse)
    asking.ask(db, visit, Gate.MAY_START, [StartReason.OUT_OF_RANGE], "Shall we?", now=now, by=nurse)
    word = asking.Word(answer=Answer.NOT_TODAY, reasons=[], words="Rest first")
    provider = a_nurse(db, clinic, Role.PROVIDER)
    asking.decide(db, visit, Gate.MAY_START, word, now=now + MINUTE, by=provider)
    serious = Noticed(
        kind=SideEffectKind.VOMITING, grade=Grade.SEVERE, seriousness=Seriousness.HOSPITALISATION, words="Twice"
    )
    side_effects.note(db, visit, serious, now=now + 2 * MINUTE, by=nurse)
    interventions.record(db, visit, InterventionAct(kind=InterventionKind.EMS), now=now + 3 * MINUTE, by=nurse)
    owed = db.scalars(sa.select(FollowUp)).one()
    db.commit()

    client, path = signed_in(Role.NURSE), f"/patients/{patient.id}/timeline"
    lines = read(client.get(path).text)
    for told in ("Shall we?", "not today", "Rest first", "Serious: stay in hospital Twice", "911", "not made yet"):
        assert any(told in line.replace(" · ", " ") for line in lines), (told, lines)
    assert len(read(client.get(f"{path}?kinds=interventions").text)) == 1
    assert len(read(client.get(f"{path}?kinds=provider").text)) == 2

    db.rollback()
    follow_ups.finish(db, db.get_one(FollowUp, owed.id), "Reached at home, well", now=now + 5 * MINUTE, by=nurse)
    db.commit()
    called = read(client.get(f"{path}?kinds=calls").text)
    assert len(called) == 1
    assert "Reached at home, well" in called[0]
    desk = signed_in(Role.FRONT_DESK).get(f"{path}?kinds=calls&kinds=provider&kinds=interventions").text
    assert not any(word in desk for word in ("Reached at home", "Rest first", "911"))


def test_what_stands_outside_the_rules_says_so_with_its_mark(
    db: Session, patient: Patient, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    visit = factories.a_session(db, patient, now)
    recording.record_vitals(db, visit, Vitals(heart_rate=70), now=now, by=nurse)
    db.commit()
    lines = read(signed_in(Role.NURSE).get(f"/patients/{patient.id}/timeline?kinds=vitals").text)
    assert [line.count("Outside the rules") for line in lines] == [1]


def test_a_score_from_a_check_in_stands_once_and_names_the_patient_once(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    visit = factories.a_session(db, patient, now - timedelta(days=7))
    check_in = CheckIn(
        patient_id=patient.id, session_id=visit.id, kind=CheckInKind.AFTER_7D, status=CheckInStatus.ANSWERED,
        due_at=now, expires_at=now + timedelta(days=2), answered_at=now,
    )  # fmt: skip
    value = {"items": {str(n): 1 for n in range(1, 10)}, "total": 9, "band": "mild"}
    check_in.answers = [
        CheckInAnswer(question=Question.MOOD, value={"value": 6}, at=now),
        CheckInAnswer(question=Question.PHQ9, value=value, at=now),
    ]
    db.add(check_in)
    db.flush()
    entry = scale_results.Entry(
        scale=ScaleKey.PHQ_9, answers=Answers(items=dict.fromkeys(range(1, 10), 1)), language=Language.EN,
        mode=ScaleMode.LINK, at=now, session_id=visit.id, check_in_id=check_in.id,
    )  # fmt: skip
    scale_results.add(db, entry, patient.id, now=now, by_id=None)
    db.commit()
    lines = read(signed_in(Role.NURSE).get(f"/patients/{patient.id}/timeline").text)
    scores = [line for line in lines if "PHQ-9" in line]
    assert [line.count("Patient, by link") for line in scores] == [1]
    assert ["Mood: 6 of 10" in line for line in lines].count(True) == 1


def test_a_session_of_a_site_that_the_person_does_not_see_has_no_link(
    db: Session, clinic: Clinic, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    mine, further = factories.a_session(db, patient, now), factories.a_clinic(db)
    owner = a_nurse(db, clinic, Role.OWNER)
    assert owner.user is not None
    owner.user.clinics = [clinic, further]
    patient_clinics.add(db, patient, further.id, now=now, by=owner)
    db.commit()
    path = f"/patients/{patient.id}/timeline"
    assert f'href="/sessions/{mine.id}"' in signed_in(Role.NURSE).get(path).text
    away = signed_in(Role.NURSE, at=further)
    for asked in ("", f"?session={mine.id}"):
        page = away.get(f"{path}{asked}").text
        assert "Visit of Mon Nov 23" in page
        assert f"/sessions/{mine.id}" not in page


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("first=9999-12-31", 422),
        ("last=9999-12-31", 422),
        ("first=1000-01-01&last=9998-12-31", 200),
        ("until=0001-01-01T00:00:00%2B14:00", 200),
        ("until=9999-12-31T23:59:59-12:00", 200),
        ("until=0001-01-01T00:00:00Z", 200),
        ("until=9999-12-31T23:59:59Z", 200),
    ],
)
def test_the_ends_of_the_calendar_are_answered(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime, asked: str, status: int
) -> None:
    factories.a_session(db, patient, now)
    db.commit()
    assert signed_in(Role.NURSE).get(f"/patients/{patient.id}/timeline?{asked}").status_code == status


def test_every_check_in_of_a_long_course_stands_in_it(
    db: Session, patient: Patient, signed_in: SignIn, now: datetime
) -> None:
    for n in range(15):
        visit: TreatmentSession = factories.a_session(db, patient, now - timedelta(days=3 * n + 3))
        at = now - timedelta(days=3 * n + 2)
        asked = {"kind": CheckInKind.AFTER_24H, "due_at": at, "expires_at": at + MINUTE}
        db.add(CheckIn(patient_id=patient.id, session_id=visit.id, status=CheckInStatus.NOT_ANSWERED, **asked))
    db.commit()
    assert len(read(signed_in(Role.NURSE).get(f"/patients/{patient.id}/timeline?kinds=check_ins").text)) == 15
