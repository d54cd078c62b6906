"""Booking the dates of a plan together: the wish, the preview of every date, and saving all of them or none."""

from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain import words
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling import pattern
from clinic_sessions.domain.scheduling.label_weeks import Over
from clinic_sessions.domain.scheduling.series_solver import Wish
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import slot_value
from clinic_sessions.forms.fields import Typed, meta
from clinic_sessions.forms.lifting import lifting_value
from clinic_sessions.forms.series import MOST_DATES, DatesForm, WishForm
from clinic_sessions.models import Clinic, Patient, Plan
from clinic_sessions.routes.booking import objections
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic_for, person, session, showed
from clinic_sessions.routes.series import series_lines
from clinic_sessions.routes.series.series_lines import Line
from clinic_sessions.services import form_keys
from clinic_sessions.services.booking import provisional
from clinic_sessions.services.booking.provisional import Standing
from clinic_sessions.services.booking.room import NOTHING_LIFTED, Lifting
from clinic_sessions.services.patients import patients
from clinic_sessions.services.plans import plans
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.services.series import label, series, series_booking, series_dates
from clinic_sessions.services.series.series_booking import SeriesRefused, Slot

bp = Blueprint("series", __name__)

PATH = "/plans/<int:plan_id>/series"
USUAL = time(10)
BEYOND = 3
"""So many sessions of a pattern that goes on are offered at once."""

USED = "This form has booked these sessions already. Look at the plan before you book again."
NOT_SAVED = "Nothing is saved yet. What stands against a date is said beside it; everything you chose is still there."
GONE = "This can no longer be booked. Choose again."

Answer = str | Response | tuple[str, int]


@bp.get(PATH)
@needs(Permission.BOOK_SESSIONS)
def book(plan_id: int) -> Answer:
    """Show the wish, filled with what is usual, and every date that it leads to."""
    plan = plans.load(session(), plan_id, person())
    return _page(plan, _wish_form(plan))


@bp.post(PATH)
@needs(Permission.BOOK_SESSIONS)
def save(plan_id: int) -> Answer:
    """Book every date that is not left out, or none; once for each showing of the form."""
    plan = plans.load(session(), plan_id, person())
    form, wish = DatesForm(request.form), _wish_form(plan)
    if not form.read_dates(request.form, g.now.date()) or not form.validate():
        return _page(plan, wish, form), 422
    slots = slots_of(form)
    try:
        return _save_once(plan, slots, form)
    except (Refusal, Absent) as refusal:
        session().rollback()
        return _page(plans.load(session(), plan_id, person()), wish, form, refusal), 409


def slots_of(form: DatesForm) -> list[Slot]:
    """Give the dates that are to be saved."""
    return [
        Slot(
            place=place,
            chair_id=one.chair_id,
            starts_at=one.starts_at,
            version=form.versions[place],
            lifting=_lifting(form, place),
        )
        for place, one in form.wanted.items()
    ]


def _lifting(form: DatesForm, place: int) -> Lifting:
    kinds = form.lifted.get(place)
    return Lifting(kinds=kinds, words=form.lift_words.data or None) if kinds else NOTHING_LIFTED


def _save_once(plan: Plan, slots: Sequence[Slot], form: DatesForm) -> Response:
    content = {"plan": plan.id, "slots": [vars(slot) for slot in slots], "tell": form.tell.data}
    answer = form_keys.claim(session(), str(form.form_key.data), content, now=g.now, by=actor())
    if answer is None:
        booked = series_booking.book(session(), plan, slots, tell_patient=bool(form.tell.data), now=g.now, by=actor())
        answer = url_for("plans.show", plan_id=plan.id)
        form_keys.settle(session(), str(form.form_key.data), answer)
        flash(f"{len(booked)} session{'' if len(booked) == 1 else 's'} booked.")
    session().commit()
    return redirect(answer, 303)


def _page(plan: Plan, wish_form: WishForm, form: DatesForm | None = None, refusal: Exception | None = None) -> str:
    patient = patients.load(session(), plan.patient_id, person())
    here = clinic_for(patient)
    done, stands = _nothing_left(plan), _stands(plan, local_day(g.now, here.zone))
    show = not done and not stands.refused and wish_form.validate()
    lines = _lines(plan, here, wish_form, form, by_place(refusal)) if show else []
    showed("plan", plan.id, patient_id=patient.id)
    return render_template(
        "series/book.html",
        plan=plan,
        in_words=pattern.in_words(series.pattern_of(plan)),
        wish=wish_form,
        asked=typed_again(wish_form),
        done=done,
        stands=stands,
        lines=lines,
        form=form or DatesForm(data={"tell": True}),
        over=over_label(plan, lines),
        refusal=said(refusal, here, plan, lines),
        **about(patient, here),
    )


