"""Default deny: every view declares a permission, or stands among the public with a reason."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask

from clinic_sessions.domain.permissions import Permission

View = TypeVar("View", bound=Callable[..., Any])
_ATTRIBUTE = "clinic_policy"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Who may use a view. `permission` None: the public, for the `reason` given."""

    permission: Permission | None = None
    reason: str = ""
    opens_write: bool = True
    """Whether a post to it opens its write transaction before the view runs."""


STATIC = Policy(reason="style and script, the same for everyone")


def needs(permission: Permission, *, opens_write: bool = True) -> Callable[[View], View]:
    """Declare that a view is for people whose roles grant `permission`."""
    return _mark(Policy(permission=permission, opens_write=opens_write))


def public(reason: str, *, opens_write: bool = True) -> Callable[[View], View]:
    """Declare that a view needs no sign-in, and why."""
    return _mark(Policy(reason=reason, opens_write=opens_write))


def _mark(policy: Policy) -> Callable[[View], View]:
    def mark(view: View) -> View:
        setattr(view, _ATTRIBUTE, policy)
        return view

    return mark


def policy_of(app: Flask, endpoint: str) -> Policy | None:
    """Give the policy of an endpoint; None when it has none."""
    if endpoint == "static":
        return STATIC
    return getattr(app.view_functions[endpoint], _ATTRIBUTE, None)


def check_every_view(app: Flask) -> None:
    """Refuse to start while a view has no policy.

    Raises LookupError naming each such view.
    """
    missing = sorted(endpoint for endpoint in app.view_functions if policy_of(app, endpoint) is None)
    if missing:
        raise LookupError(f"no permission declared for: {', '.join(missing)}")
