"""The waitlist: who waits for what, since when, and what suits them."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.waitlist import WishForm
from clinic_sessions.forms.weekdays import WEEKDAYS
from clinic_sessions.models import Patient, WaitlistWish
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, clinic_for, courses, person, session, showed
from clinic_sessions.services.booking import waitlist
from clinic_sessions.services.patients import patients
from clinic_sessions.services.series import series
from clinic_sessions.services.series.series import Choice

bp = Blueprint("waitlist", __name__, url_prefix="/waitlist")


@bp.get("")
@needs(Permission.BOOK_SESSIONS)
def index() -> str:
    """List who waits, the longest waiting first."""
    wishes = waitlist.waiting(session(), clinic().id)
    named = [wish.patient_id for wish in wishes]
    if wishes:
        showed("waitlist", None, patients=named)
    return render_template(
        "waitlist/index.html", wishes=wishes, courses=courses(named), suits=suits_text, what_of=what_of
    )


@bp.get("/new")
@needs(Permission.BOOK_SESSIONS)
def new() -> str:
    """Ask what a patient waits for; the next step of their series is chosen already."""
    patient = patients.load(session(), number(request.args.get("patient")) or 0, person())
    return _page(patient, form_for(series.choices(session(), patient), what=request.args.get("what")))


@bp.post("/new")
@needs(Permission.BOOK_SESSIONS)
def create() -> Response | tuple[str, int]:
    """Put the patient on the waitlist; a wish for the same that waits already is changed."""
    patient = patients.load(session(), number(request.form.get("patient")) or 0, person())
    choices = series.choices(session(), patient)
    form, chosen = form_for(choices, typed=True), {value_of(one): one for one in choices}
    if form.what.data not in chosen:
        form.what.errors = ["Choose what they wait for."]
        return _page(patient, form), 422
    if not form.validate():
        return _page(patient, form), 422
    choice = chosen[form.what.data]
    wish = waitlist.Wish(
        protocol_version_id=choice.version.id,
        plan_id=choice.plan.id if choice.plan else None,
        days=form.days.days,
        from_minute=form.from_minute,
        until_minute=form.until_minute,
        notice_hours=form.notice.data or 0,
        words=form.words.data,
    )
    waitlist.add(session(), patient, clinic_for(patient).id, wish, now=g.now, by=actor())
    session().commit()
    flash("On the waitlist.")
    return redirect(url_for("waitlist.index"), 303)


@bp.post("/<int:wish_id>/close")
@needs(Permission.BOOK_SESSIONS)
def close(wish_id: int) -> Response:
    """Take the patient off the waitlist."""
    waitlist.close(session(), wish_id, [one.id for one in person().clinics], now=g.now, by=actor())
    session().commit()
    flash("Taken off the waitlist.")
    return redirect(url_for("waitlist.index"), 303)


def form_for(
    choices: Sequence[Choice], *, typed: bool = False, what: str | None = None, known: Mapping[str, Any] | None = None
) -> WishForm:
    """Give the form of a wish for one of these choices; the first is chosen unless `what` is another.

    `known`: what else it begins with.
    """
    values = [value_of(one) for one in choices]
    chosen = what if what in values else next(iter(values), "")
    form = WishForm(request.form) if typed else WishForm(data={**(known or {}), "what": chosen})
    form.offer([(value_of(one), _words(one)) for one in choices])
    return form


def value_of(choice: Choice) -> str:
    """Write a choice as the booking screen's address does."""
    return f"{choice.version.id}-{choice.plan.id}" if choice.plan else str(choice.version.id)


def what_of(wish: WaitlistWish) -> str:
    """Write what a wish is for as the booking screen's address does."""
    return f"{wish.protocol_version_id}-{wish.plan_id}" if wish.plan_id else str(wish.protocol_version_id)


def suits_text(wish: WaitlistWish) -> str:
    """Say which weekdays and hours suit."""
    days = ", ".join(WEEKDAYS[day][:3] for day in wish.days) or "Any day"
    first, last = _clock(wish.from_minute), _clock(wish.until_minute)
    if wish.until_minute == waitlist.ALL_DAY:
        return f"{days}, from {first}" if wish.from_minute else days
    return f"{days}, {first} – {last}" if wish.from_minute else f"{days}, over by {last}"


def _clock(minute: int) -> str:
    hour, rest = divmod(minute % waitlist.ALL_DAY, 60)
    return f"{hour % 12 or 12}:{rest:02d} {'am' if hour < 12 else 'pm'}"


def _words(choice: Choice) -> str:
    return f"{choice.version.title}, {choice.place} of the series" if choice.place else choice.version.title


def _page(patient: Patient, form: WishForm) -> str:
    showed("patient", patient.id, patient_id=patient.id)
    shown: dict[str, Any] = {"patient": patient, "form": form}
    today = local_day(g.now, clinic_for(patient).zone)
    strip = patients.strip(session(), patient, today, clinical=person().may(Permission.READ_CLINICAL))
    return render_template("waitlist/new.html", strip=strip, **shown)
