"""Registering, finding and changing patients, on both engines."""

import threading
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.domain.messages.messages import Channel, Language
from clinic_sessions.domain.patients import record_numbers
from clinic_sessions.domain.patients.conditions import Condition
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.extensions import db as extension
from clinic_sessions.models import ActorKind, AuditEntry, Clinic, Patient, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.patients import contact_consents, patient_conditions, patient_search, patients
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from tests import factories
from tests.plans import a_plan

TODAY = date(2026, 11, 23)
WHO = patients.Registration(name="Ana Ruiz", birth_date=date(1985, 4, 12), phone="+13105550100", language=Language.EN)


@pytest.fixture
def desk(db: Session, clinic: Clinic) -> Actor:
    """Someone at the front desk."""
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.FRONT_DESK), role=Role.FRONT_DESK)


def found(db: Session, clinic: Clinic, text: str, now: datetime) -> list[str]:
    """The names that a search gives."""
    return [hit.patient.name for hit in patient_search.find(db, clinic.id, text, today=TODAY, now=now)]


def test_a_registered_patient_has_a_readable_number_and_an_audit_entry(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    patient = patients.register(db, clinic.id, WHO, now=now, by=desk)
    assert record_numbers.read(patient.record_number) == patient.record_number
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.patient_id == patient.id)).one()
    assert (entry.entity, entry.action.value) == ("patient", "create")


def test_a_taken_number_is_never_given_again(
    db: Session, clinic: Clinic, desk: Actor, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = patients.register(db, clinic.id, WHO, now=now, by=desk)
    taken, free = int(first.record_number[2:8]), 222_222
    chances = iter([taken, taken, free])
    monkeypatch.setattr("secrets.choice", lambda _: next(chances))
    second = patients.register(db, clinic.id, WHO, now=now, by=desk)
    assert second.record_number == record_numbers.make(free)


def test_patients_registered_at_the_same_moment_have_different_numbers(
    app: Flask, db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    db.commit()
    clinic_id, user_id = clinic.id, desk.user_id
    with app.app_context():
        engine = extension.engine

    def one() -> None:
        with Session(engine) as own:
            begin_write(own)
            by = Actor(kind=ActorKind.USER, user=own.get_one(User, user_id), role=Role.FRONT_DESK)
            patients.register(own, clinic_id, WHO, now=now, by=by)
            own.commit()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.rollback()
    numbers = db.scalars(sa.select(Patient.record_number)).all()
    assert len(numbers) == len(set(numbers)) == 8


@pytest.mark.parametrize(
    "text",
    [
        "ana", "RUIZ", "rui", "Ruíz", "ruiz ana", "anit", "4/12/1985", "4/12/85", "1985-04-12", "Apr 12, 1985",
        "04121985", "ruiz 4/12/1985", "(310) 555-0100", "3105550100", "+1 310 555 0100", "0100", "310555", "R-4829131",
        "r4829131", "4829131", "R-482", " ana  ",
    ],
)  # fmt: skip
def test_a_patient_is_found_however_they_are_asked_for(db: Session, clinic: Clinic, now: datetime, text: str) -> None:
    folded = patients.searched("Ana Ruiz", "Anita")
    given = {"phone": "+13105550100", "record_number": "R-4829131", "preferred_name": "Anita"}
    ana = factories.a_patient(db, clinic, **given)
    ana.name_folded = folded
    factories.a_patient(
        db, clinic, "Bo Lee", birth_date=date(1970, 1, 1), phone="+12125559999", record_number="R-1111118"
    )
    assert found(db, clinic, text, now) == ["Ana Ruiz"]


@pytest.mark.parametrize("name", ["O\u2019Brien", "李小龍", "Мария Иванова", "محمد علي", "Nguyễn", "Ng", "สมชาย"])
def test_names_of_every_script_are_found_by_their_beginning(
    db: Session, clinic: Clinic, now: datetime, name: str
) -> None:
    factories.a_patient(db, clinic, name)
    factories.a_patient(db, clinic, "Somebody Else")
    assert found(db, clinic, name, now) == [name]
    assert found(db, clinic, name[:2], now) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "%",
        "_",
        "%%%%",
        "'",
        "' or 1=1 --",
        "\0",
        "\\",
        "*",
        "..",
        "12",
        "q-%",
        "99/99/9999",
        "0/0/0000",
        "٤٥٦٧",
        "zzz",
    ],
)
def test_a_hostile_or_empty_search_finds_nobody(db: Session, clinic: Clinic, now: datetime, text: str) -> None:
    factories.a_patient(db, clinic)
    assert found(db, clinic, text, now) == []


