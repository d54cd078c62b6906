"""Booking a session: one screen for the phone call."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.domain.patients.alike import alike
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.label_weeks import Over
from clinic_sessions.domain.scheduling.plans import PlanWarning
from clinic_sessions.domain.wall_time import RepeatedHour, SkippedHour, instant, local_day
from clinic_sessions.forms.booking import BookingForm, in_years, number, read_slot, slot_value
from clinic_sessions.forms.fields import meta, phone_text
from clinic_sessions.models import Clinic, Patient, Plan, TreatmentSession
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import objections
from clinic_sessions.routes.booking.objections import Refused
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, clinic_for, person, session, showed
from clinic_sessions.services import form_keys
from clinic_sessions.services.booking import booking, offers, room
from clinic_sessions.services.booking.offers import Desk, Looking, NothingToBook
from clinic_sessions.services.form_keys import FormKeyReason
from clinic_sessions.services.patients import patient_search, patients
from clinic_sessions.services.plans import plan_warnings
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.series import label

bp = Blueprint("booking", __name__)
bp.add_app_template_filter(phone_text, "phone")
bp.add_app_template_filter(objections.shares, "shares")

FORM_USED = "This form has booked something already. Look at the schedule before you book again."
GONE = "This can no longer be booked. Choose again what and when."


@bp.errorhandler(NothingToBook)
def nothing(refusal: NothingToBook) -> Response:
    """Lead to the patient's plans when none of them can be booked from."""
    flash(" ".join(words.say(reason) for reason in refusal.reasons), "warn")
    return redirect(url_for("patients.show", patient_id=refusal.patient_id), 303)


@bp.get("/sessions/new")
@needs(Permission.BOOK_SESSIONS)
def new() -> str:
    """Find the patient; once one is chosen, show what and when with the best already chosen.

    Whoever comes back to a form that has booked is told so, instead of being offered the next.
    """
    patient_id = number(request.args.get("patient"))
    if patient_id is None:
        return _find()
    patient = patients.load(session(), patient_id, person())
    if booked := already_booked(patient):
        return booked
    return _screen(patient, _form(None, clinic_for(patient)), what=request.args.get("what"))


@bp.post("/sessions/new")
@needs(Permission.BOOK_SESSIONS)
def create() -> Response | tuple[str, int]:
    """Book, once for each showing of the form; a refusal names the reasons and the next free times."""
    patient = patients.load(session(), number(request.form.get("patient")) or 0, person())
    form, what = _form(request.form, clinic_for(patient)), request.form.get("what")
    if not form.validate() or form.chosen is None:
        return _screen(patient, form, what=what), 422
    version_id, plan_id = _read_what(what)
    wanted = booking.BookingRequest(
        patient_id=patient.id,
        protocol_version_id=version_id or 0,
        plan_id=plan_id,
        chair_id=form.chosen.chair_id,
        starts_at=form.chosen.starts_at,
        tell_patient=bool(form.tell.data),
        lifting=room.Lifting(kinds=form.lifted, words=form.lift_words.data),
    )
    try:
        return _book_once(str(form.form_key.data), wanted)
    except (Refusal, Absent) as refusal:
        session().rollback()
        return _refused(wanted.patient_id, form, what, refusal)


def already_booked(patient: Patient) -> str | None:
    """Give the page for a form that has booked already, when this is the address of one (see static/js/form.js)."""
    answer = form_keys.answer_of(session(), request.args.get("form", ""), actor())
    if answer is None:
        return None
    showed("patient", patient.id, patient_id=patient.id)
    here = clinic_for(patient)
    clinical = person().may(Permission.READ_CLINICAL)
    strip = patients.strip(session(), patient, local_day(g.now, here.zone), clinical=clinical)
    another = url_for(request.endpoint or "", patient=patient.id)
    return render_template("booking/booked.html", strip=strip, answer=answer, another=another)


def _book_once(key: str, wanted: booking.BookingRequest) -> Response:
    answer, over = form_keys.claim(session(), key, vars(wanted), now=g.now, by=actor()), None
    warned: Sequence[PlanWarning] = ()
    if answer is None:
        treatment = booking.book(session(), wanted, now=g.now, by=actor())
        answer = url_for("sessions.show", session_id=treatment.id)
        form_keys.settle(session(), key, answer)
        over = _over_now(treatment)
        warned = plan_warnings.of_sessions(session(), [treatment]).get(treatment.id, ())
    session().commit()
    flash(f"Booked for {filters.day_at(wanted.starts_at)}.")
    if over:
        flash(f"{over.words}. {over.allowance.source}", "warn")
    for warning in warned:
        flash(words.say(warning), "warn")
    return redirect(answer, 303)


def _over_now(treatment: TreatmentSession) -> Over | None:
    """Give the treatment week of a session that is booked, if it has more than the label has."""
    if treatment.protocol_version is None:
        return None
    plan = session().get(Plan, treatment.plan_id) if treatment.plan_id else None
    days = label.read(session(), treatment.patient_id, treatment.protocol_version, plan)
    return days.on(local_day(treatment.starts_at, treatment.clinic.zone))


