"""Signing in."""

from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length


class SignInForm(Form):
    """Address and password."""

    email = StringField(
        "Email",
        [InputRequired("Enter your email address."), Length(max=254, message="This address is too long.")],
        render_kw={"autocomplete": "username", "type": "email", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password."), Length(max=200, message="This password is too long.")],
        render_kw={"autocomplete": "current-password"},
    )
