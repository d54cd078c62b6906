"""Orders: written and signed by a provider, or spoken, read back and signed later; a change is a new order."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from clinic_sessions.domain.papers import orders as rules
from clinic_sessions.domain.papers.orders import DoseBasis, Ordered, OrderEventKind, OrderReason
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import PhaseKind, phase_minutes
from clinic_sessions.domain.session.lifecycle import StepReason
from clinic_sessions.models import AsNeeded, AuditAction, Order, OrderEvent, Patient, ProtocolVersion
from clinic_sessions.services import audit, catalogue, documents
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.orders import order_requests
from clinic_sessions.services.orders.order_requests import OrderRequest
from clinic_sessions.services.orders.order_rows import event_of, is_over
from clinic_sessions.services.plans import monitoring, papers, plans
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, NotAllowed, Refusal


def load(db: Session, patient: Patient, order_id: int) -> Order:
    """Load an order of a patient; raises Absent when it is another's."""
    order = db.scalar(sa.select(Order).where(Order.id == order_id, Order.patient_id == patient.id))
    if order is None:
        raise Absent
    return order


def proposed(db: Session, version: ProtocolVersion, today: date) -> tuple[Ordered, date]:
    """Give what the protocol itself proposes to order, and the last day that is proposed."""
    protocol = catalogue.protocol_of(version)
    usual = rules.usual(protocol.dose_rule, phase_minutes(protocol, PhaseKind.ADMINISTER))
    return usual, today + timedelta(days=documents.thresholds(db).order.whole)


def write(
    db: Session, patient: Patient, wanted: OrderRequest, *, now: datetime, by: Actor, replaces: Order | None = None
) -> Order:
    """Write an order; a provider's is signed by it, a nurse's is spoken: read back, and holds until it must be signed.

    `replaces`: the order that this one changes; it ends. Load the patient `to_change` first. Refuses with OrderReason
    listing all that stands against it, MONITORING_DUE where that check blocks, NotAllowed, ChangedMeanwhile when the
    changed one is over already; raises Absent for a plan, protocol version or provider of others.
    """
    signs = _signs(by)
    papers.lock(db, patient.id)
    if replaces is not None:
        db.expire(replaces, ["events"])
    version = order_requests.version_for(db, patient, wanted.plan_id, wanted.protocol_version_id)
    reasons = order_requests.against(db, patient, version, wanted, signs=signs, now=now)
    reasons += order_requests.against_others(db, patient, version, wanted, replaces)
    due = monitoring.against_order(db, patient.id, now)
    if reasons or due:
        raise Refusal(*dict.fromkeys([*reasons, *due]))
    order = _row(patient, version, wanted, signs=signs, now=now, by=by)
    if not signs:
        _check_provider(db, patient, wanted.provider_id)
    if replaces is not None:
        _replace(replaces, order, wanted.words or "", now=now, by=by)
    db.add(order)
    db.flush()
    audit.note(
        db, AuditAction.CREATE, "order", order.id, now=now, by=by, patient_id=patient.id, reason=wanted.words,
        changes={"dose": [None, rules.in_words(wanted.ordered)], "replaces_id": [None, order.replaces_id]},
    )  # fmt: skip
    return order


def _signs(by: Actor) -> bool:
    if by.user is None or not by.user.may(Permission.WRITE_SPOKEN_ORDERS):
        raise NotAllowed(StepReason.NOT_ALLOWED)
    return by.user.may(Permission.WRITE_ORDERS)


def _check_provider(db: Session, patient: Patient, provider_id: int | None) -> None:
    if all(one.id != provider_id for clinic_id in patient.clinic_ids for one in plans.providers(db, clinic_id)):
        raise Absent


def _row(
    patient: Patient, version: ProtocolVersion, wanted: OrderRequest, *, signs: bool, now: datetime, by: Actor
) -> Order:
    dose, protocol = wanted.ordered, catalogue.protocol_of(version)
    amounts = {DoseBasis.PER_KG: "micrograms_per_kg", DoseBasis.FIXED: "micrograms", DoseBasis.DEVICES: "devices"}
    order = Order(
        patient_id=patient.id, plan_id=wanted.plan_id, protocol_key=version.key, protocol_version_id=version.id,
        drug=protocol.drug, route=version.route, basis=dose.basis, **{amounts[dose.basis]: dose.amount},
        cap_micrograms=dose.cap, round_down_micrograms=dose.round_down, duration_minutes=dose.minutes,
        premedication=wanted.premedication, pressure_limit_systolic_mmhg=wanted.limit.systolic,
        pressure_limit_diastolic_mmhg=wanted.limit.diastolic, pressure_limit_until=wanted.limit.until,
        valid_from=wanted.valid_from, valid_until=wanted.valid_until, words=wanted.words, written_at=now,
        by_id=by.user_id, provider_id=by.user_id if signs else wanted.provider_id, spoken=not signs,
        read_back_at=None if signs else now,
    )  # fmt: skip
    order.as_needed = [
        AsNeeded(drug=one.drug, dose_words=one.dose, limit_words=one.limit, reason=one.reason)
        for one in wanted.as_needed
    ]
    if signs:
        order.events = [OrderEvent(kind=OrderEventKind.SIGNED, at=now, by_id=by.user_id)]
    return order


def _replace(old: Order, new: Order, words: str, *, now: datetime, by: Actor) -> None:
    old.events.append(OrderEvent(kind=OrderEventKind.REPLACED, at=now, by_id=by.user_id, words=words[:300]))
    new.replaces_id = old.id


def sign(db: Session, patient: Patient, order_id: int, *, now: datetime, by: Actor) -> None:
    """Sign a spoken order; any provider of the clinic may, and the row says who.

    Refuses with ChangedMeanwhile when it is signed or over already, NotAllowed; raises Absent for another's order.
    """
    order = _to_change(db, patient, order_id, by)
    if event_of(order, OrderEventKind.SIGNED):
        raise ChangedMeanwhile(OrderReason.SIGNED_ALREADY)
    _add(db, order, OrderEventKind.SIGNED, None, now=now, by=by)


def end(db: Session, patient: Patient, order_id: int, words: str, *, now: datetime, by: Actor) -> None:
    """End an order at once, with a reason. Refuses with ChangedMeanwhile when it is over already, NotAllowed."""
    _add(db, _to_change(db, patient, order_id, by), OrderEventKind.ENDED, words, now=now, by=by)


def _to_change(db: Session, patient: Patient, order_id: int, by: Actor) -> Order:
    if by.user is None or not by.user.may(Permission.WRITE_ORDERS):
        raise NotAllowed(StepReason.NOT_ALLOWED)
    papers.lock(db, patient.id)
    order = load(db, patient, order_id)
    db.expire(order, ["events"])
    if is_over(order):
        raise ChangedMeanwhile(OrderReason.OVER_ALREADY)
    return order


def _add(db: Session, order: Order, kind: OrderEventKind, words: str | None, *, now: datetime, by: Actor) -> None:
    order.events.append(OrderEvent(kind=kind, at=now, by_id=by.user_id, words=words))
    db.flush()
    audit.note(
        db, AuditAction.CHANGE, "order", order.id, now=now, by=by, patient_id=order.patient_id,
        changes={"event": [None, kind]}, reason=words,
    )  # fmt: skip