def _stands(plan: Plan, today: date) -> Standing:
    return provisional.standing(session(), plan.patient_id, plan.protocol_version, today)


def _nothing_left(plan: Plan) -> str | None:
    """Say why no session of the plan can be booked; None while one can."""
    try:
        series.check_under_way(plan)
    except Refusal as refusal:
        return words.say(refusal.reasons[0])
    held = series.held_days(series.placed(session(), plan))
    return None if series.open_places(plan, held, 1) else "Every session of this plan has its date."


def _lines(
    plan: Plan, here: Clinic, wish_form: WishForm, form: DatesForm | None, refused: Mapping[int, Refusal]
) -> list[Line]:
    wish = Wish(weekdays=frozenset(wish_form.weekdays.days), wall=wish_form.wall.data)
    ask = series_dates.for_booking(session(), plan, wish, first=wish_form.start.data, most=wish_form.count.data)
    rows = series_dates.preview(session(), here, plan.patient_id, plan.protocol_version, ask, now=g.now)
    lines = series_lines.of_rows(rows, plan, here, wish)
    return series_lines.as_sent(lines, form, refused, plan, here) if form else lines


def about(patient: Patient, here: Clinic) -> dict[str, Any]:
    """Give what every page about a series shows."""
    clinical = person().may(Permission.READ_CLINICAL)
    return {
        "patient": patient,
        "strip": patients.strip(session(), patient, local_day(g.now, here.zone), clinical=clinical),
        "form_key": form_keys.new(),
        "slot_value": slot_value,
        "lifting_value": lifting_value,
    }


def over_label(plan: Plan, lines: Sequence[Line]) -> list[Over]:
    """List the treatment weeks of a plan that would have more sessions than the label has, were these dates saved."""
    moving = [line.treatment.id for line in lines if line.treatment]
    days = label.read(session(), plan.patient_id, plan.protocol_version, plan, without=moving)
    return days.over([day for line in lines if (day := line.day)])


def by_place(refusal: Exception | None) -> Mapping[int, Refusal]:
    """Give what stands against each place."""
    return refusal.by_place if isinstance(refusal, SeriesRefused) else {}


def typed_again(form: Form) -> dict[str, Any]:
    """Give what was asked for as the query of an address, so that a post is shown with the same preview again."""
    return {one.name: one._value() if isinstance(one, Typed) else one.data for one in form}


def said(refusal: Exception | None, here: Clinic, plan: Plan, lines: Sequence[Line]) -> list[str]:
    """Say a refusal at the top of the page; what stands against a date that is shown is said beside it."""
    if refusal is None:
        return []
    if isinstance(refusal, SeriesRefused):
        shown = {line.place for line in lines}
        unseen = {place: one for place, one in refusal.by_place.items() if place not in shown}
        return [NOT_SAVED, *(_of_place(place, plan, one) for place, one in unseen.items())]
    if not isinstance(refusal, Refusal):
        return [GONE]
    if form_keys.FormKeyReason.SENT_WITH_OTHER_CONTENT in refusal.reasons:
        return [USED]
    return list(objections.read(refusal, person(), here).said)


def _of_place(place: int, plan: Plan, refusal: Refusal) -> str:
    where = pattern.progress(place, plan.session_count).capitalize()
    return f"{where}: {' '.join(words.say(reason) for reason in refusal.reasons)}"


def _wish_form(plan: Plan) -> WishForm:
    patient = patients.load(session(), plan.patient_id, person())
    here = clinic_for(patient)
    known = meta(g.now, here.zone)
    if "wall" in request.args:
        return WishForm(request.args, meta=known)
    return WishForm(meta=known, data=_usual(plan, patient, here, known["today"]))


def _usual(plan: Plan, patient: Patient, here: Clinic, today: date) -> dict[str, Any]:
    """Give the wish that is likely: the patient's days, the hour of the last session, from the day it is due."""
    knows_at = g.now + timedelta(hours=patient.notice_hours)
    last, due = series.last_start(session(), patient.id), series.due(session(), plan)
    held = series.held_days(series.placed(session(), plan))
    free = series.open_places(plan, held, MOST_DATES)
    counted = [place for place in free if place <= plan.session_count]
    not_before = _stands(plan, today).not_before
    after = local_day(not_before, here.zone) + timedelta(days=1) if not_before else today
    wall = last.astimezone(here.zone).time() if last else USUAL
    return {
        "weekdays": patient.days_wanted or sorted({day.weekday() for day in held.values()}),
        "wall": wall.replace(second=0, microsecond=0),
        "start": max(today + timedelta(days=1), local_day(knows_at, here.zone), due or today, after),
        "count": len(counted) or min(BEYOND, len(free)) or 1,
    }
