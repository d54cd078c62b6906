"""A patient's rating scales: what is proposed, every result, entering one, and mending one that is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.outcomes.scale_kinds import ScaleMode
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scales.data import Scale
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.scales import EntryMode, ScaleForm, form_for
from clinic_sessions.models import Patient, ScaleResult
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.outcomes import scale_course, scale_data, scale_results
from clinic_sessions.services.outcomes.scale_results import Entry, ScaleReason
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("scales", __name__)

ALL = "/patients/<int:patient_id>/scales"
ONE = f"{ALL}/<key>"
WRONG = f"{ALL}/results/<int:result_id>"
SAID = {
    ScaleReason.NOT_YET: "This time has not come yet. Check the date and the time.",
    ScaleReason.BEFORE_BIRTH: "This is before the patient was born. Check the date.",
    ScaleReason.ALREADY_CORRECTED: "Someone has corrected this result already. Look at the list.",
    FormKeyReason.SENT_WITH_OTHER_CONTENT: "This form has saved a result already. Look at the list before you enter "
    "another.",
}
DANGER = "Saved, and a safety alert was raised. Talk with the patient now, and tell a provider."

Answer = str | Response | tuple[str, int]


@dataclass(frozen=True, kw_only=True)
class About:
    """What one showing of a form is about."""

    patient: Patient
    scale: Scale
    wrong: ScaleResult | None = None

    @property
    def language(self) -> Language:
        """The language of the words: as asked for, else of the result, else the patient's."""
        asked = request.args.get("language")
        if asked in list(Language):
            return Language(asked)
        return self.wrong.language if self.wrong else self.patient.language

    @property
    def form(self) -> type[ScaleForm]:
        """The form of the scale in that language."""
        return form_for(self.scale, self.scale.text(self.language))


@bp.get(ALL)
@needs(Permission.READ_CLINICAL)
def index(patient_id: int) -> str:
    """Show the scales proposed, when each may be asked again, and every result."""
    patient = patients.load(session(), patient_id, person())
    showed("patient_scales", patient.id, patient_id=patient.id)
    course = scale_course.read(session(), patient, local_day(g.now, clinic_for(patient).zone))
    return render_template("scales/index.html", course=course, at_visit=_visit(), **_frame(patient))


@bp.get(ONE)
@needs(Permission.EDIT_CLINICAL)
def enter(patient_id: int, key: str) -> str:
    """Show the form of a scale."""
    about = About(patient=patients.load(session(), patient_id, person()), scale=_scale(key))
    mode = EntryMode.CLINICIAN if about.scale.by_clinician else None
    return _page(about, _filled(about, mode=mode and mode.value))


@bp.post(ONE)
@needs(Permission.EDIT_CLINICAL)
def save(patient_id: int, key: str) -> Answer:
    """Keep a result, once for each showing of the form."""
    return _save(About(patient=patients.load(session(), patient_id, person(), to_change=True), scale=_scale(key)))


@bp.get(WRONG)
@needs(Permission.EDIT_CLINICAL)
def correct(patient_id: int, result_id: int) -> str:
    """Show a result that is wrong in the form for what it should have been."""
    patient = patients.load(session(), patient_id, person())
    about = _about_wrong(patient, result_id)
    return _page(about, _as_it_stands(about, scale_results.load(session(), result_id, patient.id)))


@bp.post(WRONG)
@needs(Permission.EDIT_CLINICAL)
def save_correction(patient_id: int, result_id: int) -> Answer:
    """Keep the result that stands in place of a wrong one; the wrong one stays readable."""
    return _save(_about_wrong(patients.load(session(), patient_id, person(), to_change=True), result_id))


def _scale(key: str) -> Scale:
    found = next((one for one in scale_data.KEYS if one.value == key), None)
    return scale_data.of(found) if found else abort(404)


def _about_wrong(patient: Patient, result_id: int) -> About:
    wrong = scale_results.load(session(), result_id, patient.id)
    return About(patient=patient, scale=scale_data.of(wrong.scale), wrong=wrong)


def _visit() -> int | None:
    return number(request.args.get("session"))


def _meta(about: About) -> dict[str, Any]:
    return meta(g.now, clinic_for(about.patient).zone)


def _filled(about: About, **data: Any) -> ScaleForm:
    local = g.now.astimezone(clinic_for(about.patient).zone)
    data = {"day": local.date(), "wall": local.time(), "language": about.language.value, **data}
    return about.form(data={"form_key": form_keys.new(), **data}, meta=_meta(about))


def _as_it_stands(about: About, wrong: ScaleResult) -> ScaleForm:
    local = wrong.at.astimezone(clinic_for(about.patient).zone)
    items: dict[str, Any] = {f"item_{item}": str(answer) for item, answer in wrong.items.items()}
    if about.scale.total_only and wrong.total_thousandths is not None:
        items["total"] = wrong.total_thousandths // 1000
    mode = wrong.mode.value if wrong.mode is not ScaleMode.LINK else None
    return _filled(about, day=local.date(), wall=local.time(), mode=mode, **items)


def _save(about: About) -> Answer:
    form = about.form(request.form, meta=_meta(about))
    if not form.validate():
        return _page(about, form), 422
    try:
        return redirect(_save_once(about, form), 303)
    except Refusal as refusal:
        session().rollback()
        patient = patients.load(session(), about.patient.id, person())
        again = _about_wrong(patient, about.wrong.id) if about.wrong else About(patient=patient, scale=about.scale)
        return _page(again, form, refusal=[SAID[why] for why in refusal.reasons if why in SAID]), 409


def _save_once(about: About, form: ScaleForm) -> str:
    entry = Entry(
        scale=about.scale.key,
        answers=form.answers,
        language=form.language.data,
        mode=ScaleMode(form.mode.data.value),
        at=min(form.moment or g.now, g.now),
        session_id=about.wrong.session_id if about.wrong else _visit(),
        check_in_id=about.wrong.check_in_id if about.wrong else None,
    )
    content = {"patient": about.patient.id, "wrong": about.wrong and about.wrong.id, "scale": about.scale.key}
    typed = {name: value for name, value in form.data.items() if name != "form_key"}
    key = str(form.form_key.data)
    answer = form_keys.claim(session(), key, {**content, **typed}, now=g.now, by=actor())
    if answer is None:
        result = scale_results.record(session(), about.patient, entry, now=g.now, by=actor(), corrects=about.wrong)
        answer = _next(about.patient)
        form_keys.settle(session(), key, answer)
        flash(*((DANGER, "danger") if scale_results.in_danger(result) else ("Saved.",)))
    session().commit()
    return answer


def _next(patient: Patient) -> str:
    visit = _visit()
    return url_for("sessions.show", session_id=visit) if visit else url_for("scales.index", patient_id=patient.id)


def _page(about: About, form: ScaleForm, *, refusal: Sequence[str] = ()) -> str:
    showed("patient_scales", about.patient.id, patient_id=about.patient.id)
    day = local_day(g.now, clinic_for(about.patient).zone)
    return render_template(
        "scales/enter.html",
        form=form,
        scale=about.scale,
        words=about.scale.text(about.language),
        language=about.language,
        asked_from=scale_course.asked_from(session(), about.patient, about.scale, day) if not about.wrong else None,
        wrong=about.wrong,
        at_visit=_visit(),
        refusal=refusal,
        **_frame(about.patient),
    )


def _frame(patient: Patient) -> dict[str, object]:
    today = local_day(g.now, clinic_for(patient).zone)
    return {"patient": patient, "strip": patients.strip(session(), patient, today, clinical=True)}
