"""Calling a session off whose patient has come: the reasons on a page of their own; then another time is offered."""

from flask import Blueprint, abort, g, render_template

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.session.lifecycle import Action, Gate, offered
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.steps import StepForm
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import session, showed
from clinic_sessions.routes.session.one_session import ONE, load, meta_of, strip
from clinic_sessions.services.before import call_off
from clinic_sessions.services.session import lifecycle

bp = Blueprint("calling_off", __name__)


@bp.get(f"{ONE}/call-off")
@needs(Permission.TREAT)
def show(session_id: int) -> str:
    """Ask why it does not go ahead; what stands against the start is chosen already."""
    treatment = load(session_id)
    if Action.CALL_OFF not in offered(treatment.kind, treatment.status):
        abort(404)
    showed("session", treatment.id, patient_id=treatment.patient_id)
    against = lifecycle.unmet(session(), treatment, Gate.MAY_START, g.now)
    known = [one.value for one in call_off.suggested(session(), treatment, against)]
    data = {"action": Action.CALL_OFF, "version": treatment.version, "reasons": known}
    form = StepForm(data=data, meta=meta_of(treatment))
    form.reasons.choices = options((one.value, words.say(one)) for one in visits.call_off_reasons(treatment.kind))
    act = visits.act_words(treatment.kind, Action.CALL_OFF)
    return render_template("sessions/call_off.html", treatment=treatment, form=form, act=act, strip=strip(treatment))
