"""Screening: what stands about a patient, the questionnaire that staff answer, and what a patient sent in."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.papers.screening import ScreeningItem, ScreeningPart
from clinic_sessions.domain.papers.screening_kinds import ItemAnswer, ScreeningReason, ScreeningStatus
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import Route
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.screening import ANSWER, CONFIRMED, WORDS, ScreeningForm, form_for
from clinic_sessions.models import Patient, Screening
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.patients import medicines, patients
from clinic_sessions.services.refusals import Absent, ChangedMeanwhile, Refusal
from clinic_sessions.services.screening import intake_answers, screening, screening_overview
from clinic_sessions.services.screening.screening import Typed, Unanswered

bp = Blueprint("screening", __name__)

HOME = "/patients/<int:patient_id>/screening"
USED = "This form has been filed already. Look at the screenings before you file another."
MARK = "answer it, or mark it not sure"
CONFIRM = "go through it with the patient"

Answer = str | Response | tuple[str, int]


def load(patient_id: int, *, to_change: bool = False) -> Patient:
    """Load a patient of this person's clinics."""
    return patients.load(session(), patient_id, person(), to_change=to_change)


def about(patient: Patient) -> dict[str, Any]:
    """Give what every page about a patient's screening shows."""
    today = local_day(g.now, clinic_for(patient).zone)
    clinical = person().may(Permission.READ_CLINICAL)
    return {"patient": patient, "strip": patients.strip(session(), patient, today, clinical=clinical), "today": today}


@bp.get(HOME)
@needs(Permission.SEE_PAPERS)
def index(patient_id: int) -> str:
    """Show how the patient stands under each protocol, every decision, and the screenings of each route."""
    return overview(patient_id)


def overview(patient_id: int, *, refusal: Sequence[str] = ()) -> str:
    """Render the page of screening and clearance."""
    patient = load(patient_id)
    showed("patient_screening", patient.id, patient_id=patient.id)
    shown = about(patient)
    view = screening_overview.read(session(), patient, today=shown["today"], zone=clinic_for(patient).zone)
    return render_template("screening/index.html", view=view, offers=view.offers, refusal=refusal, **shown)


@bp.get(f"{HOME}/<any(iv,in,im):route>")
@needs(Permission.EDIT_CLINICAL)
def answer(patient_id: int, route: str) -> str:
    """Show the questionnaire of a route: the draft that staff share, or a blank one."""
    patient, draft = load(patient_id), screening.own_draft(session(), patient_id, Route(route))
    parts = _parts(patient, draft, Route(route))
    return _own_page(patient, Route(route), _as_kept(parts, draft), parts)


@bp.post(f"{HOME}/<any(iv,in,im):route>")
@needs(Permission.EDIT_CLINICAL)
def save(patient_id: int, route: str) -> Answer:
    """Keep the draft, or file it; what is not answered is listed, and nothing typed is lost."""
    patient, kind = load(patient_id, to_change=True), Route(route)
    parts = _parts(patient, screening.own_draft(session(), patient_id, kind), kind)
    form = form_for(parts)(request.form)
    if not form.validate():
        return _own_page(patient, kind, form, parts), 422
    try:
        return _save_once(patient, kind, form)
    except Refusal as refusal:
        session().rollback()
        return _not_saved(load(patient_id), kind, form, parts, refusal)


def _save_once(patient: Patient, route: Route, form: ScreeningForm) -> Response:
    filing, key = "file" in request.form, str(form.form_key.data)
    content = {"patient": patient.id, "route": route, "filing": filing, "form": sorted(request.form.items())}
    where = form_keys.claim(session(), key, content, now=g.now, by=actor())
    if where is None:
        act = screening.file if filing else screening.save
        act(session(), patient, route, _typed(form), version=form.version.data or 0, now=g.now, by=actor())
        where = url_for("screening.index", patient_id=patient.id)
        form_keys.settle(session(), key, where)
    session().commit()
    flash("Filed." if filing else "Saved as a draft. It is not filed yet.")
    return redirect(where, 303)


def _not_saved(
    patient: Patient, route: Route, form: ScreeningForm, parts: tuple[ScreeningPart, ...], refusal: Refusal
) -> tuple[str, int]:
    if isinstance(refusal, Unanswered):
        form.mark_open(refusal.items, MARK)
        return _own_page(patient, route, form, parts, refusal=[words.say(ScreeningReason.UNANSWERED)]), 422
    stands = screening.own_draft(session(), patient.id, route)
    if not isinstance(refusal, ChangedMeanwhile):
        return _own_page(patient, route, form, parts, refusal=[_said(refusal)]), 409
    form.version.data, form.version.raw_data = stands.version if stands else 0, None
    differing = _differing(form, screening.typed_in(stands) if stands else Typed())
    return _own_page(patient, route, form, parts, stale=True, differing=differing), 409


@bp.get(f"{HOME}/sent/<int:screening_id>")
@needs(Permission.EDIT_CLINICAL)
def sent(patient_id: int, screening_id: int) -> str:
    """Show what the patient sent in, beside the answers that will be filed."""
    patient = load(patient_id)
    row = screening.submitted(session(), patient_id, screening_id)
    parts = _parts(patient, row, row.route)
    return _sent_page(patient, row, _as_kept(parts, row), parts)


