"""What was typed when a sign-in had ended: carried sealed through signing in again, then sent by the same person."""

from dataclasses import dataclass

from flask import current_app, render_template, request
from flask import session as cookie
from itsdangerous import BadData, URLSafeTimedSerializer

from clinic_sessions.extensions import db
from clinic_sessions.forms.sign_in import SignInForm
from clinic_sessions.models import User
from clinic_sessions.routes.policy import policy_of
from clinic_sessions.services.accounts import sign_ins

SECRETS = frozenset({"csrf_token", "password", "signer_password"})
"""Never carried: the token is made anew, and passwords are typed anew."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A form as it was sent: where to, its fields in order, and whose it was where that is still known."""

    path: str
    fields: tuple[tuple[str, str], ...]
    user_id: int | None

    @property
    def words(self) -> list[str]:
        """Give the longer texts, for a person who looks before sending."""
        return [value for _, value in self.fields if " " in value.strip()]


def kept() -> str | None:
    """Seal the form of this request; None where staff sent none: a page that was only opened, or one for patients."""
    policy = policy_of(current_app, request.endpoint) if request.endpoint else None
    if request.method != "POST" or policy is None or policy.permission is None:
        return None
    pairs = [(name, value) for name, value in request.form.items(multi=True) if name not in SECRETS]
    token = cookie.get("_user_id")
    user_id = sign_ins.user_id_of(db.session(), token) if isinstance(token, str) else None
    return _seal().dumps([request.full_path.rstrip("?"), pairs, user_id])


def sign_in_first(sealed: str) -> str:
    """Ask for the sign-in, with what was typed in hand."""
    return render_template("sign_in/show.html", form=SignInForm(), typed=sealed)


def opened(sealed: str | None) -> Typed | None:
    """Open what was kept; None where nothing was, where it is not ours, or where it is older than any sign-in."""
    try:
        path, pairs, user_id = _seal().loads(sealed or "", max_age=int(sign_ins.LONGEST.total_seconds()))
    except BadData:
        return None
    return Typed(path=path, fields=tuple((name, value) for name, value in pairs), user_id=user_id)


def page(typed: Typed, user: User) -> str:
    """Show what was typed, to be sent by whoever typed it; another person is told that it was not theirs.

    Nothing is sent by itself: a form made elsewhere must never act in the name of whoever signs in.
    """
    mine = typed.user_id in {None, user.id}
    return render_template("sign_in/resume.html", typed=typed if mine else None)


def _seal() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="typed-before-signing-in")
