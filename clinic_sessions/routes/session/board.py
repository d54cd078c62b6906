"""The board: a card a chair, the next step on each."""

from flask import Blueprint, g, render_template, request

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.lifecycle import Action
from clinic_sessions.routes.guard import POLL
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic, session, showed
from clinic_sessions.routes.session.session_steps import ASKED, step_words
from clinic_sessions.services.effects import side_effects
from clinic_sessions.services.session import board, due
from clinic_sessions.services.today import arrivals

bp = Blueprint("board", __name__)


@bp.get("/board")
@needs(Permission.SEE_BOARD)
def index() -> str | tuple[str, int]:
    """Show the board; a poll that has seen this revision is told that nothing is new."""
    revision = board.revision(session(), clinic(), g.now)
    if request.headers.get(POLL) and request.args.get("revision") == revision:
        return "", 304
    shown = board.build(session(), clinic(), g.now)
    showed("board", clinic().id, patients=shown.patient_ids)
    return render_template(
        "board/index.html", board=shown, revision=revision, ASKED=ASKED, ARRIVE=Action.ARRIVE, LEAVE=Action.LEAVE,
        step_words=step_words, lacking=arrivals.lacking(session(), [one.treatment.id for one in shown.arrivals]),
        clock_text=due.clock_text, due_text=due.due_text, effect_label=side_effects.label,
    )  # fmt: skip
