"""Changing what is booked."""

from flask import Blueprint

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs

bp = Blueprint("changes", __name__)


@bp.get("/sessions/<int:session_id>/move")
@needs(Permission.BOOK_SESSIONS)
def move(session_id: int) -> str:
    """Show the form."""
    return str(session_id)
