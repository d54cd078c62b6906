"""Days that differ from the weekly shifts: leave, extra hours, and taking either back."""

from flask import Blueprint, g, request, url_for

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.scheduling.shifts import MIDNIGHT
from clinic_sessions.forms.shift_fields import as_clock
from clinic_sessions.forms.shifts import ExtraForm, KeepingForm, LeaveForm
from clinic_sessions.models import Clinic
from clinic_sessions.routes.booking.booking import read_day
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.shifts.gaps import gaps_of
from clinic_sessions.routes.shifts.shift_pages import (
    SITE,
    Answer,
    answer,
    asked_person,
    keeping_of,
    meta_of,
    names_of,
    page,
    seen_of,
    site_of,
)
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.shifts import shift_days, shift_rules

bp = Blueprint("shift_days", __name__)


@bp.get(f"{SITE}/leave")
@needs(Permission.MANAGE_SITES)
def leave(site_id: int) -> Answer:
    """Ask who is away when; the address may name the person and the first day."""
    site = site_of(site_id)
    form = _leave_form(site, typed=False)
    form.person.data = request.args.get("person")
    form.first_day.data = read_day(request.args.get("day"))
    return _leave_page(site, form)


@bp.post(f"{SITE}/leave")
@needs(Permission.MANAGE_SITES)
def take_leave(site_id: int) -> Answer:
    """Note that someone is away; with sessions open then, go to the list of them."""
    form = _leave_form(site_of(site_id), typed=True)
    if not form.validate():
        return _leave_page(site_of(site_id), form), 422

    def act(site: Clinic) -> str | None:
        wanted = shift_days.Leave(
            user_id=form.person.number,
            first_day=form.first_day.data,
            last_day=form.last_day.data or form.first_day.data,
            hours=form.hours,
            words=form.words.data,
        )
        shift_days.take_leave(session(), site, wanted, now=g.now, by=actor(), keeping=seen_of(form))
        return url_for("shift_days.leave", site_id=site_id, _anchor="open-title") if form.kept_ids else None

    def show(refusal: Refusal | None) -> str:
        return _leave_page(site_of(site_id), form, refusal)

    return answer(site_id, form, act, show, "Leave noted.", form.first_day.data)


@bp.get(f"{SITE}/extra")
@needs(Permission.MANAGE_SITES)
def extra(site_id: int) -> Answer:
    """Ask who works extra hours; the address may name the person and the day."""
    site = site_of(site_id)
    form = _extra_form(site, typed=False)
    form.day.data = read_day(request.args.get("day"))
    user = asked_person(site)
    if user is not None:
        form.person.data, form.role.data = str(user.id), shift_rules.roles_of(user)[0]
    _fill_gap(form)
    return page(site, "shifts/extra.html", form)


@bp.post(f"{SITE}/extra")
@needs(Permission.MANAGE_SITES)
def add_extra(site_id: int) -> Answer:
    """Note extra hours."""
    form = _extra_form(site_of(site_id), typed=True)
    if not form.validate():
        return page(site_of(site_id), "shifts/extra.html", form), 422

    def act(site: Clinic) -> None:
        wanted = shift_days.Extra(
            user_id=form.person.number,
            role=form.role.data,
            day=form.day.data,
            hours=form.hours,
            words=form.words.data,
        )
        shift_days.add_extra(session(), site, wanted, now=g.now, by=actor())

    def show(refusal: Refusal | None) -> str:
        return page(site_of(site_id), "shifts/extra.html", form, refusal)

    return answer(site_id, form, act, show, "Extra hours noted.", form.day.data)


@bp.get(f"{SITE}/days/<int:exception_id>/remove")
@needs(Permission.MANAGE_SITES)
def ask_remove(site_id: int, exception_id: int) -> Answer:
    """Ask whether a day away or extra hours are to be taken back."""
    site = site_of(site_id)
    row = shift_days.find(session(), site, exception_id)
    return page(site, "shifts/remove.html", KeepingForm(), row=row)


@bp.post(f"{SITE}/days/<int:exception_id>/remove")
@needs(Permission.MANAGE_SITES)
def remove(site_id: int, exception_id: int) -> Answer:
    """Take back a day away or extra hours."""
    form = KeepingForm(request.form)
    day = shift_days.find(session(), site_of(site_id), exception_id).day

    def act(site: Clinic) -> None:
        shift_days.remove(session(), site, exception_id, now=g.now, by=actor(), keeping=keeping_of(form))

    def show(refusal: Refusal | None) -> str:
        site = site_of(site_id)
        return page(site, "shifts/remove.html", form, refusal, row=shift_days.find(session(), site, exception_id))

    if not form.validate():
        return show(None), 422
    return answer(site_id, form, act, show, "Taken back.", day)


def _leave_page(site: Clinic, form: LeaveForm, refusal: Refusal | None = None) -> str:
    return page(site, "shifts/leave.html", form, refusal, **gaps_of(site))


def _fill_gap(form: ExtraForm) -> None:
    """Take the role and the hours that the address names, as a line about a gap does."""
    asked = request.args.get
    role, starts, ends = asked("role", ""), asked("starts", -1, type=int), asked("ends", -1, type=int)
    if role in set(SiteRole) and 0 <= starts < ends <= MIDNIGHT:
        form.role.data, form.starts.data, form.ends.data = SiteRole(role), as_clock(starts), as_clock(ends)


def _leave_form(site: Clinic, *, typed: bool) -> LeaveForm:
    form = LeaveForm(request.form if typed else None, meta=meta_of(site))
    form.person.offer(names_of(site))
    return form


def _extra_form(site: Clinic, *, typed: bool) -> ExtraForm:
    form = ExtraForm(request.form if typed else None, meta=meta_of(site))
    form.person.offer(names_of(site))
    return form
