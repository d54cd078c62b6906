"""Orders by service: who may, what is kept, and that two who change the same order see each other."""

import threading
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers.orders import DoseBasis, Ordered, OrderEventKind, OrderReason, OrderState
from clinic_sessions.domain.permissions import Role
from clinic_sessions.models import ActorKind, AuditEntry, Clinic, Order, OrderEvent, Patient, User
from clinic_sessions.models.engine import begin_write
from clinic_sessions.services.actor import SYSTEM, Actor
from clinic_sessions.services.orders import order_list, orders
from clinic_sessions.services.orders.order_requests import OrderRequest
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import papers
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal
from tests import factories

USUAL = Ordered(basis=DoseBasis.PER_KG, amount=500, cap=60_000, round_down=100, minutes=40)


@pytest.fixture
def patient(db: Session, clinic: Clinic) -> Patient:
    return factories.a_patient(db, clinic, papers=False)


def acting(db: Session, clinic: Clinic, role: Role) -> Actor:
    return Actor(kind=ActorKind.USER, user=factories.a_user(db, clinic, role), role=role)


def wanted(db: Session) -> OrderRequest:
    return OrderRequest(
        protocol_version_id=factories.a_protocol(db).id, plan_id=None, ordered=USUAL, valid_from=date(2026, 11, 23),
        valid_until=date(2027, 2, 20),
    )  # fmt: skip


def spoken(db: Session, provider: Actor) -> OrderRequest:
    return replace(wanted(db), provider_id=provider.user_id, read_back=True)


def states(db: Session, patient: Patient, at: datetime) -> list[OrderState]:
    return [one.state for one in order_list.of_patient(db, patient, at)]


@pytest.mark.parametrize("role", [Role.FRONT_DESK, Role.OWNER, Role.AUDITOR, None])
def test_nobody_but_clinicians_write_and_nobody_but_providers_sign_and_end(
    db: Session, clinic: Clinic, patient: Patient, now: datetime, role: Role | None
) -> None:
    by = acting(db, clinic, role) if role else SYSTEM
    provider = acting(db, clinic, Role.PROVIDER)
    order = orders.write(db, patient, spoken(db, provider), now=now, by=acting(db, clinic, Role.NURSE))
    with pytest.raises(NotAllowed):
        orders.write(db, patient, wanted(db), now=now, by=by)
    for one in (by, acting(db, clinic, Role.NURSE)):
        with pytest.raises(NotAllowed):
            orders.sign(db, patient, order.id, now=now, by=one)
        with pytest.raises(NotAllowed):
            orders.end(db, patient, order.id, "No", now=now, by=one)
    assert db.scalar(sa.select(sa.func.count()).select_from(OrderEvent)) == 0


def test_a_spoken_order_waits_on_the_list_until_it_is_signed_and_lapses_meanwhile(
    db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    provider = acting(db, clinic, Role.PROVIDER)
    order = orders.write(db, patient, spoken(db, provider), now=now, by=acting(db, clinic, Role.NURSE))
    assert list(order_list.to_sign(db, [clinic.id])) == [order]
    assert states(db, patient, now + timedelta(hours=23)) == [OrderState.HOLDS_UNSIGNED]
    assert states(db, patient, now + timedelta(hours=24)) == [OrderState.NOT_SIGNED_IN_TIME]
    later = now + timedelta(hours=30)
    orders.sign(db, patient, order.id, now=later, by=acting(db, clinic, Role.PROVIDER))
    db.expire_all()
    assert states(db, patient, later) == [OrderState.HOLDS]
    assert list(order_list.to_sign(db, [clinic.id])) == []
    assert states(db, patient, now + timedelta(days=90)) == [OrderState.EXPIRED]
    noted = db.scalars(sa.select(AuditEntry.patient_id).where(AuditEntry.entity == "order")).all()
    assert noted == [patient.id, patient.id]


def test_a_spoken_order_names_a_provider_of_the_patients_clinics_and_was_read_back(
    db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    nurse = acting(db, clinic, Role.NURSE)
    for somebody in (nurse, acting(db, factories.a_clinic(db), Role.PROVIDER)):
        with pytest.raises(Absent):
            orders.write(db, patient, spoken(db, somebody), now=now, by=nurse)
    unread = replace(spoken(db, acting(db, clinic, Role.PROVIDER)), read_back=False)
    with pytest.raises(Refusal) as refused:
        orders.write(db, patient, unread, now=now, by=nurse)
    assert list(refused.value.reasons) == [OrderReason.NOT_READ_BACK]


def test_a_refusal_lists_all_that_stands_against_an_order(
    db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    much = Ordered(basis=DoseBasis.PER_KG, amount=5_000, cap=90_000, round_down=100, minutes=60)
    asked = replace(wanted(db), ordered=much, valid_from=date(2026, 11, 1))
    with pytest.raises(Refusal) as refused:
        orders.write(db, patient, asked, now=now, by=acting(db, clinic, Role.PROVIDER))
    assert set(refused.value.reasons) == {
        OrderReason.CAP_ABOVE_PROTOCOL, OrderReason.LIKELY_SLIP, OrderReason.OTHER_DURATION,
        OrderReason.BEGINS_IN_THE_PAST, OrderReason.LONGER_THAN_USUAL, OrderReason.REASON_NEEDED,
    }  # fmt: skip


def test_an_order_of_another_plan_or_treatment_is_not_changed_by_this_one(
    db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    provider = acting(db, clinic, Role.PROVIDER)
    old = orders.write(db, patient, wanted(db), now=now, by=provider)
    other = replace(wanted(db), protocol_version_id=factories.a_protocol(db, "im").id, words="Another route")
    with pytest.raises(Refusal) as refused:
        orders.write(db, patient, replace(other, ordered=USUAL), now=now, by=provider, replaces=old)
    assert OrderReason.OTHER_TREATMENT in refused.value.reasons
    with pytest.raises(Absent):
        orders.write(db, patient, replace(wanted(db), plan_id=12345), now=now, by=provider)


def test_of_two_who_change_one_order_at_once_the_second_is_told(
    engine: sa.Engine, db: Session, clinic: Clinic, patient: Patient, now: datetime
) -> None:
    first, second = (acting(db, clinic, Role.PROVIDER) for _ in range(2))
    old_id = orders.write(db, patient, wanted(db), now=now, by=first).id
    changed = replace(wanted(db), words="Less")
    patient_id, second_id = patient.id, second.user_id
    db.commit()
    told: list[OrderReason | None] = []

    def rival() -> None:
        with Session(engine) as own:
            begin_write(own)
            user = own.get_one(User, second_id)
            theirs = patients.load(own, patient_id, user, to_change=True)
            try:
                by = Actor(kind=ActorKind.USER, user=user, role=Role.PROVIDER)
                orders.write(own, theirs, changed, now=now, by=by, replaces=own.get_one(Order, old_id))
                own.commit()
                told.append(None)
            except ChangedMeanwhile as refused:
                told.append(OrderReason(refused.reasons[0]))

    begin_write(db)
    papers.lock(db, patient_id)
    thread = threading.Thread(target=rival, daemon=True)
    thread.start()
    orders.write(db, patient, changed, now=now, by=first, replaces=db.get_one(Order, old_id))
    db.commit()
    thread.join(20)
    assert told == [OrderReason.REPLACED_MEANWHILE]
    kinds = db.scalars(sa.select(OrderEvent.kind).where(OrderEvent.order_id == old_id).order_by(OrderEvent.id)).all()
    assert kinds == [OrderEventKind.SIGNED, OrderEventKind.REPLACED]
