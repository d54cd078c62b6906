"""Calls that are owed after a visit: the list, one call, and what was done."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.follow_ups import DoneForm
from clinic_sessions.models import FollowUp
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, courses, person, session, showed
from clinic_sessions.services import documents
from clinic_sessions.services.effects import follow_ups
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("follow_ups", __name__, url_prefix="/follow-ups")


@bp.get("")
@needs(Permission.READ_CLINICAL)
def index() -> str:
    """List the calls that are owed, the soonest due first, then those that were made lately."""
    mine = [one.id for one in person().clinics]
    waiting = follow_ups.waiting(session(), mine)
    done = follow_ups.done(session(), mine, g.now)
    named = sorted({one.patient_id for one in (*waiting, *done)})
    if named:
        showed("follow_ups", None, patients=named)
    return render_template(
        "follow_ups/index.html", waiting=waiting, done=done, courses=courses(named),
        within=documents.thresholds(session()).follow_up,
    )  # fmt: skip


@bp.get("/<int:follow_up_id>")
@needs(Permission.READ_CLINICAL)
def show(follow_up_id: int) -> str:
    """Show one call: about whom and what, whom to call, and the form that takes it off the list."""
    return _page(_load(follow_up_id), DoneForm())


@bp.post("/<int:follow_up_id>")
@needs(Permission.TREAT)
def finish(follow_up_id: int) -> Response | tuple[str, int]:
    """Take a call off the list with words; one that somebody else has made meanwhile is shown with theirs."""
    row, form = _load(follow_up_id), DoneForm(request.form)
    if not form.validate():
        return _page(row, form), 422
    try:
        follow_ups.finish(session(), row, form.words.data, now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        row = _load(follow_up_id)
        if row.done_by_id == person().id and row.done_words == form.words.data:
            return redirect(url_for("follow_ups.index"), 303)
        return _page(row, form, [words.say(reason) for reason in refusal.reasons]), 409
    flash("Saved. The call is off the list.")
    return redirect(url_for("follow_ups.index"), 303)


def _load(follow_up_id: int) -> FollowUp:
    return follow_ups.load(session(), follow_up_id, [one.id for one in person().clinics])


def _page(row: FollowUp, form: DoneForm, said: list[str] | None = None) -> str:
    showed("follow_up", row.id, patient_id=row.patient_id)
    return render_template(
        "follow_ups/show.html", row=row, patient=row.treatment.patient, courses=courses([row.patient_id]), form=form,
        said=said or [], mistaken=follow_ups.was_mistaken(session(), row),
    )  # fmt: skip
