"""The start of a dose: under clearance, consent and order, with the order's own dose; every refusal says all of it."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.alerts import AlertKind
from clinic_sessions.domain.papers.papers import Clearance, ConsentEventKind, PaperReason
from clinic_sessions.domain.patients.weights import WeightUnit
from clinic_sessions.domain.permissions import Role
from clinic_sessions.domain.session.lifecycle import Action, Status
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.domain.session.vitals import Vitals
from clinic_sessions.models import (
    ActorKind,
    Alert,
    ClearanceDecision,
    Clinic,
    Consent,
    ConsentEvent,
    DoseEvent,
    Order,
    Patient,
    TreatmentSession,
    Weight,
)
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.orders import orders
from clinic_sessions.services.refusals import NotAllowed
from clinic_sessions.services.session import facts, lifecycle, limits, recording, session_page
from clinic_sessions.services.session.lifecycle import GateClosed
from tests import factories
from tests.conftest import SignIn, Visitor

NOTHING = [PaperReason.NOT_CLEARED, PaperReason.CONSENT_MISSING, PaperReason.ORDER_MISSING]
JSON = {"Accept": "application/json"}


@pytest.fixture
def nurse(db: Session, clinic: Clinic) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.NURSE), role=Role.NURSE)


@pytest.fixture
def provider(db: Session, clinic: Clinic) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.PROVIDER), role=Role.PROVIDER)


def here(
    db: Session, patient: Patient, now: datetime, *, drawn: int | None = 40_800, **given: Any
) -> TreatmentSession:  # fmt: skip
    """A session of this morning whose patient has come; asked, read and drawn unless `drawn` is None."""
    made = factories.a_session(db, patient, now - timedelta(minutes=30), **given)
    by = Actor(kind=ActorKind.USER, user=factories.a_user(db, made.clinic, Role.NURSE), role=Role.NURSE)
    lifecycle.do(db, made, Action.ARRIVE, now=now, by=by)
    if drawn is not None:
        factories.ready_to_start(db, made, now, micrograms=drawn)
        weigh(db, patient, 81_600, now)
    db.commit()
    return made


@pytest.fixture
def bare(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A patient without any paper, but otherwise all that a start asks for, here to be treated."""
    return here(db, factories.a_patient(db, clinic, papers=False), now)


@pytest.fixture
def ready(db: Session, clinic: Clinic, now: datetime) -> TreatmentSession:
    """A patient with every paper and all else that a start asks for, here to be treated."""
    return here(db, factories.a_patient(db, clinic), now)


def weigh(db: Session, patient: Patient, grams: int, at: datetime) -> None:
    db.add(
        Weight(
            patient_id=patient.id, grams=grams, entered_unit=WeightUnit.KG, measured_at=at, recorded_at=at,
            by_id=patient.registered_by_id,
        )
    )  # fmt: skip
    db.commit()


def begin(
    client: Visitor, db: Session, one: TreatmentSession, headers: dict[str, str] | None = None, **more: str
) -> Any:
    db.rollback()
    data = {
        "action": "start", "version": str(one.version), "patient": str(one.patient_id), "identity": "y", "mg": "40.8",
        **more,
    }  # fmt: skip
    path = f"/sessions/{one.id}/step"
    db.rollback()
    return client.post(path, data=data, headers=headers)


def order_of(db: Session, one: TreatmentSession) -> Order:
    key = factories.a_protocol(db).key
    return db.scalars(sa.select(Order).where(Order.patient_id == one.patient_id, Order.protocol_key == key)).one()


