"""The papers that a treatment had at a moment, and not those made later."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.papers import Clearance, ConsentAnswer, PaperReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.domain.session.lifecycle import Action, Gate, Status
from clinic_sessions.models import ClearanceDecision, Clinic, Consent, MonitoringCheck
from clinic_sessions.services.plans import paper_lines, papers
from clinic_sessions.services.session import lifecycle
from clinic_sessions.services.session.lifecycle import GateClosed
from tests import factories
from tests.conftest import SignIn
from tests.plans import a_plan
from tests.services.day import a_nurse

THREE = [PaperReason.NOT_CLEARED, PaperReason.CONSENT_MISSING, PaperReason.ORDER_MISSING]


def test_a_start_without_papers_names_every_one_of_them(db: Session, clinic: Clinic, now: datetime) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic, papers=False), now, status=Status.ARRIVED)
    factories.ready_to_start(db, one, now)
    with pytest.raises(GateClosed) as refused:
        lifecycle.do(db, one, Action.START, now=now, by=a_nurse(db, clinic))
    assert list(refused.value.reasons) == THREE


def test_papers_made_after_the_true_time_of_a_start_were_not_there_for_it(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now, status=Status.ARRIVED)
    before_any = factories.LONG_AGO - timedelta(minutes=2)
    found = papers.of_treatment(db, one, before_any)
    assert found is not None
    assert [reason for reason in found.reasons if reason in THREE] == THREE
    change = lifecycle.do(db, one, Action.START, now=now, by=a_nurse(db, clinic), at=before_any, happened=True)
    assert set(THREE) <= set(change.outside_rules)


def test_a_paper_made_within_the_minute_of_a_start_was_there(db: Session, clinic: Clinic, now: datetime) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic), now)
    found = papers.of_treatment(db, one, factories.LONG_AGO - timedelta(seconds=30))
    assert found is not None
    assert found.reasons == []


@pytest.mark.parametrize(
    ("checked_at", "due"),
    [(datetime(2026, 5, 24, 6, 59, tzinfo=UTC), True), (datetime(2026, 5, 24, 7, 1, tzinfo=UTC), False)],
    ids=["the evening before in Los Angeles", "just after midnight there"],
)
def test_the_monitoring_check_is_due_by_the_days_of_the_clinic(
    db: Session, clinic: Clinic, checked_at: datetime, due: bool
) -> None:
    one = factories.a_session(db, factories.a_patient(db, clinic, papers=False), datetime(2026, 11, 24, 18, tzinfo=UTC))
    by = one.booked_by_id
    db.execute(
        sa.insert(MonitoringCheck).values(
            patient_id=one.patient_id, checked_at=checked_at, recorded_at=checked_at, by_id=by, nothing_unexpected=True
        )
    )
    found = papers.of_treatment(db, one, one.starts_at)
    assert found is not None
    assert (PaperReason.MONITORING_DUE in found.warnings) is due


@pytest.mark.parametrize("paper", ["clearance", "consent"])
def test_a_paper_taken_back_after_the_true_time_of_a_start_stops_it_too(
    db: Session, clinic: Clinic, now: datetime, paper: str
) -> None:
    patient = factories.a_patient(db, clinic)
    one = factories.a_session(db, patient, now - timedelta(hours=1), status=Status.ARRIVED)
    version = factories.a_protocol(db)
    row = {
        "patient_id": patient.id, "protocol_key": version.key, "protocol_version_id": version.id, "at": now,
        "by_id": patient.registered_by_id,
    }  # fmt: skip
    if paper == "clearance":
        db.add(ClearanceDecision(**row, decision=Clearance.NOT_SUITABLE, words="Blood pressure"))
    else:
        held = db.scalars(sa.select(Consent).where(Consent.patient_id == patient.id)).first()
        assert held is not None
        refused = {"answer": ConsentAnswer.CHOSE_NOT_TO, "words": "Would rather not", "recorded_at": now}
        told = {"document_version_id": held.document_version_id, "language": patient.language}
        db.add(Consent(**row, **refused, **told, witness_id=patient.registered_by_id))
    before = now - timedelta(minutes=10)
    factories.ready_to_start(db, one, before)
    reason = PaperReason.NOT_SUITABLE if paper == "clearance" else PaperReason.CONSENT_CHOSE_NOT_TO
    with pytest.raises(GateClosed) as stopped:
        lifecycle.do(db, one, Action.START, now=now, by=a_nurse(db, clinic), at=before)
    assert list(stopped.value.reasons) == [reason]


def test_no_session_starts_under_a_plan_that_is_over(db: Session, clinic: Clinic, now: datetime) -> None:
    patient = factories.a_patient(db, clinic)
    plan = a_plan(db, patient, now - timedelta(days=1))
    one = factories.a_session(db, patient, now, status=Status.ARRIVED, plan_id=plan.id, place_in_plan=1)
    factories.ready_to_start(db, one, now)
    assert lifecycle.unmet(db, one, Gate.MAY_START, now) == []
    plan.status = PlanStatus.ENDED
    db.flush()
    assert lifecycle.unmet(db, one, Gate.MAY_START, now) == [PaperReason.PLAN_OVER]


def test_what_is_booked_without_a_plan_has_its_papers_on_the_patient_s_page(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    soon, later = (factories.a_session(db, patient, now + timedelta(days=days)) for days in (2, 4))
    db.commit()
    listed = paper_lines.of(db, patient, [soon, later], now=now, zone=clinic.zone)
    assert [(one.plan, one.session) for one in listed] == [(None, soon)]
    assert [part.value for part in listed[0].missing] == ["clearance", "consent", "order"]
    page = signed_in(Role.NURSE).get(f"/patients/{patient.id}").text
    assert "without a plan, for the session of Wed Nov 25" in page
    db.rollback()
    factories.the_papers(db, patient)
    db.commit()
    listed = paper_lines.of(db, patient, [soon, later], now=now, zone=clinic.zone)
    assert listed[0].missing == []
    assert {line.until for line in listed[0].lines[:3]} == {factories.FAR}
