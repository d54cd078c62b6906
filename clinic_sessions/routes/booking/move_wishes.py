"""Patients who asked by link for another time: whom the front desk calls."""

from flask import Blueprint, flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, courses, person, session, showed
from clinic_sessions.services.booking import appointments

bp = Blueprint("move_wishes", __name__, url_prefix="/move-wishes")


@bp.get("")
@needs(Permission.BOOK_SESSIONS)
def index() -> str:
    """List who waits for a call, the soonest visit first."""
    wishes = appointments.open_move_wishes(session(), clinic().id)
    named = [wish.treatment.patient_id for wish in wishes]
    showed("move_wishes", None, patients=named)
    return render_template("appointment/wishes.html", wishes=wishes, courses=courses(named))


@bp.post("/<int:wish_id>/answered")
@needs(Permission.BOOK_SESSIONS)
def answered(wish_id: int) -> Response:
    """Note that someone has spoken with the patient."""
    mine = [one.id for one in person().clinics]
    appointments.answer_move_wish(session(), wish_id, mine, now=g.now, by=actor())
    session().commit()
    flash("Noted: the patient was called.")
    return redirect(url_for("move_wishes.index"), 303)
