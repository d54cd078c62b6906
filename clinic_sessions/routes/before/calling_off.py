"""Calling a session off whose patient has come: the reasons on a page of their own; then another time is offered."""

from flask import Blueprint, abort, render_template

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import visits
from clinic_sessions.domain.session.lifecycle import Action, offered
from clinic_sessions.forms.choosing import options
from clinic_sessions.forms.steps import StepForm
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import showed
from clinic_sessions.routes.session.one_session import ONE, load, meta_of, strip

bp = Blueprint("calling_off", __name__)


@bp.get(f"{ONE}/call-off")
@needs(Permission.TREAT)
def show(session_id: int) -> str:
    """Ask why it does not go ahead; nothing is chosen beforehand."""
    treatment = load(session_id)
    if Action.CALL_OFF not in offered(treatment.kind, treatment.status):
        abort(404)
    showed("session", treatment.id, patient_id=treatment.patient_id)
    data = {"action": Action.CALL_OFF, "version": treatment.version}
    form = StepForm(data=data, meta=meta_of(treatment))
    form.reasons.choices = options((one.value, words.say(one)) for one in visits.call_off_reasons(treatment.kind))
    act = visits.act_words(treatment.kind, Action.CALL_OFF)
    return render_template("sessions/call_off.html", treatment=treatment, form=form, act=act, strip=strip(treatment))
