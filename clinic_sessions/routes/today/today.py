"""Today, by role: what waits, who comes, who is here."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, g, render_template

from clinic_sessions.domain.permissions import Permission, Role
from clinic_sessions.domain.session.lifecycle import EXPECTED, IN_CLINIC, Status
from clinic_sessions.domain.wall_time import local_day
from clinic_sessions.models import Clinic
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import clinic, courses, person, session, showed
from clinic_sessions.routes.today import for_provider
from clinic_sessions.services import alerts, heartbeats
from clinic_sessions.services.before import go_aheads
from clinic_sessions.services.booking import appointments, waitlist
from clinic_sessions.services.leaving.waiting_for_ride import Waiting
from clinic_sessions.services.messages import responses
from clinic_sessions.services.schedule import schedule, schedule_rows
from clinic_sessions.services.schedule.schedule_rows import Card
from clinic_sessions.services.session import board, due
from clinic_sessions.services.today import arrivals, today
from clinic_sessions.services.today.today import Work

bp = Blueprint("today", __name__)

COUNTED = {
    Work.CLOSED: "booked while closed",
    Work.UNCOVERED: "without nurse, provider or host",
    Work.ABSENT: "not here: did they come?",
    Work.UNCONFIRMED: "not confirmed for tomorrow",
    Work.ADDRESSES: "coming without a good email address",
    Work.MESSAGES: "messages that did not arrive",
    Work.CHECK_INS: "check-ins not answered",
    Work.QUESTIONS: "asked before a visit, not answered",
    Work.UNCLEARED: "not cleared, coming soon",
    Work.WITHOUT_NEXT: "series without a next session",
    Work.PAYMENT: "payer or product not settled",
}
TITLES = {
    Work.CLOSED: "Booked while closed",
    Work.UNCOVERED: "Without nurse, provider or host",
    Work.ABSENT: "Did they come?",
    Work.UNCONFIRMED: "Not confirmed for tomorrow",
    Work.ADDRESSES: "Coming without a good email address",
    Work.MESSAGES: "Messages that did not arrive",
    Work.CHECK_INS: "Check-ins not answered",
    Work.QUESTIONS: "Asked before a visit, not answered",
    Work.UNCLEARED: "Not cleared, coming soon",
    Work.WITHOUT_NEXT: "Series without a next session",
    Work.PAYMENT: "Payer or product not settled",
}
CAME = IN_CLINIC | {
    Status.LEFT,
    Status.DID_NOT_GO_AHEAD,
    Status.TAKEN_TO_HOSPITAL,
    Status.LEFT_AGAINST_ADVICE,
    Status.LEFT_WITHOUT_TELLING_US,
}


@bp.get("/")
@needs(Permission.SEE_TODAY)
def index() -> str:
    """Show the day as the person's roles need it."""
    here, roles = clinic(), person().roles
    shown: dict[str, Any] = {"today": local_day(g.now, here.zone)}
    if person().may(Permission.SEE_SCHEDULE):
        shown.update(_day(here))
    if Role.FRONT_DESK in roles:
        shown["waiting"] = today.waiting(session(), here, g.now)
        shown["waitlist"] = waitlist.count(session(), here.id)
        shown["move_wishes"] = len(appointments.open_move_wishes(session(), here.id))
    elif person().may(Permission.MANAGE_SITES):
        shown["waiting"] = today.stranded(session(), here, g.now)
    if roles & {Role.NURSE, Role.PROVIDER}:
        shown.update(_clinical(here))
    if Role.NURSE in roles:
        shown.update(_acts(here, shown["in_clinic"]))
    if Role.PROVIDER in roles:
        shown.update(_responses(here))
    if roles & {Role.OWNER, Role.AUDITOR}:
        shown["mail"] = today.mail_health(session(), here, g.now)
        shown["worker_heard"] = heartbeats.latest(session())
    return render_template("today/index.html", counted=COUNTED, **shown)


@bp.get("/waiting/<work>")
@needs(Permission.BOOK_SESSIONS)
def waiting(work: str) -> str:
    """List exactly what one of the counts of today counted."""
    if work not in set(Work):
        abort(404)
    kind = Work(work)
    lines = today.lines(session(), clinic(), kind, g.now)
    named = sorted({line.patient_id for line in lines})
    if lines:
        showed("waiting", None, patients=named)
    return render_template("today/waiting.html", work=kind, title=TITLES[kind], lines=lines, courses=courses(named))


def _day(here: Clinic) -> dict[str, Any]:
    cards = schedule.cards_of(session(), here, local_day(g.now, here.zone), now=g.now)
    since_before = schedule_rows.still_here(session(), here, g.now)
    if since_before or cards:
        showed("today", None, patients=sorted({card.patient_id for card in (*since_before, *cards)}))
    coming = [card for card in cards if card.status in EXPECTED]
    papers = person().may(Permission.SEE_PAPERS)
    return {
        "arrivals": coming,
        "lacking": arrivals.lacking(session(), [one.id for one in coming]) if papers else {},
        "in_clinic": [*since_before, *(card for card in cards if card.status in IN_CLINIC)],
        "counts": _counts(cards),
        "chair_names": {chair.id: chair.name for chair in here.chairs},
    }


def _counts(cards: list[Card]) -> list[tuple[int, str]]:
    """Count the day by what became of it."""
    groups = (
        ("still to come", EXPECTED),
        ("came", CAME),
        ("did not come", {Status.DID_NOT_COME}),
        ("cancelled", {Status.CANCELLED}),
    )
    return [(sum(card.status in statuses for card in cards), text) for text, statuses in groups]


def _clinical(here: Clinic) -> dict[str, Any]:
    return {
        "for_you": for_provider.counts(here),
        "lists": for_provider.TITLES,
        "open_alerts": alerts.open_count(session(), *(one.id for one in person().clinics)),
        "open_asks": _open_asks(),
    }


def _open_asks() -> int:
    if not person().may(Permission.GIVE_GO_AHEAD):
        return 0
    return go_aheads.open_count(session(), [one.id for one in person().clinics], g.now)


def _acts(here: Clinic, in_clinic: list[Card]) -> dict[str, Any]:
    """Put who is here in the order of what is due next for each, what is late first."""
    shown = board.build(session(), here, g.now)
    chairs = {one.treatment.id: one for one in shown.cards if one.treatment}
    waits = {one.treatment.id: one for one in shown.waiting}
    return {
        "in_clinic": sorted(in_clinic, key=lambda one: _pressing(one, chairs.get(one.id), waits.get(one.id))),
        "chairs": chairs,
        "waits": waits,
        "due_text": due.due_text,
    }


def _pressing(card: Card, chair: board.Card | None, wait: Waiting | None) -> tuple[int, datetime]:
    """Give where somebody stands among those who are here: what is late, what is due, then when each comes next."""
    if wait is not None:
        return board.URGENCY["overdue" if wait.is_late(g.now) else ""], wait.call_at
    if chair is None or card.status is Status.ARRIVED:
        return 2, card.ends_at if chair is None else card.starts_at
    next_at = chair.due.at if chair.due else chair.minimum_at or card.ends_at
    return board.URGENCY[chair.tone], next_at


def _responses(here: Clinic) -> dict[str, Any]:
    severe = responses.severe_effects(session(), here, g.now)
    answered = responses.answered(session(), here, g.now)
    found = {effect.patient_id for effect in severe} | {line.patient_id for line in answered}
    if found:
        showed("responses", None, patients=sorted(found))
    return {"severe": severe, "answered": answered, "courses": courses(found)}
