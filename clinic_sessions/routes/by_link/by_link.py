"""Patients' pages: the way in by link, and what all these pages share.

A token is 128 random bits: ten thousand guesses a second for a thousand years meet one of a million links with a
chance far below one in a million, so guesses need no throttle. A token reaches no log, which holds the rule of a route
only, and no other site: the first opening moves it out of the address into a cookie for that one link.
"""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Flask, abort, g, redirect, request
from werkzeug.wrappers import Response

from clinic_sessions.extensions import csrf
from clinic_sessions.models import Link, LinkPurpose
from clinic_sessions.routes.by_link.public_page import LANGUAGE_COOKIE, LETTERS, for_patients, page, said, who_calls
from clinic_sessions.routes.policy import public
from clinic_sessions.routes.present import session, settings
from clinic_sessions.services import alerts, links
from clinic_sessions.services.actor import Actor, patient_by_link
from clinic_sessions.services.refusals import Absent

bp = Blueprint("by_link", __name__)

_PURPOSES = {letter: purpose for purpose, letter in LETTERS.items()}

WITHOUT_CSRF: Mapping[str, str] = {
    "wishes.unsubscribe": "a mail program posts the one-click wish (RFC 8058): the token in the path is the key",
}
"""The only posts that carry no CSRF token, and why."""


def install(app: Flask) -> None:
    """Free the listed views from the CSRF token; fails when one of them does not exist."""
    for endpoint in WITHOUT_CSRF:
        csrf.exempt(app.view_functions[endpoint])


@bp.get("/a/<token>")
@public("a patient's link: the token is the key")
def appointment(token: str) -> Response:
    """Take the token of an appointment link out of the address."""
    return _open(LinkPurpose.APPOINTMENT, token)


@bp.get("/c/<token>")
@public("a patient's link: the token is the key")
def check_in(token: str) -> Response:
    """Take the token of a check-in link out of the address."""
    return _open(LinkPurpose.CHECK_IN, token)


@bp.get("/i/<token>")
@public("a patient's link: the token is the key")
def intake(token: str) -> Response:
    """Take the token of a link to the questions before a visit out of the address."""
    return _open(LinkPurpose.INTAKE, token)


@bp.get("/w/<token>")
@public("a patient's link: the token is the key")
def wishes(token: str) -> Response:
    """Take the token of a link to contact wishes out of the address."""
    return _open(LinkPurpose.CONTACT_WISHES, token)


@bp.post("/a/help", defaults={"letter": "a"})
@bp.post("/c/help", defaults={"letter": "c"})
@bp.post("/i/help", defaults={"letter": "i"})
@bp.post("/w/help", defaults={"letter": "w"})
@public("a patient by link asks for help: the cookie of the link is the key")
def want_help(letter: str) -> str:
    """Tell the clinic that the patient asks for help now; say who calls by when."""
    purpose = _PURPOSES[letter]
    link = link_of(purpose)
    require_same(link)
    about = f"{purpose.value}:{link.object_id}"
    words = f"Tapped “{said(link, 'crisis.ask_us_button')}”."
    raised = alerts.want_help(session(), link.patient, words, about=about, now=g.now, by=by())
    told = who_calls(link, raised)
    session().commit()
    return page("by_link/help.html", link, told=told, home=f"/{letter}")


def link_of(purpose: LinkPurpose) -> Link:
    """Give the link whose cookie this request carries.

    Raises Absent without one, a Refusal when it expired or was revoked.
    """
    g.purpose = purpose
    token = request.cookies.get(_cookie(purpose))
    if token is None:
        raise Absent
    g.token = token
    return links.open_link(session(), purpose, token, g.now)


def by() -> Actor:
    """Give the patient as the one who acts, whoever else is signed in in this browser."""
    return patient_by_link(request.remote_addr)


def require_same(link: Link) -> None:
    """Refuse a form that was opened by another link than the one in the cookie now, as in two tabs."""
    if request.form.get("of") != str(link.object_id):
        abort(409)


def _cookie(purpose: LinkPurpose) -> str:
    return f"{'__Secure-' if settings().is_https else ''}link-{LETTERS[purpose]}"


def _open(purpose: LinkPurpose, token: str) -> Response:
    g.purpose, g.token = purpose, token
    link = links.open_link(session(), purpose, token, g.now)
    path = f"/{LETTERS[purpose]}"
    answer = redirect(path, 303)
    answer.set_cookie(
        _cookie(purpose), token, max_age=_seconds(link.expires_at), path=path,
        httponly=True, samesite="Lax", secure=settings().is_https,
    )  # fmt: skip
    answer.delete_cookie(LANGUAGE_COOKIE, path="/")
    return answer


def _seconds(until: datetime) -> int:
    return max(1, int((until - g.now).total_seconds()))


for_patients(bp)
