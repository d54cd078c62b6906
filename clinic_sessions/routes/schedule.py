"""The schedule: the day by chair."""

from datetime import datetime, timedelta
from functools import cache

from flask import Blueprint, Response, g, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from clinic_sessions.domain.day_grid import MOST_ROWS
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.wall_time import Span, local_day
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking import read_day
from clinic_sessions.routes.policy import needs, public
from clinic_sessions.routes.present import clinic, session, showed
from clinic_sessions.services import schedule

bp = Blueprint("schedule", __name__)


@bp.app_template_filter("hour")
def hour(moment: datetime) -> str:
    """Write the hour at the edge of the grid: 8 am, or 8:30 am where the clocks have shifted by half an hour."""
    return filters.at(moment).replace(":00", "")


@bp.app_template_filter("span")
def span(block: Span) -> str:
    """Write a stretch of time as short as it can be said: 8:15 – 10:25 am, 11:15 am – 1:40 pm."""
    start, end = filters.at(block.starts_at), filters.at(block.ends_at)
    return f"{start[:-3] if start[-2:] == end[-2:] else start} \u2013 {end}"


@bp.app_template_filter("wall")
def wall(moment: datetime) -> str:
    """Write the clinic's wall time for an address: 08:30."""
    return f"{moment.astimezone(filters.zone()):%H:%M}"


MOST_CHAIRS = 60


@bp.get("/schedule")
@needs(Permission.SEE_SCHEDULE)
def index() -> str | AnyResponse:
    """Show one day by chair; a page that looks again is told when nothing has changed."""
    today = local_day(g.now, clinic().zone)
    day = read_day(request.args.get("date")) or today
    seen = request.args.get("revision")
    if seen and seen == schedule.revision(session(), clinic(), day):
        return Response(status=304)
    page = schedule.day_of(session(), clinic(), day, now=g.now)
    if page.cards:
        showed("schedule", None, patients=sorted({card.patient_id for card in page.cards}))
    return render_template(
        "schedule/index.html",
        page=page,
        today=today,
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        freed=schedule.FREED,
        chair_names={chair.id: chair.name for chair in clinic().chairs},
    )


@bp.get("/schedule/grid.css")
@public("where things stand on the day grid, the same for everyone")
def grid_css() -> Response:
    """Give the positions on the grid as style: pages may carry none of their own."""
    answer = Response(_positions(), mimetype="text/css")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@cache
def _positions() -> str:
    rows = (f".from-{n}{{grid-row-start:{n + 1}}}.to-{n}{{grid-row-end:{n + 1}}}" for n in range(MOST_ROWS + 1))
    columns = (f".col-{n}{{grid-column:{n}}}" for n in range(1, MOST_CHAIRS + 1))
    return "\n".join([*rows, *columns]) + "\n"
