"""Naming the nurse of a session."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import ActorKind, AuditEntry, Clinic, TreatmentSession, User
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.shifts import assigning
from tests import factories

TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    user = factories.a_user(db, clinic, Role.FRONT_DESK)
    return Actor(kind=ActorKind.USER, user=user, role=Role.FRONT_DESK)


@pytest.fixture
def treatment(db: Session, clinic: Clinic) -> TreatmentSession:
    return factories.a_session(db, factories.a_patient(db, clinic), TEN)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> User:
    return factories.a_user(db, clinic, Role.NURSE, name="Aaron Kim")


def test_those_on_shift_for_the_whole_session_come_first(
    db: Session, clinic: Clinic, treatment: TreatmentSession, nurse: User
) -> None:
    part = factories.a_user(db, clinic, Role.NURSE, name="Abe Part")
    factories.on_shift(db, part, clinic, SiteRole.NURSE, starts=8 * 60, ends=11 * 60)
    found = assigning.candidates(db, treatment)
    assert [one.is_on_shift for one in found] == [True, True, True, False, False]
    assert [one.name for one in found[-2:]] == ["Aaron Kim", "Abe Part"]


def test_a_nurse_is_named_and_the_audit_says_by_whom(
    db: Session, treatment: TreatmentSession, nurse: User, desk: Actor, now: datetime
) -> None:
    before = treatment.version
    assigning.assign(db, treatment, nurse.id, version=before, now=now, by=desk)
    assert (treatment.nurse_id, treatment.version) == (nurse.id, before + 1)
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "session")).one()
    assert (entry.changes, entry.user_id) == ({"nurse_id": [None, nurse.id]}, desk.user_id)
    assigning.assign(db, treatment, None, version=treatment.version, now=now, by=desk)
    assert treatment.nurse_id is None


def test_who_is_no_nurse_of_the_clinic_cannot_be_named(
    db: Session, treatment: TreatmentSession, desk: Actor, now: datetime
) -> None:
    elsewhere = factories.a_user(db, factories.a_clinic(db), Role.NURSE)
    for user_id in (elsewhere.id, desk.user_id):
        with pytest.raises(Absent):
            assigning.assign(db, treatment, user_id, version=treatment.version, now=now, by=desk)


def test_a_session_changed_meanwhile_or_over_keeps_its_nurse(
    db: Session, treatment: TreatmentSession, nurse: User, desk: Actor, now: datetime
) -> None:
    with pytest.raises(ChangedMeanwhile):
        assigning.assign(db, treatment, nurse.id, version=treatment.version + 1, now=now, by=desk)
    treatment.status = Status.LEFT
    db.flush()
    with pytest.raises(Refusal):
        assigning.assign(db, treatment, nurse.id, version=treatment.version, now=now, by=desk)
    assert treatment.nurse_id is None
