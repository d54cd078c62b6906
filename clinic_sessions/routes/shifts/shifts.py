"""Who works when: the week of a site, adding and changing weekly shifts, and who is here today."""

from datetime import date, timedelta

from flask import Blueprint, g, render_template, request, url_for

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.shift_fields import weekday_names
from clinic_sessions.forms.shifts import AddForm, ChangeForm
from clinic_sessions.models import Clinic, Shift
from clinic_sessions.routes.booking.booking import read_day
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, session
from clinic_sessions.routes.shifts.shift_pages import (
    SITE,
    Answer,
    answer,
    asked_person,
    keeping_of,
    meta_of,
    minute_text,
    monday_of,
    names_of,
    page,
    site_of,
    stretch_text,
    today_at,
)
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.shifts import shift_rules, shift_week, shifts

bp = Blueprint("shifts", __name__)
bp.add_app_template_filter(minute_text, "minute")
bp.add_app_template_filter(stretch_text, "stretch")

WEEK = timedelta(days=7)


@bp.get("/shifts")
@needs(Permission.SEE_SCHEDULE)
def here() -> str:
    """Show who is on shift on a day, with hours and breaks."""
    place = clinic()
    today = local_day(g.now, place.zone)
    day = read_day(request.args.get("date")) or today
    return render_template(
        "shifts/here.html",
        site=place,
        day=day,
        today=today,
        people=shift_week.people_on(session(), place, [day]),
        load=shift_week.loads(session(), place, [day])[0],
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        week=monday_of(day),
    )


@bp.get(SITE)
@needs(Permission.MANAGE_SITES)
def index(site_id: int) -> str:
    """Show a week of a site by person, and whether the nurses suffice hour by hour."""
    site = site_of(site_id)
    today = today_at(site)
    monday = monday_of(read_day(request.args.get("week")) or today)
    days = shift_week.days_from(monday, 7)
    return render_template(
        "shifts/week.html",
        site=site,
        tab="shifts.index",
        days=days,
        today=today,
        people=shift_week.people_on(session(), site, days),
        loads=shift_week.loads(session(), site, days),
        before=monday - WEEK,
        after=monday + WEEK,
    )


@bp.get(f"{SITE}/new")
@needs(Permission.MANAGE_SITES)
def new(site_id: int) -> Answer:
    """Ask for a new shift; the address may name the person and the first day."""
    site = site_of(site_id)
    form = _add_form(site, typed=False)
    form.first_day.data = max(read_day(request.args.get("day")) or today_at(site), today_at(site))
    user = asked_person(site)
    if user is not None:
        form.person.data = str(user.id)
        form.role.data = shift_rules.roles_of(user)[0]
    return page(site, "shifts/new.html", form)


@bp.post(f"{SITE}/new")
@needs(Permission.MANAGE_SITES)
def add(site_id: int) -> Answer:
    """Add a shift on each of the days of the week that were chosen."""
    form = _add_form(site_of(site_id), typed=True)
    if not form.validate():
        return page(site_of(site_id), "shifts/new.html", form), 422

    def act(site: Clinic) -> None:
        wanted = shifts.NewShift(
            user_id=form.person.number,
            role=form.role.data,
            weekdays=form.weekdays.numbers,
            hours=shifts.Hours(starts_minute=form.hours[0], ends_minute=form.hours[1], breaks=form.breaks),
            first_day=form.first_day.data,
            last_day=form.last_day.data,
        )
        shifts.add(session(), site, wanted, now=g.now, by=actor(), keeping=keeping_of(form))

    def show(refusal: Refusal | None) -> str:
        return page(site_of(site_id), "shifts/new.html", form, refusal)

    return answer(site_id, form, act, show, "Shift added.", form.first_day.data)


@bp.get(f"{SITE}/<int:shift_id>")
@needs(Permission.MANAGE_SITES)
def edit(site_id: int, shift_id: int) -> Answer:
    """Show a shift with those of the same hours, to change them or end them from a day on."""
    site = site_of(site_id)
    rows = shifts.alike(session(), site, shift_id, today_at(site))
    form = _change_form(site, rows, typed=False)
    form.first_day.data = max(read_day(request.args.get("day")) or today_at(site), today_at(site))
    form.shifts.data = [str(shift_id)]
    form.fill((rows[0].starts_minute, rows[0].ends_minute), shifts.breaks_of(rows[0]))
    return _edit_page(site, rows, form)


@bp.post(f"{SITE}/<int:shift_id>")
@needs(Permission.MANAGE_SITES)
def change(site_id: int, shift_id: int) -> Answer:
    """Change or end the shifts that were chosen, from a day on."""
    site = site_of(site_id)
    rows = shifts.alike(session(), site, shift_id, today_at(site))
    form = _change_form(site, rows, typed=True)
    form.ending = request.form.get("act") == "end"
    if not form.validate():
        return _edit_page(site, rows, form), 422

    def act(site: Clinic) -> None:
        chosen, keeping = form.shifts.numbers, keeping_of(form)
        if form.ending:
            shifts.end(session(), site, chosen, form.first_day.data, now=g.now, by=actor(), keeping=keeping)
            return
        hours = shifts.Hours(starts_minute=form.hours[0], ends_minute=form.hours[1], breaks=form.breaks)
        shifts.change(session(), site, chosen, hours, form.first_day.data, now=g.now, by=actor(), keeping=keeping)

    def show(refusal: Refusal | None) -> str:
        place = site_of(site_id)
        return _edit_page(place, shifts.alike(session(), place, shift_id, today_at(place)), form, refusal)

    done = "Shift ended." if form.ending else "Shift changed."
    return answer(site_id, form, act, show, done, form.first_day.data)


def _add_form(site: Clinic, *, typed: bool) -> AddForm:
    form = AddForm(request.form if typed else None, meta=meta_of(site))
    form.person.offer(names_of(site))
    form.weekdays.offer(weekday_names())
    return form


def _change_form(site: Clinic, rows: list[Shift], *, typed: bool) -> ChangeForm:
    form = ChangeForm(request.form if typed else None, meta=meta_of(site))
    form.shifts.offer([(row.id, _day_text(row)) for row in sorted(rows, key=lambda row: (row.weekday, row.first_day))])
    return form


def _day_text(row: Shift) -> str:
    name = dict(weekday_names())[row.weekday]
    return f"{name}, until {_date_text(row.last_day)}" if row.last_day else name


def _date_text(day: date) -> str:
    return f"{day:%b} {day.day}, {day.year}"


def _edit_page(site: Clinic, rows: list[Shift], form: ChangeForm, refusal: Refusal | None = None) -> str:
    back = url_for("shifts.index", site_id=site.id)
    return page(site, "shifts/edit.html", form, refusal, shift=rows[0], back=back)
