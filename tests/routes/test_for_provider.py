"""What waits for a provider: each count opens exactly what it counted, and what is done leaves the list."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.orders import OrderEventKind
from clinic_sessions.domain.papers.papers import Clearance
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.models import ClearanceDecision, Clinic, OrderEvent
from clinic_sessions.services import documents
from clinic_sessions.services.today import to_decide
from tests import factories
from tests.by_link import visible
from tests.conftest import SignIn


def _decide(db: Session, patient_id: int, by_id: int, decision: Clearance, at: datetime, **given: object) -> None:
    version = factories.a_protocol(db)
    db.add(
        ClearanceDecision(
            patient_id=patient_id, protocol_key=version.key, protocol_version_id=version.id, decision=decision,
            at=at, by_id=by_id, words="-", **given,
        )
    )  # fmt: skip
    db.commit()


def test_who_comes_uncleared_waits_for_a_provider_and_is_offered_for_release_two_working_days_before(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    far = factories.a_patient(db, clinic, "Far Away", papers=False)
    near = factories.a_patient(db, clinic, "Near By", papers=False)
    factories.a_session(db, far, now + timedelta(days=3))
    soon = factories.a_session(db, near, now + timedelta(days=2), chair=clinic.chairs[1])
    db.commit()
    lines = to_decide.to_clear(db, clinic, now)
    assert [(line.name, line.release) for line in lines] == [("Near By", True), ("Far Away", False)]
    assert [line.session_id for line in to_decide.to_release(db, clinic, now)] == [soon.id]


def test_a_decision_takes_the_patient_off_the_list_and_a_deferral_puts_them_back_when_its_day_is_over(
    db: Session, clinic: Clinic, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    by = patient.registered_by_id
    factories.a_session(db, patient, now + timedelta(days=20))
    _decide(db, patient.id, by, Clearance.CLEARED, now, until=factories.FAR)
    assert to_decide.to_clear(db, clinic, now) == []
    _decide(db, patient.id, by, Clearance.DEFERRED, now + timedelta(hours=1), until=now.date() + timedelta(days=2))
    other = factories.a_patient(db, clinic, "Other", papers=False)
    _decide(db, other.id, by, Clearance.DEFERRED, now, until=now.date() - timedelta(days=1))
    assert [line.name for line in to_decide.to_clear(db, clinic, now)] == [patient.name, "Other"]


def test_a_deferral_waits_once_and_only_from_the_day_after_it(db: Session, clinic: Clinic, now: datetime) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    by, today = patient.registered_by_id, now.date()
    _decide(db, patient.id, by, Clearance.DEFERRED, now - timedelta(days=9), until=today - timedelta(days=5))
    _decide(db, patient.id, by, Clearance.DEFERRED, now - timedelta(days=4), until=today)
    assert to_decide.to_clear(db, clinic, now) == []
    assert len(to_decide.to_clear(db, clinic, now + timedelta(days=1))) == 1


def test_who_is_here_is_not_offered_for_release(db: Session, clinic: Clinic, now: datetime) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    factories.a_session(db, patient, now, status=Status.ARRIVED)
    assert [line.release for line in to_decide.to_clear(db, clinic, now)] == [False]
    assert to_decide.to_release(db, clinic, now) == []


@pytest.mark.parametrize("role", [Role.NURSE, Role.PROVIDER])
@pytest.mark.parametrize("work", ["clear", "answers", "sign", "reviews", "checks", "versions"])
def test_each_list_opens_for_clinicians(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime, work: str, role: Role
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    factories.a_session(db, patient, now + timedelta(days=1))
    factories.an_order(db, patient, factories.a_protocol(db), signed=False, spoken=True, read_back_at=now)
    db.commit()
    shown = signed_in(role).get(f"/for-provider/{work}")
    assert shown.status_code == 200
    assert (patient.name in shown.text) is (work in {"clear", "sign"})


@pytest.mark.parametrize(("work", "source"), [("clear", "release_before"), ("sign", "spoken_order")])
def test_a_number_that_a_list_goes_by_shows_where_it_comes_from(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime, work: str, source: str
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    factories.a_session(db, patient, now + timedelta(days=1))
    factories.an_order(db, patient, factories.a_protocol(db), signed=False, spoken=True, read_back_at=now)
    number = getattr(documents.thresholds(db), source)
    db.commit()
    page = visible(signed_in(Role.PROVIDER).get(f"/for-provider/{work}").text)
    assert number.source.split(";")[0].split(" [")[0] in page


def test_the_front_desk_sees_no_list_of_a_provider(clinic: Clinic, signed_in: SignIn) -> None:
    assert signed_in(Role.FRONT_DESK).get("/for-provider/clear").status_code == 403


def test_a_list_that_is_none_is_not_found(clinic: Clinic, signed_in: SignIn) -> None:
    assert signed_in(Role.PROVIDER).get("/for-provider/nothing").status_code == 404


def test_a_signed_order_waits_no_more(db: Session, clinic: Clinic, now: datetime) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    version = factories.a_protocol(db)
    order = factories.an_order(db, patient, version, signed=False, spoken=True, read_back_at=now, written_at=now)
    assert [(one.name, one.sign_by) for one in to_decide.to_sign(db, clinic)] == [
        (patient.name, now + timedelta(hours=24))
    ]
    order.events.append(OrderEvent(kind=OrderEventKind.SIGNED, at=now, by_id=order.provider_id))
    db.flush()
    assert to_decide.to_sign(db, clinic) == []


def test_the_desk_counts_the_uncleared_who_come_soon(
    db: Session, clinic: Clinic, signed_in: SignIn, now: datetime
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    factories.a_session(db, patient, now + timedelta(days=1))
    db.commit()
    desk = signed_in(Role.FRONT_DESK)
    assert "not cleared, coming soon" in desk.get("/").text
    listed = desk.get("/waiting/uncleared").text
    assert patient.name in listed
    assert "Release the time" in listed
