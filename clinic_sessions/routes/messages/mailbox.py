"""The mailbox of a demo clinic: every mail that would have gone out, with its links alive."""

from flask import Blueprint, abort, render_template

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.mail import mailbox
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import settings, showed

bp = Blueprint("mailbox", __name__)


@bp.get("/mailbox")
@needs(Permission.SEE_MESSAGES)
def index() -> str:
    """List the newest mails; only a demo clinic has a mailbox."""
    _only_in_a_demo()
    return render_template("mailbox/index.html", mails=mailbox.newest(settings().mail_dir))


@bp.get("/mailbox/<name>")
@needs(Permission.SEE_MESSAGES)
def show(name: str) -> str:
    """Show one mail: headers, text, attachments, and its HTML as written."""
    _only_in_a_demo()
    mail = mailbox.read(settings().mail_dir, name)
    if mail is None:
        abort(404)
    showed("mail", None)
    return render_template("mailbox/show.html", mail=mail)


def _only_in_a_demo() -> None:
    if not settings().is_demo:
        abort(404)
