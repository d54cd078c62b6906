"""Error pages: what happened in people's words, and what to do next."""

import logging
import secrets

from flask import Flask, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException, InternalServerError, SecurityError

from clinic_sessions.extensions import db
from clinic_sessions.routes import resume
from clinic_sessions.services.refusals import Absent

log = logging.getLogger(__name__)

PAGES = {
    400: ("This could not be read", "Go back, reload the page and try again."),
    401: ("You are signed out", "Sign in again to go on."),
    403: ("This is not open to you", "Your role does not include this. Ask the owner if it should."),
    404: ("There is nothing here", "The address may be mistyped, or what stood here belongs to another clinic."),
    405: ("This page cannot be used that way", "Go back and use the buttons on the page."),
    409: ("Someone changed this meanwhile", "Nothing was saved. Go back, reload the page and look again."),
    413: ("This is too much at once", "What was sent is larger than a form can be. Shorten it and try again."),
    429: ("Too many tries", "Wait 15 minutes, then try again. The owner can reset a forgotten password."),
    500: (
        "Something went wrong here",
        "Nothing was saved. Try again; if it happens again, tell the owner the number.",
    ),
    503: ("The clinic's records are busy", "Nothing was saved. Wait a few seconds, go back and try again."),
}


def install(app: Flask) -> None:
    """Put the error pages on the app."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(SecurityError, _foreign_host)
    app.register_error_handler(Absent, lambda _: _page(404))
    app.register_error_handler(StaleDataError, lambda _: _page(409))
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(Exception, _unforeseen)


def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
    if isinstance(error, InternalServerError) and error.original_exception:
        return _unforeseen(error.original_exception)
    code = error.code or 500
    if code < 400:
        return error
    return _page(code if code in PAGES else 400 if code < 500 else 500)


def _foreign_host(_error: SecurityError) -> Response:
    return Response("This clinic is not reached under that address.\n", 400, content_type="text/plain; charset=utf-8")


def _csrf(_error: CSRFError) -> tuple[str, int]:
    sealed = resume.kept()
    if sealed and not current_user.is_authenticated:
        return resume.sign_in_first(sealed), 401
    if typed := resume.opened(sealed):
        return resume.page(typed, current_user.sign_in.user), 400
    return _page(400, text="This page was open from before you signed in or out. Go back, reload it and try again.")


def _database(error: OperationalError) -> ResponseReturnValue:
    if "locked" in str(error.orig):
        return (*_page(503), {"Retry-After": "5"})
    return _unforeseen(error)


def _unforeseen(error: BaseException) -> tuple[str, int]:
    reference = secrets.token_hex(4)
    rule = request.url_rule.rule if request.url_rule else None
    log.error("unforeseen", exc_info=error, extra={"reference": reference, "rule": rule})
    return _page(500, reference=reference)


def _page(code: int, *, text: str | None = None, reference: str | None = None) -> tuple[str, int]:
    db.session.rollback()
    title, usual = PAGES[code]
    return render_template("errors/error.html", code=code, title=title, text=text or usual, reference=reference), code
