"""The whole course of a patient: what stands in it, its filters, its pages, and what the front desk never sees."""

import html
import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.domain.session.course_kinds import CourseKind
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.side_effects import Grade, SideEffectKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic, Patient, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.course import patient_timeline
from clinic_sessions.services.course.course_window import TimelineEntry, Window
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Noticed
from clinic_sessions.services.outcomes import scale_results
from clinic_sessions.services.session import recording
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take

MINUTE = timedelta(minutes=1)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic)


@pytest.fixture
def treatment(db: Session, patient: Patient, nurse: Actor, now: datetime) -> TreatmentSession:
    """A session under way, with a reading that was corrected, nausea, a note and a score."""
    made = factories.a_session(db, patient, now)
    for action in (Action.ARRIVE, Action.START):
        take(db, made, action, now, nurse)
    wrong = recording.record_vitals(db, made, Vitals(systolic=181, diastolic=70), now=now + MINUTE, by=nurse)
    right = Vitals(systolic=118, diastolic=70)
    recording.record_vitals(db, made, right, now=now + 2 * MINUTE, by=nurse, corrects=wrong)
    noticed = Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD)
    side_effects.note(db, made, noticed, now=now + 3 * MINUTE, by=nurse)
    recording.record_note(db, made, "Sleeps with the music on.", now=now + 4 * MINUTE, by=nurse)
    entry = scale_results.Entry(
        scale=ScaleKey.PHQ_9, answers=Answers(items=dict.fromkeys(range(1, 10), 1)), language=Language.EN,
        mode=ScaleMode.CLINICIAN, at=now, session_id=made.id,
    )  # fmt: skip
    scale_results.record(db, patient, entry, now=now + 5 * MINUTE, by=nurse)
    db.commit()
    return made


def read(page: str) -> list[str]:
    """The lines of the timeline as a reader sees them."""
    lines = re.findall(r'<li class="timeline-entry.*?</li>', page, re.DOTALL)
    return [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", line)).split()) for line in lines]


def test_a_nurse_reads_all_that_happened_with_corrections_struck_through(
    treatment: TreatmentSession, signed_in: SignIn
) -> None:
    page = signed_in(Role.NURSE).get(f"/patients/{treatment.patient_id}/timeline").text
    lines = " | ".join(read(page))
    for told in ("118/70", "Nausea, mild", "Sleeps with the music on.", ", 40 mg", "PHQ-9"):
        assert told in lines
    assert "<s>181/70</s>" in page
    assert "<s>118/70" not in page


def test_the_front_desk_reads_bookings_and_comings_and_nothing_clinical(
    treatment: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.FRONT_DESK)
    for asked in ("", "?kinds=vitals&kinds=notes&kinds=scores&kinds=views"):
        page = client.get(f"/patients/{treatment.patient_id}/timeline{asked}").text
        assert not any(word in page for word in ("118/70", "Nausea", "music", "40 mg", "PHQ-9"))
    assert any("Visit of Mon Nov 23" in line for line in read(page))


def test_parts_days_and_one_session_are_asked_for(
    db: Session, treatment: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    other = factories.a_session(db, treatment.patient, now + timedelta(days=7))
    recording.record_note(db, other, "Asked for a blanket.", now=now + timedelta(days=1), by=nurse)
    db.commit()
    client, path = signed_in(Role.NURSE), f"/patients/{treatment.patient_id}/timeline"
    assert all(
        "118/70" in line or "181/70" in line or "118/76" in line
        for line in read(client.get(f"{path}?kinds=vitals").text)
    )
    assert "blanket" not in client.get(f"{path}?session={treatment.id}").text
    assert "blanket" not in client.get(f"{path}?last=11/23/2026").text
    assert "blanket" in client.get(f"{path}?first=11/24/2026&last=11/24/2026").text
    assert "music" not in client.get(f"{path}?first=11/24/2026").text


def test_a_day_that_is_none_is_said_beside_its_field(treatment: TreatmentSession, signed_in: SignIn) -> None:
    client, path = signed_in(Role.NURSE), f"/patients/{treatment.patient_id}/timeline"
    for asked, said in (
        ("first=13/45/2026", "Enter a date that exists"),
        ("first=11/24/2026&last=11/23/2026", "This day comes before the first one."),
    ):
        answer = client.get(f"{path}?{asked}")
        assert answer.status_code == 422
        assert said in html.unescape(answer.text)
        assert read(answer.text) == []
    for strange in ("until=yesterday", "until=2026-11-23", "skip=-4", "session=abc", "kinds=everything"):
        assert client.get(f"{path}?{strange}").status_code == 200


def test_who_looked_is_shown_when_asked_for(treatment: TreatmentSession, signed_in: SignIn) -> None:
    client, path = signed_in(Role.NURSE), f"/patients/{treatment.patient_id}"
    client.get(path)
    assert "Patient opened" not in client.get(f"{path}/timeline").text
    assert "Patient opened" in client.get(f"{path}/timeline?kinds=views").text


@pytest.mark.parametrize("most", [1, 2, 3, 7])
def test_pages_together_are_the_whole_course_each_line_once(
    db: Session, clinic: Clinic, treatment: TreatmentSession, nurse: Actor, now: datetime, most: int
) -> None:
    for _ in range(5):
        recording.record_vitals(db, treatment, Vitals(heart_rate=70), now=now + 9 * MINUTE, by=nurse)
    whole = Window(patient_id=treatment.patient_id, most=500)
    every = patient_timeline.page(db, whole, clinic, frozenset(CourseKind), clinical=True).entries
    found: list[TimelineEntry] = []
    until, skip = None, 0
    while True:
        window = Window(patient_id=treatment.patient_id, most=most, until=until)
        page = patient_timeline.page(db, window, clinic, frozenset(CourseKind), clinical=True, skip=skip)
        found += page.entries
        if page.older is None:
            break
        until, skip = page.older
    assert found == list(every)
