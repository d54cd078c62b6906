"""The one-use key of a form, as it comes back."""

import re
from typing import Any

from wtforms import Form, HiddenField

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)
STALE_FORM = "This page was open for too long or was not sent whole. Check it and send it again."


def is_key(text: str | None) -> bool:
    """Say whether this could be a key of ours; anything else was not sent by a form as it was shown."""
    return _KEY.fullmatch(text or "") is not None


class KeyedForm(Form):
    """A form that acts once; stands before the form that it completes."""

    form_key = HiddenField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for the one-use key besides."""
        good = super().validate(extra_validators)
        if not is_key(self.form_key.data):
            self.form_errors = [STALE_FORM]
            return False
        return good
