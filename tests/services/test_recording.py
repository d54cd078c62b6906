"""The record on both databases: facts are stored, marked, told; corrections append."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertAction, AlertKind, AlertTier
from clinic_sessions.domain.protocols.protocols import Anchor
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.side_effects import Grade, SideEffectEventKind, SideEffectKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Alert, AuditEntry, Clinic, DoseEvent, TreatmentSession, VitalsReading
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.effects.side_effects import Followed, Noticed
from clinic_sessions.services.leaving import leave_gate
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile
from clinic_sessions.services.session import facts, recording
from clinic_sessions.services.session.recording import DoseAct
from tests import factories
from tests.services.day import a_nurse, take


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    return factories.a_session(db, factories.a_patient(db, clinic), now)


def test_a_dose_on_a_session_nobody_arrived_at_is_stored_marked_and_told(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    act = DoseAct(kind=DoseEventKind.STARTED, micrograms=70_000)
    event = recording.record_dose(db, treatment, act, now=now, by=nurse)
    assert {"not_arrived", "above_cap", "label_missing", "identity_not_checked"} <= set(event.outside_rules)
    assert treatment.dose_started_at == now
    alert = db.scalars(sa.select(Alert)).one()
    assert (alert.kind, alert.tier) == (AlertKind.OUTSIDE_RULES, AlertTier.SAME_DAY)
    assert "had not been checked in" in alert.words
    assert "More than the protocol" in alert.words


@pytest.mark.parametrize("status", list(Status))
def test_no_status_refuses_a_reading(db: Session, clinic: Clinic, nurse: Actor, now: datetime, status: Status) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now, status=status)
    recording.record_vitals(db, one, Vitals(heart_rate=70), now=now, by=nurse)
    recording.record_dose(db, one, DoseAct(kind=DoseEventKind.WASTED, micrograms=5), now=now, by=nurse)
    assert facts.all_of(db, VitalsReading, one)
    assert one.status is status


def test_devices_are_numbered_and_marked_when_too_soon(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    version = factories.a_protocol(db, "in-esketamine")
    one = factories.a_session(db, factories.a_patient(db, clinic), now, protocol=version)
    take(db, one, Action.ARRIVE, now, nurse)
    take(db, one, Action.START, now, nurse, micrograms=None)
    for minutes in (4, 10, 15):
        act = DoseAct(kind=DoseEventKind.DEVICE)
        recording.record_dose(db, one, act, now=now + timedelta(minutes=minutes), by=nurse)
    events = facts.dose_events(db, one)
    assert [event.device_number for event in events] == [1, 2, 3, 4]
    assert [event.outside_rules for event in events] == [
        [], ["device_too_soon"], ["other_than_ordered"], ["device_too_many", "above_cap", "other_than_ordered"]
    ]  # fmt: skip
    take(db, one, Action.FINISH_DOSE, now + timedelta(minutes=16), nurse)
    assert facts.dose_events(db, one)[-1].micrograms == 112_000


def test_a_further_urgent_reading_is_added_to_the_alert_and_must_be_looked_at_anew(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    take(db, treatment, Action.ARRIVE, now, nurse)
    recording.record_vitals(db, treatment, Vitals(systolic=182, diastolic=90), now=now, by=nurse)
    alert = db.scalars(sa.select(Alert)).one()
    assert (alert.kind, alert.tier) == (AlertKind.VITALS_URGENT, AlertTier.NOW)
    assert alert.words == "systolic 182, limit 180 or more"
    seen, answer_by = alert.version, alert.answer_by
    recording.record_vitals(db, treatment, Vitals(systolic=182, diastolic=90), now=now, by=nurse)
    assert alert.version == seen, "the same again is nothing new"
    later = now + timedelta(minutes=3)
    recording.record_vitals(db, treatment, Vitals(systolic=190, diastolic=90), now=later, by=nurse)
    assert db.scalars(sa.select(Alert)).one() is alert
    assert [(event.words, event.at) for event in alert.told] == [
        ("systolic 190, limit 180 or more", later), ("systolic 182, limit 180 or more", now)
    ]  # fmt: skip
    assert alert.answer_by == answer_by, "what was promised stands"
    with pytest.raises(ChangedMeanwhile):
        alerts.answer(db, alert, AlertAction.ACKNOWLEDGE, "On my way.", seen=seen, now=later, by=nurse)
    alerts.answer(db, alert, AlertAction.ACKNOWLEDGE, "On my way.", seen=alert.version, now=later, by=nurse)
    recording.record_vitals(db, treatment, Vitals(systolic=195, diastolic=90), now=later, by=nurse)
    assert len(db.scalars(sa.select(Alert)).all()) == 2, "after an answer it is a new alert"


def test_a_correction_keeps_the_old_entry_and_is_made_once(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    old = recording.record_vitals(db, treatment, Vitals(heart_rate=170), now=now, by=nurse)
    new = recording.record_vitals(db, treatment, Vitals(heart_rate=70), now=now, by=nurse, corrects=old)
    assert facts.standing(facts.all_of(db, VitalsReading, treatment)) == [new]
    with pytest.raises(ChangedMeanwhile):
        recording.record_vitals(db, treatment, Vitals(heart_rate=71), now=now, by=nurse, corrects=old)


def test_an_entry_of_another_session_is_not_corrected_from_here(
    db: Session, clinic: Clinic, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    other = factories.a_session(db, factories.a_patient(db, clinic), now - timedelta(days=1))
    old = recording.record_vitals(db, other, Vitals(heart_rate=70), now=now, by=nurse)
    with pytest.raises(Absent):
        recording.record_vitals(db, treatment, Vitals(heart_rate=71), now=now, by=nurse, corrects=old)


def test_the_dose_times_follow_a_corrected_start(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    take(db, treatment, Action.ARRIVE, now, nurse)
    take(db, treatment, Action.START, now + timedelta(minutes=10), nurse)
    event = facts.dose_events(db, treatment)[0]
    act = DoseAct(kind=DoseEventKind.STARTED, micrograms=41_000)
    later = now + timedelta(minutes=12)
    recording.record_dose(db, treatment, act, now=later, by=nurse, at=now + timedelta(minutes=5), corrects=event)
    known = facts.anchors(facts.dose_events(db, treatment))
    assert treatment.dose_started_at == known[Anchor.START] == now + timedelta(minutes=5)
    take(db, treatment, Action.UNDO, later, nurse, not_given=True)
    db.refresh(treatment)
    assert not facts.dose_events(db, treatment)
    assert len(facts.all_of(db, DoseEvent, treatment)) == 3


def test_a_side_effect_is_followed_to_its_end(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    noticed = Noticed(kind=SideEffectKind.NAUSEA, grade=Grade.MILD)
    effect = side_effects.note(db, treatment, noticed, now=now, by=nurse, onset=now - timedelta(minutes=20))
    assert effect.late
    for followed in (
        Followed(kind=SideEffectEventKind.RESOLVED),
        Followed(kind=SideEffectEventKind.GRADED, grade=Grade.SEVERE),
    ):
        now += timedelta(minutes=5)
        side_effects.follow(db, treatment, effect, followed, now=now, by=nurse)
    (one,) = facts.side_effects(db, treatment)
    assert (one.grade, one.resolved_at, one.outcome, one.blocks_leaving) == (Grade.SEVERE, None, None, True)
    assert db.scalars(sa.select(Alert.kind)).all() == [AlertKind.SERIOUS_SIDE_EFFECT]


def test_what_happened_to_a_corrected_side_effect_belongs_to_its_correction(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    noticed = Noticed(kind=SideEffectKind.SEDATION, grade=Grade.MILD)
    old = side_effects.note(db, treatment, noticed, now=now, by=nurse)
    side_effects.follow(db, treatment, old, Followed(kind=SideEffectEventKind.RESOLVED), now=now, by=nurse)
    corrected = Noticed(kind=SideEffectKind.DIZZINESS, grade=Grade.MODERATE)
    new = side_effects.note(db, treatment, corrected, now=now, by=nurse, corrects=old)
    (one,) = facts.side_effects(db, treatment)
    assert (one.effect, one.resolved_at) == (new, now)
    side_effects.follow(db, treatment, new, Followed(kind=SideEffectEventKind.CORRECTED), now=now, by=nurse)
    assert not leave_gate.departure(db, treatment, now).unresolved_side_effects


def test_every_entry_leaves_an_audit_entry(
    db: Session, treatment: TreatmentSession, nurse: Actor, now: datetime
) -> None:
    recording.record_vitals(db, treatment, Vitals(heart_rate=70), now=now, by=nurse)
    recording.record_note(db, treatment, "Well.", now=now, by=nurse)
    db.flush()
    entities = set(db.scalars(sa.select(AuditEntry.entity).where(AuditEntry.user_id == nurse.user_id)))
    assert {"vitals", "notes"} <= entities
