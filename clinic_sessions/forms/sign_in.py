"""Signing in."""

from wtforms import Form, PasswordField
from wtforms.validators import InputRequired, Length

from clinic_sessions.forms.fields import LineField


class SignInForm(Form):
    """Address and password."""

    email = LineField(
        "Email",
        ask="Enter your email address.",
        longest=254,
        render_kw={"autocomplete": "username", "type": "email", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password."), Length(max=200, message="This password is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
