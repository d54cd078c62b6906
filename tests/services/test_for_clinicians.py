"""What waits for clinicians: every count agrees with its list, and the page of today reads no more when more waits."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind, AlertTier
from clinic_sessions.domain.patients.risk import Disposition, RiskLevel
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import Clinic, RiskAssessment
from clinic_sessions.services import alerts
from clinic_sessions.services.actor import SYSTEM
from clinic_sessions.services.patients import risk_lists
from clinic_sessions.services.session import recording
from clinic_sessions.services.today import for_clinicians
from clinic_sessions.services.today.for_clinicians import Asked, Work
from tests import factories
from tests.conftest import SignIn
from tests.plans import a_plan
from tests.services.day import a_nurse, take
from tests.services.test_query_shapes import reads

MOST = {Role.NURSE: 27, Role.PROVIDER: 31}
TEN = datetime(2026, 11, 24, 18, tzinfo=UTC)


def _waits(db: Session, clinic: Clinic, count: int, now: datetime, by_id: int) -> None:
    """Put so many patients on each of the lists."""
    version = factories.a_protocol(db)
    for number in range(count):
        patient = factories.a_patient(db, clinic, f"Waits {count} {number}", papers=False)
        factories.a_session(db, patient, TEN + timedelta(days=number + count), protocol=version)
        factories.an_order(
            db, patient, version, signed=False, spoken=True, read_back_at=now, written_at=now, by_id=by_id
        )
        plan = a_plan(db, patient, now - timedelta(days=40))
        plan.review_on = (now - timedelta(days=1)).date() if number % 2 else None
        alerts.raise_alert(
            db, patient, AlertKind.SAFETY_ANSWER, AlertTier.NOW, "Said so.",
            dedup_key=f"test:{count}:{number}", now=now, by=SYSTEM,
        )  # fmt: skip
    db.commit()


def test_every_count_is_the_length_of_its_list(db: Session, clinic: Clinic, now: datetime) -> None:
    nurse = factories.a_user(db, clinic, Role.NURSE)
    _waits(db, clinic, 3, now, nurse.id)
    asked = Asked(clinic=clinic, now=now, user_id=nurse.id)
    found = for_clinicians.counts(db, list(Work), asked)
    assert found == {work: n for work in Work if (n := len(for_clinicians.lines(db, work, asked)))}
    assert {found[work] for work in (Work.RISK, Work.CLEAR, Work.SIGN, Work.SPOKEN, Work.CHECKS)} == {3}
    assert found[Work.REVIEWS] == 1


def test_a_nurse_finds_the_spoken_orders_that_she_wrote_and_not_those_of_others(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    other = factories.a_user(db, clinic, Role.NURSE)
    _waits(db, clinic, 1, now, other.id)
    nurse = signed_in(Role.NURSE)
    assert "/for-provider/spoken" not in nurse.get("/").text
    assert "Waits" not in nurse.get("/for-provider/spoken").text
    db.rollback()
    assert for_clinicians.lines(db, Work.SPOKEN, Asked(clinic=clinic, now=now, user_id=other.id))


def test_who_was_assessed_today_stays_on_the_list_with_what_was_found(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    by = factories.a_user(db, clinic, Role.PROVIDER)
    _waits(db, clinic, 1, now, by.id)
    (line,) = risk_lists.today(db, clinic, now)
    assert (line.name, line.found) == ("Waits 1 0", None)
    db.add(
        RiskAssessment(
            patient_id=line.patient_id, level=RiskLevel.HIGH, disposition=Disposition.EMERGENCY_DEPARTMENT,
            findings="Intent.", words="911 called.", at=now, recorded_at=now, by_id=by.id,
        )
    )  # fmt: skip
    db.commit()
    (line,) = risk_lists.today(db, clinic, now)
    assert (line.alert, line.found and line.found.level) == (None, RiskLevel.HIGH)
    assert risk_lists.today(db, clinic, now + timedelta(days=1)) == []
    assert "Emergency department" in signed_in(Role.NURSE).get("/for-provider/risk").text


def test_a_nurse_sees_who_is_overdue_before_who_has_only_come(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    by, begun = a_nurse(db, clinic), now - timedelta(hours=1)
    came = factories.a_session(db, factories.a_patient(db, clinic, "Just Here"), begun)
    take(db, came, Action.ARRIVE, begun, by)
    treated = factories.a_session(db, factories.a_patient(db, clinic, "Over Due"), begun, chair=clinic.chairs[1])
    take(db, treated, Action.ARRIVE, begun, by)
    recording.record_vitals(db, treated, Vitals(systolic=120, diastolic=80), now=begun, by=by)
    take(db, treated, Action.START, begun, by)
    db.commit()
    page = signed_in(Role.NURSE).get("/").text
    assert page.index("Over Due") < page.index("Just Here")
    assert "overdue</time>" in page


@pytest.mark.parametrize("role", [Role.NURSE, Role.PROVIDER])
def test_today_reads_as_often_for_ten_patients_who_wait_as_for_two(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime, role: Role
) -> None:
    visitor, counts = signed_in(role), list[int]()
    by = factories.a_user(db, clinic, Role.NURSE)
    for count in (2, 8):
        _waits(db, clinic, count, now, by.id)
        with reads(db) as seen:
            assert visitor.get("/").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]
    assert counts[0] <= MOST[role], "\n".join(seen)
