"""The one-use key of a form, as it comes back."""

import re

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


def is_key(text: str | None) -> bool:
    """Say whether this could be a key of ours; anything else was not sent by a form as it was shown."""
    return _KEY.fullmatch(text or "") is not None
