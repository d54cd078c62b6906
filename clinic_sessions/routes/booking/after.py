"""What next, once a visit is not to be: another time, a wish for the waitlist, or nothing now."""

from datetime import datetime
from typing import Any

from flask import Blueprint, g, render_template, url_for

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.words import say
from clinic_sessions.forms.waitlist import WishForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking.waitlist import form_for, value_of
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import session, showed
from clinic_sessions.routes.session.one_session import ONE, load, strip
from clinic_sessions.services.booking import change_notes, offers, waitlist
from clinic_sessions.services.booking.offers import Desk, Looking
from clinic_sessions.services.series import series

bp = Blueprint("after", __name__)


@bp.get(f"{ONE}/after")
@needs(Permission.BOOK_SESSIONS)
def show(session_id: int) -> str:
    """Offer the best times for the same step of the series, and a wish for when none suits.

    Once what ended the session was taken back, say that it stands.
    """
    treatment = load(session_id)
    notes = change_notes.of(session(), treatment, g.now)
    showed("session", treatment.id, patient_id=treatment.patient_id)
    if not notes.ended:
        return render_template("changes/stands.html", treatment=treatment, strip=strip(treatment))
    return render_template(
        "changes/after.html", treatment=treatment, notes=notes, strip=strip(treatment), **_next(treatment)
    )


def _next(treatment: TreatmentSession) -> dict[str, Any]:
    if treatment.protocol_version is None:
        kind, host = treatment.kind.value, treatment.host_id
        elsewhere = url_for("visits.new", patient=treatment.patient_id, kind=kind, host=host)
        return {"desk": None, "elsewhere": elsewhere}
    desk = _desk(treatment)
    if desk is None:
        return {"desk": None, "elsewhere": url_for("patients.show", patient_id=treatment.patient_id), "stopped": True}
    what, zone = value_of(desk.choice), treatment.clinic.zone

    def wall_day(moment: datetime) -> str:
        return moment.astimezone(zone).date().isoformat()

    def wall_time(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%H:%M}"

    wish = form_for(desk.choices, what=what, known=_wish(treatment, desk))
    return {"desk": desk, "what": what, "wish": wish, "wall_day": wall_day, "wall_time": wall_time}


def _wish(treatment: TreatmentSession, desk: Desk) -> dict[str, Any]:
    """Begin a wish with the one that waits already, else with which visit did not take place; never with why."""
    stands = waitlist.standing(session(), treatment.patient_id, treatment.clinic_id, desk.choice.version)
    if stands is None:
        return {"words": f"{say(treatment.status)}: {filters.day_at(treatment.starts_at)}"}
    typed = WishForm.as_typed(stands.days, stands.from_minute, stands.until_minute, stands.notice_hours)
    return {**typed, "words": stands.words}


def _desk(treatment: TreatmentSession) -> Desk | None:
    """Open the booking screen's picture for the same treatment: the open step of its series, when it is of one.

    None while it cannot be booked: another treatment is never offered in its place.
    """
    version = treatment.protocol_version
    choices = series.choices(session(), treatment.patient)
    same = [one for one in choices if version is not None and one.version.key == version.key]
    same.sort(key=lambda one: one.plan is None or one.plan.id != treatment.plan_id)
    if not same:
        return None
    plan_id = same[0].plan.id if same[0].plan else None
    return offers.open_desk(
        session(), treatment.clinic, treatment.patient,
        version_id=same[0].version.id, plan_id=plan_id, looking=Looking(), now=g.now,
    )  # fmt: skip
