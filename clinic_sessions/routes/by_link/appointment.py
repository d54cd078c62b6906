"""The appointment link: the visit as it stands now, and the patient's answer. Opening changes nothing."""

from flask import Blueprint, abort, g, redirect, request
from werkzeug.wrappers import Response

from clinic_sessions.domain.session.lifecycle import Status
from clinic_sessions.forms.booking import number
from clinic_sessions.mail.compose import calendar_file
from clinic_sessions.models import Link, LinkPurpose, TreatmentSession
from clinic_sessions.routes.by_link import by_link, public_page
from clinic_sessions.routes.policy import public
from clinic_sessions.routes.present import session, settings
from clinic_sessions.services.booking import appointments
from clinic_sessions.services.messages import letters
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.translations import times

bp = Blueprint("appointment", __name__, url_prefix="/a")
public_page.for_patients(bp)

ASKED = ("cancel", "move")
ACTS = {
    "confirm": appointments.confirm,
    "cancel": appointments.cancel,
    "move": appointments.ask_to_move,
}


@bp.get("")
@public("a patient by link: the cookie of the link is the key")
def show() -> str:
    """Show the visit as it stands now; `?ask=` shows the question before cancelling or asking for another time."""
    link = by_link.link_of(LinkPurpose.APPOINTMENT)
    return _page(link, _treatment(link), ask=request.args.get("ask"))


@bp.post("/<any(confirm, cancel, move):act>")
@public("a patient by link: the cookie of the link is the key")
def answer(act: str) -> Response | tuple[str, int]:
    """Confirm the visit, cancel it, or ask for another time; the only acts that a link permits."""
    link = by_link.link_of(LinkPurpose.APPOINTMENT)
    by_link.require_same(link)
    try:
        treatment = _treatment(link, to_change=True)
        ACTS[act](session(), treatment, seen=number(request.form.get("seen")) or 0, now=g.now, by=by_link.by())
        session().commit()
    except Refusal as refusal:
        reason = refusal.reasons[0]
        session().rollback()
        again = by_link.link_of(LinkPurpose.APPOINTMENT)
        return _page(again, _treatment(again), moved=reason is appointments.AppointmentReason.OTHER_TIME), 409
    return redirect("/a", 303)


@bp.get("/visit.ics")
@public("a patient by link: the cookie of the link is the key")
def calendar() -> Response:
    """Give the visit as it stands now for the patient's calendar: when and where, nothing of why."""
    link = by_link.link_of(LinkPurpose.APPOINTMENT)
    treatment = _treatment(link)
    if treatment.status is not Status.CANCELLED and not appointments.is_to_come(treatment, g.now):
        abort(404)
    language = public_page.language(link)
    visit = letters.visit_of(treatment, language)
    body = calendar_file([visit], language=language, config=settings(), now=g.now)
    answer = Response(body, mimetype="text/calendar")
    answer.headers["Content-Disposition"] = 'attachment; filename="visit.ics"'
    return answer


def _treatment(link: Link, *, to_change: bool = False) -> TreatmentSession:
    return appointments.load(session(), link.object_id, link.patient_id, to_change=to_change)


def _page(link: Link, treatment: TreatmentSession, *, ask: str | None = None, moved: bool = False) -> str:
    to_come = appointments.is_to_come(treatment, g.now)
    wish = appointments.move_wish(session(), treatment) if to_come else None
    return public_page.page(
        "appointment/show.html",
        link,
        treatment=treatment,
        to_come=to_come,
        visit=letters.visit_of(treatment, public_page.language(link)) if to_come else None,
        preparation=_preparation(link, treatment) if to_come else [],
        moving=wish is not None and wish.answered_at is None,
        cancelled=treatment.status is Status.CANCELLED,
        soon=appointments.is_soon(treatment, g.now),
        ask=ask if to_come and ask in ASKED else None,
        moved=moved,
    )


def _preparation(link: Link, treatment: TreatmentSession) -> list[str]:
    """Give the lines of how to prepare, with the fasting times of this visit on the clinic's clock."""
    spoken, zone = public_page.language(link), treatment.clinic.zone
    visit = letters.visit_of(treatment, spoken)
    limits = {
        name: public_page.said(
            link,
            "appointment.fasting_time",
            time=times.clock(spoken, moment, zone),
            weekday=times.weekday(spoken, moment, zone),
        )
        for name, moment in (("food_until", visit.food_until), ("liquid_until", visit.liquid_until))
        if moment is not None
    }
    return [line.format(**limits) for line in visit.preparation]
