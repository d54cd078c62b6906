"""Due times: holding one while a nurse is with the patient, and what presses now for every other page."""

from datetime import UTC, datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.booking import number
from clinic_sessions.routes.filters import at
from clinic_sessions.routes.guard import POLL
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, session
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.session import due, due_now, session_due

bp = Blueprint("due", __name__)


@bp.post(f"{ONE}/hold")
@needs(Permission.TREAT)
def hold(session_id: int) -> Response:
    """Hold what is due next for a few minutes, once; what is not due any more is said on the page."""
    treatment = load(session_id)
    try:
        row = session_due.hold(session(), treatment, _due_at(), now=g.now, by=actor())
        until = row.until
        session().commit()
    except Refusal as refusal:
        session().rollback()
        flash(" ".join(words.say(reason) for reason in refusal.reasons), "warn")
    else:
        flash(f"Held until {at(until, load(session_id).clinic)}.")
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _due_at() -> datetime:
    try:
        found = datetime.fromisoformat(request.form.get("due_at", ""))
    except ValueError:
        raise Absent from None
    if found.tzinfo is None:
        raise Absent
    return found.astimezone(UTC)


@bp.get("/due")
@needs(Permission.SEE_BOARD)
def strip() -> str | tuple[str, int]:
    """Show what presses now in the chairs of the clinic; a poll that has seen it is told that nothing is new."""
    but = number(request.args.get("but"))
    found = due_now.pressing(session(), clinic(), g.now, but=but)
    revision = due_now.revision(found)
    if request.headers.get(POLL) and request.args.get("revision") == revision:
        return "", 304
    return render_template("board/due.html", found=found, revision=revision, but=but or "", due_text=due.due_text)
