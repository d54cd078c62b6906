"""A plan's life on its pages: paused, resumed, changed with a reason, reviewed, ended with its outcome."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import PlanChangeKind, PlanOutcome, PlanStatus, ProtocolStatus
from clinic_sessions.models import Clinic, Patient, Plan, PlanChange, ProtocolVersion, TreatmentSession, WaitlistWish
from clinic_sessions.services import catalogue
from tests import factories
from tests.conftest import SignIn
from tests.plans import a_plan

DAY = timedelta(days=1)
KEY = "k" * 24


@pytest.fixture
def plan(db: Session, clinic: Clinic, now: datetime) -> Plan:
    """A plan of two sessions."""
    return a_plan(db, factories.a_patient(db, clinic), now - DAY, count=2)


def send(visitor: Any, path: str, page: str, **typed: str) -> Any:
    """Fill in the form of a page as it stands."""
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    version = re.search(r'name="version"[^>]*value="(\d+)"', page) or re.search(
        r'value="(\d+)"[^>]*name="version"', page
    )
    assert key
    assert version
    return visitor.post(path, data={"form_key": key[1], "version": version[1], **typed})


def kinds(db: Session, plan_id: int) -> list[PlanChangeKind]:
    """What was done to a plan, the oldest first."""
    db.rollback()
    query = sa.select(PlanChange.kind).where(PlanChange.plan_id == plan_id).order_by(PlanChange.id)
    return list(db.scalars(query))


def test_a_paused_plan_says_so_offers_no_booking_and_goes_on_once_it_is_resumed(
    db: Session, plan: Plan, now: datetime, signed_in: SignIn
) -> None:
    plan_id, provider = plan.id, signed_in(Role.PROVIDER)
    path = f"/plans/{plan_id}/pause"
    page = provider.get(path).text
    refused = send(provider, path, page, words="")
    assert refused.status_code == 422
    assert "Say why the plan pauses." in refused.text
    assert send(provider, path, page, words="Waits for liver tests.").status_code == 303
    shown = provider.get(f"/plans/{plan_id}").text
    assert "Waits for liver tests." in shown
    assert "Book the series" not in shown
    desk = signed_in(Role.FRONT_DESK)
    told = desk.get(f"/plans/{plan_id}").text
    assert "Nothing is booked or started under it." in told
    assert "Waits for liver tests." not in told
    assert "The plan is paused." in desk.get(f"/plans/{plan_id}/series").text
    provider = signed_in(Role.PROVIDER)
    path = f"/plans/{plan_id}/resume"
    assert send(provider, path, provider.get(path).text).status_code == 303
    assert "Book the series" in signed_in(Role.FRONT_DESK).get(f"/plans/{plan_id}").text
    assert kinds(db, plan_id) == [PlanChangeKind.START, PlanChangeKind.PAUSE, PlanChangeKind.RESUME]


def test_the_same_form_pauses_once_and_a_form_from_before_a_change_is_refused_with_what_was_typed(
    db: Session, plan: Plan, signed_in: SignIn
) -> None:
    plan_id, provider = plan.id, signed_in(Role.PROVIDER)
    path = f"/plans/{plan_id}/pause"
    page, other = provider.get(path).text, provider.get(path).text
    for _ in range(2):
        assert send(provider, path, page, words="A trip.").status_code == 303
    late = send(provider, path, other, words="Another trip.")
    assert late.status_code == 409
    assert "Someone else changed this plan meanwhile." in late.text
    assert "Another trip." in late.text
    assert kinds(db, plan_id).count(PlanChangeKind.PAUSE) == 1


def test_a_change_asks_why_and_its_history_shows_what_stood_before(db: Session, plan: Plan, signed_in: SignIn) -> None:
    plan_id, provider_id, version = plan.id, plan.provider_id, plan.version
    provider = signed_in(Role.PROVIDER)
    wanted = {
        "phases-0-sessions": "1", "phases-0-every": "1", "phases-0-unit": "weeks", "phases-0-count": "4",
        "provider": str(provider_id), "version": str(version),
    }  # fmt: skip
    without = provider.post(f"/plans/{plan_id}/pattern", data=wanted)
    assert without.status_code == 422
    assert "Say why the plan changes." in without.text
    assert provider.post(f"/plans/{plan_id}/pattern", data={**wanted, "words": "Slower."}).status_code == 303
    page = provider.get(f"/plans/{plan_id}").text
    assert "Slower." in page
    assert "<s>2 over 1 week</s> → weekly for 4 weeks" in page
    db.rollback()
    row = db.scalars(sa.select(PlanChange).order_by(PlanChange.id.desc())).first()
    assert row is not None
    assert row.details == {"pattern": ["2 over 1 week", "weekly for 4 weeks"]}


def test_a_plan_ends_with_its_outcome_and_words(db: Session, plan: Plan, signed_in: SignIn) -> None:
    plan_id, provider = plan.id, signed_in(Role.PROVIDER)
    path = f"/plans/{plan_id}/end"
    page = provider.get(path).text
    without = send(provider, path, page, words="No change after two.")
    assert without.status_code == 422
    assert "Choose how the plan ends." in without.text
    assert "No change after two." in without.text
    assert send(provider, path, page, words="No change after two.", outcome="no_response").status_code == 303
    shown = provider.get(f"/plans/{plan_id}").text
    assert "No change after two." in shown
    db.rollback()
    stands = db.get_one(Plan, plan_id)
    assert stands.status is PlanStatus.ENDED
    row = db.scalars(sa.select(PlanChange).order_by(PlanChange.id.desc())).first()
    assert row is not None
    assert row.outcome is PlanOutcome.NO_RESPONSE


def test_a_review_sets_the_next_one_and_one_that_ends_the_plan_ends_it(
    db: Session, plan: Plan, now: datetime, signed_in: SignIn
) -> None:
    plan_id, provider = plan.id, signed_in(Role.PROVIDER)
    path = f"/plans/{plan_id}/review"
    page = provider.get(path).text
    without = send(provider, path, page, words="Better.", decision="go_on")
    assert without.status_code == 422
    assert "Enter the day of the next review" in without.text
    past = send(provider, path, page, words="Better.", decision="go_on", next_on="1/5/2026")
    assert past.status_code == 409
    assert '<a href="#next_on">Choose a day for the next review that is still to come.</a>' in past.text
    ahead = (now + 40 * DAY).date()
    typed = f"{ahead.month}/{ahead.day}/{ahead.year}"
    assert send(provider, path, page, words="Better.", decision="go_on", next_on=typed).status_code == 303
    db.rollback()
    assert db.get_one(Plan, plan_id).review_on == ahead
    db.rollback()
    page = provider.get(path).text
    over = send(provider, path, page, words="No use.", decision="end", outcome="not_tolerated")
    assert over.status_code == 303
    assert kinds(db, plan_id)[-2:] == [PlanChangeKind.REVIEW, PlanChangeKind.END]
    assert db.get_one(Plan, plan_id).review_on is None


@pytest.mark.parametrize("act", ["pause", "resume", "review", "end", "pattern"])
@pytest.mark.parametrize("role", [Role.NURSE, Role.FRONT_DESK, Role.OWNER])
def test_only_a_provider_changes_the_life_of_a_plan(act: str, role: Role, plan: Plan, signed_in: SignIn) -> None:
    visitor, path = signed_in(role), f"/plans/{plan.id}/{act}"
    assert visitor.get(path).status_code == 403
    assert visitor.post(path, data={"version": "1", "form_key": KEY, "words": "x"}).status_code == 403


def test_a_plan_of_other_peoples_patients_is_not_there(db: Session, now: datetime, signed_in: SignIn) -> None:
    elsewhere = factories.a_clinic(db, name="Far Clinic")
    theirs = a_plan(db, factories.a_patient(db, elsewhere), now)
    db.commit()
    provider = signed_in(Role.PROVIDER)
    for path in ("", "/pause", "/review", "/end", "/authorisations"):
        assert provider.get(f"/plans/{theirs.id}{path}").status_code == 404


def test_a_plan_page_names_protocol_version_provider_and_that_no_order_is_there(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    patient: Patient = factories.a_patient(db, clinic, papers=False)
    plan = a_plan(db, patient, now)
    db.commit()
    page = signed_in(Role.PROVIDER).get(f"/plans/{plan.id}").text
    assert "No order" in page
    assert f"/patients/{patient.id}/orders/new?plan={plan.id}" in page
    assert "version 1" in page
    assert "Treatment-resistant depression" in page
    db.rollback()
    factories.an_order(db, patient, db.get_one(Plan, plan.id).protocol_version)
    db.commit()
    assert "No order" not in signed_in(Role.PROVIDER).get(f"/plans/{plan.id}").text


def test_an_end_that_sessions_stand_in_the_way_of_lists_them_instead_of_a_button(
    db: Session, clinic: Clinic, plan: Plan, now: datetime, signed_in: SignIn
) -> None:
    factories.a_session(db, db.get_one(Patient, plan.patient_id), now + 3 * DAY, plan_id=plan.id, place_in_plan=1)
    path = f"/plans/{plan.id}/end"
    page = signed_in(Role.PROVIDER).get(path).text
    assert "1 session of this plan is still to come" in page
    assert "Cancel these sessions" in page
    assert ">End the plan</button>" not in page


def a_later_version(db: Session, own: ProtocolVersion, now: datetime) -> ProtocolVersion:
    """A newer published version of the same protocol."""
    kept = {name: getattr(own, name) for name in ("key", "title", "route", "block_minutes", "body", "digest")}
    row = ProtocolVersion(
        **kept, number=own.number + 1, status=ProtocolStatus.PUBLISHED, loaded_at=now, published_at=now
    )
    db.add(row)
    db.commit()
    return row


def test_a_plan_moves_to_the_version_in_use_with_a_reason_and_its_sessions_keep_theirs(
    db: Session, clinic: Clinic, plan: Plan, now: datetime, signed_in: SignIn
) -> None:
    plan_id, own, number = plan.id, plan.protocol_version_id, plan.protocol_version.number
    treatment = factories.a_session(
        db, db.get_one(Patient, plan.patient_id), now + 3 * DAY, plan_id=plan.id, place_in_plan=1
    )
    wish = WaitlistWish(
        clinic_id=clinic.id, patient_id=plan.patient_id, protocol_version_id=own, plan_id=plan_id, made_at=now,
        by_id=plan.by_id,
    )  # fmt: skip
    db.add(wish)
    db.commit()
    provider = signed_in(Role.PROVIDER)
    path = f"/plans/{plan_id}/pattern"
    assert "Protocol version" not in provider.get(path).text
    offered = [one.key for one in catalogue.published(db)]
    target, later = (row := a_later_version(db, plan.protocol_version, now)).id, row.number
    assert [one.key for one in catalogue.published(db)] == offered
    page = provider.get(path).text
    assert f"Move to version {later}, which is in use" in page
    assert "1 session to come keeps its version" in page
    typed = {
        "phases-0-sessions": "2", "phases-0-every": "1", "phases-0-unit": "weeks", "phases-0-count": "2",
        "provider": str(plan.provider_id), "version": str(plan.version), "words": "Longer observation.",
    }  # fmt: skip
    refused = provider.post(path, data={**typed, "protocol": "999"})
    assert refused.status_code == 409
    assert "Another version of the protocol is in use now." in refused.text
    assert "Longer observation." in refused.text
    assert provider.post(path, data={**typed, "protocol": str(target)}).status_code == 303
    shown = provider.get(f"/plans/{plan_id}").text
    assert f"version {number}</s> → " in shown
    assert f"Version {number}</span>" in shown
    db.rollback()
    assert db.get_one(Plan, plan_id).protocol_version_id == target
    assert db.get_one(TreatmentSession, treatment.id).protocol_version_id == own
    assert db.get_one(WaitlistWish, wish.id).protocol_version_id == target
