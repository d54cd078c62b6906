"""What stands before and after every view: who is there, may they, is the post theirs, and what headers leave."""

import logging
import time
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, g, make_response, redirect, request, url_for
from flask import session as cookie
from flask_login import current_user, logout_user
from werkzeug.wrappers import Response as AnyResponse

from clinic_sessions import clock
from clinic_sessions.domain.permissions import acting_role
from clinic_sessions.extensions import db
from clinic_sessions.models import ActorKind, AuditAction
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes import resume
from clinic_sessions.routes.policy import Policy, policy_of
from clinic_sessions.routes.present import settings
from clinic_sessions.services import audit
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.actor import Actor

log = logging.getLogger(__name__)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SHOWN = frozenset({200, 409, 422})
"""Answers with a page: also a refusal, and a form with errors, show whom they are about."""
POLL = "X-Poll"
CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def install(app: Flask) -> None:
    """Put the guards on the app, in their order; `begin` stands before all of them."""
    app.before_request(_refuse_foreign_posts)
    app.before_request(_admit)
    app.after_request(_remember)
    app.after_request(_protect)


def begin() -> None:
    """Set the moment of the request, which everything in it shares."""
    g.began = time.monotonic()
    g.now = clock.now()
    g.reads = []


def _refuse_foreign_posts() -> None:
    origin = request.headers.get("Origin")
    if request.method in SAFE or origin is None:
        return
    base = urlsplit(settings().base_url)
    if origin not in {f"{base.scheme}://{base.netloc}", f"{request.scheme}://{request.host}"}:
        abort(400, "This form was sent from another site.")


def _admit() -> AnyResponse | None:
    if request.endpoint is None:
        return None
    policy = policy_of(current_app, request.endpoint)
    if policy is None:
        abort(403)
    if policy.permission is not None and (answer := _admit_person(policy)):
        return answer
    if request.method not in SAFE and policy.opens_write:
        begin_write(db.session())
        g.actor = _actor(policy)
    return None


def _admit_person(policy: Policy) -> AnyResponse | None:
    if not current_user.is_authenticated:
        typed = resume.kept() if "_user_id" in cookie else None
        logout_user()
        if request.headers.get(POLL):
            abort(401)
        if typed:
            return make_response(resume.sign_in_first(typed), 401)
        wanted = request.full_path.rstrip("?") if request.method in SAFE else None
        return redirect(url_for("sign_in.show", next=wanted))
    g.actor = _actor(policy)
    if policy.permission is not None and not g.actor.user.may(policy.permission):
        _note_refusal(policy)
        abort(403)
    return None


def _note_refusal(policy: Policy) -> None:
    begin_write(db.session())
    by = _actor(policy)
    audit.note(db.session(), AuditAction.REFUSED, request.endpoint or "", None, now=g.now, by=by)
    db.session.commit()


def _actor(policy: Policy) -> Actor:
    if not current_user.is_authenticated:
        return Actor(kind=ActorKind.PATIENT, address=request.remote_addr)
    user = current_user.sign_in.user
    return Actor(
        kind=ActorKind.USER,
        user=user,
        role=acting_role(user.roles, policy.permission) if policy.permission else None,
        sign_in_id=current_user.sign_in.id,
        address=request.remote_addr,
    )


def _remember(response: Response) -> Response:
    """Write the audit entries of what was shown, and that the person is there, in a transaction of their own."""
    person = current_user.is_authenticated if request.endpoint not in {None, "static"} else False
    stale = person and not request.headers.get(POLL) and sign_ins.is_stale(current_user.sign_in, g.now)
    if not stale and not (g.get("reads") and response.status_code in SHOWN):
        return response
    begin_write(db.session())
    if g.reads:
        views = [audit.View(*one) for one in g.reads]
        audit.note_views(db.session(), views, now=g.now, by=g.actor)
    if stale:
        current_user.sign_in.last_seen_at = g.now
    db.session.commit()
    return response


def _protect(response: Response) -> Response:
    response.headers.update(HEADERS)
    if settings().is_https:
        response.headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains"
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    log.info(
        "request",
        extra={
            "method": request.method,
            "rule": request.url_rule.rule if request.url_rule else None,
            "status": response.status_code,
            "milliseconds": round((time.monotonic() - g.get("began", time.monotonic())) * 1000),
        },
    )
    return response
