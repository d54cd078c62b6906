"""Settings of the owner: who works at which sites."""

from typing import Any

from flask import g, render_template, request

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.booking import number
from clinic_sessions.forms.sites import RemovalForm
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, person, session
from clinic_sessions.routes.sites.site_closures import bp as bp
from clinic_sessions.routes.sites.site_settings import Answer, done
from clinic_sessions.services.accounts import site_people
from clinic_sessions.services.refusals import Refusal


@bp.get("/settings/people")
@needs(Permission.MANAGE_SITES)
def people() -> str:
    """List the people of the person's sites, with a tick a site."""
    return _page()


@bp.post("/settings/people/<int:user_id>")
@needs(Permission.MANAGE_SITES)
def save_person(user_id: int) -> Answer:
    """Save where one person works."""
    form = RemovalForm(request.form)
    if not form.validate():
        return _page(refusal=form.version.errors), 422
    ticked = {found for typed in request.form.getlist("sites") if (found := number(typed)) is not None}
    try:
        site_people.change(session(), user_id, ticked, version=form.version.data, now=g.now, by=actor())
    except Refusal as refusal:
        session().rollback()
        return _page(refusal=[site_people.SAID[reason] for reason in refusal.reasons]), 409
    return done("Saved.", "settings.people")


def _page(**more: Any) -> str:
    sites = person().clinics
    return render_template("settings/people.html", people=site_people.listed(session(), sites), sites=sites, **more)
