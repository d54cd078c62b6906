"""A patient's checks: enrollment, prescription monitoring, and what long treatment may harm."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import first_instant, local_day
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.keys import KeyedForm
from clinic_sessions.forms.plan_papers import EnrolmentForm, FindingForm, MonitoringForm, Seen
from clinic_sessions.models import Finding, Patient
from clinic_sessions.routes.patients.patient_parts import load
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import documents, form_keys
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import enrolments, findings, label_course, monitoring
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("plan_papers", __name__)

ALL = "/patients/<int:patient_id>/checks"
USED = "This form has acted already. Look at the list before you send another."
NOON = time(12)

Answer = str | Response | tuple[str, int]


@bp.get(ALL)
@needs(Permission.READ_CLINICAL)
def index(patient_id: int) -> str:
    """Show enrollment, monitoring checks and findings, with what is due, and a form for each."""
    return _page(load(patient_id))


@bp.post(f"{ALL}/enrolments")
@needs(Permission.EDIT_CLINICAL)
def enrol(patient_id: int) -> Answer:
    """Keep that the patient is enrolled."""
    patient = load(patient_id, to_change=True)
    form = EnrolmentForm(request.form, prefix="enrolment-", meta=_meta(patient))

    def act() -> None:
        enrolments.record(
            session(), patient, form.day.data, form.number.data, today=_today(patient), now=g.now, by=actor()
        )

    return _post(patient, "enrolment", form, act, "Enrollment saved.")


@bp.post(f"{ALL}/enrolments/<int:enrolment_id>/end")
@needs(Permission.EDIT_CLINICAL)
def end_enrolment(patient_id: int, enrolment_id: int) -> Answer:
    """End an enrollment; it stays readable."""
    patient, form = load(patient_id, to_change=True), KeyedForm(request.form)

    def act() -> None:
        enrolments.end(session(), patient, enrolment_id, now=g.now, by=actor())

    return _post(patient, f"end-{enrolment_id}", form, act, "The enrollment has ended.")


@bp.post(f"{ALL}/monitoring")
@needs(Permission.EDIT_CLINICAL)
def check(patient_id: int) -> Answer:
    """Keep a look into prescription monitoring."""
    patient = load(patient_id, to_change=True)
    form = MonitoringForm(request.form, prefix="monitoring-", meta=_meta(patient))

    def act() -> None:
        fine = form.seen.data is Seen.NOTHING_UNEXPECTED
        monitoring.record(
            session(), patient, form.moment or g.now,
            nothing_unexpected=fine, words=form.words.data, now=g.now, by=actor(),
        )  # fmt: skip

    return _post(patient, "monitoring", form, act, "Check saved.")


@bp.post(f"{ALL}/findings")
@needs(Permission.EDIT_CLINICAL)
def find(patient_id: int) -> Answer:
    """Keep a finding."""
    return _find(load(patient_id, to_change=True), None)


@bp.get(f"{ALL}/findings/<int:finding_id>")
@needs(Permission.EDIT_CLINICAL)
def correct(patient_id: int, finding_id: int) -> str:
    """Show the form for what a wrong finding should have been."""
    patient = load(patient_id)
    wrong = _finding(patient, finding_id)
    day = local_day(wrong.at, clinic_for(patient).zone)
    data = {"kind": wrong.kind, "result": wrong.result, "words": wrong.words, "day": day}
    form = FindingForm(prefix="finding-", meta=_meta(patient), data={**data, "form_key": form_keys.new()})
    return _page(patient, wrong=wrong, form=("finding", form))


@bp.post(f"{ALL}/findings/<int:finding_id>")
@needs(Permission.EDIT_CLINICAL)
def save_correction(patient_id: int, finding_id: int) -> Answer:
    """Keep the finding that stands in place of a wrong one."""
    patient = load(patient_id, to_change=True)
    return _find(patient, _finding(patient, finding_id))


def _find(patient: Patient, wrong: Finding | None) -> Answer:
    form, corrects_id = FindingForm(request.form, prefix="finding-", meta=_meta(patient)), wrong.id if wrong else None

    def act() -> None:
        findings.record(
            session(), patient, form.kind.data, form.result.data, form.words.data, _moment(patient, form.day.data),
            now=g.now, by=actor(), corrects_id=corrects_id,
        )  # fmt: skip

    return _post(patient, f"finding-{corrects_id}", form, act, "Finding saved.", wrong=wrong)


def _finding(patient: Patient, finding_id: int) -> Finding:
    found = next((one for one in findings.listed(session(), patient.id) if one.id == finding_id), None)
    if found is None:
        raise Absent
    return found


def _post(
    patient: Patient, name: str, form: Any, act: Callable[[], None], told: str, *, wrong: Finding | None = None
) -> Answer:
    """Act once for each showing of a form; a refusal shows the page again with what was typed."""
    shown, patient_id, wrong_id = (name.split("-")[0], form), patient.id, wrong.id if wrong else None
    if not form.validate():
        return _page(patient, form=shown, wrong=wrong), 422
    key = str(form.form_key.data)
    content = {"patient": patient_id, "form": name, **{k: v for k, v in form.data.items() if k != "form_key"}}
    try:
        if form_keys.claim(session(), key, content, now=g.now, by=actor()) is None:
            act()
            form_keys.settle(session(), key, url_for("plan_papers.index", patient_id=patient_id))
    except Refusal as refusal:
        session().rollback()
        patient = load(patient_id)
        again = _finding(patient, wrong_id) if wrong_id is not None else None
        return _page(patient, form=shown, wrong=again, refusal=_said(refusal)), 409
    session().commit()
    flash(told)
    return redirect(url_for("plan_papers.index", patient_id=patient_id), 303)


def _page(
    patient: Patient, *, form: tuple[str, Any] | None = None, wrong: Finding | None = None, refusal: Sequence[str] = ()
) -> str:
    showed("patient_checks", patient.id, patient_id=patient.id)
    here, today = clinic_for(patient), _today(patient)
    forms: dict[str, Any] = _fresh(patient)
    if form is not None and form[0] in forms:
        forms[form[0]] = form[1]
    listed = findings.listed(session(), patient.id)
    return render_template(
        "plan_papers/index.html",
        patient=patient,
        strip=patients.strip(session(), patient, today, clinical=person().may(Permission.READ_CLINICAL)),
        today=today,
        here=here,
        forms=forms,
        open_form=form[0] if form else None,
        wrong=wrong,
        enrolled=enrolments.listed(session(), patient.id),
        asks_enrolment=enrolments.concerns(session(), patient.id),
        checks=monitoring.listed(session(), patient.id),
        check_state=monitoring.due(session(), [patient.id], g.now)[patient.id],
        findings=listed,
        corrected={one.corrects_id for one in listed if one.corrects_id},
        due=findings.due(session(), [patient.id], today).get(patient.id, []),
        numbers=documents.thresholds(session()),
        notes=label_course.notes(),
        new_key=form_keys.new,
        refusal=refusal,
    )


def _fresh(patient: Patient) -> dict[str, Any]:
    """Give each form as it is first shown: today, and now."""
    at, about = g.now.astimezone(clinic_for(patient).zone), _meta(patient)
    day = {"day": at.date()}
    return {
        "enrolment": EnrolmentForm(prefix="enrolment-", meta=about, data={**day, "form_key": form_keys.new()}),
        "monitoring": MonitoringForm(
            prefix="monitoring-", meta=about, data={**day, "wall": at.time(), "form_key": form_keys.new()}
        ),
        "finding": FindingForm(prefix="finding-", meta=about, data={**day, "form_key": form_keys.new()}),
    }


def _meta(patient: Patient) -> dict[str, Any]:
    return meta(g.now, clinic_for(patient).zone)


def _today(patient: Patient) -> date:
    return local_day(g.now, clinic_for(patient).zone)


def _moment(patient: Patient, day: date) -> datetime:
    """Give the moment of a look of which the day is known: noon, or now if that is still to come."""
    at: datetime = min(first_instant(day, NOON, clinic_for(patient).zone), g.now)
    return at


def _said(refusal: Refusal) -> list[str]:
    used = form_keys.FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons
    return [USED] if used else [words.say(reason) for reason in refusal.reasons]
