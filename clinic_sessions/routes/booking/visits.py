"""Booking and moving visits that are no treatments: what, with whom, how long, when."""

from datetime import datetime, timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import visits as rules
from clinic_sessions.domain.scheduling.timetable import BookingReason, Objection
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.visits import (
    LENGTHS,
    MoveVisitForm,
    NewVisitForm,
    VisitForm,
    start_value,
)
from clinic_sessions.models import Clinic
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import objections, visit_choice
from clinic_sessions.routes.booking.booking import FORM_USED, GONE, already_booked
from clinic_sessions.routes.booking.changed import common, done, told
from clinic_sessions.routes.booking.visit_choice import Choice
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, showed
from clinic_sessions.routes.session.one_session import load
from clinic_sessions.services import form_keys
from clinic_sessions.services.booking import visit_offers, visits
from clinic_sessions.services.booking.visit_room import HostTaken
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.patients import patients
from clinic_sessions.services.refusals import Absent, Refusal

bp = Blueprint("visits", __name__)

Answer = str | Response | tuple[str, int]
STANDS_SO = "This is how the visit stands already."


@bp.get("/visits/new")
@needs(Permission.BOOK_SESSIONS)
def new() -> Answer:
    """Show kind, host, length and the best times of that host; without a patient, first ask for whom."""
    patient_id = number(request.args.get("patient"))
    if patient_id is None:
        return redirect(url_for("booking.new"))
    patient = patients.load(session(), patient_id, person())
    if booked := already_booked(patient):
        return booked
    choice = visit_choice.of_patient(patient, request.args)
    return _new_page(choice, _new_form(choice, typed=False))


@bp.post("/visits/new")
@needs(Permission.BOOK_SESSIONS)
def create() -> Answer:
    """Book, once for each showing of the form; a refusal names the reasons and the next free times of the host."""
    patient_id = number(request.form.get("patient")) or 0
    choice = visit_choice.of_patient(patients.load(session(), patient_id, person()), request.form)
    form = _new_form(choice, typed=True)
    if not form.validate() or form.starts_at is None:
        return _new_page(choice, form), 422
    try:
        return _book_once(str(form.form_key.data), _request(choice, form, form.starts_at))
    except (Refusal, Absent) as refusal:
        session().rollback()
        choice = visit_choice.of_patient(patients.load(session(), patient_id, person()), request.form)
        return _new_page(choice, form, refusal), 409


@bp.get("/visits/<int:session_id>/move")
@needs(Permission.BOOK_SESSIONS)
def move(session_id: int) -> Answer:
    """Show the best times of the host to move to."""
    choice = visit_choice.of_move(load(session_id), request.args)
    return _move_page(choice, _move_form(choice, typed=False))


@bp.post("/visits/<int:session_id>/move")
@needs(Permission.BOOK_SESSIONS)
def do_move(session_id: int) -> Answer:
    """Move the visit; a refusal names the reasons and the next free times of the host."""
    treatment = load(session_id)
    choice = visit_choice.of_move(treatment, request.form)
    form = _move_form(choice, typed=True)
    if not form.validate() or form.starts_at is None:
        return _move_page(choice, form), 422
    try:
        visits.move(session(), treatment, _move_request(choice, form, form.starts_at), now=g.now, by=actor())
    except (Refusal, Absent) as refusal:
        session().rollback()
        return _move_page(visit_choice.of_move(load(session_id), request.form), form, refusal), 409
    text = f"Moved to {filters.day_at(form.starts_at)}. {told(treatment)}"
    return done(treatment, text, "sessions.show", "changes.undo_move")


def _book_once(key: str, wanted: visits.VisitRequest) -> Response:
    answer = form_keys.claim(session(), key, vars(wanted), now=g.now, by=actor())
    if answer is None:
        treatment = visits.book(session(), wanted, now=g.now, by=actor())
        answer = _back(wanted.patient_id) or url_for("sessions.show", session_id=treatment.id)
        form_keys.settle(session(), key, answer)
    session().commit()
    flash(f"{words.say(wanted.kind)} booked for {filters.day_at(wanted.starts_at)}.")
    return redirect(answer, 303)


