"""Undoing a step with a dose behind it: a page that names what it strikes, and asks whether it was not given."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.forms.steps import UndoForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session, showed
from clinic_sessions.routes.session.one_session import ONE, load, strip
from clinic_sessions.routes.session.session_steps import step_words
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.session import steps

bp = Blueprint("undoing", __name__)


@bp.get(f"{ONE}/undo")
@needs(Permission.TREAT)
def show(session_id: int) -> str | Response:
    """Ask whether the dose behind the last step was not given; without one there is nothing to ask."""
    return _page(load(session_id), UndoForm(), [])


@bp.post(f"{ONE}/undo")
@needs(Permission.TREAT)
def undo(session_id: int) -> str | Response | tuple[str | Response, int]:
    """Undo the last step, and strike the dose that went with it."""
    treatment, form = load(session_id), UndoForm(request.form)
    if not form.validate():
        return _page(treatment, form, []), 422
    step = steps.Step(action=Action.UNDO, version=form.version.data or 0, not_given=True)
    try:
        steps.take(session(), treatment, step, now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return _page(load(session_id), form, [words.say(one) for one in refusal.reasons]), 409
    return _back(treatment)


def _page(treatment: TreatmentSession, form: UndoForm, said: list[str]) -> str | Response:
    unsaid = steps.unsays(session(), treatment)
    if unsaid is None:
        return _back(treatment)
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "sessions/undo.html", treatment=treatment, unsaid=unsaid, act=step_words(treatment, unsaid.action), form=form,
        said=said, strip=strip(treatment),
    )  # fmt: skip


def _back(treatment: TreatmentSession) -> Response:
    return redirect(url_for("sessions.show", session_id=treatment.id), 303)
