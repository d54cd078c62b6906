"""The whole course of a patient, in parts that can be chosen, page by page."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, g, render_template, request, url_for

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import day_span, local_day
from clinic_sessions.forms.course import CourseForm, read_moment
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.messages import read_number
from clinic_sessions.models import Clinic, Patient
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic_for, person, session, showed
from clinic_sessions.services.course import patient_timeline
from clinic_sessions.services.course.course_window import Window
from clinic_sessions.services.patients import patients

bp = Blueprint("course", __name__)

TICK = timedelta(microseconds=1)


@bp.get("/patients/<int:patient_id>/timeline")
@needs(Permission.SEE_PATIENTS)
def show(patient_id: int) -> str | tuple[str, int]:
    """Show what happened to a patient, the newest first; the front desk sees what it may."""
    patient = patients.load(session(), patient_id, person())
    place, clinical = clinic_for(patient), person().may(Permission.READ_CLINICAL)
    showed("patient_timeline", patient.id, patient_id=patient.id)
    form = CourseForm(request.args, clinical=clinical, meta=meta(g.now, place.zone))
    good = form.validate()
    skip = read_number(request.args.get("skip", ""))
    window = _window(patient, form if good else None, place)
    kinds = form.chosen if good else []
    every = patient_timeline.page(session(), window, place, kinds, clinical=clinical, skip=skip)
    found = patient_timeline.linked(session(), every, [one.id for one in person().clinics])
    page = render_template(
        "patients/timeline.html",
        patient=patient,
        strip=patients.strip(session(), patient, local_day(g.now, place.zone), clinical=clinical),
        form=form,
        days=patient_timeline.by_day(found.entries, place.zone),
        good=good,
        session_id=window.session_id,
        older=_older(patient, found.older),
    )
    return page if good else (page, 422)


def _window(patient: Patient, form: CourseForm | None, place: Clinic) -> Window:
    first = day_span(form.first.data, place.zone).starts_at if form and form.first.data else None
    last = day_span(form.last.data, place.zone).ends_at - TICK if form and form.last.data else None
    goes_on = read_moment(request.args.get("until", ""))
    ends = [moment for moment in (last, goes_on) if moment is not None]
    return Window(
        patient_id=patient.id,
        most=patient_timeline.MOST,
        until=min(ends, default=None),
        since=first,
        session_id=read_number(request.args.get("session", "")) or None,
    )


def _older(patient: Patient, older: tuple[datetime, int] | None) -> str | None:
    if older is None:
        return None
    asked: dict[str, Any] = {name: request.args.getlist(name) for name in ("kinds", "first", "last", "session")}
    return url_for("course.show", patient_id=patient.id, **asked, until=older[0].isoformat(), skip=older[1])
