"""The sessions that stand open because someone is away: the list to work through, most urgent first."""

from typing import Any

from flask import Blueprint, g, render_template, url_for

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.protocols.protocols import SiteRole
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic, courses, session, showed
from clinic_sessions.services.shifts import uncovered
from clinic_sessions.services.shifts.uncovered import Uncovered

bp = Blueprint("gaps", __name__)


@bp.get("/waiting/uncovered")
@needs(Permission.BOOK_SESSIONS)
def index() -> str:
    """List the sessions that stand without a nurse, a required role or their host, until there is none."""
    return render_template("today/uncovered.html", site=clinic(), **gaps_of(clinic()))


def gaps_of(site: Clinic) -> dict[str, Any]:
    """Give a clinic's sessions that lack someone, and where to note who comes instead, by session."""
    found = uncovered.ahead(session(), site, g.now)
    named = sorted({one.patient_id for one in found})
    if named:
        showed("waiting", None, patients=named)
    return {"open_sessions": found, "standing_in": _standing_in(site, found), "courses": courses(named)}


def _standing_in(site: Clinic, found: list[Uncovered]) -> dict[int, list[tuple[SiteRole, str]]]:
    hours = uncovered.relief(found, site.zone)
    pages = {
        (day, role): url_for(
            "shift_days.extra", site_id=site.id, day=day.isoformat(), role=role.value, starts=starts, ends=ends
        )
        for (day, role), (starts, ends) in hours.items()
    }
    return {
        one.session_id: [(role, pages[local_day(one.starts_at, site.zone), role]) for role in one.roles]
        for one in found
    }
