"""Results of scales: what is refused, what stands after a correction, and how urgent a danger is."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertTier
from clinic_sessions.domain.messages.check_ins import CheckInKind
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleKey, ScaleMode
from clinic_sessions.domain.scales.results import ItemImpossible
from clinic_sessions.domain.scales.scoring import Answers
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Alert, Clinic, ScaleResult
from clinic_sessions.services.messages import check_ins
from clinic_sessions.services.outcomes import scale_course, scale_results
from clinic_sessions.services.outcomes.scale_results import Entry, ScaleReason
from clinic_sessions.services.refusals import Absent, Refusal
from tests import by_link, factories
from tests.plans import a_plan
from tests.services.day import a_nurse


def entry(
    at: datetime, items: Mapping[int, int] | None = None, *, key: ScaleKey = ScaleKey.PHQ_9, total: int | None = None
) -> Entry:
    """An entry on paper."""
    answers = Answers(items=items or {}, total=total)
    return Entry(scale=key, answers=answers, language=Language.EN, mode=ScaleMode.PAPER, at=at)


def tiers(db: Session) -> list[AlertTier]:
    """How urgent each alert is, in the order in which they were raised."""
    return list(db.scalars(sa.select(Alert.tier).order_by(Alert.id)))


def test_a_time_that_cannot_be_and_answers_that_cannot_be_are_refused(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient, nurse = factories.a_patient(db, clinic), a_nurse(db, clinic)
    for at, reason in (
        (now + timedelta(minutes=1), ScaleReason.NOT_YET),
        (datetime(1900, 1, 1, tzinfo=UTC), ScaleReason.BEFORE_BIRTH),
    ):
        with pytest.raises(Refusal) as refused:
            scale_results.record(db, patient, entry(at, {1: 1}), now=now, by=nurse)
        assert list(refused.value.reasons) == [reason]
    with pytest.raises(ItemImpossible):
        scale_results.record(db, patient, entry(now, {1: 4}), now=now, by=nurse)
    assert list(db.scalars(sa.select(ScaleResult))) == []


def test_a_correction_stands_in_place_of_the_one_that_it_names_and_of_no_other(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient, nurse = factories.a_patient(db, clinic), a_nurse(db, clinic)
    day: dict[str, Any] = {"now": now, "by": nurse}
    wrong = scale_results.record(db, patient, entry(now, key=ScaleKey.MADRS, total=34), **day)
    other = scale_results.record(db, patient, entry(now, key=ScaleKey.CADSS, total=4), **day)
    with pytest.raises(Absent):
        scale_results.record(db, patient, entry(now, key=ScaleKey.MADRS, total=30), corrects=other, **day)
    mended = scale_results.record(db, patient, entry(now, key=ScaleKey.MADRS, total=35), corrects=wrong, **day)
    with pytest.raises(Refusal) as refused:
        scale_results.record(db, patient, entry(now, key=ScaleKey.MADRS, total=36), corrects=wrong, **day)
    assert list(refused.value.reasons) == [ScaleReason.ALREADY_CORRECTED]
    assert scale_results.of_patient(db, patient.id) == [other, mended]
    assert scale_results.of_patient(db, patient.id, ScaleKey.MADRS) == [mended]
    assert (scale_results.total_of(mended), mended.band) == (35, "severe")
    assert scale_results.scored(mended).total == 35
    stranger = factories.a_patient(db, clinic)
    with pytest.raises(Absent):
        scale_results.load(db, mended.id, stranger.id)


def test_item_nine_calls_now_when_it_rises_or_is_two_and_today_when_it_is_as_it_was(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient, nurse = factories.a_patient(db, clinic), a_nurse(db, clinic)
    for day, answer in enumerate((0, None, 1, 1, 2, 0)):
        at = now - timedelta(days=10 - day)
        items = {1: 0} if answer is None else {1: 0, 9: answer}
        scale_results.record(db, patient, entry(at, items), now=now, by=nurse)
    assert tiers(db) == [AlertTier.NOW, AlertTier.SAME_DAY, AlertTier.NOW]
    assert scale_results.previous_item_9(db, patient.id, now) == 0
    assert scale_results.previous_item_9(db, patient.id, now - timedelta(days=10)) is None


def test_a_corrected_check_in_is_the_same_event_as_the_check_in(db: Session, clinic: Clinic, now: datetime) -> None:
    check_in, nurse = by_link.a_monday_check_in(db, clinic, now, CheckInKind.AFTER_7D), a_nurse(db, clinic)
    asked: dict[str, Any] = {"now": now, "by": nurse}
    check_ins.save(db, check_in, "phq9-9", 1, words="Thoughts: several days", **asked)
    check_ins.submit(db, check_in, safety_asked="", language=Language.EN, **asked)
    [sent] = scale_results.of_patient(db, check_in.patient_id)
    assert (sent.mode, sent.by_id, sent.items) == (ScaleMode.PHONE, nurse.user_id, {"9": 1})
    patient = check_in.patient
    same = scale_results.record(db, patient, entry(now, {1: 2, 9: 1}), corrects=sent, **asked)
    assert tiers(db) == [AlertTier.SAME_DAY]
    scale_results.record(db, patient, entry(now, {1: 2, 9: 2}), corrects=same, **asked)
    assert tiers(db) == [AlertTier.SAME_DAY, AlertTier.NOW]


def test_the_baseline_stands_before_the_first_dose_of_the_newest_plan(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient, nurse = factories.a_patient(db, clinic), a_nurse(db, clinic)
    assert scale_course.first_dose_at(db, patient.id) is None
    days = {day: now - timedelta(days=day) for day in (200, 190, 40, 20, 10)}
    for day in (190, 20):
        start = days[day]
        factories.a_session(db, patient, start, status=Status.LEFT, dose_started_at=start, left_at=start)
    assert scale_course.first_dose_at(db, patient.id) == days[190]
    a_plan(db, patient, days[40])
    assert scale_course.first_dose_at(db, patient.id) == days[20]
    for day, answer in ((200, 3), (40, 2), (10, 1)):
        items = dict.fromkeys(range(1, 9), answer) | {9: 0}
        scale_results.record(db, patient, entry(days[day], items), now=now, by=nurse)
    course = scale_course.read(db, patient, local_day(now, clinic.zone))
    assert [reading.change for reading in course.readings] == ["8 points better (50%), response", "Baseline", ""]