def test_a_start_without_papers_is_refused_with_every_reason_by_page_by_json_and_by_service(
    db: Session, bare: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    page = begin(client, db, bare)
    assert page.status_code == 409
    for reason in ("No provider has cleared", "There is no consent", "There is no order"):
        assert page.text.count(reason) >= 2, "in the refusal, and in the list with the page that mends it"
    assert f'href="/patients/{bare.patient_id}/orders"' in page.text
    told = begin(client, db, bare, JSON)
    assert (told.status_code, told.json["reasons"]) == (409, [reason.value for reason in NOTHING])
    db.rollback()
    with pytest.raises(GateClosed) as refused:
        lifecycle.do(db, bare, Action.START, now=now, by=nurse)
    assert list(refused.value.reasons) == NOTHING
    db.rollback()
    assert (bare.status, facts.dose_events(db, bare)) == (Status.ARRIVED, [])


def _deferred(db: Session, one: TreatmentSession, now: datetime, by: Actor) -> None:
    version = factories.a_protocol(db)
    row = {"patient_id": one.patient_id, "protocol_key": version.key, "protocol_version_id": version.id}
    words = {"decision": Clearance.DEFERRED, "until": date(2026, 12, 24), "words": "Blood pressure first"}
    db.add(ClearanceDecision(**row, **words, at=now, by_id=by.user_id))


def _changed_mind(db: Session, one: TreatmentSession, now: datetime, by: Actor) -> None:
    query = sa.select(Consent).where(Consent.patient_id == one.patient_id, Consent.protocol_key == "iv-mood")
    consent = db.scalars(query).one()
    withdrawn = {"kind": ConsentEventKind.CHANGED_MIND, "words": "Would rather wait"}
    db.add(ConsentEvent(consent_id=consent.id, **withdrawn, at=now, recorded_at=now, by_id=by.user_id))


def _ended(db: Session, one: TreatmentSession, now: datetime, by: Actor) -> None:
    orders.end(db, one.patient, order_of(db, one).id, "Not needed any more", now=now, by=by)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_deferred, PaperReason.DEFERRED),
        (_changed_mind, PaperReason.CONSENT_CHANGED_MIND),
        (_ended, PaperReason.ORDER_ENDED),
    ],
)
def test_a_paper_that_is_taken_back_stops_the_start(
    db: Session, ready: TreatmentSession, provider: Actor, signed_in: SignIn, now: datetime, change: Any,
    reason: PaperReason,
) -> None:  # fmt: skip
    change(db, ready, now, provider)
    db.commit()
    client = signed_in(Role.NURSE)
    answer = begin(client, db, ready, JSON)
    assert (answer.status_code, answer.json["reasons"]) == (409, [reason.value])


