"""Leaving: the answers that the gate asks for, calls about the way home, and the instructions to take along."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain import words
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.ride_calls import Contact
from clinic_sessions.forms.fields import phone_text
from clinic_sessions.forms.keys import STALE_FORM, is_key
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.leaving import leaving_page
from clinic_sessions.routes.leaving.leaving_page import Page
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session, showed
from clinic_sessions.routes.session.one_session import ONE, identified, load, strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.leaving import going_home, leaving, waiting_for_ride
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("leaving", __name__)

Answer = str | Response | tuple[str | Response, int]
NOT_CONTENT = frozenset({"csrf_token", "form_key"})


@bp.get(f"{ONE}/leaving")
@needs(Permission.READ_CLINICAL)
def show(session_id: int) -> Answer:
    """Show what stands before leaving on a page of its own, with a question to answer once more."""
    treatment = load(session_id)
    return _page(treatment, _made(treatment))


@bp.post(f"{ONE}/leaving")
@needs(Permission.TREAT)
def answer(session_id: int) -> Answer:
    """Keep the answers that were given."""
    treatment = load(session_id)
    form = leaving_page.form_of(treatment, request.form)
    if not form.validate():
        page = _made(treatment)
        asked = [one for one in form.meta.asked if one in page.asked or form[one.value].data]
        page.form, page.asked = identified(form, "leaving"), asked
        return _page(treatment, page, form), 422

    def keep() -> None:
        leaving.take(session(), treatment, form.said(), now=g.now, by=actor(), at=form.moment)

    return _once(session_id, form.form_key.data, keep, "Answers saved.")


@bp.post(f"{ONE}/leaving/call")
@needs(Permission.TREAT)
def call(session_id: int) -> Answer:
    """Note a call about the way home."""
    treatment = load(session_id)
    form = leaving_page.call_form(waiting_for_ride.of(session(), treatment, g.now), request.form)
    if not form.validate():
        page = _made(treatment)
        page.call = identified(form, "call")
        return _page(treatment, page, form), 422

    def keep() -> None:
        contact = Contact(form.contact.data)
        waiting_for_ride.note_call(
            session(), treatment, contact, form.answer.data, form.words.data, now=g.now, by=actor()
        )  # fmt: skip

    return _once(session_id, form.form_key.data, keep, "Call noted.")


@bp.get(f"{ONE}/instructions")
@needs(Permission.READ_CLINICAL)
def instructions(session_id: int) -> Answer:
    """Show the instructions for the way home, to read together and to print, in the patient's language or another."""
    treatment = load(session_id)
    asked = request.args.get("lang", "")
    language = Language(asked) if asked in list(Language) else treatment.patient.language
    sheet = going_home.of(treatment, language, phone_text(treatment.clinic.phone), g.now)
    if sheet is None:
        raise Absent
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "sessions/instructions.html", treatment=treatment, strip=strip(treatment), sheet=sheet, spoken=language
    )


def _made(treatment: TreatmentSession) -> Page:
    made = leaving_page.of(treatment, leaving_page.again())
    if made is None:
        raise Absent
    return made


def _once(session_id: int, key: str | None, keep: Callable[[], Any], text: str) -> Answer:
    """Do it once for each showing of the form, and commit; a form that has acted already leads to the same place."""
    done = url_for("sessions.show", session_id=session_id, _anchor="leaving")
    if key is None or not is_key(key):
        flash(STALE_FORM, "warn")
        return redirect(done, 303)
    content = {name: values for name, values in request.form.lists() if name not in NOT_CONTENT}
    try:
        if form_keys.claim(session(), key, {**content, "path": request.path}, now=g.now, by=actor()) is None:
            keep()
            form_keys.settle(session(), key, done)
            flash(text)
        session().commit()
    except Refusal as refusal:
        session().rollback()
        treatment = load(session_id)
        page = _made(treatment)
        page.said = [words.say(reason) for reason in refusal.reasons]
        return _page(treatment, page), 409
    return redirect(done, 303)


def _page(treatment: TreatmentSession, page: Page, failed: Form | None = None) -> str:
    showed("session", treatment.id, patient_id=treatment.patient_id)
    page.failed = failed
    return render_template(
        "sessions/leaving.html", treatment=treatment, strip=strip(treatment), leaving=page, new_key=form_keys.new,
        effect_label=side_effects.label,
    )  # fmt: skip
