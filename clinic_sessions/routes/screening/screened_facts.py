"""Taking over into the patient's file what their screening says, one fact a tap."""

from flask import flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.booking import number
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.screening.clearance import bp as bp
from clinic_sessions.routes.screening.screening import load, overview
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.screening import screened_facts
from clinic_sessions.services.screening.screened_facts import Fact

CHANGED = "The file has changed meanwhile. Compare it with the screening as both stand now, then take it over."


@bp.post("/patients/<int:patient_id>/screening/into-file/<any(allergies,pregnancy_possible):fact>")
@needs(Permission.EDIT_CLINICAL)
def into_file(patient_id: int, fact: str) -> Response | tuple[str, int]:
    """Take one fact over; when the file has changed meanwhile, show both again."""
    patient, version = load(patient_id, to_change=True), number(request.form.get("version")) or 0
    try:
        screened_facts.take(session(), patient, Fact(fact), version=version, now=g.now, by=actor())
    except Refusal:
        session().rollback()
        return overview(patient_id, refusal=[CHANGED]), 409
    session().commit()
    flash("Taken over into the file.")
    return redirect(url_for("screening.index", patient_id=patient_id), 303)
