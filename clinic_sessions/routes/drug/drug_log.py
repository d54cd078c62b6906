"""The printable log of controlled doses, and the search for a lot that is recalled."""

from flask import Blueprint, g, render_template, request

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.drug_log import LogForm, RecallForm
from clinic_sessions.forms.fields import meta
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic, person, session, showed
from clinic_sessions.services.drug import drug_log, lot_recall
from clinic_sessions.services.drug.drug_log import LogReason

bp = Blueprint("drug_log", __name__)

_FAULTS = {
    LogReason.UPSIDE_DOWN: "This is before the first day. Check both.",
    LogReason.TOO_LONG: f"Ask for at most {drug_log.LONGEST.days} days at once.",
}


@bp.get("/drug-log")
@needs(Permission.READ_CLINICAL)
def show() -> str | tuple[str, int]:
    """Show the controlled doses of some days of this clinic; today's when no day is named."""
    place = clinic()
    today = local_day(g.now, place.zone)
    form = LogForm(request.args, meta=meta(g.now, place.zone))
    good = form.validate()
    first = form.first.data or form.last.data or today
    last = form.last.data or max(first, today if form.first.data is None else first)
    fault = drug_log.fault_of(first, last) if good else None
    if fault is not None:
        form.last.errors = [_FAULTS[fault]]
    wrong = fault is not None or not good
    doses = [] if wrong else drug_log.of(session(), place, first, last)
    showed("drug_log", None, patients=[dose.treatment.patient_id for dose in doses])
    page = render_template(
        "drug/log.html", form=form, doses=doses, first=first, last=last, place=place, wrong=wrong, today=today
    )
    return (page, 422) if wrong else page


@bp.get("/drug-log/lots")
@needs(Permission.READ_CLINICAL)
def recall() -> str | tuple[str, int]:
    """Show to whom a lot was given, at every clinic of the person who asks; nothing while no lot is asked for."""
    places = person().clinics
    asked = "lot" in request.args
    form = RecallForm(request.args if asked else None)
    wrong = asked and not form.validate()
    found = None
    if asked and not wrong:
        here = [place.id for place in places]
        found = lot_recall.of(session(), form.lot.data or "", form.chosen, here, g.now)
        showed("lot_recall", None, patients=found.patient_ids)
    page = render_template("drug/recall.html", form=form, found=found, places=places)
    return (page, 422) if wrong else page
