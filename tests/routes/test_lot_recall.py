"""A lot that is recalled: who had it, what of it, when they come next and how to reach them; for clinicians alone."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.drug.drawing import Container, LabelSource
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.protocols.protocols import Drug
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import AuditAction, AuditEntry, Clinic, TreatmentSession
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import start_gate
from clinic_sessions.services.drug import drug_acts, lot_recall
from clinic_sessions.services.drug.drug_acts import LabelRead
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take
from tests.services.test_query_shapes import reads

PAGE = "/drug-log/lots"


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return a_nurse(db, clinic)


def treated(db: Session, clinic: Clinic, nurse: Actor, at: datetime, name: str = "Ana Ruiz") -> TreatmentSession:
    """A dose of 40 mg from a vial of lot K4471 that has begun."""
    one = factories.a_session(db, factories.a_patient(db, clinic, name), at)
    take(db, one, Action.ARRIVE, at, nurse)
    take(db, one, Action.START, at, nurse)
    db.commit()
    return one


def a_label(**given: Any) -> LabelRead:
    fields: dict[str, Any] = {
        "drug": Drug.KETAMINE, "container": Container.VIAL, "source": LabelSource.TYPED, "micrograms_per_ml": 50_000,
        "total_micrograms": 500_000, "lot": "K4471", "expires_on": date(2027, 11, 30), **given,
    }  # fmt: skip
    return LabelRead(**fields)


def relabelled(db: Session, one: TreatmentSession, lot: str, nurse: Actor, now: datetime) -> None:
    drug_acts.read_label(db, one, a_label(lot=lot), now=now, by=nurse, corrects=start_gate.label_of(db, one))
    db.commit()


def test_a_lot_names_the_patient_the_day_the_dose_the_next_visit_and_the_phone(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    one = treated(db, clinic, nurse, now)
    patient = one.patient_id
    factories.a_session(db, one.patient, now + timedelta(days=3))
    db.commit()
    page = signed_in(Role.PROVIDER).get(f"{PAGE}?lot=k-44+71").text
    for said in ("Ana Ruiz", "lot K4471", "40 mg", "Mon, Nov 23, 2026", "In treatment", "Thu Nov 26", "(310) 555-"):
        assert said in page, said
    assert "1 visit of 1 patient" in page
    db.rollback()
    viewed = sa.select(AuditEntry).where(AuditEntry.entity == "lot_recall", AuditEntry.action == AuditAction.READ)
    assert [list(map(str, view.patient_ids)) for view in db.scalars(viewed)] == [[str(patient)]]


@pytest.mark.parametrize("typed", ["KT 2231-A", "kt2231a", " Kt\N{EN DASH}2231 A ", "K-T-2-2-3-1-A"])
def test_case_spaces_and_dashes_do_not_matter(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime, typed: str
) -> None:
    one = treated(db, clinic, nurse, now)
    relabelled(db, one, "kt-2231 A", nurse, now)
    found = lot_recall.of(db, typed, None, [clinic.id], now)
    assert [visit.treatment.id for visit in found.visits] == [one.id]
    assert not lot_recall.of(db, typed, Drug.ESKETAMINE, [clinic.id], now).visits
    assert not lot_recall.of(db, "KT2231", None, [clinic.id], now).visits, "a part of a lot is another lot"


def test_a_lot_that_was_corrected_away_is_shown_struck_with_what_stands_and_counts_as_another(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    one = treated(db, clinic, nurse, now)
    relabelled(db, one, "K4477", nurse, now)
    page = signed_in(Role.NURSE).get(f"{PAGE}?lot=K4471").text
    assert re.search(r"<s>[^<]*lot K4471", page)
    assert "lot K4477" in page
    assert "from another lot as it stands now" in page
    right = signed_in(Role.NURSE).get(f"{PAGE}?lot=K4477").text
    assert "from another lot" not in right
    assert "Ana Ruiz" in right


def test_a_device_of_the_lot_is_found_and_one_that_was_never_used_is_said_so(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    spray = factories.a_protocol(db, "in-esketamine")
    one = factories.a_session(db, factories.a_patient(db, clinic), now, protocol=spray)
    take(db, one, Action.ARRIVE, now, nurse)
    device = a_label(
        drug=Drug.ESKETAMINE, container=Container.DEVICE, micrograms_per_ml=None, total_micrograms=28_000, lot="E1-1"
    )
    drug_acts.read_label(db, one, device, now=now, by=nurse)
    [unused] = lot_recall.of(db, "e11", None, [clinic.id], now).visits
    assert unused.reached is lot_recall.Reached.NOT_GIVEN
    take(db, one, Action.START, now, nurse, ready=False, happened=True, micrograms=None)
    [used] = lot_recall.of(db, "e11", Drug.ESKETAMINE, [clinic.id], now).visits
    assert (used.reached, used.given.micrograms) == (lot_recall.Reached.GIVEN, 28_000)


@pytest.mark.parametrize("lot", ["", "  ", "K4", "k-4 "])
def test_an_empty_and_a_short_lot_are_asked_for_in_words(signed_in: SignIn, lot: str) -> None:
    client = signed_in(Role.NURSE)
    assert client.get(PAGE).status_code == 200
    answer = client.get(PAGE, query_string={"lot": lot})
    assert answer.status_code == 422
    assert "Enter the whole lot" in answer.text
    assert "No label of this lot" in client.get(f"{PAGE}?lot=NOT-THERE").text


def test_every_clinic_of_the_person_is_searched_and_no_other_and_only_clinicians_may(
    db: Session, clinic: Clinic, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    foreign = factories.a_clinic(db)
    treated(db, clinic, nurse, now)
    treated(db, foreign, a_nurse(db, foreign), now, "Eva Elsewhere")
    both = factories.a_user(db, clinic, Role.PROVIDER)
    both.clinics.append(foreign)
    db.commit()
    page = signed_in(user=both).get(f"{PAGE}?lot=K4471").text
    assert "Ana Ruiz" in page
    assert "Eva Elsewhere" in page
    mine = signed_in(Role.NURSE).get(f"{PAGE}?lot=K4471").text
    assert "Eva Elsewhere" not in mine
    for role in (Role.FRONT_DESK, Role.OWNER, Role.AUDITOR):
        client = signed_in(role)
        assert client.get(f"{PAGE}?lot=K4471").status_code == 403
        assert "/drug-log" not in client.get("/").text
    assert '"/drug-log"' in signed_in(Role.PROVIDER).get("/").text


def test_the_queries_of_a_recall_do_not_grow_with_the_visits(
    db: Session, clinic: Clinic, nurse: Actor, now: datetime
) -> None:
    counts = []
    for day in range(4):
        treated(db, clinic, nurse, now - timedelta(days=day), f"Patient {day}")
        if day not in {0, 3}:
            continue
        db.expire_all()
        clinic_id = clinic.id
        with reads(db) as asked:
            found = lot_recall.of(db, "K4471", None, [clinic_id], now)
            assert len([one.treatment.patient.name for one in found.visits]) == day + 1
        counts.append(len(asked))
    assert counts[0] == counts[1]
