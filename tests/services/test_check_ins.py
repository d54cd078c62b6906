"""Check-ins as use cases: what is kept, what is told, what is sent."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertTier
from clinic_sessions.domain.messages.check_ins import CheckInKind, CheckInStatus, Question, item_step
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.models import CheckIn, Clinic, Patient
from clinic_sessions.services.actor import patient_by_link
from clinic_sessions.services.messages import check_ins
from clinic_sessions.services.refusals import Absent, Refusal
from tests import by_link, factories

BY_LINK = patient_by_link("127.0.0.1")


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient."""
    return factories.a_patient(db, clinic)


def seven_days_after(db: Session, patient: Patient, now: datetime) -> CheckIn:
    """The check-in, open at `now`, seven days after a visit."""
    treatment = by_link.a_visit_left(db, patient, now - timedelta(days=7))
    return by_link.a_check_in(db, treatment, CheckInKind.AFTER_7D, now)


def save(db: Session, check_in: CheckIn, step: str, value: object, now: datetime) -> AlertTier | None:
    """Keep an answer; give the tier of the alert that it raised."""
    raised = check_ins.save(db, check_in, step, value, words=f"{step} {value}", now=now, by=BY_LINK)
    return raised.tier if raised else None


def submit(db: Session, check_in: CheckIn, now: datetime) -> None:
    """Send."""
    check_ins.submit(db, check_in, safety_asked="?", language=Language.EN, now=now, by=BY_LINK)


def item_9(db: Session, patient: Patient, value: int | None, now: datetime) -> AlertTier | None:
    """Answer item 9 in a check-in of its own and send it."""
    check_in = seven_days_after(db, patient, now)
    tier = save(db, check_in, item_step(9), value, now)
    submit(db, check_in, now)
    return tier


def test_a_rise_of_item_nine_wakes_someone_and_an_unchanged_one_waits_for_the_day(
    db: Session, patient: Patient, now: datetime
) -> None:
    week = timedelta(days=8)
    told = [item_9(db, patient, value, now + week * n) for n, value in enumerate([1, 1, None, 1, 0, 1])]
    assert told == [AlertTier.SAME_DAY, AlertTier.SAME_DAY, None, AlertTier.SAME_DAY, None, AlertTier.NOW]


def test_another_patients_check_in_is_absent(db: Session, clinic: Clinic, patient: Patient, now: datetime) -> None:
    check_in = seven_days_after(db, patient, now)
    with pytest.raises(Absent):
        check_ins.load(db, check_in.id, factories.a_patient(db, clinic).id)


@pytest.mark.parametrize("status", [CheckInStatus.NOT_ANSWERED, CheckInStatus.WITHDRAWN])
def test_a_check_in_that_is_over_takes_nothing(
    db: Session, patient: Patient, now: datetime, status: CheckInStatus
) -> None:
    check_in = seven_days_after(db, patient, now)
    check_in.status = status
    with pytest.raises(Refusal):
        save(db, check_in, "mood", 3, now)
    with pytest.raises(Refusal):
        submit(db, check_in, now)
    assert check_in.answers == []


def test_what_is_asked_is_fixed_when_it_is_begun(db: Session, patient: Patient, now: datetime) -> None:
    check_in = seven_days_after(db, patient, now)
    assert Question.PHQ9 in check_ins.asks(db, check_in, now)
    save(db, check_in, "mood", 5, now)
    item_9(db, patient, 0, now + timedelta(hours=3))
    assert Question.PHQ9 in check_ins.asks(db, check_in, now + timedelta(hours=4))


def test_a_partly_answered_scale_has_no_total(db: Session, patient: Patient, now: datetime) -> None:
    check_in = seven_days_after(db, patient, now)
    for item in (1, 2, 3):
        save(db, check_in, item_step(item), 3, now)
    submit(db, check_in, now)
    value = next(answer.value for answer in check_in.answers if answer.question is Question.PHQ9)
    assert value["items"] == {"1": 3, "2": 3, "3": 3}
    assert (value["total"], value["band"], value["algorithm"]) == (None, None, None)
    assert value["missing"] == [4, 5, 6, 7, 8, 9]
    assert value["language"] == "en"


def test_the_draft_is_emptied_once_sent(db: Session, patient: Patient, now: datetime) -> None:
    check_in = seven_days_after(db, patient, now)
    save(db, check_in, "mood", 5, now)
    submit(db, check_in, now)
    submit(db, check_in, now + timedelta(minutes=1))
    assert (check_in.draft, check_in.answered_at, len(check_in.answers)) == ({}, now, 3)
