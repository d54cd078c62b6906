"""Messages: each one's life, what needs a person, a preview, and sending again."""

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.messages.messages import CHECK_INS, NOTICES, MessageKind, MessageStatus
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.forms.messages import read_filters, read_number
from clinic_sessions.mail.compose import preview
from clinic_sessions.models import Message
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, clinic, courses, person, session, showed, shows
from clinic_sessions.services import heartbeats
from clinic_sessions.services.messages import letters, message_list
from clinic_sessions.services.messages.message_list import Filters, ResendReason
from clinic_sessions.services.refusals import Refusal

bp = Blueprint("messages", __name__)

WRITTEN = NOTICES | CHECK_INS | {MessageKind.INTAKE}
KINDS = [kind for kind in MessageKind if kind in WRITTEN or kind.value.startswith("reminder")]
SAID = {
    ResendReason.ON_ITS_WAY: "This message is still on its way.",
    ResendReason.NO_LONGER_SO: "What it says is no longer so, or its time has passed.",
    ResendReason.NO_ADDRESS: "There is no good email address. Ask the patient for one, or call.",
    ResendReason.CLINICIAN_FIRST: "A clinician calls first. Send it once the alert about this visit is closed.",
    ResendReason.NOT_WANTED: "The patient does not want email. Please call.",
}
ONE = "/messages/<int:message_id>"


@bp.get("/messages")
@needs(Permission.SEE_MESSAGES)
def index() -> str:
    """Show the messages that a person must see to, and the list."""
    db, here = session(), clinic()
    wanted = read_filters(request.args)
    mine = [one.id for one in person().clinics]
    page = message_list.listing(db, here.id, wanted, read_number(request.args.get("page", "1")), g.now, also=mine)
    work = [] if request.args.get("page") else message_list.work_list(db, here.id, g.now)
    named = sorted({row.patient_id for row in [*page.rows, *work]})
    showed("message_list", None, patients=named)
    return render_template(
        "messages/index.html",
        page=page,
        work=_by_patient(work),
        courses=courses(named),
        wanted=wanted,
        before=_page_address(wanted, page.number - 1) if page.number > 1 else None,
        after=_page_address(wanted, page.number + 1) if page.number < page.count else None,
        heard=heartbeats.latest(db),
        silent=heartbeats.is_silent(db, g.now),
        late=message_list.late_count(db, here.id, g.now),
        statuses=list(MessageStatus),
        kinds=KINDS,
    )


@bp.get(ONE)
@needs(Permission.SEE_MESSAGES)
def show(message_id: int) -> str:
    """Show one message: its life, what was sent, and what it would say now."""
    return _page(message_list.load(session(), message_id, person()))


@bp.post(f"{ONE}/resend")
@needs(Permission.RESEND_MESSAGES)
def resend(message_id: int) -> Response | tuple[str, int]:
    """Send a message again, as a new row."""
    message = message_list.load(session(), message_id, person())
    try:
        again = message_list.resend(session(), message, now=g.now, by=actor())
        session().commit()
    except Refusal as refusal:
        session().rollback()
        said = [SAID[ResendReason(reason)] for reason in refusal.reasons]
        return _page(message_list.load(session(), message_id, person()), said), 409
    flash("It goes out now.")
    return redirect(url_for("messages.show", message_id=again.id), 303)


def _page(message: Message, refusal: list[str] | None = None) -> str:
    shows(message.clinic)
    showed("message", message.id, patient_id=message.patient_id)
    against = message_list.why_not_again(message, g.now)
    return render_template(
        "messages/show.html",
        message=message,
        courses=courses([message.patient_id]),
        would_say=preview(letters.letter_of(message, g.now, {})),
        against=[SAID[reason] for reason in against],
        refusal=refusal,
    )


def _by_patient(rows: Sequence[Message]) -> list[list[Message]]:
    """Put together what is about one patient, the most pressing patient first: one call settles it all."""
    found: dict[int, list[Message]] = {}
    for row in rows:
        found.setdefault(row.patient_id, []).append(row)
    return list(found.values())


def _page_address(wanted: Filters, number: int) -> str:
    return url_for(
        "messages.index", status=wanted.status or None, kind=wanted.kind or None, patient=wanted.patient_id, page=number
    )
