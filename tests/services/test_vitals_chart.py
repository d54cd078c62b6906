"""The picture of blood pressure over a visit."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic
from clinic_sessions.services.session import recording, session_page
from tests import factories
from tests.services.day import a_nurse, take


def test_a_reading_after_the_visit_leaves_the_axis_of_its_picture_as_it_was(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    nurse, one = a_nurse(db, clinic), factories.a_session(db, factories.a_patient(db, clinic), now)
    take(db, one, Action.ARRIVE, now, nurse)
    for minutes in (5, 40, 80):
        at = now + timedelta(minutes=minutes)
        recording.record_vitals(db, one, Vitals(systolic=120 + minutes, diastolic=80), now=at, by=nurse)
    take(db, one, Action.LEAVE_AGAINST_ADVICE, now + timedelta(minutes=80), nurse)
    before = session_page.clinical(db, one, now + timedelta(minutes=90)).chart
    next_day = now + timedelta(hours=29)
    recording.record_vitals(db, one, Vitals(systolic=121, diastolic=81), now=next_day, by=nurse)
    after = session_page.clinical(db, one, next_day)
    assert before is not None
    assert after.chart == before
    assert len(before.systolic) == 3
    assert "121/81" in [line.title for line in after.lines]