def test_a_search_is_cut_at_twenty_and_at_the_clinic(db: Session, clinic: Clinic, now: datetime) -> None:
    for _ in range(25):
        factories.a_patient(db, clinic)
    factories.a_patient(db, factories.a_clinic(db), "Ana Elsewhere")
    assert found(db, clinic, "ana", now) == ["Ana Ruiz"] * 20
    assert found(db, clinic, "elsewhere", now) == []
    assert found(db, clinic, "ana " * 10_000, now) == ["Ana Ruiz"] * 20


def test_a_hit_tells_the_next_visit_and_how_far_the_series_is(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    plan = a_plan(db, patient, now)
    before, after = now - timedelta(days=7), now + timedelta(days=1)
    factories.a_session(db, patient, before, status=Status.LEFT, plan_id=plan.id, dose_started_at=before)
    factories.a_session(db, patient, now - timedelta(days=5), status=Status.CANCELLED, plan_id=plan.id)
    factories.a_session(db, patient, after, plan_id=plan.id)
    [hit] = patient_search.find(db, clinic.id, "ana", today=TODAY, now=now)
    assert hit.next_at == after
    assert hit.progress is not None
    assert (hit.progress.done, hit.progress.total) == (1, 6)
    assert [one.patient.id for one in patient_search.coming(db, clinic.id, now=now)] == [patient.id]


@pytest.mark.parametrize(
    ("name", "birth_date", "phone", "warns"),
    [
        ("Ana Ruiz", date(1999, 1, 1), "+12125550000", True),
        ("Ruiz, Ana", date(1999, 1, 1), "+12125550000", True),
        ("Anna Ruis", date(1999, 1, 1), "+12125550000", True),
        ("Ána Ruíz", date(1999, 1, 1), "+12125550000", True),
        ("Bo Lee", date(1999, 1, 1), "+13105550100", True),
        ("Maria Ruiz", date(1985, 4, 12), "+12125550000", True),
        ("Bo Lee", date(1985, 4, 12), "+12125550000", False),
        ("Maria Ruiz", date(1999, 1, 1), "+12125550000", False),
    ],
)
def test_whoever_could_be_the_same_person_is_shown(
    db: Session, clinic: Clinic, name: str, birth_date: date, phone: str, *, warns: bool
) -> None:
    factories.a_patient(db, clinic, phone="+13105550100")
    twins = patient_search.alike(db, clinic.id, name=name, birth_date=birth_date, phone=phone)
    assert bool(twins) is warns


def test_a_person_of_one_short_name_is_compared_too(db: Session, clinic: Clinic) -> None:
    factories.a_patient(db, clinic, "Ng")
    twins = patient_search.alike(db, clinic.id, name="NG", birth_date=TODAY, phone="+12125550000")
    assert [one.name for one in twins] == ["Ng"]


def test_the_strip_tells_clinicians_and_flags_the_rest(db: Session, clinic: Clinic) -> None:
    patient = factories.a_patient(
        db, clinic, allergies="Latex", pressure_limit_systolic_mmhg=150, pressure_limit_diastolic_mmhg=95,
        interpreter="ASL", escort_trouble="the cousin", other_alert="fall risk",
    )  # fmt: skip
    told = patients.strip(db, patient, TODAY, clinical=True)
    assert [alert.text for alert in told.alerts] == [
        "Allergy: Latex", "Own BP limit: 150/95", "Interpreter: ASL", "Escort trouble: the cousin",
        "Take care: fall risk",
    ]  # fmt: skip
    flags = patients.strip(db, patient, TODAY, clinical=False)
    assert [alert.text for alert in flags.alerts] == [
        "Allergy", "Own BP limit", "Interpreter: ASL", "Escort trouble", "Take care",
    ]  # fmt: skip
    assert (told.age_years, told.initials) == (41, "AR")


def test_a_long_alert_is_cut_on_the_strip_so_that_the_others_stay_in_sight(db: Session, clinic: Clinic) -> None:
    patient = factories.a_patient(db, clinic, allergies="Latex\n" * 500, other_alert="fall risk")
    first, last = patients.strip(db, patient, TODAY, clinical=True).alerts
    assert first.text.endswith("\u2026")
    assert len(first.text) < 100
    assert last.text == "Take care: fall risk"


@pytest.mark.parametrize(
    ("birth_date", "years"), [(date(2000, 11, 23), 26), (date(2000, 11, 24), 25), (date(2004, 2, 29), 22)]
)
def test_age_grows_on_the_birthday(birth_date: date, years: int) -> None:
    assert patients.age_years(birth_date, TODAY) == years


def test_a_new_address_forgets_the_bounce_and_a_wish_is_dated(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, email="old@example.org", email_bounced_at=now)
    values = {"email": "new@example.org", patients.WISH: False, patients.TOLD: ToldThrough.PHONE}
    patients.change(db, patient, values, version=patient.version, now=now, by=desk)
    assert (patient.email_bounced_at, patient.email_wanted, patient.email_wish_at) == (None, False, now)
    entry = db.scalars(sa.select(AuditEntry).where(AuditEntry.entity == "patient")).one()
    assert entry.changes["email"] == ["old@example.org", "new@example.org"]


def test_the_same_address_stays_marked_and_a_wish_not_asked_stays_open(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, email_bounced_at=now)
    patients.change(db, patient, {"pronouns": "they", patients.WISH: None}, version=1, now=now, by=desk)
    assert (patient.email_bounced_at, patient.email_wish_at, patient.version) == (now, None, 2)


def test_saving_the_same_again_changes_nothing(db: Session, clinic: Clinic, desk: Actor, now: datetime) -> None:
    patient = factories.a_patient(db, clinic)
    patients.change(db, patient, {"name": patient.name}, version=1, now=now, by=desk)
    assert patient.version == 1
    assert db.scalar(sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.patient_id == patient.id)) == 0


