"""A patient's orders: what stands, writing one, signing a spoken one, changing and ending one."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.papers.orders import in_words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.orders import EndForm, OrderForm
from clinic_sessions.models import Order, Patient
from clinic_sessions.routes.orders import order_forms
from clinic_sessions.routes.orders.order_forms import Treatment
from clinic_sessions.routes.patients.patient_parts import load
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import documents, form_keys
from clinic_sessions.services.orders import order_list, order_rows, orders
from clinic_sessions.services.orders.order_list import Shown
from clinic_sessions.services.orders.order_requests import today_of
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import monitoring
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("orders", __name__)

ALL = "/patients/<int:patient_id>/orders"
ONE = f"{ALL}/<int:order_id>"
USED = "This form has acted already. Look at the patient's orders before you write another."

Answer = str | Response | tuple[str, int]


@bp.get(ALL)
@needs(Permission.READ_CLINICAL)
def index(patient_id: int) -> str:
    """Show what stands, what is to be signed, and what was."""
    return _index(load(patient_id))


@bp.get(f"{ALL}/new")
@needs(Permission.WRITE_SPOKEN_ORDERS)
def new(patient_id: int) -> str:
    """Show the form of an order, filled with the protocol's own dose."""
    patient = load(patient_id)
    treatment = order_forms.asked(patient, request.args.get("plan"), request.args.get("protocol"))
    return _order_page(patient, treatment, order_forms.fresh(patient, treatment))


@bp.post(f"{ALL}/new")
@needs(Permission.WRITE_SPOKEN_ORDERS)
def write(patient_id: int) -> Answer:
    """Write an order, once for each showing of the form."""
    patient, form = load(patient_id, to_change=True), OrderForm(request.form)
    return _write(patient, form, order_forms.asked(patient, form.plan.data, form.protocol.data, exactly=True), None)


@bp.get(f"{ONE}/change")
@needs(Permission.WRITE_SPOKEN_ORDERS)
def replace(patient_id: int, order_id: int) -> str:
    """Show the form of an order that changes one that stands."""
    patient = load(patient_id)
    old = orders.load(session(), patient, order_id)
    treatment = order_forms.of_order(patient, old)
    return _order_page(patient, treatment, order_forms.filled(patient, treatment, old), old=old)


@bp.post(f"{ONE}/change")
@needs(Permission.WRITE_SPOKEN_ORDERS)
def save_change(patient_id: int, order_id: int) -> Answer:
    """Write the order that changes another; the old one ends with it and stays readable."""
    patient = load(patient_id, to_change=True)
    old = orders.load(session(), patient, order_id)
    return _write(patient, OrderForm(request.form), order_forms.of_order(patient, old), old)


def _write(patient: Patient, form: OrderForm, treatment: Treatment, old: Order | None) -> Answer:
    order_forms.offer(form, patient, treatment, changes=old is not None)
    if not form.validate():
        return _order_page(patient, treatment, form, old=old), 422
    wanted, old_id = order_forms.request_of(form, treatment), old.id if old else None

    def act() -> None:
        orders.write(session(), patient, wanted, now=g.now, by=actor(), replaces=old)

    content = {"patient": patient.id, "replaces": old_id, **vars(wanted)}
    try:
        return _once(form, patient, content, act, "Order written." if form.spoken else "Order written and signed.")
    except Refusal as refusal:
        session().rollback()
        patient = load(patient.id)
        old = orders.load(session(), patient, old_id) if old_id is not None else None
        order_forms.offer(form, patient, treatment, changes=old is not None)
        left = form.tell(refusal.reasons)
        return _order_page(patient, treatment, form, old=old, refusal=_said(left)), 409


@bp.post(f"{ONE}/sign")
@needs(Permission.WRITE_ORDERS)
def sign(patient_id: int, order_id: int) -> Answer:
    """Sign a spoken order."""
    patient, form = load(patient_id, to_change=True), KeyedForm(request.form)
    if not form.validate():
        return _index(patient, form.form_errors), 422

    def act() -> None:
        orders.sign(session(), patient, order_id, now=g.now, by=actor())

    try:
        return _once(form, patient, {"sign": order_id}, act, "Order signed.")
    except Refusal as refusal:
        session().rollback()
        return _index(load(patient_id), _said(refusal.reasons)), 409


