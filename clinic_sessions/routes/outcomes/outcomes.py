"""The page of a patient's outcomes: plot, tables and print from the same rows."""

from flask import Blueprint, g, render_template, request

from clinic_sessions.domain.outcomes import outcome_words
from clinic_sessions.domain.outcomes.outcome_panels import NARROW, WIDE
from clinic_sessions.domain.outcomes.outcome_plot import draw
from clinic_sessions.domain.outcomes.outcome_rows import MOOD_WORDS
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic_for, person, session, showed
from clinic_sessions.services.course import last_sessions
from clinic_sessions.services.outcomes import outcomes
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import findings

bp = Blueprint("outcomes", __name__)


@bp.get("/patients/<int:patient_id>/outcomes")
@needs(Permission.READ_CLINICAL)
def show(patient_id: int) -> str:
    """Show how treatment works, for one plan or all, for one scale or all."""
    db = session()
    patient = patients.load(db, patient_id, person())
    zone = clinic_for(patient).zone
    today = local_day(g.now, zone)
    showed("patient_outcomes", patient.id, patient_id=patient.id)
    found = outcomes.read(db, patient, zone, plan=request.args.get("plan", ""), scale=request.args.get("scale", ""))
    return render_template(
        "outcomes/show.html",
        patient=patient,
        strip=patients.strip(db, patient, today, clinical=True),
        mine=[one.id for one in person().clinics],
        found=found,
        plots=[plot for frame in (WIDE, NARROW) if (plot := draw(found.rows, frame, zone))],
        said=[(one.scale.name, outcome_words.summary(one, zone)) for one in found.courses],
        due=[outcome_words.due_words(one, zone) for one in found.due],
        mood_words=MOOD_WORDS.values(),
        last=last_sessions.of(db, patient.id),
        findings=findings.due(db, [patient.id], today).get(patient.id, []),
        today=today,
    )
