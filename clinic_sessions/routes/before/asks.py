"""Asking a provider before a gate, and their answer: on their own screen, or signed on the nurse's tablet."""

from datetime import timedelta
from enum import StrEnum

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.asks import ASKED_IN
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.domain.session.start_gate import Answer
from clinic_sessions.forms.asks import AnswerForm, AskForm, SignedAnswerForm
from clinic_sessions.forms.booking import number
from clinic_sessions.models import ProviderAsk, TreatmentSession
from clinic_sessions.routes import countersigned
from clinic_sessions.routes.before import ask_pages
from clinic_sessions.routes.guard import POLL
from clinic_sessions.routes.once import once, said
from clinic_sessions.routes.policy import needs
from clinic_sessions.routes.present import actor, courses, person, session, showed
from clinic_sessions.routes.session.one_session import ONE, load
from clinic_sessions.services import form_keys
from clinic_sessions.services.actor import Actor
from clinic_sessions.services.before import asking, go_aheads
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.shifts import on_shift

bp = Blueprint("asks", __name__)

Said = str | Response | tuple[str, int]


@bp.get("/asks")
@needs(Permission.GIVE_GO_AHEAD)
def index() -> str:
    """List the questions that wait for a provider of these clinics."""
    waiting = go_aheads.waiting(session(), [clinic.id for clinic in person().clinics], g.now)
    named = [one.treatment.patient_id for one in waiting]
    if named:
        showed("asks", None, patients=named)
    besides = {one.id: _besides(one) for one in waiting}
    return render_template("asks/index.html", waiting=waiting, besides=besides, courses=courses(named))


@bp.get("/asks/banner")
@needs(Permission.TREAT)
def banner() -> Said:
    """Show what waits for a provider, and to whoever asked what was answered, for a page that stays open."""
    mine, but = [clinic.id for clinic in person().clinics], number(request.args.get("but"))
    count = go_aheads.open_count(session(), mine, g.now) if person().may(Permission.GIVE_GO_AHEAD) else 0
    told = go_aheads.answered(session(), person().id, g.now, but=but)
    revision = ".".join(str(one) for one in (count, *(answer.id for answer in told)))
    if request.headers.get(POLL) and request.args.get("revision") == revision:
        return "", 304
    return render_template("asks/waiting.html", count=count, told=told, revision=revision, but=but or "")


@bp.get("/asks/first")
@needs(Permission.GIVE_GO_AHEAD)
def first() -> Response:
    """Go on to the question when only one waits, else to the list."""
    waiting = go_aheads.waiting(session(), [clinic.id for clinic in person().clinics], g.now)
    if len(waiting) != 1:
        return redirect(url_for("asks.index"), 303)
    return redirect(url_for("asks.decide", session_id=waiting[0].session_id, gate=waiting[0].gate.value), 303)


@bp.get(f"{ONE}/ask/<gate>")
@needs(Permission.TREAT)
def ask(session_id: int, gate: str) -> Said:
    """Ask what the provider is to be asked; nothing is chosen beforehand."""
    treatment, kind = load(session_id), _gate(gate)
    return _ask_page(treatment, kind, AskForm(data={"form_key": form_keys.new()}))


@bp.post(f"{ONE}/ask/<gate>")
@needs(Permission.TREAT)
def send(session_id: int, gate: str) -> Said:
    """Put the question to every provider of the clinic."""
    treatment, kind = load(session_id), _gate(gate)
    form = AskForm(request.form)
    if not form.validate():
        return _ask_page(treatment, kind, form), 422
    chosen = form.reasons.data or []
    reasons = [one for one in asking.liftable(session(), treatment, kind, g.now) if one.value in chosen]

    def act() -> str:
        asking.ask(session(), treatment, kind, reasons, form.words.data, now=g.now, by=actor())
        flash("Asked. It stands on the screen of every provider until one of them answers.")
        return url_for("sessions.show", session_id=session_id)

    return once(form.form_key.data, act, lambda refusal: _ask_page(load(session_id), kind, form, refusal))


@bp.get(f"{ONE}/decide/<gate>")
@needs(Permission.GIVE_GO_AHEAD)
def decide(session_id: int, gate: str) -> Said:
    """Show a provider what is known, and the form of their answer."""
    treatment, kind = load(session_id), _gate(gate)
    return ask_pages.answering(treatment, kind, ask_pages.fresh(treatment, kind, AnswerForm))


@bp.post(f"{ONE}/decide/<gate>")
@needs(Permission.GIVE_GO_AHEAD)
def answer(session_id: int, gate: str) -> Said:
    """Keep the answer of the provider who is signed in."""
    treatment, kind = load(session_id), _gate(gate)
    form = ask_pages.typed(treatment, kind, AnswerForm)
    if not form.validate():
        return ask_pages.answering(treatment, kind, form), 422
    return _keep(treatment, kind, form, url_for("asks.index"))


@bp.get(f"{ONE}/sign/<gate>")
@needs(Permission.TREAT)
def sign(session_id: int, gate: str) -> Said:
    """Show the same on the nurse's tablet, to be signed by a provider who is here."""
    treatment, kind = load(session_id), _gate(gate)
    return ask_pages.answering(treatment, kind, ask_pages.fresh(treatment, kind, SignedAnswerForm))


@bp.post(f"{ONE}/sign/<gate>")
@needs(Permission.TREAT, opens_write=False)
def sign_here(session_id: int, gate: str) -> Said:
    """Keep the answer of the provider who signs; the nurse stays signed in."""
    treatment, kind = load(session_id), _gate(gate)
    form = ask_pages.typed(treatment, kind, SignedAnswerForm)
    if not form.validate():
        return ask_pages.answering(treatment, kind, form), 422
    signer = countersigned.signer(form, treatment, Permission.GIVE_GO_AHEAD)
    if signer is None:
        return ask_pages.answering(load(session_id), kind, form), 422
    return _keep(load(session_id), kind, form, url_for("sessions.show", session_id=session_id), signer)


def _keep(treatment: TreatmentSession, gate: Gate, form: AnswerForm, on: str, signer: Actor | None = None) -> Said:
    given: Answer = form.answer.data
    wait = timedelta(minutes=int(form.minutes.data)) if given is Answer.WAIT else None
    word = asking.Word(
        answer=given, reasons=form.weighed, words=str(form.words.data), until=g.now + wait if wait else None,
        seen=form.seen.data or "",
    )  # fmt: skip
    session_id, by, asked_by = treatment.id, signer or actor(), actor() if signer else None

    def act() -> str:
        asking.decide(session(), treatment, gate, word, now=g.now, by=by, asked_by=asked_by)
        flash("Answered. The session shows it at once.")
        return on

    return once(form.form_key.data, act, lambda refusal: ask_pages.refused(load(session_id), gate, form, refusal))


def _besides(one: ProviderAsk) -> list[StrEnum]:
    """List what else stands before the gate than what was asked about."""
    stands = asking.unlifted(session(), one.treatment, one.gate, g.now)
    return [reason for reason in stands if reason.value not in one.reasons]


def _gate(named: str) -> Gate:
    if named not in ASKED_IN:
        abort(404)
    return Gate(named)


def _ask_page(treatment: TreatmentSession, gate: Gate, form: AskForm, refusal: Refusal | None = None) -> str:
    form.offer(asking.liftable(session(), treatment, gate, g.now))
    hands = on_shift.read(session(), treatment.clinic, now=g.now).who_may(Permission.GIVE_GO_AHEAD)
    return ask_pages.page("asks/ask.html", treatment, gate, form, said(refusal), hands=hands)
