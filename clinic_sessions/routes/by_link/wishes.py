"""Contact wishes by link: mail or no mail, and the one-click way out of every mail program."""

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from clinic_sessions.domain.contacts import ToldThrough
from clinic_sessions.models import LinkPurpose
from clinic_sessions.routes.by_link import by_link, public_page
from clinic_sessions.routes.policy import public
from clinic_sessions.routes.present import session
from clinic_sessions.services import links
from clinic_sessions.services.patients import wishes

bp = Blueprint("wishes", __name__, url_prefix="/w")
public_page.for_patients(bp)


@bp.get("")
@public("a patient by link: the cookie of the link is the key")
def show() -> str:
    """Show whether the patient gets mail, and the button that changes it."""
    link = by_link.link_of(LinkPurpose.CONTACT_WISHES)
    return public_page.page("wishes/show.html", link, patient=wishes.load(session(), link.patient_id))


@bp.post("")
@public("a patient by link: the cookie of the link is the key")
def save() -> Response | tuple[str, int]:
    """Keep the patient's wish."""
    link = by_link.link_of(LinkPurpose.CONTACT_WISHES)
    by_link.require_same(link)
    wanted = {"yes": True, "no": False}.get(request.form.get("wanted", ""))
    patient = wishes.load(session(), link.patient_id, to_change=True)
    if wanted is None:
        return public_page.page("wishes/show.html", link, patient=patient), 422
    wishes.set_mail(session(), patient, wanted=wanted, told_through=ToldThrough.LINK, now=g.now, by=by_link.by())
    session().commit()
    return redirect("/w", 303)


@bp.post("/<token>")
@public("a mail program unsubscribes for the patient: the token is the key")
def unsubscribe(token: str) -> str:
    """Stop all mail at once, as RFC 8058 has it; again changes nothing."""
    g.purpose, g.token = LinkPurpose.CONTACT_WISHES, token
    link = links.open_link(session(), LinkPurpose.CONTACT_WISHES, token, g.now)
    patient = wishes.load(session(), link.patient_id, to_change=True)
    wishes.set_mail(session(), patient, wanted=False, told_through=ToldThrough.LINK, now=g.now, by=by_link.by())
    session().commit()
    return public_page.page("wishes/stopped.html", link, helps=False)
