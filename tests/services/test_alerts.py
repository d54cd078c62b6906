"""Alerts as use cases: one an event, answered in order, help asked for again is a new alert."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertAction, AlertKind, AlertStatus, AlertTier
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, Alert, AuditEntry, Clinic, Patient
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM, Actor, patient_by_link
from clinic_sessions.services.refusals import ChangedMeanwhile
from tests import factories

BY_LINK = patient_by_link("127.0.0.1")


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    """A patient."""
    return factories.a_patient(db, clinic)


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    """A nurse who acts."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)


def raised(db: Session, patient: Patient, now: datetime, key: str = "one", tier: AlertTier = AlertTier.NOW) -> Alert:
    """An alert."""
    return alerts.raise_alert(db, patient, AlertKind.SAFETY_ANSWER, tier, "Words", dedup_key=key, now=now, by=SYSTEM)


def test_the_same_event_raises_one_alert(db: Session, patient: Patient, now: datetime) -> None:
    assert raised(db, patient, now) is raised(db, patient, now + timedelta(hours=1))
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.entity == "alert")) == 1


def test_an_alert_is_to_be_answered_by_what_the_patient_was_promised(
    db: Session, patient: Patient, clinic: Clinic, now: datetime
) -> None:
    alert = raised(db, patient, now, tier=AlertTier.SAME_DAY)
    promised = alerts.promise_of(alert, clinic)
    assert promised is not None
    assert alert.answer_by == promised.at == now + timedelta(hours=8)
    night = now + timedelta(hours=14)
    assert raised(db, patient, night, "night").answer_by == night + timedelta(minutes=15)


def test_help_asked_for_again_after_an_answer_is_a_new_alert(
    db: Session, patient: Patient, now: datetime, nurse: Actor
) -> None:
    def ask(about: str = "check_in:1") -> Alert:
        return alerts.want_help(db, patient, "Help", about=about, now=now, by=BY_LINK)

    first = ask()
    assert ask() is first
    assert ask("check_in:11") is not first
    alerts.answer(db, first, AlertAction.ACKNOWLEDGE, "Calling.", seen=first.version, now=now, by=nurse)
    assert ask() is not first
    assert ask() is ask()


def test_an_answer_to_what_someone_else_answered_is_refused(
    db: Session, patient: Patient, now: datetime, nurse: Actor
) -> None:
    alert = raised(db, patient, now)
    seen = alert.version
    alerts.answer(db, alert, AlertAction.ACKNOWLEDGE, "I call.", seen=seen, now=now, by=nurse)
    for action in AlertAction:
        with pytest.raises(ChangedMeanwhile):
            alerts.answer(db, alert, action, "I too.", seen=seen, now=now, by=nurse)
    with pytest.raises(ChangedMeanwhile):
        alerts.answer(db, alert, AlertAction.ACKNOWLEDGE, "Again.", seen=alert.version, now=now, by=nurse)
    assert alert.status is AlertStatus.ACKNOWLEDGED
    assert [event.note for event in alert.events] == [None, "I call."]


def test_open_alerts_come_first_and_the_soonest_on_top(
    db: Session, patient: Patient, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    dealt_with, today, soon = (
        raised(db, patient, now - timedelta(minutes=5), "a"),
        raised(db, patient, now, "b", AlertTier.SAME_DAY),
        raised(db, patient, now, "c"),
    )
    alerts.answer(db, dealt_with, AlertAction.ACKNOWLEDGE, "Ok", seen=dealt_with.version, now=now, by=nurse)
    assert alerts.waiting(db, clinic.id) == [soon, today, dealt_with]
    assert alerts.open_count(db, clinic.id) == 2
    assert alerts.waiting(db, factories.a_clinic(db).id) == []
