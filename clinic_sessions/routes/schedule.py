"""The day by chair."""

from flask import Blueprint, Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs, public

bp = Blueprint("schedule", __name__)


@bp.get("/schedule")
@needs(Permission.SEE_SCHEDULE)
def index() -> str:
    """Show the day."""
    return ""


@bp.get("/schedule/grid.css")
@public("positions on the day grid, the same for everyone")
def grid_css() -> Response:
    """Give the positions of the grid."""
    return Response("", mimetype="text/css")
