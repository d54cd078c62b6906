"""The session page and its steps."""

from flask import Blueprint, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import person, session, showed
from clinic_sessions.services import sessions

bp = Blueprint("sessions", __name__)


@bp.get("/sessions/<int:session_id>")
@needs(Permission.SEE_SCHEDULE)
def show(session_id: int) -> str:
    """Show one session."""
    treatment = sessions.load(session(), session_id, person())
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template("sessions/show.html", treatment=treatment, at=g.now)


@bp.post("/sessions/<int:session_id>/step")
@needs(Permission.SEE_SCHEDULE)
def step(session_id: int) -> Response:
    """Take one step."""
    return redirect(url_for("sessions.show", session_id=session_id), 303)
