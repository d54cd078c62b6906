"""Weighings, on both engines."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Clinic, Patient, Weight
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import weights
from clinic_sessions.services.patients.weights import WeightReason
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from tests import factories


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    """A nurse."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)


def weigh(
    db: Session,
    patient: Patient,
    grams: int,
    at: datetime,
    by: Actor,
    *,
    sure: bool = False,
    corrects_id: int | None = None,
) -> Weight:
    """Record a weighing a day later than it was."""
    now = at + timedelta(days=1)
    return weights.record(db, patient, grams, WeightUnit.KG, at, sure=sure, now=now, by=by, corrects_id=corrects_id)


def test_a_change_of_more_than_a_tenth_needs_a_second_look(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    weigh(db, patient, 80_000, now, nurse, sure=True)
    weigh(db, patient, 88_000, now + timedelta(days=1), nurse)
    with pytest.raises(Refusal) as refused:
        weigh(db, patient, 79_199, now + timedelta(days=2), nurse)
    assert refused.value.reasons == (WeightReason.LARGE_CHANGE,)
    weigh(db, patient, 79_199, now + timedelta(days=2), nurse, sure=True)
    newest = weights.latest(db, patient.id)
    assert newest is not None
    assert newest.grams == 79_199


def test_the_first_weight_is_asked_about_for_nothing_speaks_for_its_unit(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    with pytest.raises(Refusal) as refused:
        weigh(db, patient, 176_000, now, nurse)
    assert refused.value.reasons == (WeightReason.FIRST_WEIGHT,)
    assert weigh(db, patient, 80_000, now, nurse, sure=True).grams == 80_000


def test_a_correction_stands_in_place_of_what_stays_readable(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    weigh(db, patient, 81_000, now - timedelta(days=9), nurse, sure=True)
    wrong = weigh(db, patient, 180_000, now, nurse, sure=True)
    weigh(db, patient, 81_600, now, nurse, corrects_id=wrong.id)
    rows = weights.listed(db, patient.id)
    assert [row.grams for row in rows] == [81_600, 180_000, 81_000]
    assert [row.grams for row in weights.standing(rows)] == [81_600, 81_000]
    with pytest.raises(ChangedMeanwhile):
        weigh(db, patient, 82_000, now, nurse, corrects_id=wrong.id)


def test_a_weight_of_someone_else_cannot_be_corrected(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> None:
    other = weigh(db, factories.a_patient(db, clinic), 80_000, now, nurse, sure=True)
    with pytest.raises(Absent):
        weigh(db, factories.a_patient(db, clinic), 80_000, now, nurse, corrects_id=other.id)


def test_a_weighing_that_has_not_been_yet_is_refused(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> None:
    with pytest.raises(Refusal):
        weights.record(
            db, factories.a_patient(db, clinic), 80_000, WeightUnit.KG, now + timedelta(minutes=1),
            sure=False, now=now, by=nurse,
        )  # fmt: skip


def test_a_weighing_from_before_the_patient_was_born_is_refused(db: Session, clinic: Clinic, nurse: Actor) -> None:
    patient = factories.a_patient(db, clinic, birth_date=date(1985, 4, 12))
    for year in (1000, 1984):
        with pytest.raises(Refusal) as refused:
            weigh(db, patient, 80_000, datetime(year, 4, 12, 18, tzinfo=UTC), nurse)
        assert refused.value.reasons == (WeightReason.BEFORE_BIRTH,)
    assert weigh(db, patient, 25_000, datetime(1985, 4, 12, 18, tzinfo=UTC), nurse, sure=True).id
