"""The signature of a second person on another's tablet: their name from a list, and their password."""

from collections.abc import Iterator, Sequence
from typing import Any

from wtforms import BooleanField, Form, PasswordField, SelectField
from wtforms.validators import InputRequired, Length, ValidationError

from clinic_sessions.forms.choosing import options


class CountersignForm(Form):
    """Who signs; stands beside the form that is signed. `meta` gives `signers`: pairs of address and name."""

    signer = SelectField("Who signs", validate_choice=False)
    signer_password = PasswordField(
        "Their password",
        [InputRequired("Enter your password."), Length(max=200, message="This password is too long.")],
        render_kw={"autocomplete": "off"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.signer.choices = options([("", "Choose your name"), *self._signers()])

    def _signers(self) -> Sequence[tuple[str, str]]:
        return getattr(self.meta, "signers", ())

    def validate_signer(self, field: Any) -> None:
        """Ask for one of the names that are offered."""
        if field.data not in {address for address, _ in self._signers()}:
            raise ValidationError("Choose your name.")


class WitnessForm(CountersignForm):
    """The signature of whoever saw a fact besides its author. The fact is kept without one, once a tick says so."""

    signer_password = PasswordField(
        "Their password", [Length(max=200, message="This password is too long.")], render_kw={"autocomplete": "off"}
    )
    alone = BooleanField("Nobody else has seen it")

    asks_alone = False

    @property
    def signs(self) -> bool:
        """Whether somebody signs."""
        return bool(self.signer.data)

    def validate_signer(self, field: Any) -> None:
        """Take one of the names that are offered, or none."""
        if field.data:
            super().validate_signer(field)

    def unwitnessed(self) -> Iterator[tuple[Any, str]]:
        """Ask who saw it, or for the tick that nobody has."""
        if self.signs and not self.signer_password.data:
            yield self.signer_password, "Enter your password."
        elif not self.signs and not self.alone.data:
            self.asks_alone = True
            yield self.signer, "Choose who saw this amount go, or tick that nobody has: then it is marked."
