"""How the pages about a question to a provider are made: the form as it stands, and what is read beside it."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from flask import g, render_template, request
from wtforms import Form

from clinic_sessions.domain.permissions import Permission
from clinic_sessions.domain.session.asks import ANSWERS, ASKED_IN
from clinic_sessions.domain.session.lifecycle import Gate
from clinic_sessions.forms.asks import AnswerForm, SignedAnswerForm
from clinic_sessions.models import TreatmentSession
from clinic_sessions.routes import countersigned, filters, once
from clinic_sessions.routes.present import session, showed
from clinic_sessions.routes.session.one_session import strip
from clinic_sessions.services import form_keys
from clinic_sessions.services.before import ask_background, asking, go_aheads
from clinic_sessions.services.before.ask_background import WAITS
from clinic_sessions.services.refusals import Refusal
from clinic_sessions.services.schedule.schedule_push import Push

Kind = TypeVar("Kind", bound=AnswerForm)


def fresh(treatment: TreatmentSession, gate: Gate, kind: type[Kind]) -> Kind:
    """Make the form of an answer; nothing is ticked beforehand."""
    data = {"seen": asking.mark(session(), treatment), "form_key": form_keys.new()}
    return kind(data=data, meta=_meta(treatment, kind))


def typed(treatment: TreatmentSession, gate: Gate, kind: type[Kind]) -> Kind:
    """Read the form of an answer as it was sent, against what can be answered now."""
    form = kind(request.form, meta=_meta(treatment, kind))
    _offer(form, treatment, gate, [])
    return form


def answering(treatment: TreatmentSession, gate: Gate, form: AnswerForm, said: Sequence[str] = ()) -> str:
    """Make the page on which a provider answers, with all that is known beside the form."""
    known = ask_background.of(session(), treatment, gate, g.now)
    _offer(form, treatment, gate, known.waits)
    return page("asks/answer.html", treatment, gate, form, said, known=known, signs=isinstance(form, SignedAnswerForm))


def refused(treatment: TreatmentSession, gate: Gate, form: AnswerForm, refusal: Refusal) -> str:
    """Make the same page once an answer was refused: with what stands now, and everything that was typed."""
    form.seen.data = asking.mark(session(), treatment)
    return answering(treatment, gate, form, once.said(refusal))


def page(
    template: str, treatment: TreatmentSession, gate: Gate, form: Form, said: Sequence[str] = (), **shown: Any
) -> str:
    """Make a page about a gate of one visit, with the questions and answers so far."""
    showed("session", treatment.id, patient_id=treatment.patient_id)
    asks = [one for one in go_aheads.asks(session(), treatment) if one.gate is gate]
    is_ahead = treatment.status in ASKED_IN[gate]
    return render_template(
        template, treatment=treatment, gate=gate, form=form, refusal=said, strip=strip(treatment), asks=asks,
        is_ahead=is_ahead, **shown,
    )  # fmt: skip


def _meta(treatment: TreatmentSession, kind: type[AnswerForm]) -> dict[str, Any]:
    signed = issubclass(kind, SignedAnswerForm)
    return countersigned.meta(treatment, Permission.GIVE_GO_AHEAD) if signed else {}


def _offer(form: AnswerForm, treatment: TreatmentSession, gate: Gate, pushes: Sequence[Push]) -> None:
    reasons = asking.liftable(session(), treatment, gate, g.now)
    form.offer(ANSWERS[gate], reasons, _waits(pushes))


def _waits(pushes: Sequence[Push]) -> Iterator[tuple[str, str]]:
    for place, minutes in enumerate(WAITS):
        until = filters.at(g.now + timedelta(minutes=minutes))
        told = push_words(pushes[place]) if pushes else []
        yield str(minutes), ". ".join([f"{minutes} minutes, until {until}", *told])


def push_words(push: Push) -> list[str]:
    """Say what a later dose does to the day: each visit that it pushes, and the closing hour; empty for nothing."""
    found = [
        f"{one.treatment.patient.name} begins {in_minutes(one.minutes)} later, at {filters.at(one.starts_at)}"
        for one in push.later
    ]
    if push.past_closing and push.closes_at:
        found.append(f"The chair is done {in_minutes(push.past_closing)} after closing at {filters.at(push.closes_at)}")
    return found


def in_minutes(count: int) -> str:
    """Write a number of minutes.

    >>> in_minutes(1), in_minutes(20)
    ('1 minute', '20 minutes')
    """
    return f"{count} minute{'' if count == 1 else 's'}"