def _refused(patient_id: int, form: BookingForm, what: str | None, refusal: Exception) -> tuple[str, int]:
    patient = patients.load(session(), patient_id, person())
    if not isinstance(refusal, Refusal):
        return _screen(patient, form, what=what, refused=Refused(said=[GONE])), 409
    if FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons:
        return _screen(patient, form, what=what, refused=Refused(said=[FORM_USED])), 409
    return _screen(patient, form, what=what, refused=objections.read(refusal, person(), clinic_for(patient))), 409


def _form(typed: "MultiDict[str, str] | None", here: Clinic) -> BookingForm:
    form = BookingForm(typed, meta=meta(g.now, here.zone))
    form.offer_chairs([(chair.id, chair.name) for chair in here.chairs if chair.in_use])
    return form


def _find() -> str:
    wish = {name: request.args[name] for name in ("chair", "date", "time") if request.args.get(name)}
    asked = (request.args.get("q") or "").strip()
    if asked:
        today = local_day(g.now, clinic().zone)
        also = [one.id for one in person().clinics]
        hits = patient_search.find(session(), clinic().id, asked, today=today, now=g.now, also=also)
    else:
        hits = patient_search.coming(session(), clinic().id, now=g.now)
    if hits:
        showed("patient_list", None, patients=[hit.patient.id for hit in hits])
    same = alike((hit.patient.id, hit.patient.name) for hit in hits)
    return render_template("booking/find.html", asked=asked, hits=hits, wish=wish, alike=same)


def _screen(patient: Patient, form: BookingForm, *, what: str | None, refused: Refused = objections.NOTHING) -> str:
    version_id, plan_id = _read_what(what)
    here = clinic_for(patient)
    g.zone = here.zone
    desk = offers.open_desk(
        session(), here, patient,
        version_id=version_id, plan_id=plan_id, looking=_looking(), now=g.now, with_times=not refused.instead,
    )  # fmt: skip
    showed("patient", patient.id, patient_id=patient.id)
    today, wish = local_day(g.now, here.zone), _in_time(_wish(form, here), desk)
    instead = offers.named(here, refused.instead, desk.last)
    starts = [*(one.starts_at for one in instead or desk.times), *([wish[1]] if wish else [])]
    return render_template(
        "booking/new.html",
        patient=patient,
        here=here,
        strip=patients.strip(session(), patient, today, clinical=person().may(Permission.READ_CLINICAL)),
        form=form,
        desk=desk,
        refused=refused,
        instead=instead,
        wish=wish,
        over=_over_label(patient, desk, here, starts),
        warned=_warned(desk, local_day(min(starts, default=g.now), here.zone)),
        slot_value=slot_value,
        form_key=form_keys.new(),
        today=today,
        timedelta=timedelta,
    )


def _over_label(patient: Patient, desk: Desk, here: Clinic, starts: Sequence[datetime]) -> dict[datetime, Over]:
    """Give, for each of these times that would be more than the label has in a treatment week, what it would be."""
    days = label.read(session(), patient.id, desk.choice.version, desk.choice.plan)
    return {at: found for at in starts if (found := days.with_one(local_day(at, here.zone)))}


def _warned(desk: Desk, day: date) -> list[PlanWarning]:
    """Say what may keep one more session of the chosen plan from being paid for or given; it stops nothing."""
    plan = desk.choice.plan
    return plan_warnings.one_more(session(), plan, day) if plan else []


def _looking() -> Looking:
    return Looking(first_day=read_day(request.args.get("from")), any_day=request.args.get("any") == "1")


def _wish(form: BookingForm, here: Clinic) -> tuple[int, datetime] | None:
    """Give the time that was pointed at on the schedule, or chosen before, when it is one of ours."""
    if form.slot.data:
        return read_slot(form.slot.data)
    chair_id, day = number(request.args.get("chair")), read_day(request.args.get("date"))
    if chair_id is None or day is None:
        return None
    try:
        wall = datetime.strptime(request.args.get("time", ""), "%H:%M").time()  # noqa: DTZ007 - a wall time has no zone
        return chair_id, instant(day, wall, here.zone)
    except (ValueError, SkippedHour, RepeatedHour):
        return None


def _in_time(wish: tuple[int, datetime] | None, desk: Desk) -> tuple[int, datetime] | None:
    """Leave out a time that was pointed at before the evaluation that has to come first."""
    first = desk.stands.not_before
    return None if wish and first and wish[1] < first else wish


def _read_what(text: str | None) -> tuple[int | None, int | None]:
    version, _, plan = (text or "").partition("-")
    return number(version), number(plan)


def read_day(text: str | None) -> date | None:
    """Read a day from an address; None for anything else, and for years out of reach."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if in_years(day) else None
