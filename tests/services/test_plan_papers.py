"""What stands beside a plan: pauses that refuse, reviews, next sessions, payers, products, checks and findings."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.document_kinds import DocumentKind
from clinic_sessions.domain.papers.findings import FindingKind, FindingReason, FindingResult
from clinic_sessions.domain.papers.papers import PaperReason
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.scheduling.plans import (
    AuthorisationReason,
    PlanStatus,
    PlanWarning,
    ProductSource,
    ProtocolStatus,
    ReviewDecision,
)
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import (
    ActorKind,
    AuditEntry,
    Clinic,
    DocumentVersion,
    MonitoringCheck,
    Patient,
    Plan,
    TreatmentSession,
)
from clinic_sessions.services import documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.booking import booking
from clinic_sessions.services.booking.booking import BookingRequest
from clinic_sessions.services.orders import orders
from clinic_sessions.services.orders.order_requests import OrderRequest
from clinic_sessions.services.plans import (
    authorisations,
    due_checks,
    enrolments,
    findings,
    label_course,
    monitoring,
    papers,
    plan_life,
    plan_warnings,
    plans,
)
from clinic_sessions.services.plans.authorisations import AuthorisationRequest, Product
from clinic_sessions.services.plans.plan_life import Review
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.series import label, series
from tests import factories
from tests.plans import a_plan

DAY = timedelta(days=1)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Actor:
    user = factories.a_user(db, clinic, Role.PROVIDER)
    return Actor(kind=ActorKind.USER, user=user, role=Role.PROVIDER)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic)


def held(db: Session, plan: Plan, place: int, at: datetime, status: Status = Status.LEFT) -> TreatmentSession:
    """A session of a plan at its place; one that is over had its dose."""
    patient = db.get_one(Patient, plan.patient_id)
    given: dict[str, Any] = {"dose_started_at": at} if status is Status.LEFT else {}
    return factories.a_session(
        db, patient, at, status=status, protocol=plan.protocol_version, plan_id=plan.id, place_in_plan=place, **given
    )


def refused(act: object) -> list[object]:
    """The reasons with which a call is refused."""
    assert callable(act)
    with pytest.raises(Refusal) as caught:
        act()
    return list(caught.value.reasons)


def test_nothing_is_booked_into_a_paused_plan_or_beside_it_and_no_session_starts(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now)
    treatment = held(db, plan, 1, now + DAY, Status.BOOKED)
    beside = factories.a_session(db, patient, now + 5 * DAY)
    plan_life.pause(db, plan, "A fall.", version=plan.version, now=now, by=provider)
    for plan_id in (plan.id, None):
        wanted = BookingRequest(
            patient_id=patient.id, protocol_version_id=plan.protocol_version_id, chair_id=clinic.chairs[0].id,
            starts_at=now + 8 * DAY, plan_id=plan_id,
        )  # fmt: skip
        assert refused(lambda wanted=wanted: booking.book(db, wanted, now=now, by=provider)) == [
            PaperReason.PLAN_PAUSED
        ]
    for one in (treatment, beside):
        found = papers.of_treatment(db, one, now)
        assert found is not None
        assert found.programme == [PaperReason.PLAN_PAUSED]
    assert plan.protocol_version.key not in {one.version.key for one in series.choices(db, patient)}
    with pytest.raises(Refusal):
        a_plan(db, patient, now)
    plan_life.resume(db, plan, None, version=plan.version, now=now, by=provider)
    again = papers.of_treatment(db, treatment, now)
    assert again is not None
    assert again.programme == []
    assert series.choices(db, patient)[0].plan is plan


def test_a_review_is_due_after_the_induction_and_not_again_before_the_day_that_was_set(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now, count=2)
    today = local_day(now, clinic.zone)
    assert plans.reviews_due(db, clinic, today + 300 * DAY) == []
    held(db, plan, 1, now)
    due = today + 3 * DAY + 7 * DAY
    assert plans.reviews_due(db, clinic, due - DAY) == []
    assert [(one.plan, one.day) for one in plans.reviews_due(db, clinic, due)] == [(plan, due)]
    done = Review(found="Better.", decision=ReviewDecision.GO_ON, next_on=today + 60 * DAY)
    plan_life.review(db, plan, done, today=today, version=plan.version, now=now, by=provider)
    assert plans.reviews_due(db, clinic, today + 59 * DAY) == []
    assert [one.day for one in plans.reviews_due(db, clinic, today + 61 * DAY)] == [today + 60 * DAY]


def test_esketamine_is_reviewed_at_the_end_of_treatment_week_four(
    db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    plan = a_plan(db, patient, now, count=8, protocol="in-esketamine")
    held(db, plan, 1, now)
    week_four_ends = local_day(now, clinic.zone) + 27 * DAY
    assert [one.day for one in plans.reviews_due(db, clinic, week_four_ends)] == [week_four_ends]


def test_a_series_with_a_place_left_and_nothing_to_come_waits_for_the_desk_with_the_day_it_is_due(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now, count=2)
    assert [(one.place, one.due) for one in plans.without_next(db, clinic, now)] == [(1, None)]
    held(db, plan, 1, now)
    today = local_day(now, clinic.zone)
    assert [(one.place, one.due) for one in plans.without_next(db, clinic, now)] == [(2, today + 3 * DAY)]
    coming = held(db, plan, 2, now + 3 * DAY, Status.BOOKED)
    assert plans.without_next(db, clinic, now) == []
    coming.status = Status.CANCELLED
    db.flush()
    assert len(plans.without_next(db, clinic, now)) == 1
    plan_life.pause(db, plan, "Away.", version=plan.version, now=now, by=provider)
    assert plans.without_next(db, clinic, now) == []


def test_authorised_sessions_count_once_their_dose_has_begun_and_what_is_missing_only_warns(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, now: datetime
) -> None:
    plan = a_plan(db, patient, now)
    today = local_day(now, clinic.zone)
    first, second = held(db, plan, 1, now - DAY), held(db, plan, 2, now + DAY, Status.BOOKED)
    third = held(db, plan, 3, now + 2 * DAY, Status.BOOKED)
    assert plan_warnings.of_sessions(db, [first, second, third]) == {}
    wanted = AuthorisationRequest(
        payer="Bay Health", number="A-1", valid_from=today - 5 * DAY, valid_until=today + 30 * DAY, sessions_allowed=2
    )
    row = authorisations.add(db, plan, wanted, now=now, by=provider)
    (shown,) = authorisations.of_plan(db, plan.id)
    assert (shown.used, shown.booked, shown.left, shown.too_few) == (1, 2, 1, True)
    assert plan_warnings.of_sessions(db, [second, third]) == {third.id: [PlanWarning.AUTHORISATION_USED_UP]}
    assert plan_warnings.one_more(db, plan, today + 3 * DAY) == [PlanWarning.AUTHORISATION_USED_UP]
    assert plan_warnings.one_more(db, plan, today + 31 * DAY) == [PlanWarning.AUTHORISATION_EXPIRED]
    assert plan_warnings.one_more(db, plan, today - 6 * DAY) == [PlanWarning.AUTHORISATION_NOT_YET]
    assigned = Product(source=ProductSource.ASSIGNED, words="Kit 4471", arrived_on=None)
    authorisations.set_product(db, plan, assigned, version=plan.version, now=now, by=provider)
    assert plan_warnings.of_sessions(db, [second]) == {second.id: [PlanWarning.PRODUCT_NOT_ARRIVED]}
    assert [one.treatment for one in plan_warnings.soon(db, clinic, now)] == [second, third]
    authorisations.end(db, plan, row.id, now=now, by=provider)
    assert refused(lambda: authorisations.end(db, plan, row.id, now=now, by=provider)) == [
        AuthorisationReason.ENDED_ALREADY
    ]
    assert plan_warnings.one_more(db, plan, today) == [PlanWarning.PRODUCT_NOT_ARRIVED]
    other = a_plan(db, factories.a_patient(db, clinic), now)
    with pytest.raises(Absent):
        authorisations.end(db, other, row.id, now=now, by=provider)
    assert other.product_words is None


def test_an_old_form_of_a_product_is_refused(db: Session, patient: Patient, provider: Actor, now: datetime) -> None:
    plan = a_plan(db, patient, now)
    stock = Product(source=ProductSource.CLINIC_STOCK, words=None, arrived_on=None)
    with pytest.raises(ChangedMeanwhile):
        authorisations.set_product(db, plan, stock, version=plan.version + 1, now=now, by=provider)


def test_the_monitoring_check_is_due_before_the_first_order_and_again_after_six_months(
    db: Session, clinic: Clinic, provider: Actor
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    monday = datetime(2026, 11, 23, 18, tzinfo=UTC)
    assert monitoring.due(db, [patient.id], monday)[patient.id].is_due
    friday = datetime(2026, 11, 20, 17, tzinfo=UTC)
    monitoring.record(db, patient, friday, nothing_unexpected=True, words=None, now=friday, by=provider)
    assert not monitoring.due(db, [patient.id], monday)[patient.id].is_due
    assert monitoring.due(db, [patient.id], monday + 2 * DAY)[patient.id].is_due
    factories.an_order(db, patient, factories.a_protocol(db))
    standing = monitoring.due(db, [patient.id], monday + 2 * DAY)[patient.id]
    assert (standing.is_due, standing.due_on) == (False, date(2027, 5, 20))
    assert monitoring.due(db, [patient.id], datetime(2027, 5, 21, 18, tzinfo=UTC))[patient.id].is_due
    unsaid = monitoring.record
    assert refused(
        lambda: unsaid(db, patient, friday, nothing_unexpected=False, words=None, now=friday, by=provider)
    ) == [FindingReason.WORDS_NEEDED]
    assert refused(
        lambda: unsaid(db, patient, monday, nothing_unexpected=True, words=None, now=friday, by=provider)
    ) == [FindingReason.NOT_YET]
    assert db.scalar(sa.select(sa.func.count()).select_from(MonitoringCheck)) == 1


def test_where_the_check_blocks_no_order_is_written_before_it(
    db: Session, clinic: Clinic, provider: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    version = factories.a_protocol(db)
    dose, until = orders.proposed(db, version, local_day(now, clinic.zone))
    wanted = OrderRequest(
        protocol_version_id=version.id, plan_id=None, ordered=dose, valid_from=local_day(now, clinic.zone),
        valid_until=until,
    )  # fmt: skip
    assert monitoring.against_order(db, patient.id, now) == []
    let_the_check_block(db)
    assert refused(lambda: orders.write(db, patient, wanted, now=now, by=provider)) == [PaperReason.MONITORING_DUE]
    monitoring.record(db, patient, now, nothing_unexpected=True, words=None, now=now, by=provider)
    orders.write(db, patient, wanted, now=now, by=provider)


def let_the_check_block(db: Session) -> None:
    """Publish thresholds under which a check that is due blocks."""
    old = documents.published(db, DocumentKind.THRESHOLDS, documents.THRESHOLDS)
    numbers = documents.thresholds(db)
    blocks = replace(numbers, monitoring_blocks=replace(numbers.monitoring_blocks, value=Decimal(1)))
    body = documents.as_json(blocks)
    db.add(
        DocumentVersion(
            kind=old.kind, key=old.key, number=old.number + 1, title=old.title, body=body,
            digest=documents.digest(body), status=ProtocolStatus.PUBLISHED, loaded_at=old.loaded_at,
            published_at=old.loaded_at,
        )
    )  # fmt: skip
    db.flush()


def test_findings_are_due_as_a_baseline_and_every_six_months_and_a_correction_stands_in_their_place(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, now: datetime
) -> None:
    today = local_day(now, clinic.zone)
    assert findings.due(db, [patient.id], today) == {}
    a_plan(db, patient, now)
    assert {one.kind: one.is_due(today) for one in findings.due(db, [patient.id], today)[patient.id]} == dict.fromkeys(
        FindingKind, True
    )
    liver = FindingKind.LIVER_TESTS
    wrong = findings.record(db, patient, liver, FindingResult.NORMAL, None, now, now=now, by=provider)
    right = findings.record(
        db, patient, liver, FindingResult.ABNORMAL, "ALT 3 times the limit.", now - 40 * DAY,
        now=now, by=provider, corrects_id=wrong.id,
    )  # fmt: skip
    (shown,) = [one for one in findings.due(db, [patient.id], today)[patient.id] if one.kind is liver]
    assert (shown.result, shown.last_on, shown.is_due(today)) == (FindingResult.ABNORMAL, today - 40 * DAY, False)
    assert shown.is_due(shown.due_on)
    again = findings.record
    normal = FindingResult.NORMAL
    assert refused(
        lambda: again(db, patient, liver, normal, None, now, now=now, by=provider, corrects_id=wrong.id)
    ) == [FindingReason.ALREADY_CORRECTED]
    other = factories.a_patient(db, clinic)
    with pytest.raises(Absent):
        again(db, other, liver, normal, None, now, now=now, by=provider, corrects_id=right.id)
    noted = sa.select(AuditEntry.entity_id).where(AuditEntry.entity == "finding").order_by(AuditEntry.id)
    assert list(db.scalars(noted)) == [wrong.id, right.id]


def test_the_list_of_checks_names_who_is_treated_and_what_is_due(
    db: Session, clinic: Clinic, patient: Patient, provider: Actor, now: datetime
) -> None:
    assert due_checks.waiting(db, clinic, now) == []
    a_plan(db, patient, now)
    for kind in (FindingKind.URINALYSIS, FindingKind.URINARY_SYMPTOMS):
        findings.record(db, patient, kind, FindingResult.NORMAL, None, now, now=now, by=provider)
    (one,) = due_checks.waiting(db, clinic, now)
    assert (one.patient_id, one.monitoring, one.findings) == (patient.id, False, [FindingKind.LIVER_TESTS])
    (later,) = due_checks.waiting(db, clinic, now + 250 * DAY)
    assert later.monitoring
    assert set(later.findings) == set(FindingKind)
    assert due_checks.waiting(db, factories.a_clinic(db), now) == []


def test_a_patient_is_enrolled_once_at_a_time_and_an_end_counts_at_the_start(
    db: Session, clinic: Clinic, provider: Actor, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    plan, today = a_plan(db, patient, now, protocol="in-esketamine"), local_day(now, clinic.zone)
    treatment = held(db, plan, 1, now + DAY, Status.BOOKED)

    def lacking() -> list[PaperReason]:
        found = papers.of_treatment(db, treatment, now)
        return [] if found is None else list(found.programme)

    assert lacking() == [PaperReason.NOT_ENROLLED]
    row = enrolments.record(db, patient, today, "E-1", today=today, now=now, by=provider)
    assert lacking() == []
    record = enrolments.record
    assert refused(lambda: record(db, patient, today, None, today=today, now=now, by=provider)) == [
        FindingReason.ENROLLED_ALREADY
    ]
    assert refused(lambda: record(db, patient, today + DAY, None, today=today, now=now, by=provider)) == [
        FindingReason.NOT_YET
    ]
    enrolments.end(db, patient, row.id, now=now, by=provider)
    assert lacking() == [PaperReason.NOT_ENROLLED]


def test_the_treatment_week_is_said_with_its_phase_and_a_missed_session_with_what_to_do(
    db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    plan, today = a_plan(db, patient, now, count=16, protocol="in-esketamine"), local_day(now, clinic.zone)

    def course(day: date) -> label_course.LabelCourse:
        days = label.read(db, patient.id, plan.protocol_version, plan)
        found = label_course.of_plan(db, plan, days, plans.overview(db, plan), day)
        assert found is not None
        return found

    assert course(today).words == "Before the first dose. Induction is next."
    held(db, plan, 1, now)
    held(db, plan, 2, now + 3 * DAY)
    assert course(today + 3 * DAY).words == "Treatment week 1, induction: 2 of 2 this week"
    assert course(today + 3 * DAY).missed is None
    away = held(db, plan, 3, now + 7 * DAY, Status.DID_NOT_COME)
    advice = course(today + 7 * DAY).missed
    assert advice is not None
    assert "Continue the schedule" in advice.text
    assert "jnjmedicalconnect.com" in advice.source
    later = course(today + 40 * DAY).missed
    assert later is not None
    assert "consider the frequency before" in later.text
    away.status = Status.BOOKED
    db.flush()
    assert course(today + 4 * DAY).missed is None


def test_plans_of_other_protocols_have_no_treatment_weeks(db: Session, patient: Patient, now: datetime) -> None:
    plan = a_plan(db, patient, now)
    held(db, plan, 1, now)
    days = label.read(db, patient.id, plan.protocol_version, plan)
    assert label_course.of_plan(db, plan, days, plans.overview(db, plan), now.date()) is None
    assert plan.status is PlanStatus.ACTIVE
