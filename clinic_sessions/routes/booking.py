"""Booking a session: one screen for the phone call."""

from flask import Blueprint

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs

bp = Blueprint("booking", __name__)


@bp.get("/sessions/new")
@needs(Permission.BOOK_SESSIONS)
def new() -> str:
    """Show the form."""
    return ""
