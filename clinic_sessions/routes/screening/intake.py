"""Asking a patient for the questions before a visit by mail, and taking it back."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocol_kinds import Route
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.medicines import AskForm
from clinic_sessions.models import Patient
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import documents, form_keys
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.screening import intake, screening
from clinic_sessions.services.screening.intake import IntakeReason

bp = Blueprint("intake", __name__)

HOME = "/patients/<int:patient_id>/intake"
SAID = {
    IntakeReason.ALREADY_ASKED: "The patient has been asked already and can still answer. Send the message again under "
    "Messages, or take the questions back first.",
    IntakeReason.NOT_FILED_YET: "The patient has sent answers for this route. A clinician files them first.",
    IntakeReason.NO_ADDRESS: "There is no good email address. Enter one, or ask the questions by phone.",
    IntakeReason.NOT_WANTED: "The patient does not want email. Ask the questions by phone.",
    IntakeReason.NOT_WAITING: "The patient has sent the answers meanwhile, or someone has taken the questions back.",
    IntakeReason.NOT_ALLOWED: "Your role does not include this.",
    FormKeyReason.SENT_WITH_OTHER_CONTENT: "This form has been sent already. Look at what stands below.",
}

Answer = str | Response | tuple[str, int]


@bp.get(HOME)
@needs(Permission.ASK_INTAKE)
def asking(patient_id: int) -> str:
    """Show what was asked, and the form that asks, for the route that the way here named."""
    route = request.args.get("route")
    return _page(_load(patient_id), AskForm(data={"route": Route(route)} if route in list(Route) else None))


@bp.post(HOME)
@needs(Permission.ASK_INTAKE)
def ask(patient_id: int) -> Answer:
    """Ask the patient by mail, once for each showing of the form."""
    patient, form = _load(patient_id, to_change=True), AskForm(request.form)
    if not form.validate():
        return _page(patient, form), 422
    key, content = str(form.form_key.data), {"patient": patient.id, "intake": form.route.data}
    try:
        if form_keys.claim(session(), key, content, now=g.now, by=actor()) is None:
            intake.ask(session(), patient, form.route.data, now=g.now, by=actor())
            form_keys.settle(session(), key, url_for("intake.asking", patient_id=patient.id))
    except Refusal as refusal:
        return _refused(patient_id, form, refusal)
    return _done(patient_id, "Asked. The message goes out now, or when the quiet hours end.")


@bp.post(f"{HOME}/<int:screening_id>/take-back")
@needs(Permission.ASK_INTAKE)
def take_back(patient_id: int, screening_id: int) -> Answer:
    """Take back what was asked: the link ends."""
    try:
        intake.take_back(session(), _load(patient_id, to_change=True), screening_id, now=g.now, by=actor())
    except Refusal as refusal:
        return _refused(patient_id, AskForm(), refusal)
    return _done(patient_id, "Taken back. The link no longer opens.")


def _load(patient_id: int, *, to_change: bool = False) -> Patient:
    return patients.load(session(), patient_id, person(), to_change=to_change)


def _done(patient_id: int, text: str) -> Response:
    session().commit()
    flash(text)
    return redirect(url_for("intake.asking", patient_id=patient_id), 303)


def _refused(patient_id: int, form: AskForm, refusal: Refusal) -> tuple[str, int]:
    session().rollback()
    said = [SAID.get(reason) or words.say(reason) for reason in refusal.reasons]
    return _page(_load(patient_id), form, refusal=said), 409


def _page(patient: Patient, form: AskForm, *, refusal: list[str] | None = None) -> str:
    today = local_day(g.now, clinic_for(patient).zone)
    showed("patient_intake", patient.id, patient_id=patient.id)
    return render_template(
        "intake/asking.html",
        patient=patient,
        strip=patients.strip(session(), patient, today, clinical=person().may(Permission.READ_CLINICAL)),
        form=form,
        form_key=form_keys.new(),
        asked=intake.of_patient(screening.of_patient(session(), patient.id)),
        open_for=documents.thresholds(session()).intake_open,
        refusal=refusal,
    )