def test_a_start_is_offered_the_ordered_dose_with_its_arithmetic_and_keeps_the_order(
    db: Session, ready: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    page = client.get(f"/sessions/{ready.id}").text
    assert "0.5 mg/kg × 81.6 kg = 40.8 mg" in page
    assert "weighed" in page
    assert "Start 40.8 mg" in page
    assert 'name="mg"' not in page.split('id="start-dose"')[1].split("</form>")[0], "what was drawn is not typed again"
    answer = begin(client, db, ready, JSON)
    assert (answer.status_code, answer.json) == (200, {"status": "in_treatment", "outside_rules": []})
    db.rollback()
    assert ready.order_id == order_of(db, ready).id
    assert "Ordered" in client.get(f"/sessions/{ready.id}").text


def test_another_dose_than_the_ordered_one_is_asked_about_then_stored_and_marked(
    db: Session, clinic: Clinic, ready: TreatmentSession, signed_in: SignIn, now: datetime
) -> None:
    client = signed_in(Role.NURSE)
    asked = begin(client, db, ready, mg="4.08")
    assert asked.status_code == 422
    assert "The order comes to 40.8 mg, not 4.08 mg." in asked.text
    other = begin(client, db, ready, JSON, mg="30", sure_dose="y")
    assert (other.status_code, other.json["reasons"]) == (409, ["other_than_drawn"])
    less = here(db, factories.a_patient(db, clinic), now, drawn=30_000, chair=clinic.chairs[1])
    drawn = begin(client, db, less, mg="")
    assert drawn.status_code == 422
    assert "The order comes to 40.8 mg, not 30 mg." in drawn.text
    assert begin(client, db, less, mg="", sure_dose="y").status_code == 303
    db.rollback()
    assert facts.dose_events(db, less)[0].outside_rules == ["other_than_ordered"]
    assert db.scalars(sa.select(Alert.kind).where(Alert.session_id == less.id)).all() == [AlertKind.OUTSIDE_RULES]


def test_a_dose_that_was_given_without_papers_is_stored_marked_and_told(
    db: Session, bare: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    assert "It has already happened" in begin(client, db, bare).text
    assert begin(client, db, bare, happened="y").status_code == 422, "who started it, and why"
    assert begin(client, db, bare, happened="y", words="Started by Dr. Lee").status_code == 303
    db.rollback()
    marks = [reason.value for reason in NOTHING]
    assert bare.changes[-1].outside_rules == marks
    [event] = facts.dose_events(db, bare)
    assert (event.outside_rules, event.micrograms, bare.order_id) == (marks, 40_800, None)
    assert db.scalars(sa.select(Alert.kind).where(Alert.session_id == bare.id)).all() == [AlertKind.OUTSIDE_RULES]
    assert "There is no consent for this series." in client.get(f"/sessions/{bare.id}").text


def test_a_dose_entered_beside_the_start_is_marked_the_same(
    db: Session, bare: TreatmentSession, signed_in: SignIn
) -> None:
    client = signed_in(Role.NURSE)
    data = {"form_key": "a-form-key-for-the-dose", "patient": str(bare.patient_id), "kind": "started", "mg": "40.8"}
    path = f"/sessions/{bare.id}/dose"
    db.rollback()
    assert client.post(path, data=data).status_code == 303
    db.rollback()
    [event] = facts.dose_events(db, bare)
    assert event.outside_rules == [reason.value for reason in NOTHING]
    again = recording.DoseAct(kind=event.kind, micrograms=41_000)
    by = Actor(kind=ActorKind.USER, user=event.by, role=Role.NURSE)
    corrected = recording.record_dose(db, bare, again, now=event.at, by=by, corrects=event)
    assert corrected.outside_rules == event.outside_rules, "a correction keeps the marks"


@pytest.mark.parametrize(
    ("grams", "said"),
    [
        ((), "There is no weight on file"),
        (((81_600, 40),), "The last weight is too old"),
        (((81_600, 9), (180_000, 1)), "so far from the one before"),
    ],
)
def test_without_a_young_and_likely_weight_no_dose_is_computed_and_the_page_says_why(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn, grams: Sequence[tuple[int, int]], said: str
) -> None:
    patient = factories.a_patient(db, clinic)
    for one, days in grams:
        weigh(db, patient, one, now - timedelta(days=days))
    treatment = here(db, patient, now, drawn=None)
    page = signed_in(Role.NURSE).get(f"/sessions/{treatment.id}").text
    assert said in page
    assert f'href="/patients/{patient.id}/weights"' in page
    assert 'value=""' in page.split('name="mg"')[1].split(">")[0]


def test_a_spoken_order_starts_a_session_until_it_should_have_been_signed(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic)
    old = db.scalars(sa.select(Order).where(Order.patient_id == patient.id, Order.protocol_key == "iv-mood")).one()
    provider = Actor(
        kind=ActorKind.USER, user=factories.a_user(db, clinic, Role.PROVIDER), role=Role.PROVIDER
    )  # fmt: skip
    orders.end(db, patient, old.id, "A spoken one follows", now=now, by=provider)
    said_at = now - timedelta(hours=25)
    spoken = factories.an_order(
        db, patient, factories.a_protocol(db), signed=False, spoken=True, read_back_at=said_at, written_at=said_at
    )  # fmt: skip
    one = here(db, patient, now)
    client = signed_in(Role.NURSE)
    assert begin(client, db, one, JSON).json["reasons"] == ["order_not_signed"]
    orders.sign(db, patient, spoken.id, now=now, by=provider)
    db.commit()
    assert begin(client, db, one).status_code == 303


def test_what_is_missing_shows_before_the_day_without_links_to_the_front_desk(
    db: Session, clinic: Clinic, now: datetime, signed_in: SignIn
) -> None:
    patient = factories.a_patient(db, clinic, papers=False)
    later = factories.a_session(db, patient, now + timedelta(days=3))
    db.commit()
    path = f"/sessions/{later.id}"
    clients = [signed_in(role) for role in (Role.FRONT_DESK, Role.NURSE)]
    desk, nurse = (client.get(path).text for client in clients)
    for page in (desk, nurse):
        assert "There is no consent for this series." in page
    assert (f"/patients/{patient.id}/consents" in desk, f"/patients/{patient.id}/consents" in nurse) == (False, True)


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER, Role.AUDITOR])
def test_nobody_but_a_clinician_starts_a_dose(
    db: Session, ready: TreatmentSession, signed_in: SignIn, now: datetime, role: Role
) -> None:
    assert begin(signed_in(role), db, ready).status_code in {403, 409}
    db.rollback()
    by = Actor(kind=ActorKind.USER, user=factories.a_user(db, ready.clinic, role), role=role)
    with pytest.raises(NotAllowed):
        lifecycle.do(db, ready, Action.START, now=now, by=by)
    assert ready.status is Status.ARRIVED


