"""Today, by role."""

from flask import Blueprint, render_template

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.routes.policy import needs

bp = Blueprint("today", __name__)


@bp.get("/")
@needs(Permission.SEE_TODAY)
def index() -> str:
    """Show the day as the person's roles need it."""
    return render_template("today/index.html")
