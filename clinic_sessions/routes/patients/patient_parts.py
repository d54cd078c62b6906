"""Who a patient is and what is known of them, each part on a form of its own."""

from collections.abc import Mapping
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.patients import ASK_TOLD, ClinicalForm, ContactForm, YesNo, differences
from clinic_sessions.models import Patient
from clinic_sessions.routes.patients.patients import bp
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services.patients import contact_consents, patients
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.sites import patient_clinics

_WISHES = {YesNo.YES: True, YesNo.NO: False, None: None}


def load(patient_id: int, *, to_change: bool = False) -> Patient:
    """Load a patient of this person's clinics."""
    return patients.load(session(), patient_id, person(), to_change=to_change)


def page(template: str, patient: Patient, **more: Any) -> str:
    """Show one part of a patient's page under the strip."""
    may_read = person().may(Permission.READ_CLINICAL)
    strip = patients.strip(session(), patient, local_day(g.now, clinic_for(patient).zone), clinical=may_read)
    if template == "contact":
        more["said"] = contact_consents.newest(contact_consents.of_patient(session(), patient.id))
    return render_template(f"patients/{template}.html", patient=patient, strip=strip, **more)


def done(patient_id: int, text: str, endpoint: str = "patients.show") -> Response:
    """Commit, say so, and go on."""
    session().commit()
    flash(text)
    return redirect(url_for(endpoint, patient_id=patient_id), 303)


@bp.get("/patients/<int:patient_id>/contact")
@needs(Permission.EDIT_CONTACT)
def contact(patient_id: int) -> str:
    """Show the form of who they are and how to reach them."""
    return _open("contact", load(patient_id))


@bp.post("/patients/<int:patient_id>/contact")
@needs(Permission.EDIT_CONTACT)
def save_contact(patient_id: int) -> Response | tuple[str, int]:
    """Save who they are and how to reach them."""
    patient = load(patient_id, to_change=True)
    form = ContactForm(request.form, meta=meta(g.now, clinic_for(patient).zone))
    if not form.validate():
        return page("contact", patient, form=form), 422
    wish = _WISHES[form.email_wish.data]
    if patients.is_new_wish(patient, wish) and form.told_through.data is None:
        form.told_through.errors = [ASK_TOLD]
        return page("contact", patient, form=form), 422
    values = {name: value for name, value in form.data.items() if name not in {"version", "email_wish"}}
    values |= {"days_wanted": form.days_wanted.days, "notice_hours": form.notice_hours.data or 0}
    return _save("contact", patient, form, {**values, patients.WISH: wish})


@bp.get("/patients/<int:patient_id>/clinical")
@needs(Permission.EDIT_CLINICAL)
def clinical(patient_id: int) -> str:
    """Show the form of the clinical facts."""
    return _open("clinical", load(patient_id))


@bp.post("/patients/<int:patient_id>/clinical")
@needs(Permission.EDIT_CLINICAL)
def save_clinical(patient_id: int) -> Response | tuple[str, int]:
    """Save the clinical facts."""
    patient = load(patient_id, to_change=True)
    form = ClinicalForm(request.form)
    if not form.validate():
        return page("clinical", patient, form=form), 422
    values = {name: value for name, value in form.data.items() if name != "version"}
    return _save("clinical", patient, form, values)


@bp.post("/patients/<int:patient_id>/clinics")
@needs(Permission.EDIT_CONTACT)
def add_clinic(patient_id: int) -> Response:
    """Let the patient be treated at one more of the person's clinics."""
    patient_clinics.add(session(), load(patient_id, to_change=True), _clinic_id(), now=g.now, by=actor())
    return done(patient_id, "Saved.", "patients.contact")


@bp.post("/patients/<int:patient_id>/clinics/remove")
@needs(Permission.EDIT_CONTACT)
def remove_clinic(patient_id: int) -> Response | tuple[str, int]:
    """No longer treat the patient at a clinic, once nothing is booked there."""
    try:
        patient_clinics.remove(session(), load(patient_id, to_change=True), _clinic_id(), now=g.now, by=actor())
    except Refusal as refusal:
        session().rollback()
        said = [patient_clinics.SAID[reason] for reason in refusal.reasons]
        patient = load(patient_id)
        return page("contact", patient, form=_as_it_stands("contact", patient), clinic_refusal=said), 409
    return done(patient_id, "Removed.", "patients.contact")


def _clinic_id() -> int:
    return number(request.form.get("clinic")) or 0


def _open(part: str, patient: Patient) -> str:
    showed(f"patient_{part}", patient.id, patient_id=patient.id)
    return page(part, patient, form=_as_it_stands(part, patient))


def _as_it_stands(part: str, patient: Patient) -> Any:
    if part == "clinical":
        return ClinicalForm(obj=patient)
    wish = None if patient.email_wish_at is None else YesNo.YES if patient.email_wanted else YesNo.NO
    return ContactForm(obj=patient, email_wish=wish, meta=meta(g.now, clinic_for(patient).zone))


def _save(part: str, patient: Patient, form: Any, values: Mapping[str, Any]) -> Response | tuple[str, int]:
    try:
        patients.change(session(), patient, values, version=form.version.data, now=g.now, by=actor())
    except ChangedMeanwhile:
        session().rollback()
        return _both(part, load(patient.id), form), 409
    return done(patient.id, "Saved.")


def _both(part: str, patient: Patient, form: Any) -> str:
    """Show what was typed beside what stands; saved again, the form replaces what stands now."""
    form.version.stands(patient.version)
    return page(part, patient, form=form, stale=True, differing=differences(form, _as_it_stands(part, patient)))