@bp.get(f"{ONE}/end")
@needs(Permission.WRITE_ORDERS)
def ending(patient_id: int, order_id: int) -> str:
    """Show the form that ends an order."""
    patient = load(patient_id)
    form = EndForm(data={"form_key": form_keys.new()})
    return _end_page(patient, orders.load(session(), patient, order_id), form)


@bp.post(f"{ONE}/end")
@needs(Permission.WRITE_ORDERS)
def end(patient_id: int, order_id: int) -> Answer:
    """End an order at once, with a reason."""
    patient, form = load(patient_id, to_change=True), EndForm(request.form)
    order = orders.load(session(), patient, order_id)
    if not form.validate():
        return _end_page(patient, order, form), 422

    def act() -> None:
        orders.end(session(), patient, order_id, str(form.words.data), now=g.now, by=actor())

    try:
        return _once(form, patient, {"end": order_id, "words": form.words.data}, act, "The order has ended.")
    except Refusal as refusal:
        session().rollback()
        patient = load(patient_id)
        return _end_page(patient, orders.load(session(), patient, order_id), form, _said(refusal.reasons)), 409


def _once(form: KeyedForm, patient: Patient, content: dict[str, Any], act: Callable[[], None], told: str) -> Response:
    """Act once for each showing of a form, and go to the patient's orders."""
    key = str(form.form_key.data)
    if form_keys.claim(session(), key, content, now=g.now, by=actor()) is None:
        act()
        form_keys.settle(session(), key, url_for("orders.index", patient_id=patient.id))
    session().commit()
    flash(told)
    return redirect(url_for("orders.index", patient_id=patient.id), 303)


def _index(patient: Patient, refusal: Sequence[str] = ()) -> str:
    showed("patient_orders", patient.id, patient_id=patient.id)
    shown = order_list.of_patient(session(), patient, g.now)
    return render_template(
        "orders/index.html",
        standing=[one for one in shown if not one.is_over and one.sign_by is None],
        to_sign=[one for one in shown if not one.is_over and one.sign_by is not None],
        over=[one for one in shown if one.is_over],
        numbers=documents.thresholds(session()),
        new_key=form_keys.new,
        refusal=refusal,
        **_about(patient),
    )


def _order_page(
    patient: Patient, treatment: Treatment, form: OrderForm, *, old: Order | None = None, refusal: Sequence[str] = ()
) -> str:
    showed("patient_orders", patient.id, patient_id=patient.id)
    return render_template(
        "orders/write.html",
        form=form,
        treatment=treatment,
        treatments=order_forms.treatments(patient),
        old=old,
        active=[] if old else _active(patient, treatment),
        check=monitoring.due(session(), [patient.id], g.now)[patient.id],
        numbers=documents.thresholds(session()),
        refusal=refusal,
        **_about(patient),
    )


def _active(patient: Patient, treatment: Treatment) -> list[Shown]:
    """List the orders for a treatment that are not over: each is changed or ended before another is written."""
    return [
        one
        for one in order_list.of_patient(session(), patient, g.now)
        if not one.is_over
        and one.order.protocol_key == treatment.version.key
        and one.order.plan_id == treatment.plan_id
    ]


def _end_page(patient: Patient, order: Order, form: EndForm, refusal: Sequence[str] = ()) -> str:
    showed("patient_orders", patient.id, patient_id=patient.id)
    said = in_words(order_rows.ordered_of(order))
    return render_template("orders/end.html", order=order, said=said, form=form, refusal=refusal, **_about(patient))


def _about(patient: Patient) -> dict[str, Any]:
    clinic_for(patient)
    today = today_of(session(), patient, g.now)
    clinical = person().may(Permission.READ_CLINICAL)
    return {"patient": patient, "strip": patients.strip(session(), patient, today, clinical=clinical)}


def _said(reasons: Sequence[StrEnum]) -> list[str]:
    used = form_keys.FormKeyReason.SENT_WITH_OTHER_CONTENT in reasons
    return [USED] if used else [words.say(reason) for reason in reasons]
