"""The demo clinic is whole: everything has an example, nothing contradicts the rules, nothing waits to be sent."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions import demo
from clinic_sessions.domain.alerts import AlertKind, AlertStatus
from clinic_sessions.domain.messages.check_ins import CheckInStatus
from clinic_sessions.domain.messages.messages import Language, MessageStatus
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.scheduling.shifts import ExceptionKind
from clinic_sessions.domain.scheduling.timetable import openings
from clinic_sessions.domain.session.lifecycle import OCCUPYING, Gate, SessionKind, Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    Alert,
    CheckIn,
    CheckInAnswer,
    Clinic,
    Closure,
    Installation,
    Message,
    Patient,
    PatientCondition,
    ShiftException,
    SideEffect,
    StatusChange,
    TreatmentSession,
    User,
    VitalsReading,
)
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.booking.day_rooms import hours_of
from clinic_sessions.services.messages import outreach
from clinic_sessions.services.messages.outbox import any_due, due
from clinic_sessions.services.session import facts, lifecycle
from clinic_sessions.services.shifts import cover
from clinic_sessions.services.sites import hits
from tests.demo.conftest import NOON, PASSWORD, Filled


def sessions(db: Session) -> list[TreatmentSession]:
    """Every session in order of time."""
    return list(db.scalars(sa.select(TreatmentSession).order_by(TreatmentSession.starts_at, TreatmentSession.id)))


def test_sixty_patients_have_every_condition_and_read_both_languages(filled: Filled) -> None:
    patients = filled.db.scalars(sa.select(Patient)).all()
    assert len(patients) == 60
    assert {patient.language for patient in patients} == set(Language)
    assert set(filled.db.scalars(sa.select(PatientCondition.condition))) == set(Condition)
    assert any(patient.email is None for patient in patients)
    assert any(patient.email_bounced_at for patient in patients)
    assert any(not patient.email_wanted for patient in patients)


def test_every_status_protocol_and_route_has_an_example(filled: Filled) -> None:
    made = sessions(filled.db)
    assert {treatment.status for treatment in made} == set(Status)
    versions = [treatment.protocol_version for treatment in made if treatment.protocol_version]
    assert len({version.key for version in versions}) == 5
    assert {version.route for version in versions} == set(Route)


def test_every_kind_of_visit_has_an_example_that_is_over_or_to_come(filled: Filled) -> None:
    assert {one.kind for one in sessions(filled.db)} == set(SessionKind)


def test_visits_reach_three_weeks_back_and_ahead(filled: Filled) -> None:
    made = sessions(filled.db)
    assert made[0].starts_at < filled.now - timedelta(days=18)
    assert made[-1].starts_at > filled.now + timedelta(days=18)


def test_patients_are_here_now_and_a_reading_is_overdue(filled: Filled) -> None:
    here = Counter(treatment.status for treatment in sessions(filled.db))
    assert here[Status.IN_TREATMENT] >= 2
    assert here[Status.OBSERVING] >= 2
    assert here[Status.ARRIVED] >= 1
    assert here[Status.READY] >= 1
    treated = next(t for t in sessions(filled.db) if t.status is Status.IN_TREATMENT and t.chair_id == 1)
    latest = max(reading.at for reading in facts.all_of(filled.db, VitalsReading, treated))
    assert filled.now - latest > timedelta(minutes=10)


def test_no_chair_and_no_patient_is_in_two_visits_at_once(filled: Filled) -> None:
    takes_time = [t for t in sessions(filled.db) if t.status not in {Status.CANCELLED, Status.LAPSED}]
    for of in ("chair_id", "patient_id"):
        groups: dict[int, list[TreatmentSession]] = {}
        for treatment in takes_time:
            if getattr(treatment, of) is not None:
                groups.setdefault(getattr(treatment, of), []).append(treatment)
        pairs = [pair for group in groups.values() for pair in pairwise(group)]
        assert [pair for pair in pairs if pair[0].block.overlaps(pair[1].block)] == []


def test_every_visit_is_within_opening_hours_and_every_treatment_in_a_suitable_chair(filled: Filled) -> None:
    for treatment in sessions(filled.db):
        clinic = treatment.clinic
        if treatment.kind is SessionKind.TREATMENT:
            assert treatment.chair is not None
            assert treatment.protocol_version is not None
            assert treatment.chair.allows(treatment.protocol_version.route)
        day = openings(local_day(treatment.starts_at, clinic.zone), hours_of(clinic), clinic.zone)
        assert any(opening.holds(treatment.block) for opening in day)


def test_a_second_site_has_people_of_its_own_a_shared_patient_and_closures_that_hit_nobody(filled: Filled) -> None:
    first, second = filled.db.scalars(sa.select(Clinic).order_by(Clinic.id)).all()
    assert first.zone_name != second.zone_name
    people = filled.db.scalars(sa.select(User)).all()
    assert {len(user.clinics) for user in people} == {1, 2}
    assert {user.clinics[0].id for user in people if len(user.clinics) == 1} == {first.id, second.id}
    there = [one for one in sessions(filled.db) if one.clinic_id == second.id]
    assert [second.id in one.patient.clinic_ids for one in there] == [True]
    kinds = [(one.clinic_id, one.chair_id is None) for one in filled.db.scalars(sa.select(Closure))]
    assert sorted(kinds) == [(first.id, False), (first.id, True), (second.id, True)]
    assert [hits.stranded(filled.db, site, filled.now) for site in (first, second)] == [[], []]


def test_someone_is_to_be_away_and_someone_stays_longer_and_no_session_ahead_lacks_a_nurse(filled: Filled) -> None:
    db, now = filled.db, filled.now
    clinic = db.scalars(sa.select(Clinic).order_by(Clinic.id)).first()
    assert clinic is not None
    assert Counter(db.scalars(sa.select(ShiftException.kind))) == {ExceptionKind.OFF: 2, ExceptionKind.EXTRA: 1}
    today = local_day(now, clinic.zone)
    assert cover.short(db, clinic, [today + timedelta(days=n) for n in range(22)]) == []


def test_nothing_has_happened_after_now_or_before_its_booking(filled: Filled) -> None:
    for treatment in sessions(filled.db):
        moments = [change.at for change in treatment.changes]
        assert moments == sorted(moments)
        assert all(change.recorded_at <= filled.now for change in treatment.changes)
        if treatment.status in {Status.BOOKED, Status.CONFIRMED, Status.HELD}:
            assert treatment.ends_at > filled.now
    for table in (VitalsReading, SideEffect):
        assert all(at <= filled.now for at in filled.db.scalars(sa.select(table.recorded_at)))


def test_whoever_left_as_planned_was_allowed_to(filled: Filled) -> None:
    left = [treatment for treatment in sessions(filled.db) if treatment.status is Status.LEFT]
    for treatment in left[::8]:
        assert treatment.left_at is not None
        assert lifecycle.unmet(filled.db, treatment, Gate.MAY_LEAVE, treatment.left_at) == []
    ready = next(treatment for treatment in sessions(filled.db) if treatment.status is Status.READY)
    assert lifecycle.unmet(filled.db, ready, Gate.MAY_LEAVE, filled.now) == []


def test_side_effects_are_of_many_kinds_and_two_grades(filled: Filled) -> None:
    effects = filled.db.scalars(sa.select(SideEffect)).all()
    assert len({effect.kind for effect in effects}) >= 10
    assert {effect.grade for effect in effects} >= {1, 2, 3}


def test_messages_stand_in_every_lasting_status_and_none_is_due(filled: Filled) -> None:
    rows = filled.db.scalars(sa.select(Message)).all()
    assert {row.status for row in rows} == set(MessageStatus) - {MessageStatus.SENDING}
    assert len({row.skip_reason for row in rows if row.skip_reason}) >= 5
    assert not any_due(filled.db, filled.now)
    assert filled.db.scalars(due(filled.now, filled.now)).all() == []
    waiting = [row for row in rows if row.status is MessageStatus.PLANNED]
    assert all(row.next_try_at > filled.now for row in waiting)
    assert all(row.text and row.subject for row in rows if row.status is MessageStatus.DELIVERED)


def test_messages_are_in_line_with_their_sessions(filled: Filled) -> None:
    """What the services would plan is planned already."""
    count = sa.select(sa.func.count()).select_from(Message)
    before = filled.db.scalar(count)
    for treatment in [one for one in sessions(filled.db) if one.status in OCCUPYING | {Status.LEFT}][::4]:
        if treatment.status is not Status.HELD:
            outreach.align(filled.db, treatment, now=filled.now, by=SYSTEM)
    assert filled.db.scalar(count) == before
    filled.db.rollback()


def test_check_ins_are_answered_begun_and_missed(filled: Filled) -> None:
    found = Counter(filled.db.scalars(sa.select(CheckIn.status)))
    asked = {CheckInStatus.PLANNED, CheckInStatus.ASKED, CheckInStatus.STARTED}
    assert found.keys() >= asked | {CheckInStatus.ANSWERED, CheckInStatus.NOT_ANSWERED}
    totals = [
        answer.value["total"] for answer in filled.db.scalars(sa.select(CheckInAnswer)) if "total" in answer.value
    ]
    assert len(totals) >= 5


def test_one_alert_of_danger_is_open_and_one_has_been_acknowledged(filled: Filled) -> None:
    query = sa.select(Alert.status).where(Alert.kind == AlertKind.SAFETY_ANSWER)
    assert Counter(filled.db.scalars(query)) >= Counter([AlertStatus.OPEN, AlertStatus.ACKNOWLEDGED])


def test_accounts_sign_in_only_in_a_demo_database(filled: Filled) -> None:
    addresses = [f"{name}@demo.example" for name in ("desk", "nurse", "provider", "owner", "auditor")]
    users = [sign_ins.find(filled.db, address) for address in addresses]
    assert sign_ins.matches(users[0], PASSWORD)
    for user in users:
        assert user is not None
        assert sign_ins.may_sign_in(filled.db, user)
    filled.db.get_one(Installation, 1).is_demo = False
    assert not any(sign_ins.may_sign_in(filled.db, user) for user in users if user)
    filled.db.rollback()


def test_a_second_fill_is_refused(filled: Filled) -> None:
    before = filled.db.scalar(sa.select(sa.func.count()).select_from(StatusChange))
    with pytest.raises(demo.NotEmpty):
        demo.fill(filled.db, password=PASSWORD, now=filled.now)
    assert filled.db.scalar(sa.select(sa.func.count()).select_from(StatusChange)) == before


def test_a_database_with_a_clinic_is_refused(db: Session, clinic: Clinic) -> None:
    with pytest.raises(demo.NotEmpty):
        demo.fill(db, password=PASSWORD, now=NOON)
    assert db.get(Installation, 1) is None


def test_a_database_with_one_account_is_refused(db: Session) -> None:
    db.add(User(email="owner@example.org", name="The owner", password_hash="-"))
    db.commit()
    with pytest.raises(demo.NotEmpty):
        demo.fill(db, password=PASSWORD, now=NOON)
    assert db.scalar(sa.select(sa.func.count()).select_from(Patient)) == 0
