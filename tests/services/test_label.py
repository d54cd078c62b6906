"""Which sessions of a patient count in the treatment weeks of a label."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.pattern import read
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import ActorKind, Clinic, Patient, Plan, ProtocolVersion, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.plans import plans
from clinic_sessions.services.plans.plans import PlanRequest
from clinic_sessions.services.series import label
from tests import factories

FIRST = date(2026, 12, 1)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic)


@pytest.fixture
def esketamine(db: Session, clinic: Clinic) -> ProtocolVersion:
    return factories.a_protocol(db, "in-esketamine")


@pytest.fixture
def plan(db: Session, clinic: Clinic, patient: Patient, esketamine: ProtocolVersion, now: datetime) -> Plan:
    lead = factories.a_user(db, clinic, Role.PROVIDER)
    request = PlanRequest(
        protocol_version_id=esketamine.id, condition=Condition.PTSD, pattern=read("twice weekly for 4 weeks"),
        provider_id=lead.id,
    )  # fmt: skip
    return plans.start(db, patient, request, now=now, by=Actor(kind=ActorKind.USER, user=lead, role=Role.PROVIDER))


def a_session(
    db: Session, patient: Patient, version: ProtocolVersion, day: int, plan: Plan | None = None, place: int = 0,
    status: Status = Status.BOOKED,
) -> TreatmentSession:  # fmt: skip
    at = datetime(2026, 12, 1, 18, tzinfo=UTC) + timedelta(days=day)
    own: dict[str, Any] = {"plan_id": plan.id, "place_in_plan": place} if plan else {}
    return factories.a_session(db, patient, at, protocol=version, status=status, **own)


def test_sessions_beside_the_plan_count_from_its_first_one_on(
    db: Session, patient: Patient, esketamine: ProtocolVersion, plan: Plan
) -> None:
    a_session(db, patient, esketamine, -3)
    for place, day in enumerate((0, 2), 1):
        a_session(db, patient, esketamine, day, plan, place)
    assert label.read(db, patient.id, esketamine, plan).over() == []
    beside = a_session(db, patient, esketamine, 6)
    a_session(db, patient, esketamine, 4, status=Status.CANCELLED)
    a_session(db, patient, factories.a_protocol(db, "in-racemic"), 5)
    db.flush()
    days = label.read(db, patient.id, esketamine, plan)
    assert [one.words for one in days.over()] == ["3 in treatment week 1; the label says 2"]
    assert days.with_one(FIRST + timedelta(days=7)) is None
    fourth = days.with_one(FIRST + timedelta(days=5))
    assert fourth is not None
    assert fourth.count == 4
    assert label.read(db, patient.id, esketamine, plan, without=[beside.id]).over() == []


def test_without_a_plan_the_sessions_that_have_none_are_the_series(
    db: Session, patient: Patient, esketamine: ProtocolVersion, plan: Plan
) -> None:
    a_session(db, patient, esketamine, 1, plan, 1)
    days = label.read(db, patient.id, esketamine, None)
    assert days.with_one(FIRST) is None
    for day in (0, 2):
        a_session(db, patient, esketamine, day)
    db.flush()
    third = label.read(db, patient.id, esketamine, None).with_one(FIRST + timedelta(days=6))
    assert third is not None
    assert third.words == "3 in treatment week 1; the label says 2"


def test_a_drug_without_such_a_label_is_never_counted(db: Session, patient: Patient) -> None:
    racemic = factories.a_protocol(db, "in-racemic")
    for day in range(5):
        a_session(db, patient, racemic, day)
    db.flush()
    assert label.read(db, patient.id, racemic, None).over([FIRST] * 3) == []
