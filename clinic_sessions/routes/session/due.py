"""Due times: holding one while a nurse is with the patient, and what presses now for every other page."""

from datetime import UTC, datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.vitals import NotTakenForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.filters import at
from clinic_sessions.routes.guard import POLL
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, session, showed
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.routes.session.one_session import strip as strip_of
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.session import due, due_now, limits, session_due

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
    return _back(session_id)


@bp.get(f"{ONE}/not-taken")
@needs(Permission.TREAT)
def not_taken(session_id: int) -> str | Response:
    """Ask why what is due next could not be taken; without such a thing the visit is shown."""
    return _why(load(session_id), NotTakenForm()) or _back(session_id)


@bp.post(f"{ONE}/not-taken")
@needs(Permission.TREAT)
def save_not_taken(session_id: int) -> str | Response | tuple[str, int]:
    """Keep why something could not be taken; what is not due any more is said on the page."""
    treatment = load(session_id)
    form = NotTakenForm(request.form)
    if not form.validate() and (page := _why(treatment, form)) is not None:
        return page, 422
    try:
        session_due.excuse(session(), treatment, _due_at(), form.words.data or "", now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        flash(" ".join(words.say(reason) for reason in refusal.reasons), "warn")
    else:
        flash("Saved. A provider has been told.")
    return _back(session_id)


def _why(treatment: TreatmentSession, form: NotTakenForm) -> str | None:
    found = session_due.of(session(), treatment, g.now)
    if found is None or found.next is None or not found.next.may_be_excused(g.now):
        return None
    showed("session", treatment.id, patient_id=treatment.patient_id)
    return render_template(
        "sessions/not_taken.html", treatment=treatment, strip=strip_of(treatment), form=form,
        due=found.next, asks=limits.listed(found.next.asks),
    )  # fmt: skip


def _back(session_id: int) -> Response:
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
