"""What the pages about shifts share: the site they are of, times of the wall clock, and how a change is answered."""

from collections.abc import Callable
from datetime import date, timedelta

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain import words
from clinic_sessions.domain.scheduling.shifts import MIDNIGHT, Stretch
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.shifts import KeepingForm
from clinic_sessions.models import Clinic, User
from clinic_sessions.routes.present import person, session, showed, shows
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.shifts import shift_rules
from clinic_sessions.services.shifts.kept_cover import CoverShort, Keeping
from clinic_sessions.services.shifts.uncovered import Uncovered
from clinic_sessions.services.sites import sites

SITE = "/settings/sites/<int:site_id>/shifts"
Answer = str | Response | tuple[str, int]


def site_of(site_id: int) -> Clinic:
    """Load one of the person's clinics, whose times the page shows; raises Absent."""
    return shows(sites.load(session(), site_id, person()))


def today_at(site: Clinic) -> date:
    """Give the day that it is at a clinic."""
    return local_day(g.now, site.zone)


def monday_of(day: date) -> date:
    """Give the first day of the week of a day."""
    return day - timedelta(days=day.weekday())


def meta_of(site: Clinic) -> dict[str, object]:
    """Give what a form must know of the moment and the clinic."""
    return meta(g.now, site.zone)


def names_of(site: Clinic) -> list[tuple[int, str]]:
    """Give who can be on shift, to choose from."""
    return [(user.id, user.name) for user in shift_rules.people_of(session(), site)]


def asked_person(site: Clinic) -> User | None:
    """Give the person whom the address names, if they can be on shift."""
    wanted = request.args.get("person")
    return next((one for one in shift_rules.people_of(session(), site) if str(one.id) == wanted), None)


def minute_text(minute: int) -> str:
    """Write a minute after midnight: 8:30 am.

    >>> minute_text(510), minute_text(0), minute_text(720), minute_text(1440)
    ('8:30 am', '12:00 am', '12:00 pm', 'midnight')
    """
    if minute == MIDNIGHT:
        return "midnight"
    hour = minute // 60
    return f"{hour % 12 or 12}:{minute % 60:02d} {'am' if hour < 12 else 'pm'}"


def stretch_text(stretch: Stretch) -> str:
    """Write minutes of a day as short as they can be said.

    >>> stretch_text((480, 990)), stretch_text((480, 690)), stretch_text((0, 1440))
    ('8:00 am \u2013 4:30 pm', '8:00 \u2013 11:30 am', 'All day')
    """
    if stretch == (0, MIDNIGHT):
        return "All day"
    start, end = minute_text(stretch[0]), minute_text(stretch[1])
    return f"{start[:-3] if start[-2:] == end[-2:] else start} \u2013 {end}"


def keeping_of(form: KeepingForm) -> Keeping | None:
    """Give the word of whoever lets the sessions stand that were shown; None without a reason."""
    return Keeping(words=form.keeping.data, session_ids=form.kept_ids) if form.keeping.data else None


def seen_of(form: KeepingForm) -> Keeping:
    """Give which sessions were shown, and the word for those that are to stand with fewer nurses, if there is one."""
    return Keeping(words=form.keeping.data, session_ids=form.kept_ids)


def page(
    site: Clinic, template: str, form: Form, refusal: Refusal | None = None, said: str | None = None, **shown: object
) -> str:
    """Show a form about a clinic's shifts, with what stands against it and the sessions that it hits."""
    hits: list[Uncovered] = list(refusal.hits) if isinstance(refusal, CoverShort) else []
    if hits:
        showed("shift_hits", None, patients=sorted({hit.patient_id for hit in hits}))
    return render_template(
        template,
        site=site,
        tab="shifts.index",
        form=form,
        refusal=_said(refusal),
        hits=hits,
        may_be_kept=isinstance(refusal, CoverShort) and refusal.may_be_kept,
        **shown,
    )


def answer(
    site_id: int,
    form: Form,
    act: Callable[[Clinic], str | None],
    show: Callable[[Refusal | None], str],
    done: str,
    day: date,
) -> Answer:
    """Do what a form asks and go to the week of `day`, or show the form again with everything typed still there.

    `act` may give another address to go to.
    """
    try:
        to = act(site_of(site_id))
    except Refusal as refusal:
        session().rollback()
        if isinstance(refusal, CoverShort) and isinstance(form, KeepingForm):
            form.show_hits(hit.session_id for hit in refusal.hits)
        return show(refusal), 409
    session().commit()
    flash(done)
    return redirect(to or url_for("shifts.index", site_id=site_id, week=monday_of(day).isoformat()), 303)


def _said(refusal: Refusal | None) -> list[str]:
    return [words.say(reason) for reason in refusal.reasons] if refusal else []
