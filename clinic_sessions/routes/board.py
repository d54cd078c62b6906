"""The board: a card a chair."""

from flask import Blueprint, render_template

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs

bp = Blueprint("board", __name__)


@bp.get("/board")
@needs(Permission.SEE_BOARD)
def index() -> str:
    """Show the board."""
    return render_template("board/index.html")
