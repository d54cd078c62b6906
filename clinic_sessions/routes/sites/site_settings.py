"""Settings of the owner: the sites, and what each one is and when it is open."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import Form

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.sites import ZONES, DetailsForm, HoursForm, SiteForm, wall_of
from clinic_sessions.models import Clinic
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session, shows
from clinic_sessions.services.booking.day_rooms import hours_of
from clinic_sessions.services.refusals import ChangedMeanwhile, Refusal
from clinic_sessions.services.sites import clinics, hits, sites

bp = Blueprint("settings", __name__)

Answer = str | Response | tuple[str, int]
ONE = "/settings/sites/<int:site_id>"


def load(site_id: int) -> Clinic:
    """Load one of the person's own sites; the page's times are its own."""
    return shows(sites.load(session(), site_id, person()))


def done(text: str, endpoint: str, *, kept: str | None = None, **values: Any) -> Response:
    """Commit, say so, and go on; with `kept`, also where the sessions are found that stay booked."""
    session().commit()
    flash(f"{text} What stays booked stands on Today: booked while closed." if kept else text)
    return redirect(url_for(endpoint, **values), 303)


def refused(refusal: Refusal, said: Mapping[StrEnum, str], form: Any, site: Clinic) -> dict[str, Any]:
    """Roll back, and give what the page shows of the refusal; saved again, the form changes what stands now."""
    session().rollback()
    if isinstance(refusal, hits.WouldHit):
        return {"hits": refusal.hits, "hits_key": refusal.key}
    if isinstance(refusal, ChangedMeanwhile):
        form.version.stands(site.version)
    return {"refusal": [said[reason] for reason in refusal.reasons]}


@bp.get("/settings")
@needs(Permission.MANAGE_SITES)
def index() -> str:
    """List the person's sites."""
    return render_template("settings/index.html", sites=person().clinics)


@bp.get("/settings/sites/new")
@needs(Permission.MANAGE_SITES)
def new() -> str:
    """Show the form of a new site."""
    return _new_page(SiteForm())


@bp.post("/settings/sites/new")
@needs(Permission.MANAGE_SITES)
def add() -> Answer:
    """Add a site: its hours and chairs come next."""
    form = SiteForm(request.form)
    if not form.validate():
        return _new_page(form), 422
    try:
        site = sites.add(session(), clinics.NewClinic(**form.facts, openings=(), chairs=()), now=g.now, by=actor())
    except Refusal as refusal:
        session().rollback()
        return _new_page(form, refusal=[sites.SAID[reason] for reason in refusal.reasons]), 409
    return done("Added. Now say when it is open.", "settings.hours", site_id=site.id)


def _new_page(form: SiteForm, **more: Any) -> str:
    return render_template("settings/new.html", form=form, zones=ZONES, **more)


@bp.get(ONE)
@needs(Permission.MANAGE_SITES)
def details(site_id: int) -> str:
    """Show what a site is."""
    site = load(site_id)
    quiet = {"quiet_from": wall_of(site.quiet_from_minute), "quiet_until": wall_of(site.quiet_until_minute)}
    return _details_page(site, DetailsForm(obj=site, data=quiet))


@bp.post(ONE)
@needs(Permission.MANAGE_SITES)
def save_details(site_id: int) -> Answer:
    """Save what a site is."""
    site, form = load(site_id), DetailsForm(request.form)
    if not form.validate():
        return _details_page(site, form), 422
    try:
        sites.change(session(), site, form.facts, version=form.version.data, now=g.now, by=actor())
    except Refusal as refusal:
        return _details_page(site, form, **refused(refusal, sites.SAID, form, site)), 409
    return done("Saved.", "settings.details", site_id=site.id)


def _details_page(site: Clinic, form: DetailsForm, **more: Any) -> str:
    return render_template("settings/details.html", site=site, form=form, zones=ZONES, tab="settings.details", **more)


@bp.get(f"{ONE}/hours")
@needs(Permission.MANAGE_SITES)
def hours(site_id: int) -> str:
    """Show when a site is open."""
    site = load(site_id)
    form = HoursForm(data={"version": site.version})
    form.show(hours_of(site))
    return _hours_page(site, form)


@bp.post(f"{ONE}/hours")
@needs(Permission.MANAGE_SITES)
def save_hours(site_id: int) -> Answer:
    """Save when a site is open; while sessions would lie outside, they are shown first."""
    site, form = load(site_id), HoursForm(request.form)
    if not form.validate():
        return _hours_page(site, form), 422
    try:
        sites.set_hours(
            session(), site, form.week, version=form.version.data, kept=form.kept.data, now=g.now, by=actor()
        )
    except Refusal as refusal:
        return _hours_page(site, form, **refused(refusal, sites.SAID, form, site)), 409
    return done("Saved.", "settings.hours", kept=form.kept.data, site_id=site.id)


def _hours_page(site: Clinic, form: Form, **more: Any) -> str:
    return render_template("settings/hours.html", site=site, form=form, tab="settings.hours", **more)
