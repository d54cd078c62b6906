"""A step's answer as JSON, for those who ask for it: the same as the page says."""

from flask import jsonify, request
from werkzeug.wrappers import Response

from clinic_sessions.domain import words
from clinic_sessions.forms.steps import StepForm
from clinic_sessions.models import StatusChange
from clinic_sessions.services.refusals import Refusal

_JSON = "application/json"


def as_json() -> bool:
    """Say whether this request asks for JSON rather than a page."""
    return request.accept_mimetypes.best_match(["text/html", _JSON]) == _JSON


def taken(change: StatusChange) -> Response:
    """Answer a step that was taken: where the session stands, and what stood against a fact."""
    return jsonify(status=change.to_status.value, outside_rules=change.outside_rules)


def refused(refusal: Refusal) -> tuple[Response, int]:
    """Answer a refusal with every reason, and its words."""
    reasons = refusal.reasons
    return jsonify(reasons=[one.value for one in reasons], words=[words.say(one) for one in reasons]), 409


def mistyped(form: StepForm) -> tuple[Response, int]:
    """Answer a form that cannot be read, field by field."""
    return jsonify(errors=form.errors), 422
