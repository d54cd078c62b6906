"""The log of controlled doses: what was drawn, given and wasted, by whom; struck corrections; one clinic."""

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import AuditAction, AuditEntry, Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import dose_controls, drug_acts, drug_log
from clinic_sessions.services.drug.drug_acts import Drawing
from clinic_sessions.services.session import facts
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take
from tests.services.test_query_shapes import reads


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


def a_day(db: Session, clinic: Clinic, nurse: Actor, at: datetime, name: str = "Ana Ruiz") -> TreatmentSession:
    """A dose of 40 mg that was stopped at 22 mg; the rest was wasted before two people."""
    one = factories.a_session(db, factories.a_patient(db, clinic, name), at)
    take(db, one, Action.ARRIVE, at, nurse)
    take(db, one, Action.START, at, nurse)
    dose_controls.stop(db, one, now=at + timedelta(minutes=20), by=nurse)
    stopped = facts.dose_events(db, one)[-1]
    dose_controls.explain(db, one, stopped, "Asked", 22_000, now=at + timedelta(minutes=21), by=nurse)
    later = at + timedelta(minutes=30)
    dose_controls.waste(db, one, 18_000, a_nurse(db, clinic), None, now=later, by=nurse)
    db.commit()
    return one


def test_a_dose_is_one_row_with_lot_amounts_names_times_and_an_even_balance(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    one = a_day(db, clinic, nurse, now)
    patient, record = one.patient_id, one.patient.record_number
    page = signed_in(Role.PROVIDER).get("/drug-log").text
    for said in (
        "Ana Ruiz", record, "Ketamine 50 mg/mL, 500 mg, lot K4471", "40 mg in 0.8 mL", "Dose started, 40 mg",
        "Dose stopped early, 22 mg (Asked)", "Wasted, 18 mg", "Even",
    ):  # fmt: skip
        assert said in page, said
    assert len(re.findall(r"\d am [^<]+ with [^<]+<", page)) == 2, "who counted, and who saw it wasted"
    assert "<s>" not in page, "a stop that was explained is one stop"
    assert "<title>Drug log" in page
    db.rollback()
    viewed = sa.select(AuditEntry).where(AuditEntry.entity == "drug_log", AuditEntry.action == AuditAction.READ)
    assert [str(patient) in map(str, view.patient_ids) for view in db.scalars(viewed)] == [True]


def test_corrections_stay_struck_and_what_was_withdrawn_counts_for_nothing(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    one = a_day(db, clinic, nurse, now)
    label, draw = start_gate.label_of(db, one), start_gate.so_far(db, one)[-1]
    assert label is not None
    right = Drawing(micrograms=40_000, microlitres=810)
    drug_acts.draw(db, one, label.id, right, now=now + timedelta(minutes=40), by=nurse, corrects=draw)
    db.commit()
    page = signed_in(Role.NURSE).get("/drug-log").text
    assert "<s>40 mg in 0.8 mL</s>" in page
    assert "40 mg in 0.81 mL" in page
    assert "Even" in page


def test_a_log_of_days_holds_each_dose_on_its_own_day_of_the_clinic(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    late = now.replace(hour=7) + timedelta(days=1)
    a_day(db, clinic, nurse, late, "Eva Late")
    a_day(db, clinic, nurse, now - timedelta(days=3), "Bo Earlier")
    today = now.date()
    assert [one.treatment.patient.name for one in drug_log.of(db, clinic, today, today)] == ["Eva Late"]
    both = drug_log.of(db, clinic, today - timedelta(days=3), today)
    assert [one.treatment.patient.name for one in both] == ["Bo Earlier", "Eva Late"]


def test_the_queries_do_not_grow_with_the_doses(db: Session, clinic: Clinic, nurse: Actor, now: datetime) -> None:
    counts = []
    for day in range(5):
        a_day(db, clinic, nurse, now - timedelta(days=day), f"Patient {day}")
        if day not in {0, 4}:
            continue
        db.expire_all()
        with reads(db) as asked:
            doses = drug_log.of(db, clinic, now.date() - timedelta(days=9), now.date())
            assert len([dose.treatment.patient.name for dose in doses]) == day + 1
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_another_clinics_doses_and_other_roles_are_kept_out(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    a_day(db, clinic, nurse, now)
    foreign = factories.a_clinic(db)
    db.commit()
    elsewhere = signed_in(Role.NURSE, at=foreign).get("/drug-log")
    assert "Ana Ruiz" not in elsewhere.text
    assert "No controlled dose was entered" in elsewhere.text
    for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR):
        assert signed_in(role).get("/drug-log").status_code == 403


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=2026-11-23&to=2026-11-20", "before the first day"),
        ("from=2026-09-01&to=2026-11-20", "at most 31 days"),
        ("from=yesterday", "Enter a date that exists"),
    ],
)
def test_days_that_cannot_be_are_refused_with_what_was_typed(
    db: Session, clinic: Clinic, signed_in: SignIn, query: str, said: str
) -> None:
    answer = signed_in(Role.NURSE).get(f"/drug-log?{query}")
    assert answer.status_code == 422
    assert said in answer.text


@pytest.mark.parametrize("query", ["from=12/31/9999", "to=12/31/9999", "from=12/31/9999&to=12/31/9999"])
def test_the_last_day_of_the_calendar_is_asked_about(signed_in: SignIn, query: str) -> None:
    answer = signed_in(Role.NURSE).get(f"/drug-log?{query}")
    assert answer.status_code == 422
    assert "Enter a date that exists" in answer.text