@bp.post(f"{HOME}/sent/<int:screening_id>")
@needs(Permission.EDIT_CLINICAL)
def take_over(patient_id: int, screening_id: int) -> Answer:
    """File what the patient sent in, once each yes and not sure was gone through with them."""
    patient = load(patient_id, to_change=True)
    row = screening.submitted(session(), patient_id, screening_id)
    parts = _parts(patient, row, row.route)
    form = form_for(parts)(request.form)
    if not form.validate():
        return _sent_page(patient, row, form, parts), 422
    try:
        screening.file_submitted(
            session(), patient, row, _typed(form),
            confirmed=form.confirmed, version=form.version.data or 0, now=g.now, by=actor(),
        )  # fmt: skip
    except Refusal as refusal:
        session().rollback()
        return _not_taken(load(patient_id), screening_id, form, parts, refusal)
    session().commit()
    flash("Filed.")
    return redirect(url_for("screening.index", patient_id=patient_id), 303)


def _not_taken(
    patient: Patient, screening_id: int, form: ScreeningForm, parts: tuple[ScreeningPart, ...], refusal: Refusal
) -> tuple[str, int]:
    row = screening.submitted(session(), patient.id, screening_id)
    if isinstance(refusal, Unanswered):
        confirming = ScreeningReason.NOT_CONFIRMED in refusal.reasons
        form.mark_open(refusal.items, CONFIRM if confirming else MARK, CONFIRMED if confirming else ANSWER)
        return _sent_page(patient, row, form, parts, refusal=[_said(refusal)]), 422
    form.version.data, form.version.raw_data = row.version, None
    return _sent_page(patient, row, form, parts, refusal=[_said(refusal)]), 409


@bp.get(f"{HOME}/filed/<int:screening_id>")
@needs(Permission.READ_CLINICAL)
def show(patient_id: int, screening_id: int) -> str:
    """Show a screening as it was filed."""
    patient = load(patient_id)
    row = session().get(Screening, screening_id)
    if row is None or row.patient_id != patient.id or row.status is not ScreeningStatus.FILED:
        raise Absent
    showed("screening", row.id, patient_id=patient.id)
    answers = {one.item: one for one in row.answers}
    parts = screening.questionnaire_of(row.document_version).parts
    return render_template("screening/show.html", row=row, parts=parts, answers=answers, **about(patient))


def _parts(patient: Patient, row: Screening | None, route: Route) -> tuple[ScreeningPart, ...]:
    document = row.document_version if row else screening.published(session(), route)
    return screening.questionnaire_of(document).asked(patient.pregnancy_possible)


def _as_kept(parts: tuple[ScreeningPart, ...], row: Screening | None) -> ScreeningForm:
    typed = screening.typed_in(row) if row else Typed()
    data: dict[str, Any] = {"version": row.version if row else 0, "diastolic": typed.diastolic}
    data["systolic"] = (typed.systolic, typed.diastolic) if typed.systolic else None
    data |= {ANSWER + key: given for key, given in typed.answers.items()}
    data |= {WORDS + key: text for key, text in typed.words.items()}
    return form_for(parts)(data=data)


def _typed(form: ScreeningForm) -> Typed:
    systolic, diastolic = form.pressure
    return Typed(answers=form.answers, words=form.words, systolic=systolic, diastolic=diastolic)


def _own_page(patient: Patient, route: Route, form: ScreeningForm, parts: Sequence[ScreeningPart], **more: Any) -> str:
    draft = screening.own_draft(session(), patient.id, route)
    return _form_page("answer", patient, route, form, parts, row=draft, said={}, to_confirm=(), **more)


def _sent_page(
    patient: Patient, row: Screening, form: ScreeningForm, parts: Sequence[ScreeningPart], **more: Any
) -> str:
    said: Mapping[str, ItemAnswer] = screening.typed_in(row).answers
    to_confirm: Sequence[ScreeningItem] = screening.to_confirm(row)
    more["written"] = intake_answers.written(row, medicines.listed(session(), patient.id))
    more |= {"said": said, "heard": screening.typed_in(row).words, "to_confirm": {one.key for one in to_confirm}}
    return _form_page("sent", patient, row.route, form, parts, row=row, **more)


def _form_page(
    template: str, patient: Patient, route: Route, form: ScreeningForm, parts: Sequence[ScreeningPart], **more: Any
) -> str:
    showed("patient_screening", patient.id, patient_id=patient.id)
    return render_template(
        f"screening/{template}.html",
        form=form, parts=parts, route=route, form_key=form_keys.new(), **about(patient), **more,
    )  # fmt: skip


def _differing(form: ScreeningForm, stands: Typed) -> list[tuple[str, str, str]]:
    """List what was typed beside what stands now, where they differ."""
    mine = _typed(form)
    rows = [("Blood pressure", _pressure(mine), _pressure(stands))]
    for item in form.questions:
        rows.append((item.label, _shown(mine, item.key), _shown(stands, item.key)))
    return [row for row in rows if row[1] != row[2]]


def _shown(typed: Typed, key: str) -> str:
    given = typed.answers.get(key)
    said = [words.say(given)] if given else []
    return ", ".join([*said, *([typed.words[key]] if key in typed.words else [])]) or "\u2013"


def _pressure(typed: Typed) -> str:
    return f"{typed.systolic}/{typed.diastolic}" if typed.systolic else "\u2013"


def _said(refusal: Refusal) -> str:
    used = FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons
    return USED if used else " ".join(words.say(reason) for reason in refusal.reasons)
