"""Which of their clinics a person works at now."""

from flask import Blueprint, redirect, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import session
from clinic_sessions.routes.row_ids import LARGEST
from clinic_sessions.routes.sign_in import own_path
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.refusals import Absent

bp = Blueprint("sites", __name__)


@bp.post("/site")
@needs(Permission.SEE_TODAY)
def switch() -> Response:
    """Work at another of the person's clinics, for this sign-in."""
    typed = request.form.get("clinic", "", type=str)
    if not (typed.isascii() and typed.isdigit() and len(typed) <= len(str(LARGEST))):
        raise Absent
    sign_ins.work_at(current_user.sign_in, int(typed))
    session().commit()
    return redirect(own_path(request.form.get("next")) or url_for("today.index"), 303)
