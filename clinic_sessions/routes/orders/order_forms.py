"""The form of an order: for which treatment, filled with what, and what it asks for."""

from dataclasses import dataclass

from flask import g

from clinic_sessions.domain.drug.doses import cap_of
from clinic_sessions.domain.papers.orders import DoseBasis, Ordered, bases_of
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import DeviceDose, Protocol
from clinic_sessions.domain.scheduling.plans import PlanStatus
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.orders import AS_NEEDED_ROWS, OrderForm
from clinic_sessions.models import Order, Patient, ProtocolVersion
from clinic_sessions.routes.present import clinic_for, person, session
from clinic_sessions.services import catalogue, form_keys
from clinic_sessions.services.orders import order_requests, orders
from clinic_sessions.services.orders.order_requests import AsNeededLine, OrderRequest, PressureLimit, today_of
from clinic_sessions.services.orders.order_rows import ordered_of
from clinic_sessions.services.plans import plans
from clinic_sessions.services.refusals import Absent


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What an order is for: a series of the patient, or a treatment without one."""

    version: ProtocolVersion
    plan_id: int | None

    @property
    def protocol(self) -> Protocol:
        """The protocol under which it is ordered."""
        return catalogue.protocol_of(self.version)

    @property
    def devices(self) -> DeviceDose | None:
        """The protocol's rule of devices, when it doses in devices."""
        rule = self.protocol.dose_rule
        return rule if isinstance(rule, DeviceDose) else None


def treatments(patient: Patient) -> list[Treatment]:
    """List what can be ordered for: the patient's plans that go on, then each protocol without a plan."""
    going_on = {PlanStatus.ACTIVE, PlanStatus.PAUSED}
    mine = [one for one in plans.of_patient(session(), patient.id) if one.status in going_on]
    return [
        *(Treatment(version=plan.protocol_version, plan_id=plan.id) for plan in mine),
        *(Treatment(version=version, plan_id=None) for version in catalogue.published(session())),
    ]


def asked(patient: Patient, plan: str | None, protocol: str | None, *, exactly: bool = False) -> Treatment:
    """Give the treatment that is asked for; without `exactly` the first one stands for one that cannot be had.

    `protocol`: the id of a version, or a protocol's key. Raises Absent.
    """
    listed = treatments(patient)
    for one in listed:
        named = protocol in {str(one.version.id), one.version.key}
        if one.plan_id == number(plan) and (named or one.plan_id is not None):
            return one
    if exactly:
        raise Absent
    return listed[0]


def of_order(patient: Patient, order: Order) -> Treatment:
    """Give the treatment of an order that is changed, under the version that is ordered under now; raises Absent."""
    if order.plan_id is not None:
        return Treatment(
            version=order_requests.version_for(session(), patient, order.plan_id, None), plan_id=order.plan_id
        )
    newest = next((one for one in catalogue.published(session()) if one.key == order.protocol_key), None)
    if newest is None:
        raise Absent
    return Treatment(version=newest, plan_id=None)


def fresh(patient: Patient, treatment: Treatment) -> OrderForm:
    """Give the form with what the protocol proposes."""
    today = today_of(session(), patient, g.now)
    usual, until = orders.proposed(session(), treatment.version, today)
    form = OrderForm(data={**_dose(usual), "valid_from": today, "valid_until": until, "form_key": form_keys.new()})
    offer(form, patient, treatment, changes=False)
    return form


def filled(patient: Patient, treatment: Treatment, old: Order) -> OrderForm:
    """Give the form of a change, with what stands; it begins today."""
    today = today_of(session(), patient, g.now)
    rows = [
        {"drug": one.drug, "dose": one.dose_words, "limit": one.limit_words, "reason": one.reason}
        for one in old.as_needed
    ]
    form = OrderForm(
        data={
            **_dose(ordered_of(old)),
            "as_needed": rows + [{}] * (AS_NEEDED_ROWS - len(rows)),
            "premedication": old.premedication,
            "systolic": old.pressure_limit_systolic_mmhg,
            "diastolic": old.pressure_limit_diastolic_mmhg,
            "limit_until": old.pressure_limit_until,
            "valid_from": today,
            "valid_until": max(today, old.valid_until),
            "form_key": form_keys.new(),
        }
    )
    offer(form, patient, treatment, changes=True)
    return form


def _dose(ordered: Ordered) -> dict[str, object]:
    names = {DoseBasis.PER_KG: "per_kg", DoseBasis.FIXED: "mg", DoseBasis.DEVICES: "devices"}
    said = {names[ordered.basis]: ordered.amount, "round_down": ordered.round_down, "minutes": ordered.minutes}
    return {**said, "cap": ordered.cap}


def offer(form: OrderForm, patient: Patient, treatment: Treatment, *, changes: bool) -> None:
    """Set how the dose may be said under the treatment's protocol, and whether this person's order is a spoken one."""
    here = clinic_for(patient)
    form.offer(
        bases_of(treatment.protocol.dose_rule),
        providers=[(one.id, one.name) for one in plans.providers(session(), here.id)],
        spoken=not person().may(Permission.WRITE_ORDERS),
        changes=changes,
    )


def request_of(form: OrderForm, treatment: Treatment) -> OrderRequest:
    """Give what a valid form asks for."""
    return OrderRequest(
        protocol_version_id=treatment.version.id,
        plan_id=treatment.plan_id,
        ordered=form.ordered(cap_of(treatment.protocol.dose_rule)),
        valid_from=form.valid_from.data,
        valid_until=form.valid_until.data,
        premedication=form.premedication.data,
        as_needed=[
            AsNeededLine(
                drug=row.form.drug.data, dose=row.form.dose.data, limit=row.form.limit.data, reason=row.form.reason.data
            )
            for row in form.as_needed
            if not row.form.is_blank
        ],
        limit=PressureLimit(
            systolic=form.systolic.data, diastolic=form.diastolic.data, until=form.limit_until.data
        ),
        words=form.words.data,
        provider_id=form.provider_id if form.spoken else None,
        read_back=form.read_back.data,
    )  # fmt: skip
