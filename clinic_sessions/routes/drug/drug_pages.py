"""What the pages about the drug share: how they are shown, and how a form is saved once, however often it is sent."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.forms.acts import ActForm
from clinic_sessions.models import DoseEvent, Draw, DrugLabel, SecondCount, TreatmentSession
from clinic_sessions.routes.once import is_first
from clinic_sessions.routes.present import session, showed
from clinic_sessions.routes.session.one_session import load, meta_of, strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.session import facts

Answer = str | Response | tuple[str, int]
Saved = DrugLabel | Draw | SecondCount | DoseEvent
Again = Callable[[TreatmentSession, Sequence[str]], str]
"""Shows the form of a session again, with what was said against it."""


def meta(treatment: TreatmentSession, **more: Any) -> dict[str, Any]:
    """Give what a form about the drug must know: a time before the patient came is asked about."""
    return {**meta_of(treatment, asks_before=facts.arrived_at(treatment)), **more}


def shown(template: str, treatment: TreatmentSession, form: ActForm, said: Sequence[str] = (), **more: Any) -> str:
    """Show a form about the drug, with what was said against it."""
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        f"drug/{template}.html", treatment=treatment, strip=strip(treatment), form=form, said=said,
        new_key=form_keys.new, **more,
    )  # fmt: skip


def back_to(session_id: int) -> Response:
    """Go back to the drug part of the session."""
    return redirect(url_for("sessions.show", session_id=session_id, _anchor="drug"), 303)


def saved(session_id: int, form: ActForm, act: Callable[[TreatmentSession], Saved], again: Again, told: str) -> Answer:
    """Do what a good form asks for, in the write transaction that is open; a refusal shows the form again."""
    key = form.form_key.data or ""
    try:
        if not is_first(key):
            session().rollback()
            return back_to(session_id)
        marked = bool(act(load(session_id)).outside_rules)
        if form_keys.is_one(key):
            form_keys.settle(session(), key, url_for("sessions.show", session_id=session_id))
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return again(load(session_id), [words.say(reason) for reason in refusal.reasons]), 409
    flash("Saved as it happened, and marked. A provider has been told." if marked else told)
    return back_to(session_id)
