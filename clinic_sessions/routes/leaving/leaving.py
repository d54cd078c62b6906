"""Leaving: the answers that the gate asks for, calls about the way home, and the instructions to take along."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.ride_calls import Contact
from clinic_sessions.forms.fields import phone_text
from clinic_sessions.routes.before.asked_page import again
from clinic_sessions.routes.leaving import leaving_page
from clinic_sessions.routes.once import once, said
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session, showed
from clinic_sessions.routes.session.one_session import ONE, identified, load, strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.leaving import going_home, leaving, waiting_for_ride
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("leaving", __name__)

Answer = str | Response | tuple[str, int]


@bp.get(f"{ONE}/leaving")
@needs(Permission.READ_CLINICAL)
def show(session_id: int) -> Answer:
    """Show what stands before leaving on a page of its own, with a question to answer once more."""
    return _page(session_id)


@bp.post(f"{ONE}/leaving")
@needs(Permission.TREAT)
def answer(session_id: int) -> Answer:
    """Keep the answers that were given."""
    treatment = load(session_id)
    form = leaving_page.form_of(treatment, request.form)

    def refused(refusal: Refusal | None = None) -> str:
        return _page(session_id, form=identified(form, "leaving"), failed=form, said=said(refusal))

    def keep() -> str:
        leaving.take(session(), treatment, form.said(), now=g.now, by=actor(), at=form.moment)
        return _done(session_id, "Answers saved.")

    return once(form.form_key.data, keep, refused) if form.validate() else (refused(), 422)


@bp.post(f"{ONE}/leaving/call")
@needs(Permission.TREAT)
def call(session_id: int) -> Answer:
    """Note a call about the way home."""
    treatment = load(session_id)
    form = leaving_page.call_form(waiting_for_ride.of(session(), treatment, g.now), request.form)

    def refused(refusal: Refusal | None = None) -> str:
        return _page(session_id, call=identified(form, "call"), failed=form, said=said(refusal))

    def keep() -> str:
        contact, told = Contact(form.contact.data), form.words.data
        waiting_for_ride.note_call(session(), treatment, contact, form.answer.data, told, now=g.now, by=actor())
        return _done(session_id, "Call noted.")

    return once(form.form_key.data, keep, refused) if form.validate() else (refused(), 422)


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


def _done(session_id: int, text: str) -> str:
    flash(text)
    return url_for("sessions.show", session_id=session_id, _anchor="leaving")


def _page(session_id: int, **typed: Any) -> str:
    """Show the part on a page of its own, with a form as it was typed in place of the part's own."""
    treatment = load(session_id)
    made = leaving_page.of(treatment, again())
    if made is None:
        raise Absent
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "sessions/leaving.html", treatment=treatment, strip=strip(treatment), leaving=replace(made, **typed),
        new_key=form_keys.new, effect_label=side_effects.label,
    )  # fmt: skip
