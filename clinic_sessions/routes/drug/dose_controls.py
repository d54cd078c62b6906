"""The dose while it runs: pause, resume and stop at a tap, why afterwards, another rate, devices, what was wasted."""

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, g, request
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.drug.drawing import Container
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.record import DoseEventKind
from clinic_sessions.forms.countersign import CountersignForm
from clinic_sessions.forms.dose_controls import DeviceForm, RateForm, WasteForm, WhyForm
from clinic_sessions.models import DoseEvent, TreatmentSession
from clinic_sessions.routes import countersigned
from clinic_sessions.routes.drug.drug import label_read
from clinic_sessions.routes.drug.drug_pages import Answer, back_to, meta, saved, shown
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.session.one_session import ONE, identified, load
from clinic_sessions.services.drug import dose_controls
from clinic_sessions.services.drug import drug as drugs
from clinic_sessions.services.drug.drug import Drug
from clinic_sessions.services.refusals import Absent
from clinic_sessions.services.session import limits, recording

bp = Blueprint("dose_controls", __name__)


class SignedWasteForm(WasteForm, CountersignForm):
    """What was wasted, signed by a second person."""


@bp.post(f"{ONE}/drug/pause")
@needs(Permission.TREAT)
def pause(session_id: int) -> Answer:
    """Stamp the pause; why is asked for afterwards."""
    return _turn(session_id, DoseEventKind.PAUSED)


@bp.post(f"{ONE}/drug/resume")
@needs(Permission.TREAT)
def resume(session_id: int) -> Answer:
    """Stamp that the dose runs again."""
    return _turn(session_id, DoseEventKind.RESUMED)


def _turn(session_id: int, kind: DoseEventKind) -> Answer:
    dose_controls.turn(session(), load(session_id), kind, now=g.now, by=actor())
    session().commit()
    return back_to(session_id)


@bp.post(f"{ONE}/drug/stop")
@needs(Permission.TREAT)
def stop(session_id: int) -> Answer:
    """Stamp the stop, whatever else changed; why, and how much was given, is asked for afterwards."""
    dose_controls.stop(session(), load(session_id), now=g.now, by=actor())
    session().commit()
    return back_to(session_id)


@bp.get(f"{ONE}/drug/why/<int:event_id>")
@needs(Permission.TREAT)
def why(session_id: int, event_id: int) -> Answer:
    """Show the question why a dose was paused or stopped."""
    treatment = load(session_id)
    event, found = _explained(treatment, event_id), _drug(treatment)
    return shown("why", treatment, why_form(treatment, found, event), event=event, drug=found)


@bp.post(f"{ONE}/drug/why/<int:event_id>")
@needs(Permission.TREAT)
def save_why(session_id: int, event_id: int) -> Answer:
    """Complete a pause or a stop with its reason, and with what had been given."""
    treatment = load(session_id)
    event, found = _explained(treatment, event_id), _drug(treatment)
    form = why_form(treatment, found, event, request.form)
    if not form.validate():
        return shown("why", treatment, form, event=event, drug=found), 422

    def act(one: TreatmentSession) -> DoseEvent:
        return dose_controls.explain(
            session(), one, _explained(one, event_id), form.text, form.given, now=g.now, by=actor()
        )  # fmt: skip

    def again(one: TreatmentSession, said: Sequence[str]) -> str:
        return shown("why", one, form, said, event=_explained(one, event_id), drug=_drug(one))

    return saved(session_id, form, act, again, "Saved.")


def why_form(
    treatment: TreatmentSession, found: Drug, event: DoseEvent, typed: MultiDict[str, str] | None = None
) -> WhyForm:
    """Make the question why a dose was paused or stopped; its fields have ids of their own."""
    stopped = event.kind is DoseEventKind.STOPPED
    form = WhyForm(typed, meta=meta(treatment, stopped=stopped, **_in_pump(found)))
    identified(form, f"why-{event.id}")
    return form


def _explained(treatment: TreatmentSession, event_id: int) -> DoseEvent:
    event = recording.entry(session(), DoseEvent, treatment, event_id)
    if event.kind not in dose_controls.EXPLAINED:
        raise Absent
    return event


@bp.get(f"{ONE}/drug/rate")
@needs(Permission.TREAT)
def rate(session_id: int) -> Answer:
    """Show the form of another rate."""
    treatment = load(session_id)
    found = _drug(treatment)
    return shown("rate", treatment, _rate_form(treatment, found), drug=found)