def test_a_change_to_an_older_version_is_refused(db: Session, clinic: Clinic, desk: Actor, now: datetime) -> None:
    patient = factories.a_patient(db, clinic)
    patients.change(db, patient, {"city": "Reno"}, version=1, now=now, by=desk)
    with pytest.raises(ChangedMeanwhile):
        patients.change(db, patient, {"city": "Elko"}, version=1, now=now, by=desk)
    assert patient.city == "Reno"


def test_a_patient_is_found_by_a_preferred_name_given_later(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, "José Muñoz")
    patients.change(db, patient, {"preferred_name": "Pepe"}, version=1, now=now, by=desk)
    assert found(db, clinic, "pepe", now) == ["José Muñoz"]


def test_a_patient_of_another_clinic_is_absent(db: Session, clinic: Clinic, desk: Actor) -> None:
    elsewhere = factories.a_patient(db, factories.a_clinic(db))
    assert desk.user is not None
    with pytest.raises(Absent):
        patients.load(db, elsewhere.id, desk.user)


def test_a_condition_is_listed_once_and_ended_once(db: Session, clinic: Clinic, desk: Actor, now: datetime) -> None:
    patient = factories.a_patient(db, clinic)
    row = patient_conditions.add(db, patient, Condition.PTSD, "F43.10", now=now, by=desk)
    with pytest.raises(Refusal):
        patient_conditions.add(db, patient, Condition.PTSD, "F43.11", now=now, by=desk)
    with pytest.raises(Refusal):
        patient_conditions.add(db, patient, Condition.FIBROMYALGIA, "F43.10", now=now, by=desk)
    patient_conditions.end(db, patient, row.id, now=now, by=desk)
    assert row.ended_at == now
    with pytest.raises(ChangedMeanwhile):
        patient_conditions.end(db, patient, row.id, now=now, by=desk)
    patient_conditions.add(db, patient, Condition.PTSD, "F43.12", now=now, by=desk)


def test_a_condition_of_someone_else_is_absent(db: Session, clinic: Clinic, desk: Actor, now: datetime) -> None:
    row = patient_conditions.add(db, factories.a_patient(db, clinic), Condition.PTSD, "F43.10", now=now, by=desk)
    with pytest.raises(Absent):
        patient_conditions.end(db, factories.a_patient(db, clinic), row.id, now=now, by=desk)


def test_a_wish_about_mail_is_kept_with_how_it_was_said_and_refused_without(
    db: Session, clinic: Clinic, desk: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic)
    with pytest.raises(Refusal):
        patients.change(db, patient, {patients.WISH: False}, version=1, now=now, by=desk)
    values = {patients.WISH: False, patients.TOLD: ToldThrough.PHONE}
    patients.change(db, patient, values, version=1, now=now, by=desk)
    patients.change(db, patient, {**values, "pronouns": "they"}, version=2, now=now, by=desk)
    said = contact_consents.of_patient(db, patient.id)
    assert [(one.channel, one.wanted, one.told_through, one.at) for one in said] == [
        (Channel.EMAIL, False, ToldThrough.PHONE, now)
    ]
    assert said[0].by_id == desk.user_id