def test_the_limit_of_an_order_marks_readings_while_it_holds(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, provider: Actor
) -> None:
    patient = factories.a_patient(db, clinic, pressure_limit_systolic_mmhg=150)
    order = factories.an_order(
        db, patient, factories.a_protocol(db), pressure_limit_systolic_mmhg=135, pressure_limit_diastolic_mmhg=85,
        pressure_limit_until=date(2026, 11, 30),
    )  # fmt: skip
    one = here(db, patient, now)
    vitals = Vitals(systolic=140, diastolic=88)

    def marks(at: datetime) -> list[str]:
        reading = recording.record_vitals(db, one, vitals, now=at, by=nurse)
        db.expire_all()
        return [mark.text for mark in limits.marks(one, [], reading)]

    own = ["systolic 140, this patient's limit 135", "diastolic 88, this patient's limit 85"]
    assert marks(now) == own
    assert marks(now + timedelta(days=8)) == []
    orders.end(db, patient, order.id, "Pressure is steady", now=now, by=provider)
    assert marks(now) == []


@pytest.mark.parametrize(("own", "drawn"), [(150, [150]), (None, [])])
def test_the_chart_of_a_session_draws_the_patients_own_limit(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor, own: int | None, drawn: list[int]
) -> None:
    one = here(db, factories.a_patient(db, clinic, pressure_limit_systolic_mmhg=own), now)
    recording.record_vitals(db, one, Vitals(systolic=140, diastolic=88), now=now, by=nurse)
    db.expire_all()
    chart = session_page.clinical(db, one, now).chart
    assert chart
    assert [limit.value for limit in chart.limits if limit.own] == drawn


def test_the_dose_of_a_second_device_beyond_the_order_is_marked(
    db: Session, clinic: Clinic, now: datetime, nurse: Actor
) -> None:
    version = factories.a_protocol(db, "in-esketamine")
    one = here(db, factories.a_patient(db, clinic), now, protocol=version)
    for number in range(3):
        act = recording.DoseAct(kind=DoseEventKind.DEVICE)
        recording.record_dose(db, one, act, now=now + timedelta(minutes=6 * number), by=nurse)
    marks = [event.outside_rules for event in db.scalars(sa.select(DoseEvent).order_by(DoseEvent.id))]
    assert marks == [[], [], ["other_than_ordered"]]


def test_a_dose_that_was_entered_already_is_not_entered_again_by_the_start(
    db: Session, ready: TreatmentSession, nurse: Actor, signed_in: SignIn, now: datetime
) -> None:
    act = recording.DoseAct(kind=DoseEventKind.STARTED, micrograms=40_800)
    recording.record_dose(db, ready, act, now=now, by=nurse)
    db.commit()
    assert begin(signed_in(Role.NURSE), db, ready).status_code == 303
    db.rollback()
    assert (ready.status, len(facts.dose_events(db, ready))) == (Status.IN_TREATMENT, 1)