def _back(patient_id: int) -> str | None:
    """Give the way back to the treatment, or the series, that waits for this visit."""
    kind, _, plan = (request.args.get("then") or "").partition("-")
    if kind == "plan" and number(plan):
        return url_for("series.book", plan_id=number(plan))
    return url_for("booking.new", patient=patient_id, what=request.args["then"]) if number(kind) else None


def _request(choice: Choice, form: NewVisitForm, starts_at: datetime) -> visits.VisitRequest:
    if choice.host is None or not choice.exact:
        raise Absent
    return visits.VisitRequest(
        clinic_id=choice.clinic.id,
        patient_id=choice.patient.id,
        kind=choice.kind,
        host_id=choice.host.id,
        minutes=choice.minutes,
        starts_at=starts_at,
        tell_patient=bool(form.tell.data),
    )


def _move_request(choice: Choice, form: MoveVisitForm, starts_at: datetime) -> visits.VisitMove:
    if choice.host is None or not choice.exact:
        raise Absent
    return visits.VisitMove(
        host_id=choice.host.id,
        minutes=choice.minutes,
        starts_at=starts_at,
        version=number(form.version.data) or 0,
        reasons=form.reasons.reasons,
        tell_patient=bool(form.tell.data),
    )


def _new_form(choice: Choice, *, typed: bool) -> NewVisitForm:
    return NewVisitForm(request.form if typed else None, meta=meta(g.now, choice.clinic.zone))


def _move_form(choice: Choice, *, typed: bool) -> MoveVisitForm:
    return MoveVisitForm(request.form if typed else None, meta=meta(g.now, choice.clinic.zone))


def _new_page(choice: Choice, form: VisitForm, refusal: Exception | None = None) -> str:
    showed("patient", choice.patient.id, patient_id=choice.patient.id)
    return _page("visits/new.html", choice, form, refusal, form_key=form_keys.new(), kinds=rules.KINDS)


def _move_page(choice: Choice, form: VisitForm, refusal: Exception | None = None) -> str:
    more = common(choice.moving) if choice.moving else {}
    return _page("visits/move.html", choice, form, refusal, **more)


def _page(template: str, choice: Choice, form: VisitForm, refusal: Exception | None, **more: object) -> str:
    instead = refusal.next_times if isinstance(refusal, HostTaken) else ()
    today = local_day(g.now, choice.clinic.zone)
    want = choice.wanted(visit_offers.earliest(choice.clinic, choice.patient, choice.first_day, g.now))
    offered = (
        visit_offers.times(session(), choice.clinic, want, now=g.now, stands_at=choice.stands_at) if want else None
    )
    clinical = person().may(Permission.READ_CLINICAL)
    shown = {"strip": patients.strip(session(), choice.patient, today, clinical=clinical), **more}
    return render_template(
        template,
        choice=choice,
        patient=choice.patient,
        form=form,
        refusal=_said(refusal, choice.clinic),
        instead=instead,
        offered=offered,
        length=timedelta(minutes=choice.minutes),
        lengths=LENGTHS,
        start_value=start_value,
        far_away=choice.kind in rules.FAR_AWAY,
        **shown,
    )


def _said(refusal: Exception | None, place: Clinic) -> list[str]:
    if refusal is None:
        return []
    if isinstance(refusal, HostTaken):
        return [_why(one, place) for one in refusal.objections]
    if not isinstance(refusal, Refusal):
        return [GONE]
    used = FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons
    return [FORM_USED] if used else list(objections.read(refusal, person(), place).said)


def _why(one: Objection, place: Clinic) -> str:
    same = one.reason is BookingReason.SAME_TIME_AND_CHAIR
    return STANDS_SO if same else objections.in_words(one, place)
