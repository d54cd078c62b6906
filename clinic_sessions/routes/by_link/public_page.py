"""What all patients' pages by link share: language, clinic, who calls by when, and pages of few words."""

import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import Blueprint, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from clinic_sessions.domain.alerts import Promise
from clinic_sessions.domain.messages.messages import Language
from clinic_sessions.mail.wording import phone
from clinic_sessions.models import Alert, Clinic, Link, LinkPurpose
from clinic_sessions.routes.present import session, settings
from clinic_sessions.services import alerts, links
from clinic_sessions.services.refusals import Absent, Refusal
from clinic_sessions.translations import text, times

log = logging.getLogger(__name__)

LETTERS: Mapping[LinkPurpose, str] = {
    LinkPurpose.APPOINTMENT: "a",
    LinkPurpose.CHECK_IN: "c",
    LinkPurpose.INTAKE: "i",
    LinkPurpose.CONTACT_WISHES: "w",
}
"""The first part of the path of each kind of link."""

LANGUAGE_COOKIE = "language"


@dataclass(frozen=True, kw_only=True)
class ClinicShown:
    """What patients see of a clinic: its name in messages, never the other."""

    name: str
    tel: str
    """For a telephone to dial."""
    phone: str
    """For people to read."""
    address: str
    zone: ZoneInfo


def for_patients(blueprint: Blueprint) -> None:
    """Give a blueprint the patients' error pages and the language switch."""
    blueprint.register_error_handler(Absent, lambda _: (_say("absent"), 404))
    blueprint.register_error_handler(Refusal, lambda _: (_say("gone"), 410))
    blueprint.register_error_handler(StaleDataError, lambda _: (_say("trouble"), 409))
    blueprint.register_error_handler(CSRFError, lambda _: (_say("trouble"), 400))
    blueprint.register_error_handler(HTTPException, _http)
    blueprint.register_error_handler(Exception, _unforeseen)
    blueprint.after_request(_keep_language)


def language(link: Link | None) -> Language:
    """Give the language of the page: chosen on a page, else the patient's, else the browser's."""
    for wanted in (request.args.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if wanted in list(Language):
            return Language(wanted)
    if link is not None:
        return link.patient.language
    return Language(request.accept_languages.best_match(list(Language), default=Language.EN))


def said(link: Link | None, key: str, **values: object) -> str:
    """Give a text of the patients' pages in the language of this request."""
    return _said_in(language(link), key, **values)


def clinic_of(link: Link) -> Clinic:
    """Give the clinic of a link's visit, or of its patient."""
    return session().get_one(Clinic, links.clinic_id(session(), link))


def who_calls(link: Link, alert: Alert) -> str:
    """Say who calls by when, as long as that moment is to come."""
    clinic = session().get_one(Clinic, alert.clinic_id)
    promised = alerts.promise_of(alert, clinic)
    if promised is None or promised.at <= g.now:
        return said(link, "crisis.told")
    return _promise(link, promised, clinic.zone)


def _promise(link: Link, promised: Promise, zone: ZoneInfo) -> str:
    spoken = language(link)
    time = times.clock_in_words(spoken, promised.at, zone)
    if promised.is_open:
        return said(link, "crisis.told_by", time=time)
    return said(link, "crisis.told_closed", time=time, weekday=times.weekday(spoken, promised.at, zone))


def page(template: str, link: Link | None, **context: Any) -> str:
    """Render a patients' page in the patient's language, with the clinic as patients know it."""
    spoken = language(link)
    clinic = _shown(clinic_of(link) if link else _only_clinic())
    say: Callable[..., str] = partial(_said_in, spoken)
    shown = {"say": say, "lang": spoken.value, "clinic": clinic, "link": link, "times": times, "person": None}
    if link is not None:
        shown["letter"] = LETTERS[link.purpose]
    return render_template(template, **{**shown, **context})


def _said_in(spoken: str, key: str, **values: object) -> str:
    return text(spoken, f"pages.{key}", **values)


def _shown(clinic: Clinic | None) -> ClinicShown | None:
    if clinic is None:
        return None
    return ClinicShown(
        name=clinic.name_in_messages,
        tel=clinic.phone,
        phone=phone(clinic.phone),
        address=clinic.address,
        zone=clinic.zone,
    )


def _only_clinic() -> Clinic | None:
    """Give the clinic when there is but one: then a page without a link can still name its phone."""
    found = session().scalars(sa.select(Clinic).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _keep_language(response: Response) -> Response:
    chosen = request.args.get("lang")
    if chosen in list(Language):
        response.set_cookie(
            LANGUAGE_COOKIE, str(chosen), path="/", httponly=True, samesite="Lax", secure=settings().is_https
        )
    return response


def _say(key: str, reference: str | None = None) -> str:
    """Render a page of few words, in the patient's language when a link is known, with the help card open."""
    session().rollback()
    purpose, token = g.get("purpose"), g.get("token")
    link = links.find(session(), purpose, token) if purpose and token else None
    return page("by_link/say.html", link, key=key, reference=reference)


def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
    code = error.code or 500
    if code < 400:
        return error
    return _say("absent" if code in {404, 405} else "trouble"), code


def _unforeseen(error: Exception) -> tuple[str, int]:
    reference = secrets.token_hex(4)
    rule = request.url_rule.rule if request.url_rule else None
    log.error("unforeseen", exc_info=error, extra={"reference": reference, "rule": rule})
    return _say("trouble", reference), 500
