"""Recording: vitals, dose, side effects, interventions, notes. Each form saves once, however often it is sent."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.note import note as note_pages
from clinic_sessions.routes.once import is_first
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import session, showed
from clinic_sessions.routes.session import meanwhile
from clinic_sessions.routes.session.entry_pages import (
    DOSE,
    EFFECT,
    INTERVENTION,
    NOTE,
    VITALS,
    Page,
    choices_of,
)
from clinic_sessions.routes.session.one_session import ONE, load, strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.note import signed_notes
from clinic_sessions.services.note.note_since import Later
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("record", __name__)

Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/vitals")
@needs(Permission.TREAT)
def vitals(session_id: int) -> Answer:
    """Show the form of a reading."""
    return _show(VITALS, session_id)


@bp.post(f"{ONE}/vitals")
@needs(Permission.TREAT)
def save_vitals(session_id: int) -> Answer:
    """Add a reading."""
    return _save(VITALS, session_id)


@bp.get(f"{ONE}/dose")
@needs(Permission.TREAT)
def dose(session_id: int) -> Answer:
    """Show the form of a dose event."""
    return _show(DOSE, session_id)


@bp.post(f"{ONE}/dose")
@needs(Permission.TREAT, opens_write=False)
def save_dose(session_id: int) -> Answer:
    """Add a dose event."""
    return _save(DOSE, session_id)


@bp.get(f"{ONE}/side-effects")
@needs(Permission.TREAT)
def effect(session_id: int) -> Answer:
    """Show the form of a side effect."""
    return _show(EFFECT, session_id)


@bp.post(f"{ONE}/side-effects")
@needs(Permission.TREAT)
def save_effect(session_id: int) -> Answer:
    """Add a side effect."""
    return _save(EFFECT, session_id)


@bp.get(f"{ONE}/interventions")
@needs(Permission.TREAT)
def intervention(session_id: int) -> Answer:
    """Show the form of an intervention."""
    return _show(INTERVENTION, session_id)


@bp.post(f"{ONE}/interventions")
@needs(Permission.TREAT)
def save_intervention(session_id: int) -> Answer:
    """Add an intervention."""
    return _save(INTERVENTION, session_id)


@bp.get(f"{ONE}/notes")
@needs(Permission.TREAT)
def note(session_id: int) -> Answer:
    """Show the form of a note; once the note of the session is signed, that of an addendum."""
    if signed_notes.exists(session(), load(session_id).id):
        return redirect(url_for("note.show", session_id=session_id, _anchor="add"), 303)
    return _show(NOTE, session_id)


@bp.post(f"{ONE}/notes")
@needs(Permission.TREAT)
def save_note(session_id: int) -> Answer:
    """Add a note; once the note of the session is signed, its words come back to be signed as an addendum."""
    treatment = load(session_id)
    if not signed_notes.exists(session(), treatment.id):
        return _save(NOTE, session_id)
    return note_pages.as_addendum(treatment, request.form.get("body", "")), 409


def _show(page: Page, session_id: int) -> str:
    treatment = load(session_id)
    return _page(page, treatment, page.make(treatment, None))


def _save(page: Page, session_id: int) -> Answer:
    treatment = load(session_id)
    form = page.make(treatment, request.form)
    if not form.validate():
        return _page(page, treatment, form), 422
    if page.sign is not None:
        signed = page.sign(treatment, form)
        treatment = load(session_id)
        if not signed:
            return _page(page, treatment, form), 422
    answer = url_for("sessions.show", session_id=session_id)
    key = form.form_key.data or ""
    try:
        if not is_first(key):
            session().rollback()
            return redirect(answer, 303)
        row = page.save(treatment, form)
        against, kept = bool(row.outside_rules), _kept(page, treatment, row.at)
        told = page.told(treatment, row) if page.told else []
        if form_keys.is_one(key):
            form_keys.settle(session(), key, answer)
        session().commit()
    except Refusal as refusal:
        session().rollback()
        treatment = load(session_id)
        why = [words.say(reason) for reason in refusal.reasons]
        return _page(page, treatment, form, why, meanwhile.corrected(treatment, page.template, form, refusal)), 409
    flash("Saved as it happened, and marked. A provider has been told." if against else kept)
    for kind, text in told:
        flash(text, kind)
    return redirect(answer, 303)


def _kept(page: Page, treatment: TreatmentSession, at: datetime) -> str:
    """Say that an entry is saved; one of another day than today with its day, so that a wrong one is seen."""
    zone = treatment.clinic.zone
    of_today = local_day(at, zone) == local_day(g.now, zone)
    return page.saved if of_today else f"{page.saved.removesuffix('.')}: {filters.day_at(at, treatment.clinic)}."


def _page(
    page: Page, treatment: TreatmentSession, form: ActForm, said: Sequence[str] = (), newer: Sequence[Later] = ()
) -> str:
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "sessions/entry.html", page=page, treatment=treatment, strip=strip(treatment), form=form, said=said,
        new_key=form_keys.new, meanwhile=newer, **choices_of(treatment),
    )  # fmt: skip
