"""A patient's risk: a clinician's assessment, what was decided, and the safety plan."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.patients.risk import TO_DO, Disposition, RiskReason, SafetyPlanPart
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.risk import AssessForm, SafetyPlanForm
from clinic_sessions.models import Patient
from clinic_sessions.routes import filters
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.alerts import AlertReason
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.patients import patients, risk
from clinic_sessions.services.patients.risk import NewAssessment
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("risk", __name__)

HOME = "/patients/<int:patient_id>/risk"
SAID: Mapping[StrEnum, str] = {
    FormKeyReason.SENT_WITH_OTHER_CONTENT: "This form has been sent already. Look at what stands below.",
    AlertReason.ALREADY_ANSWERED: "Someone has answered this alert meanwhile. Look at it, then send this again.",
}

Answer = Response | tuple[str, int]


@bp.get(HOME)
@needs(Permission.READ_CLINICAL)
def index(patient_id: int) -> str:
    """Show the newest assessment, earlier ones, the safety plan, and the forms."""
    patient = _load(patient_id)
    return _page(patient, _new_assessment(patient), _new_plan(patient))


@bp.post(HOME)
@needs(Permission.ASSESS_RISK)
def assess(patient_id: int) -> Answer:
    """Record an assessment, once for each showing of the form."""
    patient = _load(patient_id, to_change=True)
    form = AssessForm(request.form, meta=meta(g.now, clinic_for(patient).zone))
    _offer(form, patient)
    if not form.validate() or form.moment is None:
        return _page(patient, form, _new_plan(patient)), 422
    new = NewAssessment(
        level=form.level.data, findings=form.findings.data, disposition=form.disposition.data,
        words=form.words.data, at=form.moment, alert_id=form.alert_id,
    )  # fmt: skip
    try:
        if _is_first(patient, form, {"assessment": vars(new)}):
            risk.assess(session(), patient, new, now=g.now, by=actor())
    except Refusal as refusal:
        said = _said(refusal)
        again = _load(patient_id)
        return _page(again, form, _new_plan(again), refusal=said), 409
    return _done(patient_id, "Assessment recorded.", new.disposition)


@bp.post(f"{HOME}/safety-plan")
@needs(Permission.ASSESS_RISK)
def write_plan(patient_id: int) -> Answer:
    """Write a safety plan, once for each showing of the form; it counts from now on."""
    patient, form = _load(patient_id, to_change=True), SafetyPlanForm(request.form)
    if not form.validate():
        return _page(patient, _new_assessment(patient), form), 422
    try:
        if _is_first(patient, form, {"plan": form.parts, "seen": form.seen.data}):
            risk.write_plan(session(), patient, form.parts, seen=form.seen.data, now=g.now, by=actor())
    except Refusal as refusal:
        said, again = _said(refusal), _load(patient_id)
        if RiskReason.PLAN_CHANGED in refusal.reasons:
            form.seen.raw_data, form.seen.data = None, _newest_plan(again)
        status = 422 if RiskReason.PLAN_EMPTY in refusal.reasons else 409
        return _page(again, _new_assessment(again), form, refusal=said), status
    return _done(patient_id, "Safety plan saved.", None)


def _load(patient_id: int, *, to_change: bool = False) -> Patient:
    return patients.load(session(), patient_id, person(), to_change=to_change)


def _new_assessment(patient: Patient) -> AssessForm:
    zone = clinic_for(patient).zone
    local = g.now.astimezone(zone)
    form = AssessForm(day=local.date(), wall=local.time(), meta=meta(g.now, zone))
    offered, asked = _offer(form, patient), number(request.args.get("alert"))
    form.alert.data = str(asked) if asked in offered else str(offered[0]) if offered else ""
    return form


def _offer(form: AssessForm, patient: Patient) -> list[int]:
    listed = risk.to_answer(session(), patient.id)
    form.offer_alerts([(one.id, f"{filters.day_at(one.raised_at)}: {words.say(one.status)}") for one in listed])
    return [one.id for one in listed]


def _newest_plan(patient: Patient) -> int | None:
    return next((one.id for one in risk.plans(session(), patient.id)), None)


def _new_plan(patient: Patient) -> SafetyPlanForm:
    newest = next(iter(risk.plans(session(), patient.id)), None)
    return SafetyPlanForm(data={**newest.parts, "seen": newest.id} if newest else None)


def _is_first(patient: Patient, form: KeyedForm, content: dict[str, object]) -> bool:
    """Claim the form's key and settle it; False when this form has acted already."""
    key = str(form.form_key.data)
    if form_keys.claim(session(), key, {"patient": patient.id, **content}, now=g.now, by=actor()) is not None:
        return False
    form_keys.settle(session(), key, url_for("risk.index", patient_id=patient.id))
    return True


def _said(refusal: Refusal) -> list[str]:
    session().rollback()
    return [SAID.get(reason) or words.say(reason) for reason in refusal.reasons]


def _done(patient_id: int, text: str, disposition: Disposition | None) -> Response:
    session().commit()
    if disposition is Disposition.EMERGENCY_DEPARTMENT:
        flash(f"{text} {' '.join(TO_DO[disposition])}", "danger")
    else:
        flash(text)
    return redirect(url_for("risk.index", patient_id=patient_id), 303)


def _page(patient: Patient, form: AssessForm, plan_form: SafetyPlanForm, **more: Any) -> str:
    db, today = session(), local_day(g.now, clinic_for(patient).zone)
    showed("patient_risk", patient.id, patient_id=patient.id)
    return render_template(
        "risk/index.html",
        patient=patient,
        strip=patients.strip(db, patient, today, clinical=True),
        form=form,
        plan_form=plan_form,
        keys=[form_keys.new(), form_keys.new()],
        assessments=risk.assessments(db, patient.id),
        plans=risk.plans(db, patient.id),
        alerts=risk.to_answer(db, patient.id),
        parts=list(SafetyPlanPart),
        to_do=TO_DO,
        **more,
    )
