"""Naming the nurse of a session."""

from collections.abc import Sequence

from flask import Blueprint, g, render_template, request
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.assigning import NOBODY, NurseForm
from clinic_sessions.forms.booking import number
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes.booking.changed import common, done, refused
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.shifts import assigning

bp = Blueprint("assigning", __name__)


@bp.get(f"{ONE}/nurse")
@needs(Permission.BOOK_SESSIONS)
def show(session_id: int) -> str:
    """Show which nurses could treat, those on shift first."""
    return _page(load(session_id), NurseForm())


@bp.post(f"{ONE}/nurse")
@needs(Permission.BOOK_SESSIONS)
def assign(session_id: int) -> Response | tuple[str, int]:
    """Name a nurse, or nobody."""
    treatment, form = load(session_id), NurseForm(request.form)
    nurse_id = number(form.nurse.data)
    if nurse_id is None and form.nurse.data != NOBODY:
        raise Absent
    try:
        assigning.assign(session(), treatment, nurse_id, version=number(form.version.data) or 0, now=g.now, by=actor())
    except Refusal as refusal:
        said = refused(refusal, treatment).said
        return _page(load(session_id), NurseForm(), said), 409
    return done(treatment, "Nurse changed.", "sessions.show")


def _page(treatment: TreatmentSession, form: NurseForm, refusal: Sequence[str] = ()) -> str:
    nurses = assigning.candidates(session(), treatment)
    form.offer(
        ((one.id, one.name if one.is_on_shift else f"{one.name} (not on shift for all of it)") for one in nurses),
        treatment.nurse_id,
    )
    return render_template("assigning/show.html", form=form, refusal=refusal, **common(treatment))
