"""Two people in one session at once: the second sees what the first did, and nothing that they typed is lost."""

from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.models import Clinic, DoseEvent, Intervention, Note, SideEffect, TreatmentSession, VitalsReading
from clinic_sessions.services.session import facts
from tests import factories
from tests.conftest import SignIn
from tests.services.day import a_nurse, take

ENTRIES: list[tuple[str, type[Any], dict[str, str], dict[str, str], dict[str, str], str]] = [
    ("vitals", VitalsReading, {"heart_rate": "70"}, {"heart_rate": "71"}, {"heart_rate": "72"}, "heart 71"),
    ("dose", DoseEvent, {"kind": "rate_changed", "rate": "30"}, {"kind": "rate_changed", "rate": "31"},
     {"kind": "rate_changed", "rate": "32"}, "31 mg an hour"),
    ("side-effects", SideEffect, {"kind": "nausea", "grade": "1", "ago": "0"},
     {"kind": "nausea", "grade": "2", "ago": "0"}, {"kind": "headache", "grade": "1", "ago": "0"}, "Nausea, grade 2"),
    ("interventions", Intervention, {"kind": "reassurance"}, {"kind": "oxygen", "words": "2 L"},
     {"kind": "fluids", "words": "250 mL"}, "Oxygen"),
    ("notes", Note, {"body": "Calm."}, {"body": "Calm, eyes closed."}, {"body": "Calm, music on."},
     "Calm, eyes closed."),
]  # fmt: skip


@pytest.fixture
def treatment(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    made, by = factories.a_session(db, factories.a_patient(db, clinic), now), a_nurse(db, clinic)
    take(db, made, Action.ARRIVE, now - timedelta(minutes=40), by)
    take(db, made, Action.START, now - timedelta(minutes=30), by)
    db.commit()
    return made


@pytest.mark.parametrize(
    ("path", "model", "first", "theirs", "mine", "shown"), ENTRIES, ids=[one[0] for one in ENTRIES]
)
def test_the_second_correction_of_an_entry_sees_the_first_and_is_kept_when_sent_again(
    db: Session, treatment: TreatmentSession, signed_in: SignIn, path: str, model: type[Any],
    first: dict[str, str], theirs: dict[str, str], mine: dict[str, str], shown: str,
) -> None:  # fmt: skip
    one, other = signed_in(Role.NURSE), signed_in(Role.NURSE)
    address = f"/sessions/{treatment.id}/{path}"
    assert one.post(address, data=first).status_code == 303
    db.rollback()
    old = db.scalars(sa.select(model.id).order_by(model.id.desc())).first()
    db.rollback()
    for typed in (theirs, {**theirs, **({"body": "Calm, eyes closed."} if path == "notes" else {})}):
        newest = db.scalars(sa.select(model.id).order_by(model.id.desc())).first()
        db.rollback()
        answer = one.post(address, data={**typed, "corrects": str(newest)})
        assert answer.status_code == 303
    refused = other.post(address, data={**mine, "corrects": str(old)})
    assert refused.status_code == 409
    assert "Saved meanwhile" in refused.text
    assert shown in refused.text
    for value in mine.values():
        assert value in refused.text
    named = unescape(refused.text.split('name="corrects" value="')[1].split('"')[0])
    assert other.post(address, data={**mine, "corrects": named}).status_code == 303
    db.rollback()
    made = db.get_one(TreatmentSession, 1)
    assert len([row for row in facts.standing(facts.all_of(db, model, made)) if row.id > (old or 0)]) == 1
    assert db.scalar(sa.select(sa.func.count()).select_from(model).where(model.id >= old)) == 4


def test_a_step_that_somebody_else_took_first_is_told_by_name_and_time(
    treatment: TreatmentSession, clinic: Clinic, db: Session, signed_in: SignIn
) -> None:
    ana = factories.a_user(db, clinic, Role.NURSE, name="Ana Kim")
    one, other = signed_in(user=ana), signed_in(Role.NURSE)
    step = {"action": "finish_dose", "version": str(treatment.version), "patient": str(treatment.patient_id)}
    address = f"/sessions/{treatment.id}/step"
    db.rollback()
    assert one.post(address, data=step).status_code == 303
    refused = other.post(address, data={**step, "action": "stop_early", "reasons": "side_effect", "words": "Retching."})
    assert refused.status_code == 409
    assert "Last step: Dose finished, Mon Nov 23, 10:00 am, by Ana Kim." in refused.text
