"""What every page knows: who is signed in, where, what they may do, and what they must be told at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import Flask, g, request, url_for
from flask_login import current_user

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.extensions import db
from clinic_sessions.models import Clinic
from clinic_sessions.routes import filters
from clinic_sessions.routes.present import settings
from clinic_sessions.services import warnings
from clinic_sessions.services.accounts import sign_ins
from clinic_sessions.services.leaving import waiting_for_ride
from clinic_sessions.services.session import whereabouts
from clinic_sessions.services.session.whereabouts import Here
from clinic_sessions.services.warnings import Warnings

ADDRESSES = 256
"""How many addresses a process keeps."""


@dataclass(frozen=True, kw_only=True)
class Banner:
    """A line at the top of every staff page."""

    kind: str
    text: str
    href: str | None = None
    link_text: str | None = None


def install(app: Flask) -> None:
    """Give every template the frame's values."""
    app.context_processor(_frame)
    app.jinja_env.globals.update(url_for=_addresses(app), can=_can)


def _addresses(app: Flask) -> Callable[..., str]:
    """Give `url_for` for templates: addresses of which every page has many, and always the same, are built once."""

    @lru_cache(maxsize=ADDRESSES)
    def known(_root: str, endpoint: str, filename: str | None) -> str:
        return app.url_for(endpoint, filename=filename)

    def address(endpoint: str, **values: Any) -> str:
        if values.keys() <= {"filename"}:
            return known(request.script_root, endpoint, values.get("filename"))
        return app.url_for(endpoint, **values)

    return address


def _can(permission: str) -> bool:
    """Tell whether the person who is signed in may do something; macros ask it too."""
    signed_in = current_user and current_user.is_authenticated
    return bool(signed_in and current_user.sign_in.user.may(Permission(permission)))


def _frame() -> dict[str, Any]:
    sign_in = current_user.sign_in if current_user and current_user.is_authenticated else None
    user = sign_in.user if sign_in else None
    clinic = sign_ins.clinic_of(sign_in) if sign_in else None
    mine = user.clinics if user else []
    answers = _can(Permission.GIVE_GO_AHEAD)
    treats = _can(Permission.TREAT)
    found = warnings.read(db.session(), [one.id for one in mine], g.now, treats=treats) if clinic else None
    return {
        "person": user,
        "clinic": clinic,
        "clinics": mine if len(mine) > 1 else [],
        "theme": user.theme if user else "auto",
        "is_demo": settings().is_demo,
        "now": g.get("now"),
        "banners": _banners(clinic, mine, found, _can(Permission.READ_ALERTS)) if clinic and found else [],
        "open_asks": found.open_asks if found and answers else None,
    }


def _banners(clinic: Clinic, mine: Sequence[Clinic], found: Warnings, reads_alerts: bool) -> list[Banner]:
    banners = [*_alerts(clinic, mine, found, reads_alerts), *_closing(mine, found)]
    if found.worker_is_silent:
        banners.append(Banner(kind="danger", text="The mail worker is silent: patients may not be getting messages."))
    if not settings().is_demo and not settings().smtp_url:
        banners.append(Banner(kind="warn", text="Patients are not being mailed."))
    if (place := g.get("page_clinic")) is not None and place.id != clinic.id:
        banners.append(_elsewhere(place))
    return banners


def _alerts(clinic: Clinic, mine: Sequence[Clinic], found: Warnings, reads_alerts: bool) -> list[Banner]:
    """Tell where in the clinic somebody is to go at once, and how many other alerts wait; asked only while one does."""
    if not found.open_alerts:
        return []
    here = whereabouts.urgent(db.session(), [one.id for one in mine], g.now)
    telling = "" if reads_alerts else " Tell a nurse or a provider now."
    banners = [_go_there(one, clinic, reads_alerts, telling) for one, _ in here]
    if (waiting := found.open_alerts - sum(n for _, n in here)) > 0:
        other = "other " if here else ""
        text = f"{waiting} {other}safety {'alert waits' if waiting == 1 else 'alerts wait'} for an answer."
        href = url_for("alerts.index") if reads_alerts else None
        banners.append(Banner(kind="danger", text=text + telling, href=href, link_text="Open alerts"))
    return banners


def _go_there(one: Here, clinic: Clinic, reads_alerts: bool, telling: str) -> Banner:
    """Name the chair; what runs there, and the way to it, are for those who may read it."""
    place = one.treatment.clinic
    where = [] if place.id == clinic.id else [place.name]
    where += [part for part in (one.place, one.doing if reads_alerts else "") if part]
    href = url_for("sessions.show", session_id=one.treatment.id) if reads_alerts else None
    text = f"Urgent: {', '.join(where)}.{telling or ' Go there now.'}"
    return Banner(kind="danger", text=text, href=href, link_text="Open the session")


def _closing(mine: Sequence[Clinic], found: Warnings) -> list[Banner]:
    """Tell clinicians, soon before a clinic closes and after it, who is still there; asked only while anybody is."""
    near = waiting_for_ride.near_closing(db.session(), mine, g.now) if found.still_here else []
    return [_still_here(place, closes_at, count) for place, closes_at, count in near]


def _still_here(place: Clinic, closes_at: datetime, count: int) -> Banner:
    who = "one patient is" if count == 1 else f"{count} patients are"
    closed = closes_at <= g.now
    text = f"{place.name} {'has closed' if closed else f'closes at {filters.at(closes_at, place)}'}; {who} still here."
    kind = "danger" if closed else "warn"
    return Banner(kind=kind, text=text, href=url_for("board.index"), link_text="Open the board")


def _elsewhere(place: Clinic) -> Banner:
    zone = g.now.astimezone(place.zone).tzname()
    return Banner(kind="info", text=f"This is at {place.name}. Times on this page are that clinic's ({zone}).")
