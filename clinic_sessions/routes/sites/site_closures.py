"""Settings of the owner: when a site, or a chair of it, takes nobody."""

from datetime import date, timedelta
from typing import Any

from flask import g, render_template, request
from werkzeug.datastructures import MultiDict

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import Span, day_span, local_day
from clinic_sessions.forms.fields import meta
from clinic_sessions.forms.sites import ClosureForm, RemovalForm
from clinic_sessions.models import Clinic, Closure
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.sites.site_chairs import bp as bp
from clinic_sessions.routes.sites.site_settings import ONE, Answer, done, load, refused
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.sites import closures, sites

MOMENT = timedelta(microseconds=1)


@bp.get(f"{ONE}/closures", endpoint="closures")
@needs(Permission.MANAGE_SITES)
def index(site_id: int) -> str:
    """List a site's closures, and show the form of one more."""
    site = load(site_id)
    return _page(site, _form(site))


@bp.post(f"{ONE}/closures")
@needs(Permission.MANAGE_SITES)
def add_closure(site_id: int) -> Answer:
    """Close a site or a chair; while sessions are booked then, they are shown first."""
    site = load(site_id)
    form = _form(site, request.form)
    if not form.validate() or form.span is None:
        return _page(site, form), 422
    new = closures.NewClosure(span=form.span, reason=form.reason.data, chair_id=form.chair_id)
    try:
        closures.add(
            session(), site, new, version=form.version.data, kept=form.kept.data, now=g.now, by=actor()
        )  # fmt: skip
    except Refusal as refusal:
        return _page(site, form, **refused(refusal, sites.SAID, form, site)), 409
    return done("Closed.", "settings.closures", kept=form.kept.data, site_id=site.id)


@bp.post(f"{ONE}/closures/<int:closure_id>/remove")
@needs(Permission.MANAGE_SITES)
def remove_closure(site_id: int, closure_id: int) -> Answer:
    """Take a closure away again."""
    site, form = load(site_id), RemovalForm(request.form)
    blank = _form(site)
    if not form.validate():
        return _page(site, blank, refusal=form.version.errors), 422
    try:
        closures.remove(session(), site, closure_id, version=form.version.data, now=g.now, by=actor())
    except Refusal as refusal:
        return _page(site, blank, **refused(refusal, sites.SAID, blank, site)), 409
    return done("Removed. The time can be booked again.", "settings.closures", site_id=site.id)


def _form(site: Clinic, typed: MultiDict[str, str] | None = None) -> ClosureForm:
    form = ClosureForm(typed, data={"version": site.version}, meta=meta(g.now, site.zone))
    form.offer_chairs([(chair.id, chair.name) for chair in site.chairs])
    return form


def _days(closure: Closure, site: Clinic) -> tuple[date, date] | None:
    """Give the first and the last day of a closure of whole days; None when it begins or ends within a day."""
    first, last = local_day(closure.starts_at, site.zone), local_day(closure.ends_at - MOMENT, site.zone)
    whole = Span(starts_at=day_span(first, site.zone).starts_at, ends_at=day_span(last, site.zone).ends_at)
    return (first, last) if whole == Span(starts_at=closure.starts_at, ends_at=closure.ends_at) else None


def _page(site: Clinic, form: ClosureForm, **more: Any) -> str:
    listed = closures.listed(session(), site, g.now)
    return render_template(
        "settings/closures.html",
        site=site,
        form=form,
        coming=[(one, _days(one, site)) for one in listed if one.removed_at is None and one.ends_at > g.now],
        over=[(one, _days(one, site)) for one in listed if one.removed_at is not None or one.ends_at <= g.now],
        tab="settings.closures",
        **more,
    )
