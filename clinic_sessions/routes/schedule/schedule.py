"""The schedule: the day by chair, and the week."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, g, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.scheduling.day_grid import MOST_ROWS
from clinic_sessions.domain.wall_time import Span, day_span
from clinic_sessions.forms.changes import MoveForm
from clinic_sessions.routes import filters
from clinic_sessions.routes.booking.booking import read_day
from clinic_sessions.routes.policy import needs, public
from clinic_sessions.routes.present import clinic, person, session, showed
from clinic_sessions.routes.schedule.schedule_view import View, read_wanted, view_of
from clinic_sessions.services.schedule import schedule, week
from clinic_sessions.services.schedule.day_picture import Day
from clinic_sessions.services.schedule.schedule_people import with_chosen
from clinic_sessions.services.schedule.schedule_rows import Wanted
from clinic_sessions.services.schedule.week import Week

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


@bp.app_template_filter("within")
def within(block: Span, day: date) -> str:
    """Write the part of a stretch of time that falls on a day: all day, or from when to when."""
    whole = day_span(day, filters.zone())
    if block.holds(whole):
        return "all day"
    return span(Span(starts_at=max(block.starts_at, whole.starts_at), ends_at=min(block.ends_at, whole.ends_at)))


@bp.app_template_filter("wall")
def wall(moment: datetime) -> str:
    """Write the clinic's wall time for an address: 08:30."""
    return f"{moment.astimezone(filters.zone()):%H:%M}"


@bp.app_template_filter("nurses")
def nurses(milli: int) -> str:
    """Write thousandths of a nurse as people count them: 3, 2.5, 0.33."""
    return f"{milli / 1000:.2f}".rstrip("0").rstrip(".")


MOST_CHAIRS = 60
DRAWINGS = 32
"""How many days a process keeps drawn."""


@bp.get("/schedule")
@needs(Permission.SEE_SCHEDULE)
def index() -> str | AnyResponse:
    """Show a day by chair, or a week; a page that looks again is told when nothing has changed."""
    view = view_of(clinic(), read_day(request.args.get("date")), can_book=person().may(Permission.BOOK_SESSIONS))
    seen = request.args.get("revision")
    if seen and seen == schedule.revision(session(), clinic(), view.first, view.last, now=g.now):
        return Response(status=304)
    return _week(view) if view.is_week else _day(view)


def _day(view: View) -> str:
    wanted = read_wanted()
    page = schedule.day_of(session(), clinic(), view.day, now=g.now, wanted=wanted)
    return render_template(
        "schedule/index.html",
        drawn=_drawn(page, view.can_book),
        move_dialog=_move_dialog() if view.can_book else None,
        **_common(view, wanted, page),
    )


def _week(view: View) -> str:
    wanted = read_wanted()
    page = week.week_of(session(), clinic(), view.first, now=g.now, wanted=wanted)
    return render_template("schedule/week.html", **_common(view, wanted, page))


def _common(view: View, wanted: Wanted, page: Day | Week) -> dict[str, object]:
    if page.shown:
        showed("schedule", None, patients=sorted({card.patient_id for card in page.shown}))
    return {
        "page": page,
        "view": view,
        "wanted": wanted,
        "nurses": with_chosen(session(), clinic(), page.nurses, wanted.nurse_id),
        "providers": with_chosen(session(), clinic(), page.providers, wanted.provider_id),
        "revision": schedule.revision_of(clinic(), page.cards, view.first, view.last, now=g.now),
    }


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The parts of a day's page that stay the same as long as the day does."""

    hours: str
    cover: str
    lanes: str
    legend: str
    list: str


@lru_cache(maxsize=DRAWINGS)
def _drawn(page: Day, can_book: bool) -> Drawing:
    """Draw a day, once: the services give the same day as long as nothing that it shows has changed."""
    macros = _macros("picture")
    return Drawing(
        hours=macros.hours(page.grid) if page.grid else "",
        cover=macros.cover(page.strip),
        lanes=macros.lanes(page, can_book),
        legend=macros.legend(),
        list=macros.day_list(page),
    )


@cache
def _move_dialog() -> str:
    """Draw the dialog that a drag ends in; what it is about is filled in when it opens."""
    drawn: str = _macros("move").move_dialog(MoveForm())
    return drawn


def _macros(name: str) -> Any:
    return current_app.jinja_env.get_template(f"schedule/{name}.html").module


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
