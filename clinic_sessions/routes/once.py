"""Forms that act once, however often they are sent."""

from collections.abc import Callable

from flask import g, redirect, request
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.routes.present import actor, session
from clinic_sessions.services import form_keys
from clinic_sessions.services.refusals import Refusal

NOT_CONTENT = frozenset({"csrf_token", "form_key", "seen", "signer_password"})
"""What a form carries besides what was typed: it may differ when the same form is sent again."""


def once(key: str | None, act: Callable[[], str], again: Callable[[Refusal], str]) -> Response | tuple[str, int]:
    """Act, commit, and go on to the address that `act` gives; the same form, sent again, only goes there.

    A refusal leaves nothing behind and shows the page `again`.
    """
    try:
        on = form_keys.claim(session(), str(key), content(), now=g.now, by=actor())
        if on is None:
            on = act()
            form_keys.settle(session(), str(key), on)
        session().commit()
    except Refusal as refusal:
        session().rollback()
        return again(refusal), 409
    return redirect(on, 303)


def said(refusal: Refusal | None) -> list[str]:
    """Give the words of a refusal; none of nothing."""
    return [words.say(reason) for reason in refusal.reasons] if refusal else []


def is_first(key: str) -> bool:
    """Take the form's one-use key; False when this very form has been saved already. A form without one is saved."""
    if not form_keys.is_one(key):
        return True
    return form_keys.claim(session(), key, content(), now=g.now, by=actor()) is None


def content() -> dict[str, object]:
    """Give what was typed, and where: a key acts for the same words at the same address only."""
    typed = {name: values for name, values in request.form.lists() if name not in NOT_CONTENT}
    return {**typed, "path": request.path}
