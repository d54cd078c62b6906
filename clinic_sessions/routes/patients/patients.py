"""Patients: finding, registering, and the page of one."""

from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.patients.alike import alike
from clinic_sessions.domain.patients.conditions import CONDITIONS
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.patients import RegisterForm
from clinic_sessions.models import Patient
from clinic_sessions.routes.patients import patient_summary
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, clinic_for, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.booking import provisional
from clinic_sessions.services.course import patient_timeline
from clinic_sessions.services.messages import patient_answers
from clinic_sessions.services.patients import patient_conditions, patient_overview, patient_search, patients, weights
from clinic_sessions.services.plans import paper_lines
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("patients", __name__)

NEWEST = 10
"""So many entries of a patient's course are in sight at once; the rest opens on a tap."""


@bp.get("/patients")
@needs(Permission.SEE_PATIENTS)
def index() -> str:
    """Find patients as they are typed; without a search, those whose visits come next."""
    asked = " ".join(request.args.get("q", "").split())
    here = clinic()
    today = local_day(g.now, here.zone)
    if asked:
        hits = patient_search.find(session(), here.id, asked, today=today, now=g.now, also=_mine())
    else:
        hits = patient_search.coming(session(), here.id, now=g.now)
    showed("patient_list", None, patients=[hit.patient.id for hit in hits])
    return render_template(
        "patients/index.html",
        asked=asked,
        hits=hits,
        more=len(hits) == patient_search.MOST,
        similar=alike((hit.patient.id, hit.patient.name) for hit in hits),
        sure=len(hits) == 1 and patient_search.is_record_number(hits[0], asked),
    )


@bp.get("/patients/new")
@needs(Permission.REGISTER_PATIENTS)
def new() -> str:
    """Show the form of four fields."""
    return _register_page(RegisterForm(meta=meta(g.now, clinic().zone)), form_keys.new())


@bp.post("/patients/new")
@needs(Permission.REGISTER_PATIENTS)
def register() -> Response | tuple[str, int]:
    """Register, after showing once whoever it could be already; the same form acts once."""
    form = RegisterForm(request.form, meta=meta(g.now, clinic().zone))
    key = request.form.get("form_key", "")
    if not form_keys.is_one(key):
        key = form_keys.new()
    if not form.validate():
        return _register_page(form, key), 422
    if request.form.get("site", str(clinic().id)) != str(clinic().id):
        return _register_page(form, key, refusal=[f"You work at {clinic().name} now. Is that where they come?"]), 409
    who = patients.Registration(
        name=form.name.data, birth_date=form.birth_date.data, phone=form.phone.data, language=form.language.data
    )
    try:
        return _register_once(form, key, who)
    except Refusal:
        session().rollback()
        said = "This form was sent before. Look at it and send it again."
        return _register_page(form, form_keys.new(), refusal=[said]), 409


def _register_once(form: RegisterForm, key: str, who: patients.Registration) -> Response | tuple[str, int]:
    db = session()
    if answer := form_keys.claim(db, key, vars(who), now=g.now, by=actor()):
        return redirect(answer, 303)
    twins = patient_search.alike(
        db, clinic().id, name=who.name, birth_date=who.birth_date, phone=who.phone, also=_mine()
    )
    if not form.has_seen([twin.id for twin in twins]):
        db.rollback()
        showed("patient_list", None, patients=[twin.id for twin in twins])
        return _register_page(form, key, twins), 409
    patient = patients.register(db, clinic().id, who, now=g.now, by=actor())
    path = url_for("patients.show", patient_id=patient.id)
    form_keys.settle(db, key, path)
    db.commit()
    return redirect(path, 303)


def _register_page(
    form: RegisterForm, key: str, twins: list[Patient] | None = None, refusal: list[str] | None = None
) -> str:
    return render_template("patients/new.html", form=form, form_key=key, twins=twins or [], refusal=refusal)


@bp.get("/patients/<int:patient_id>")
@needs(Permission.SEE_PATIENTS)
def show(patient_id: int) -> str:
    """Show what this person may know of a patient."""
    patient = patients.load(session(), patient_id, person())
    place, clinical = clinic_for(patient), person().may(Permission.READ_CLINICAL)
    zone = place.zone
    showed("patient", patient.id, patient_id=patient.id)
    course = patient_timeline.of(session(), patient, place, clinical=clinical)
    visits = patient_overview.visits(session(), patient.id)
    return render_template(
        "patients/show.html",
        patient=patient,
        place=place,
        mine=_mine(),
        strip=patients.strip(session(), patient, local_day(g.now, zone), clinical=clinical),
        visits=visits,
        not_firm=provisional.ids(session(), visits.coming),
        messages=patient_overview.messages(session(), patient.id),
        newest=patient_timeline.by_day(course[:NEWEST], zone),
        older=patient_timeline.by_day(course[NEWEST:], zone),
        older_count=len(course[NEWEST:]),
        papers=paper_lines.of(session(), patient, visits.coming, now=g.now, zone=zone),
        **(_clinical(patient) if clinical else {"missing": patient_overview.missing_contact(patient)}),
    )


def _mine() -> list[int]:
    return [one.id for one in person().clinics]


def _clinical(patient: Patient) -> dict[str, Any]:
    db = session()
    conditions = patient_conditions.listed(db, patient.id)
    weighings = weights.standing(weights.listed(db, patient.id))
    weight = weighings[0] if weighings else None
    missing = patient_overview.missing_clinical(patient, conditions, weight, now=g.now)
    return {
        "missing": patient_overview.missing_contact(patient) + missing,
        "labels": CONDITIONS,
        "conditions": [one for one in conditions if one.ended_at is None],
        "weight": weight,
        "pressure_limit": patients.pressure_limit(db, patient, local_day(g.now, clinic_for(patient).zone)),
        "check_ins": patient_answers.read(db, patient.id),
        "alerts": patient_overview.open_alerts(db, patient.id),
        "summary": patient_summary.of(db, patient, clinic_for(patient), g.now),
    }