@bp.post(f"{ONE}/drug/rate")
@needs(Permission.TREAT)
def save_rate(session_id: int) -> Answer:
    """Keep another rate of the pump."""
    treatment = load(session_id)
    found = _drug(treatment)
    form = _rate_form(treatment, found, request.form)
    if not form.validate():
        return shown("rate", treatment, form, drug=found), 422

    def act(one: TreatmentSession) -> DoseEvent:
        return dose_controls.change_rate(
            session(), one, form.micrograms_per_hour, now=g.now, by=actor(), at=form.moment
        )  # fmt: skip

    def again(one: TreatmentSession, said: Sequence[str]) -> str:
        return shown("rate", one, form, said, drug=_drug(one))

    return saved(session_id, form, act, again, "Rate saved.")


def _rate_form(treatment: TreatmentSession, found: Drug, typed: MultiDict[str, str] | None = None) -> RateForm:
    known = _in_pump(found)
    planned = found.pump.micrograms_per_hour if found.pump else None
    return RateForm(typed, meta=meta(treatment, planned=planned, **known))


@bp.get(f"{ONE}/drug/device")
@needs(Permission.TREAT)
def device(session_id: int) -> Answer:
    """Show the form of another device: its own label."""
    treatment = load(session_id)
    found = _drug(treatment)
    return shown("device", treatment, _device_form(treatment, found), drug=found, device=True)


@bp.post(f"{ONE}/drug/device")
@needs(Permission.TREAT)
def save_device(session_id: int) -> Answer:
    """Keep that another device was used, with its label."""
    treatment = load(session_id)
    found = _drug(treatment)
    form = _device_form(treatment, found, request.form)
    if not form.validate():
        return shown("device", treatment, form, drug=found, device=True), 200 if form.scanned_only else 422
    read = label_read(form)

    def act(one: TreatmentSession) -> DoseEvent:
        return dose_controls.use_device(session(), one, read, now=g.now, by=actor(), at=form.moment)

    def again(one: TreatmentSession, said: Sequence[str]) -> str:
        return shown("device", one, form, said, drug=_drug(one), device=True)

    return saved(session_id, form, act, again, "Device saved.")


def _device_form(treatment: TreatmentSession, found: Drug, typed: MultiDict[str, str] | None = None) -> DeviceForm:
    last = found.devices[-1].label if found.devices else None
    device_micrograms = limits.device_micrograms(treatment)
    more = {"container": Container.DEVICE, "device_micrograms": device_micrograms, "last": last}
    return DeviceForm(typed, meta=meta(treatment, next_at=found.next_device_at, **more))


@bp.get(f"{ONE}/drug/waste")
@needs(Permission.TREAT)
def waste(session_id: int) -> Answer:
    """Show the form of what was wasted; a second person signs it."""
    treatment = load(session_id)
    found = _drug(treatment)
    return shown("waste", treatment, _waste_form(treatment, found), drug=found)


@bp.post(f"{ONE}/drug/waste")
@needs(Permission.TREAT, opens_write=False)
def save_waste(session_id: int) -> Answer:
    """Keep what was wasted, by two people."""
    treatment = load(session_id)
    found = _drug(treatment)
    form = _waste_form(treatment, found, request.form)
    if not form.validate():
        return shown("waste", treatment, form, drug=found), 422
    signed = countersigned.signer(form, treatment, Permission.TREAT)
    if signed is None:
        treatment = load(session_id)
        return shown("waste", treatment, form, drug=_drug(treatment)), 422

    def act(one: TreatmentSession) -> DoseEvent:
        return dose_controls.waste(
            session(), one, form.mg.data, signed, form.words.data, now=g.now, by=actor(), at=form.moment
        )  # fmt: skip

    def again(one: TreatmentSession, said: Sequence[str]) -> str:
        return shown("waste", one, form, said, drug=_drug(one))

    return saved(session_id, form, act, again, "Waste saved.")


def _waste_form(treatment: TreatmentSession, found: Drug, typed: MultiDict[str, str] | None = None) -> SignedWasteForm:
    left = found.balance.left if found.balance else None
    return SignedWasteForm(typed, meta=meta(treatment, left=left, **countersigned.meta(treatment, Permission.TREAT)))


def _drug(treatment: TreatmentSession) -> Drug:
    found = drugs.of(session(), treatment, g.now)
    if found is None:
        raise Absent
    return found


def _in_pump(found: Drug) -> dict[str, Any]:
    """Give what the pump holds: micrograms, and microlitres where a pump runs it."""
    draw = found.draw
    volume = (draw.pump_microlitres or draw.microlitres) if draw is not None and found.infused else None
    return {"drawn": draw.micrograms if draw else None, "in_pump": volume}
