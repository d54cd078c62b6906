"""Signing in and out, and the pinned theme."""

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask import session as cookie
from flask_login import UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from clinic_sessions import clock
from clinic_sessions.domain.permissions import Permission
from clinic_sessions.extensions import db, login_manager
from clinic_sessions.forms.sign_in import SignInForm
from clinic_sessions.models import SignIn
from clinic_sessions.models.engine import begin_write
from clinic_sessions.routes import resume
from clinic_sessions.routes.policy import needs, public
from clinic_sessions.routes.present import actor, person
from clinic_sessions.services.accounts import sign_ins

bp = Blueprint("sign_in", __name__)

LONGEST_PATH = 2000
"""A longer one is none that a page of ours has, and browsers and proxies give up on it."""

WRONG = "This email and password do not go together. Check both and try again."


class Account(UserMixin):  # type: ignore[misc]
    """What Flask-Login keeps: the sign-in's token, never the person's id."""

    def __init__(self, token: str, sign_in: SignIn | None = None) -> None:
        self.token = token
        self.sign_in = sign_in

    def get_id(self) -> str:
        """Give the token that the cookie carries."""
        return self.token


@login_manager.user_loader  # type: ignore[untyped-decorator]
def load(token: str) -> Account | None:
    """Find the sign-in of a cookie's token, while it is good."""
    row = sign_ins.current(db.session(), token, clock.now())
    return Account(token, row) if row else None


@bp.get("/sign-in")
@public("people sign in here")
def show() -> str | Response:
    """Show the sign-in form."""
    if current_user.is_authenticated:
        return redirect(url_for("today.index"))
    return render_template("sign_in/show.html", form=SignInForm(), next=own_path(request.args.get("next")))


@bp.post("/sign-in")
@public("people sign in here", opens_write=False)
def sign_in() -> Response | tuple[str, int]:
    """Check the password outside any write transaction, then open the sign-in."""
    form = SignInForm(request.form)
    if not form.validate():
        return _again(form, 422)
    email, address = str(form.email.data), request.remote_addr or ""
    try:
        sign_ins.check_tries(db.session(), email, address, g.now)
    except sign_ins.TooManyTries:
        form.form_errors = ["Too many tries for this account. Wait 15 minutes, or ask the owner to reset the password."]
        return _again(form, 429)
    user = sign_ins.find(db.session(), email)
    good = sign_ins.matches(user, str(form.password.data))
    begin_write(db.session())
    if user is None or not good or not sign_ins.may_sign_in(db.session(), user):
        sign_ins.note_failure(db.session(), email, address, g.now)
        db.session.commit()
        form.form_errors = [WRONG]
        return _again(form, 422)
    token = sign_ins.open_sign_in(db.session(), user, now=g.now, address=address)
    db.session.commit()
    cookie.clear()
    login_user(load(token))
    if typed := resume.opened(request.form.get("typed")):
        return resume.page(typed, user), 200
    return redirect(own_path(request.form.get("next")) or url_for("today.index"))


def _again(form: SignInForm, code: int) -> tuple[str, int]:
    wanted = own_path(request.form.get("next"))
    return render_template("sign_in/show.html", form=form, next=wanted, typed=request.form.get("typed")), code


@bp.post("/sign-out")
@public("a sign-in that has just ended can still be left")
def sign_out() -> Response:
    """End the sign-in; a copy of its cookie is dead from here on."""
    if current_user.is_authenticated:
        sign_ins.end(db.session(), current_user.sign_in, now=g.now, by=actor())
        db.session.commit()
    logout_user()
    cookie.clear()
    return redirect(url_for("sign_in.show"))


@bp.post("/theme")
@needs(Permission.SEE_TODAY)
def theme() -> Response:
    """Pin the light or the dim theme, or follow the device."""
    if (chosen := request.form.get("name")) in {"auto", "light", "dim"}:
        person().theme = chosen
        db.session.commit()
    return redirect(own_path(request.form.get("next")) or url_for("today.index"))


def own_path(path: str | None) -> str | None:
    """Give a path of our own to go on to; anything that could lead elsewhere becomes None."""
    if not path or len(path) > LONGEST_PATH or not path.startswith("/") or path.startswith(("//", "/\\")):
        return None
    return path if path.isprintable() and not any(c in path for c in "\\\t ") else None
