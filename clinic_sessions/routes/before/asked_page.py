"""What the parts of a session's page that ask with taps share: the form, as it was typed, and what it asks."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from flask import request
from werkzeug.datastructures import MultiDict
from wtforms import Form

from clinic_sessions.domain.session.session_checks import CheckItem
from clinic_sessions.forms.asked import AskedForm

Typed = MultiDict[str, str] | None


@dataclass(frozen=True, kw_only=True)
class AskedPage:
    """The questions of a part. `open`: those that are to be asked; `failed`: a form of the part that was refused.

    `said`: why it was refused, besides what stands beside its fields.
    """

    open: Collection[CheckItem]
    form: AskedForm
    said: Sequence[str] = ()
    failed: Form | None = None

    @property
    def asked(self) -> list[CheckItem]:
        """The questions that the form asks: those that are open, and those that it holds an answer to."""
        return [item for item in self.form.meta.asked if item in self.open or self.form[item.value].data]


def again() -> CheckItem | None:
    """Give the question that the address names to be asked once more."""
    named = request.args.get("again", "")
    return CheckItem(named) if named in set(CheckItem) else None
