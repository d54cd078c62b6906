"""A patient's medicines with what to read before treating, and their earlier treatments."""

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocol_kinds import Drug
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.medicines import AcknowledgeForm, EarlierForm, MedicineForm
from clinic_sessions.models import Patient
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import documents, form_keys
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.patients import medicines, patients, prior_treatments
from clinic_sessions.services.patients.medicines import MedicineReason, NewMedicine
from clinic_sessions.services.patients.prior_treatments import Earlier, PriorReason
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.screening import intake_answers

bp = Blueprint("medicines", __name__)

HOME = "/patients/<int:patient_id>/medicines"
SAID = {
    MedicineReason.ALREADY_LISTED: "This medicine is on the list already. If its dose has changed, end that one first.",
    MedicineReason.ALREADY_ENDED: "Someone has ended this medicine already.",
    MedicineReason.WARNING_CHANGED: "This warning has changed meanwhile. Read it as it stands below.",
    MedicineReason.NOT_ALLOWED: "Your role does not include this.",
    PriorReason.ALREADY_ENDED: "Someone has taken this entry away already.",
    PriorReason.NOT_ALLOWED: "Your role does not include this.",
    FormKeyReason.SENT_WITH_OTHER_CONTENT: "This form has been sent already. Look at the list before you add more.",
}

Answer = str | Response | tuple[str, int]


@bp.get(HOME)
@needs(Permission.READ_CLINICAL)
def index(patient_id: int) -> str:
    """Show the medicines, their warnings, what the patient wrote, and the earlier treatments."""
    written = intake_answers.split(request.args.get("written", ""))
    form = MedicineForm(data={"name": written.name, "dose_words": written.dose_words}) if written else MedicineForm()
    return _page(_load(patient_id), form, EarlierForm())


@bp.post(HOME)
@needs(Permission.EDIT_CLINICAL)
def add(patient_id: int) -> Answer:
    """Add a medicine, once for each showing of the form."""
    patient, form = _load(patient_id, to_change=True), MedicineForm(request.form)
    if not form.validate():
        return _page(patient, form, EarlierForm()), 422
    new = NewMedicine(name=form.name.data, dose_words=form.dose_words.data, daily=form.daily.data, kind=form.kind.data)
    try:
        if _is_first(patient, form, {"medicine": vars(new)}):
            medicines.add(session(), patient, new, now=g.now, by=actor())
    except Refusal as refusal:
        return _refused(patient_id, refusal, form=form)
    return _done(patient_id, "Medicine added.")


@bp.post(f"{HOME}/<int:medicine_id>/end")
@needs(Permission.EDIT_CLINICAL)
def end(patient_id: int, medicine_id: int) -> Answer:
    """End a medicine; it stays readable."""
    try:
        medicines.end(session(), _load(patient_id, to_change=True), medicine_id, now=g.now, by=actor())
    except Refusal as refusal:
        return _refused(patient_id, refusal)
    return _done(patient_id, "Medicine ended.")


@bp.post(f"{HOME}/<int:medicine_id>/acknowledge")
@needs(Permission.EDIT_CLINICAL)
def acknowledge(patient_id: int, medicine_id: int) -> Answer:
    """Keep that a warning was read."""
    patient, form = _load(patient_id, to_change=True), AcknowledgeForm(request.form)
    if not form.validate():
        return _page(
            patient, MedicineForm(), EarlierForm(), refusal=["Shorten your words, then acknowledge again."]
        ), 422
    try:
        medicines.acknowledge(
            session(), patient, medicine_id, str(form.warning.data), form.words.data, now=g.now, by=actor()
        )
    except Refusal as refusal:
        return _refused(patient_id, refusal)
    return _done(patient_id, "Acknowledged.")


@bp.post(f"{HOME}/earlier")
@needs(Permission.EDIT_CLINICAL)
def add_earlier(patient_id: int) -> Answer:
    """Add an earlier treatment, once for each showing of the form."""
    patient, form = _load(patient_id, to_change=True), EarlierForm(request.form)
    if not form.validate():
        return _page(patient, MedicineForm(), form), 422
    earlier = Earlier(
        name=form.treatment.data, when=form.when.data, response=form.response.data, words=form.remarks.data
    )
    try:
        if _is_first(patient, form, {"earlier": vars(earlier)}):
            prior_treatments.add(session(), patient, earlier, now=g.now, by=actor())
    except Refusal as refusal:
        return _refused(patient_id, refusal, earlier=form)
    return _done(patient_id, "Earlier treatment added.")


@bp.post(f"{HOME}/earlier/<int:prior_id>/end")
@needs(Permission.EDIT_CLINICAL)
def end_earlier(patient_id: int, prior_id: int) -> Answer:
    """Strike out an entry that was made by mistake."""
    try:
        prior_treatments.end(session(), _load(patient_id, to_change=True), prior_id, now=g.now, by=actor())
    except Refusal as refusal:
        return _refused(patient_id, refusal)
    return _done(patient_id, "Struck out.")


def _load(patient_id: int, *, to_change: bool = False) -> Patient:
    return patients.load(session(), patient_id, person(), to_change=to_change)


def _is_first(patient: Patient, form: KeyedForm, content: dict[str, object]) -> bool:
    """Claim the form's key and settle it; False when this form has acted already."""
    key, where = str(form.form_key.data), url_for("medicines.index", patient_id=patient.id)
    if form_keys.claim(session(), key, {"patient": patient.id, **content}, now=g.now, by=actor()) is not None:
        return False
    form_keys.settle(session(), key, where)
    return True


def _done(patient_id: int, text: str) -> Response:
    session().commit()
    flash(text)
    return redirect(url_for("medicines.index", patient_id=patient_id), 303)


def _refused(
    patient_id: int, refusal: Refusal, form: MedicineForm | None = None, earlier: EarlierForm | None = None
) -> tuple[str, int]:
    session().rollback()
    said = [SAID[reason] for reason in refusal.reasons]
    return _page(_load(patient_id), form or MedicineForm(), earlier or EarlierForm(), refusal=said), 409


def _page(patient: Patient, form: MedicineForm, earlier: EarlierForm, **more: Any) -> str:
    db, today = session(), local_day(g.now, clinic_for(patient).zone)
    showed("patient_medicines", patient.id, patient_id=patient.id)
    rows = medicines.listed(db, patient.id)
    return render_template(
        "medicines/index.html",
        patient=patient,
        strip=patients.strip(db, patient, today, clinical=True),
        form=form,
        earlier=earlier,
        keys=[form_keys.new(), form_keys.new()],
        standing=medicines.standing(rows),
        meant={one.id: medicines.spelled_like(one.name) for one in rows},
        classes=medicines.catalogue().classes,
        ended=[one for one in rows if one.ended_at is not None],
        warnings=medicines.every_warning(db, rows, list(Drug)),
        limit=documents.thresholds(db).diazepam,
        written=intake_answers.of_patient(db, patient.id, rows),
        priors=prior_treatments.listed(db, patient.id),
        **more,
    )
