"""Settings of the owner: the chairs of a site."""

from typing import Any

from flask import g, render_template, request
from wtforms import Form

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.sites import ChairForm, RemovalForm
from clinic_sessions.models import Chair, Clinic
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, session
from clinic_sessions.routes.sites.site_settings import ONE, Answer, done, load, refused
from clinic_sessions.routes.sites.site_settings import bp as bp
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.sites import chairs, sites

SAID = {**sites.SAID, **chairs.SAID}


@bp.get(f"{ONE}/chairs", endpoint="chairs")
@needs(Permission.MANAGE_SITES)
def index(site_id: int) -> str:
    """List a site's chairs, and show the form of one more."""
    site = load(site_id)
    return _list_page(site, ChairForm(data={"version": site.version, "in_use": True}))


@bp.post(f"{ONE}/chairs")
@needs(Permission.MANAGE_SITES)
def add_chair(site_id: int) -> Answer:
    """Add a chair."""
    site, form = load(site_id), ChairForm(request.form)
    if not form.validate():
        return _list_page(site, form), 422
    facts = chairs.ChairFacts(name=form.name.data, routes=form.chosen)
    try:
        chairs.add(session(), site, facts, version=form.version.data, now=g.now, by=actor())
    except Refusal as refusal:
        return _list_page(site, form, **refused(refusal, SAID, form, site)), 409
    return done("Added.", "settings.chairs", site_id=site.id)


@bp.post(f"{ONE}/chairs/<int:chair_id>/up")
@needs(Permission.MANAGE_SITES)
def chair_up(site_id: int, chair_id: int) -> Answer:
    """Put a chair one place further up."""
    site, form = load(site_id), RemovalForm(request.form)
    blank = ChairForm(data={"version": site.version, "in_use": True})
    if not form.validate():
        return _list_page(site, blank, refusal=form.version.errors), 422
    try:
        chairs.move_up(session(), site, chair_id, version=form.version.data, now=g.now, by=actor())
    except Refusal as refusal:
        return _list_page(site, blank, **refused(refusal, SAID, blank, site)), 409
    return done("Moved up.", "settings.chairs", site_id=site.id)


@bp.get(f"{ONE}/chairs/<int:chair_id>")
@needs(Permission.MANAGE_SITES)
def chair(site_id: int, chair_id: int) -> str:
    """Show the form of one chair."""
    site = load(site_id)
    found = chairs.find(site, chair_id)
    routes = [route.value for route in chairs.routes_of(found)]
    data = {"name": found.name, "routes": routes, "in_use": found.in_use, "version": site.version}
    return _chair_page(site, found, ChairForm(data=data))


@bp.post(f"{ONE}/chairs/<int:chair_id>")
@needs(Permission.MANAGE_SITES)
def save_chair(site_id: int, chair_id: int) -> Answer:
    """Save a chair; while sessions are booked that it could no longer take, they are shown first."""
    site, form = load(site_id), ChairForm(request.form)
    found = chairs.find(site, chair_id)
    if not form.validate():
        return _chair_page(site, found, form), 422
    facts = chairs.ChairFacts(name=form.name.data, routes=form.chosen, in_use=bool(form.in_use.data))
    try:
        chairs.change(
            session(), site, chair_id, facts,
            version=form.version.data, kept=form.kept.data, now=g.now, by=actor(),
        )  # fmt: skip
    except Refusal as refusal:
        return _chair_page(site, found, form, **refused(refusal, SAID, form, site)), 409
    return done("Saved.", "settings.chairs", kept=form.kept.data, site_id=site.id)


def _list_page(site: Clinic, form: Form, **more: Any) -> str:
    return render_template(
        "settings/chairs.html", site=site, form=form, routes_of=chairs.routes_of, tab="settings.chairs", **more
    )


def _chair_page(site: Clinic, found: Chair, form: Form, **more: Any) -> str:
    return render_template("settings/chair.html", site=site, chair=found, form=form, tab="settings.chairs", **more)
